// From names to addresses, once, at start. Blocks while the system's resolver works.

internal import CLinux
package import DataPlane
package import Protocols

/// Resolves addresses with the system's resolver (getaddrinfo(3)).
package enum HostResolver {
    /// A name with more addresses than this is cut there.
    private static let addressesMax = 256

    /// The addresses to listen on. `:port` is every IPv4 and every IPv6 address.
    ///
    /// - Returns: at least one address, none twice.
    package static func listenAddresses(
        _ text: AddressText
    ) throws(StartError) -> [SocketAddress] {
        switch text {
        case .anyHost(let port):
            try addresses(of: "0.0.0.0", port, isNumeric: true, for: text)
                + addresses(of: "::", port, isNumeric: true, for: text)
        default:
            try addresses(of: text)
        }
    }

    /// The endpoints that an address stands for. Addresses without a route are left out as long as
    /// another one has a route: a name often has an IPv6 address that this machine cannot reach.
    ///
    /// - Parameter weight: of each of them.
    /// - Returns: at least one endpoint.
    package static func endpoints(
        _ text: AddressText, weight: Int = 1
    ) throws(StartError) -> [ResolvedEndpoint] {
        let found = try connectAddresses(text)
        let routable = found.filter { $0.isUnix || $0.isRoutable }
        return (routable.isEmpty ? found : routable).map { address in
            let numeric = "\(address)"
            let name = numeric == "\(text)" ? numeric : "\(text) (\(numeric))"
            return ResolvedEndpoint(
                address: AddressReference(keeping: address), key: numeric, name: name,
                host: text.authority, weight: weight)
        }
    }

    /// The addresses to connect to. `:port` is this machine's IPv4 loopback address.
    ///
    /// - Returns: at least one address, none twice.
    static func connectAddresses(_ text: AddressText) throws(StartError) -> [SocketAddress] {
        switch text {
        case .anyHost(let port):
            try addresses(of: "127.0.0.1", port, isNumeric: true, for: text)
        default:
            try addresses(of: text)
        }
    }

    private static func addresses(of text: AddressText) throws(StartError) -> [SocketAddress] {
        switch text {
        case .host(let name, let port):
            return try addresses(of: name, port, isNumeric: false, for: text)
        case .ipv6(let address, let port):
            return try addresses(of: address, port, isNumeric: true, for: text)
        case .anyHost(let port):
            return try addresses(of: "0.0.0.0", port, isNumeric: true, for: text)
        case .unix(let path):
            guard let address = SocketAddress(unixPath: path) else {
                throw StartError("cannot use \(text): the socket path does not fit")
            }
            return [address]
        }
    }

    private static func addresses(
        of host: String, _ port: UInt16, isNumeric: Bool, for text: AddressText
    ) throws(StartError) -> [SocketAddress] {
        let recordBytes = Int(GYRE_ADDRESS_BYTES)
        var records = [UInt8](repeating: 0, count: addressesMax * recordBytes)
        let count = unsafe gyre_resolve(
            host, port, isNumeric ? 1 : 0, &records, Int32(addressesMax))
        guard count > 0 else {
            let reason = unsafe String(cString: gyre_resolve_text(count))
            throw StartError("cannot resolve '\(host)' (from \(text)): \(reason)")
        }
        return (0..<Int(count)).compactMap { index in
            let start = index * recordBytes + 1
            let length = Int(records[start - 1])
            return SocketAddress(copying: records.span.extracting(start..<start + length))
        }
    }
}
