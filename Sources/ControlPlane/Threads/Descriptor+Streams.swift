// Stream sockets that the control plane itself reads and writes; workers have their reactors.

internal import CLinux
internal import DataPlane
internal import Glibc

extension Descriptor {
    /// What a wait is for.
    enum Readiness {
        case readable
        case writable
    }

    /// recv(2) without waiting, to the beginning of `buffer`.
    ///
    /// - Returns: bytes received, 0 at the end of the stream, else the negative errno value.
    func receive(into buffer: inout [UInt8]) -> Int {
        unsafe gyre_receive(raw, &buffer, buffer.count)
    }

    /// send(2) without waiting.
    ///
    /// - Returns: bytes that were taken, else the negative errno value.
    func send(_ bytes: Span<UInt8>) -> Int {
        unsafe bytes.withUnsafeBytes { memory in
            unsafe gyre_send_bytes(raw, memory.baseAddress, memory.count)
        }
    }

    /// Waits (poll(2)).
    ///
    /// - Returns: whether it became ready, or came to its end, in time.
    func isReady(_ readiness: Readiness, withinMs timeoutMs: Int32) -> Bool {
        gyre_poll_one(raw, readiness == .writable ? 1 : 0, timeoutMs) != 0
    }
}
