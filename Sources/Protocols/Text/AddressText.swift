// Addresses as an operator writes them. Strict: what a resolver or the kernel might read in more
// than one way (legacy IPv4 forms, unbracketed IPv6, relative socket paths) is refused here.

/// An address as written, split into its parts and checked; not resolved.
package enum AddressText: Equatable, Sendable {
    /// `name:port` or `1.2.3.4:port`.
    case host(String, port: UInt16)
    /// `[v6]:port`, without the brackets; may end in a zone (`fe80::1%eth0`).
    case ipv6(String, port: UInt16)
    /// `:port`, every address of this machine.
    case anyHost(port: UInt16)
    /// `unix:/path`, absolute, at most `unixPathBytesMax` bytes.
    case unix(path: String)

    /// unix(7): `sun_path` holds 108 bytes, the last one is NUL.
    package static let unixPathBytesMax = 107

    /// Reads `host:port`, `:port`, `[v6]:port` or `unix:/path`.
    ///
    /// - Parameter text: the address, without surrounding spaces. Port 0 is accepted: for a
    ///   listener it means "any free port".
    /// - Throws: what is wrong with it, as a sentence.
    package init(parsing text: some StringProtocol) throws(AddressTextError) {
        guard !text.isEmpty else { throw .empty }
        if text.hasPrefix("unix:") {
            self = .unix(path: try Self.unixPath(text.dropFirst(5)))
        } else if text.utf8.first == UInt8(ascii: "[") {
            self = try Self.bracketed(Substring(text))
        } else {
            self = try Self.hostAndPort(Substring(text))
        }
    }

    /// The port; `nil` for a Unix socket.
    package var port: UInt16? {
        switch self {
        case .host(_, let port), .ipv6(_, let port), .anyHost(let port): port
        case .unix: nil
        }
    }

    /// What a Host field says of it (RFC 9110 section 7.2): without the port that `http` has by
    /// itself, and without a zone, which means something on one machine only (RFC 6874 section 1).
    /// `:port` is this machine; a socket path, which cannot be a host, is `localhost`, as clients
    /// of Unix sockets say.
    package var authority: String {
        let (host, port): (String, UInt16)
        switch self {
        case .host(let name, let number): (host, port) = (name, number)
        case .ipv6(let address, let number):
            (host, port) = ("[\(address.prefix { $0 != "%" })]", number)
        case .anyHost(let number): (host, port) = ("127.0.0.1", number)
        case .unix: return "localhost"
        }
        return port == 80 ? host : "\(host):\(port)"
    }

    private static func unixPath(
        _ path: some StringProtocol
    ) throws(AddressTextError) -> String {
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count > 1 else {
            throw .pathNotAbsolute
        }
        guard path.utf8.count <= unixPathBytesMax else { throw .pathTooLong(path.utf8.count) }
        guard !path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw .pathHasControl
        }
        return String(path)
    }

    private static func bracketed(_ text: Substring) throws(AddressTextError) -> AddressText {
        guard let close = text.utf8.firstIndex(of: UInt8(ascii: "]")) else {
            throw .bracketNotClosed
        }
        let inside = text[text.index(after: text.startIndex)..<close]
        guard IPText.isIPv6(inside.utf8) else { throw .notIPv6(String(inside)) }
        let rest = text[text.index(after: close)...]
        guard rest.utf8.first == UInt8(ascii: ":") else { throw .portMissing }
        return .ipv6(String(inside), port: try portNumber(rest.dropFirst()))
    }

    private static func hostAndPort(_ text: Substring) throws(AddressTextError) -> AddressText {
        let colons = text.utf8.count { $0 == UInt8(ascii: ":") }
        guard colons <= 1 else { throw .tooManyColons }
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { throw .portMissing }
        let host = text[..<colon]
        let afterColon = text[text.utf8.index(after: colon)...]
        if host.isEmpty { return .anyHost(port: try portNumber(afterColon)) }
        try checkHost(host)
        return .host(String(host), port: try portNumber(afterColon))
    }

    private static func checkHost(_ host: Substring) throws(AddressTextError) {
        if IPText.endsInNumber(host.utf8) {
            // getaddrinfo(3) would read `127.1` as 127.0.0.1 and `010.0.0.1` as 8.0.0.1.
            guard IPText.isIPv4(host.utf8) else { throw .notIPv4(String(host)) }
        } else {
            guard IPText.isHostName(host.utf8) else { throw .notHostName(String(host)) }
        }
    }

    private static func portNumber(_ text: Substring) throws(AddressTextError) -> UInt16 {
        guard !text.isEmpty else { throw .portMissing }
        let hasLeadingZero = text.utf8.count > 1 && text.utf8.first == UInt8(ascii: "0")
        guard !hasLeadingZero,
            let number = DecimalParser.parse(text.utf8, maximum: UInt64(UInt16.max))
        else { throw .notPort(String(text)) }
        return UInt16(number)
    }
}

extension AddressText: CustomStringConvertible {
    /// The text that parses to this value.
    package var description: String {
        switch self {
        case .host(let host, let port): "\(host):\(port)"
        case .ipv6(let host, let port): "[\(host)]:\(port)"
        case .anyHost(let port): ":\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

/// Why a text is not an address.
package enum AddressTextError: Error, Equatable, Sendable {
    case empty
    case portMissing
    case notPort(String)
    case tooManyColons
    case bracketNotClosed
    case notIPv6(String)
    case notIPv4(String)
    case notHostName(String)
    case pathNotAbsolute
    case pathTooLong(Int)
    case pathHasControl
}

extension AddressTextError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty:
            "the address is empty; expected host:port, :port, [v6]:port or unix:/path"
        case .portMissing:
            "the port is missing; expected host:port, :port, [v6]:port or unix:/path"
        case .notPort(let text):
            "'\(text)' is not a port; expected a number from 0 to 65535"
        case .tooManyColons:
            "more than one colon; an IPv6 address goes in brackets: [v6]:port"
        case .bracketNotClosed:
            "the bracket is not closed; expected [v6]:port"
        case .notIPv6(let text):
            "'\(text)' is not an IPv6 address"
        case .notIPv4(let text):
            "'\(text)' is not an IPv4 address; expected four numbers from 0 to 255"
        case .notHostName(let text):
            "'\(text)' is not a host name; expected letters, digits, '-', '_' and dots"
        case .pathNotAbsolute:
            "the socket path is not absolute; expected unix:/path"
        case .pathTooLong(let bytes):
            "the socket path has \(bytes) bytes, at most \(AddressText.unixPathBytesMax) fit"
        case .pathHasControl:
            "the socket path contains a control character"
        }
    }
}
