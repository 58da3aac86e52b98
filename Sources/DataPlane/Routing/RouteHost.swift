// Hosts as a route names them: one, or all below one.

internal import Protocols

/// A host, or a wildcard for hosts. Case does not matter, nor does a dot at the end.
package struct RouteHost: Sendable, Hashable {
    enum Kind: Hashable {
        /// A name, or an IPv4 address.
        case name
        /// All names with one more label at least.
        case wildcard
        case ipv6(IPBytes)
    }

    let kind: Kind
    /// In lower case, without a dot at the end; of a wildcard from its dot on. Empty for IPv6.
    let text: [UInt8]

    /// Reads `a.example.org`, `*.example.org`, `192.0.2.1` or `[2001:db8::1]`, the latter with or
    /// without its brackets.
    ///
    /// - Throws: what is wrong with it, as a sentence.
    package init(parsing written: String) throws(RouteError) {
        let bare =
            written.hasPrefix("[") && written.hasSuffix("]")
            ? written.dropFirst().dropLast() : Substring(written)
        let bytes = Array(bare.utf8)
        if let address = IPBytes(parsingIPv6: bytes.span, from: 0, to: bytes.count) {
            kind = .ipv6(address)
            text = []
            return
        }
        let isWildcard = written.hasPrefix("*.")
        let name = Substring(isWildcard ? written.dropFirst(2) : Substring(written))
        guard IPText.isHostName(name.utf8) else { throw .notHost(written) }
        if IPText.endsInNumber(name.utf8) {
            guard !isWildcard, IPText.isIPv4(name.utf8) else { throw .notHost(written) }
        }
        let trimmed = name.hasSuffix(".") ? name.dropLast() : name
        kind = isWildcard ? .wildcard : .name
        text = (isWildcard ? [UInt8(ascii: ".")] : []) + trimmed.utf8.map(ASCII.lowered)
    }

    /// The wildcards that fit every host that this one fits, the most specific one first; of those
    /// only the texts.
    var widerWildcards: [[UInt8]] {
        guard kind == .name || kind == .wildcard else { return [] }
        return text.indices.dropFirst().filter { text[$0] == UInt8(ascii: ".") }
            .map { Array(text[$0...]) }
    }
}
