// Sockets of the control plane's threads: waiting for many of them, and bytes in arrays.

internal import CLinux
internal import DataPlane
internal import Glibc

/// epoll(7), edge-triggered: what is watched tells once that it became readable, writable or
/// ended. Closing a descriptor ends the watch. One thread.
struct SocketEvents: ~Copyable {
    private static let eventsMax = 256

    private let epoll: Descriptor
    private var events = [gyre_epoll_event](repeating: gyre_epoll_event(), count: eventsMax)

    init() throws(SystemError) {
        epoll = Descriptor(raw: try SystemError.check(gyre_epoll_open()))
    }

    deinit {
        epoll.close()
    }

    /// - Parameter token: what `wait` calls it by.
    func watch(_ descriptor: Descriptor, token: UInt64) throws(SystemError) {
        let interest =
            EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        try SystemError.check(gyre_epoll_add(epoll.raw, descriptor.raw, interest, token))
    }

    /// Waits until something is ready or time has passed.
    ///
    /// - Parameter timeoutMs: `nil` waits for ever.
    /// - Returns: the tokens of what is ready.
    mutating func wait(timeoutMs: UInt64?) -> [UInt64] {
        let timeoutNs = timeoutMs.map { Int64(min($0, 3_600_000)) * 1_000_000 } ?? -1
        let count = unsafe gyre_epoll_wait(
            epoll.raw, &events, Int32(Self.eventsMax), timeoutNs)
        return events.prefix(max(Int(count), 0)).map(\.token)
    }
}

extension Descriptor {
    /// recv(2) into the beginning of `bytes`.
    ///
    /// - Returns: how many, 0 at the end of the stream, or a negative errno value.
    func receive(into bytes: inout [UInt8]) -> Int {
        unsafe gyre_receive(raw, &bytes, bytes.count)
    }

    /// send(2).
    ///
    /// - Returns: how many bytes the kernel took, or a negative errno value.
    func send(_ bytes: ArraySlice<UInt8>) -> Int {
        var bytes = bytes
        return unsafe bytes.withUnsafeMutableBytes { buffer in
            var segment = unsafe iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
            return unsafe gyre_send(raw, &segment, 1, 0)
        }
    }
}
