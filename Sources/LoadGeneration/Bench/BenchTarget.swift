// Where an operator's own endpoint is: an address, or a URL with it. Pure.

package import Protocols

/// An endpoint to measure against, and what to ask it for.
package struct BenchTarget: Equatable, Sendable {
    package let address: AddressText
    /// The request target, from the slash on.
    package let path: String

    private static let pathBytesMax = 8_000

    /// Reads `http://host[:port][/path]` or an address.
    ///
    /// - Throws: what is wrong with it, as a sentence.
    package init(parsing text: String) throws(BenchTargetError) {
        let scheme = "http://"
        var authority = Substring(text)
        var path = "/"
        if text.hasPrefix(scheme) {
            let rest = text.dropFirst(scheme.count)
            let end = rest.firstIndex(of: "/") ?? rest.endIndex
            authority = rest[..<end]
            path = end == rest.endIndex ? "/" : String(rest[end...])
            guard !authority.isEmpty, !authority.hasPrefix(":") else { throw .hostMissing(text) }
            if !Self.hasPort(authority) { authority += ":80" }
        } else if text.contains("://") {
            throw .notHTTP(text)
        }
        guard path.utf8.count <= Self.pathBytesMax,
            path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") })
        else { throw .malformedPath(path) }
        do throws(AddressTextError) {
            address = try AddressText(parsing: authority)
        } catch {
            throw .address(error)
        }
        if address.port == 0 { throw .portZero }
        self.path = path
    }

    /// Colons within brackets are an IPv6 address's own.
    private static func hasPort(_ authority: Substring) -> Bool {
        let end = authority.lastIndex(of: "]") ?? authority.startIndex
        return authority[end...].contains(":")
    }
}

/// Why a text is not a target.
package enum BenchTargetError: Error, Equatable, Sendable {
    case notHTTP(String)
    case hostMissing(String)
    case malformedPath(String)
    case portZero
    case address(AddressTextError)
}

extension BenchTargetError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notHTTP(let text): "'\(text)' is not an http:// URL; expected one, or host:port"
        case .hostMissing(let text): "'\(text)' has no host; expected http://host[:port][/path]"
        case .malformedPath: "the path is too long or has a space, a control character or a '#'"
        case .portZero: "port 0 is nobody's; expected 1 to 65535"
        case .address(let error): "\(error)"
        }
    }
}
