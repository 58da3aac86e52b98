// From addresses as they are written to addresses as the kernel takes them, once, at start. Blocks
// while names are asked for.

internal import CLinux
package import DataPlane
package import Protocols

/// Resolves addresses.
package enum HostResolver {
    /// A sockaddr_in6 has 28 bytes.
    private static let addressBytesMax = 32

    /// The addresses to listen on. `:port` is every IPv4 and every IPv6 address.
    ///
    /// - Returns: at least one address, none twice.
    package static func listenAddresses(
        _ text: AddressText
    ) throws(StartError) -> [SocketAddress] {
        switch text {
        case .anyHost(let port):
            [
                try address(reading: "0.0.0.0", port, for: text),
                try address(reading: "::", port, for: text),
            ]
        default:
            try connectAddresses(text)
        }
    }

    /// The addresses to connect to. `:port` is this machine's IPv4 loopback address.
    ///
    /// - Returns: at least one address, none twice.
    static func connectAddresses(_ text: AddressText) throws(StartError) -> [SocketAddress] {
        switch text {
        case .host(let name, let port):
            guard let question = text.question else {
                return [try address(reading: name, port, for: text)]
            }
            switch NameResolver.ask([question])[question] {
            case .found(let found, _): return found.map(\.address)
            case .failed(let reason): throw StartError(unresolved: question, reason)
            case nil: return []
            }
        case .ipv6(let host, let port):
            return [try address(reading: host, port, for: text)]
        case .anyHost(let port):
            return [try address(reading: "127.0.0.1", port, for: text)]
        case .unix(let path):
            guard let address = SocketAddress(unixPath: path) else {
                throw StartError("cannot use \(text): the socket path does not fit")
            }
            return [address]
        }
    }

    private static func address(
        reading host: String, _ port: UInt16, for text: AddressText
    ) throws(StartError) -> SocketAddress {
        var bytes = [UInt8](repeating: 0, count: addressBytesMax)
        let length = unsafe gyre_address_parse(host, port, &bytes, UInt32(bytes.count))
        let used = Array(bytes.prefix(Int(max(length, 0))))
        guard let address = SocketAddress(copying: used.span) else {
            let reason = unsafe String(cString: gyre_address_parse_text(length))
            throw StartError("cannot use '\(host)' (from \(text)): \(reason)")
        }
        return address
    }
}
