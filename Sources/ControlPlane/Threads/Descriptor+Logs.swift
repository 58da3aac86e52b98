// What logs are written to.

internal import CLinux
internal import DataPlane
internal import Glibc

extension Descriptor {
    /// Opens a file to append to, which is made if there is none (mode 0640).
    static func logFile(_ path: String) throws(SystemError) -> Descriptor {
        Descriptor(raw: try SystemError.check(unsafe gyre_log_file_open(path)))
    }

    /// The standard output stream once more, and whether writing to it may wait for its reader.
    static func standardOutput() throws(SystemError) -> (stream: Descriptor, mayBlock: Bool) {
        var mayBlock: Int32 = 0
        let raw = try SystemError.check(unsafe gyre_log_output_open(&mayBlock))
        return (Descriptor(raw: raw), mayBlock == 1)
    }

    /// Connects to a Unix datagram socket.
    static func datagramSocket(_ path: String) throws(SystemError) -> Descriptor {
        guard let address = SocketAddress(unixPath: path) else {
            throw SystemError(code: ENAMETOOLONG)
        }
        let socket = Descriptor(raw: try SystemError.check(gyre_log_socket_open()))
        do throws(SystemError) {
            try address.connect(socket)
        } catch {
            _ = gyre_close(socket.raw)
            throw error
        }
        return socket
    }

    /// write(2), or send(2) without waiting to a socket.
    ///
    /// - Returns: bytes that were taken, else the negative errno value.
    func write(_ bytes: Span<UInt8>) -> Int {
        unsafe bytes.withUnsafeBytes { unsafe gyre_write(raw, $0.baseAddress, $0.count) }
    }

    /// Sends one datagram without waiting.
    ///
    /// - Parameters: its beginning and its end.
    /// - Returns: its bytes, else the negative errno value.
    func send(_ head: Span<UInt8>, _ rest: Span<UInt8>) -> Int {
        unsafe head.withUnsafeBytes { first in
            unsafe rest.withUnsafeBytes { second in
                unsafe gyre_send_two(
                    raw, first.baseAddress, first.count, second.baseAddress, second.count)
            }
        }
    }
}
