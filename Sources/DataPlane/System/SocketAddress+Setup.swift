// Socket addresses at start-up: binding, asking the kernel which address it gave, and their text.
// Control plane only; the data path never names an address.

internal import CLinux
internal import Glibc

extension SocketAddress {
    /// bind(2).
    package func bind(_ socket: Descriptor) throws(SystemError) {
        try SystemError.check(
            unsafe withPointer { unsafe gyre_socket_bind(socket.raw, $0, $1) })
    }

    /// connect(2) of a non-blocking socket: may throw EINPROGRESS.
    package func connect(_ socket: Descriptor) throws(SystemError) {
        try SystemError.check(
            unsafe withPointer { unsafe gyre_socket_connect(socket.raw, $0, $1) })
    }

    /// The address that `socket` is bound to (getsockname(2)).
    package static func local(of socket: Descriptor) throws(SystemError) -> SocketAddress {
        var storage = sockaddr_storage()
        var length = UInt32(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe gyre_socket_name(socket.raw, $0, &length)
            }
        }
        try SystemError.check(result)
        let bytes = unsafe withUnsafeBytes(of: &storage) { unsafe Array($0.prefix(Int(length))) }
        guard let address = SocketAddress(copying: bytes.span) else {
            throw SystemError(code: EINVAL)
        }
        return address
    }

    /// The same IP address with another port. Both families keep it in bytes 2 and 3, big-endian
    /// (ip(7), ipv6(7)).
    ///
    /// - Parameter port: any.
    /// - Returns: `self` unchanged for a Unix address.
    package func withPort(_ port: UInt16) -> SocketAddress {
        var bytes = self.bytes
        guard !isUnix, bytes.count > 3 else { return self }
        bytes[2] = UInt8(port >> 8)
        bytes[3] = UInt8(port & 0xFF)
        return SocketAddress(copying: bytes.span) ?? self
    }

    /// The port; `nil` for a Unix address.
    package var port: UInt16? {
        let bytes = self.bytes
        guard !isUnix, bytes.count > 3 else { return nil }
        return UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    }

    package var isIPv6: Bool { family == AF_INET6 }

    /// Whether the kernel has a route to it now; nothing is sent.
    package var isRoutable: Bool { unsafe withPointer { unsafe gyre_has_route($0, $1) } == 1 }

    private var bytes: [UInt8] {
        unsafe withPointer { pointer, length in
            unsafe Array(UnsafeRawBufferPointer(start: pointer, count: Int(length)))
        }
    }
}

/// Two are the same when the kernel would take them for the same. The order means nothing, except
/// that it is always the same, with IPv4 before IPv6.
extension SocketAddress: Hashable, Comparable {
    package static func == (one: SocketAddress, other: SocketAddress) -> Bool {
        one.bytes == other.bytes
    }

    package static func < (one: SocketAddress, other: SocketAddress) -> Bool {
        one.bytes.lexicographicallyPrecedes(other.bytes)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}

extension SocketAddress: CustomStringConvertible {
    /// `1.2.3.4:5`, `[v6]:5` or `unix:/path`.
    package var description: String {
        var text = [CChar](repeating: 0, count: 256)
        let length = unsafe withPointer { pointer, length in
            unsafe gyre_address_text(pointer, length, &text, text.count)
        }
        let used = text.prefix(max(0, min(Int(length), text.count - 1)))
        return String(decoding: used.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
