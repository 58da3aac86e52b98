// Targets that a route changes: a path put in the place of another, or of its beginning, and the
// places that clients are redirected to. What the client sent goes in only in its normal form and
// behind something of the operator's, so it can neither end a line nor name another host.

package import Protocols

/// What a route does to the path of a request; the query stays.
package enum PathRewrite: Sendable, Equatable {
    /// Puts this in place of the whole path.
    case path(PathText)
    /// Puts this in place of what all paths that fit the route begin with: the exact path, the
    /// prefix, the pattern up to its first wildcard.
    case prefix(PathText)
}

/// Where a redirect leads.
package struct RedirectPlace: Sendable, Hashable {
    package static let bytesMax = 2048

    package let bytes: [UInt8]

    /// Reads `https://host:port/path` or `/path`.
    ///
    /// - Throws: when it is neither, or holds what cannot stand in an address.
    package init(parsing text: String) throws(RouteError) {
        bytes = Array(text.utf8)
        let isText = bytes.allSatisfy {
            ByteClass.isIn(ByteClass.query, $0) && $0 != UInt8(ascii: "\\") || $0 == Self.hash
        }
        guard isText, bytes.count <= Self.bytesMax else { throw .notRedirect(text) }
        let scheme = ["https://", "http://"].first {
            text.lowercased().hasPrefix($0)
        }
        guard let scheme else {
            // Two slashes would begin the name of a host (RFC 3986 section 4.2).
            guard text.hasPrefix("/"), !text.hasPrefix("//") else { throw .notRedirect(text) }
            return
        }
        let authority = text.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard Self.isAuthority(authority) else { throw .notRedirect(text) }
    }

    private static let hash = UInt8(ascii: "#")

    private static func isAuthority(_ text: Substring) -> Bool {
        var host = text
        if let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") {
            let digits = text[text.index(after: colon)...]
            guard DecimalParser.parse(digits.utf8, maximum: 65_535) ?? 0 > 0 else { return false }
            host = text[..<colon]
        }
        // An IPv6 address needs its brackets here.
        guard !host.hasPrefix("*"), host.contains(":") == host.hasPrefix("[") else { return false }
        return (try? RouteHost(parsing: String(host))) != nil
    }
}

extension HeadWriter {
    /// Writes a target with a new beginning of its path.
    ///
    /// - Parameters:
    ///   - path: the request's path in its normal form.
    ///   - fixed: how many bytes of it are replaced: `RoutePath.fixedBytes`, or all of them.
    ///   - replacement: the bytes of a `PathText`. Between it and the rest there is one slash when
    ///     what is replaced ended in one.
    ///   - query: with its `?`, or empty.
    ///   - head: holds the query.
    package mutating func appendTarget(
        _ path: Span<UInt8>, replacing fixed: Int, by replacement: Span<UInt8>,
        query: ByteRange, of head: Span<UInt8>
    ) {
        // CONNECT has no path, and `OPTIONS *` none to replace; `fixed` is 0 for both.
        let replaced = min(fixed, path.count)
        let endsInSlash = replaced > 0 && path[replaced - 1] == UInt8(ascii: "/")
        appendJoined(
            replacement, path.extracting(replaced..<path.count), needsSlash: endsInSlash)
        append(head, query)
    }

    /// Writes the place of a redirect, maybe with the path and the query of the request behind it.
    ///
    /// - Parameters:
    ///   - place: the bytes of a `RedirectPlace` that can keep a path.
    ///   - path: the request's path in its normal form.
    ///   - query: with its `?`, or empty.
    ///   - head: holds the query.
    package mutating func appendLocation(
        _ place: Span<UInt8>, keeping path: Span<UInt8>, query: ByteRange, of head: Span<UInt8>
    ) {
        appendJoined(place, path, needsSlash: false)
        append(head, query)
    }

    /// Writes two parts of a path without two slashes where they meet.
    private mutating func appendJoined(
        _ first: Span<UInt8>, _ second: Span<UInt8>, needsSlash: Bool
    ) {
        let slash = UInt8(ascii: "/")
        let ends = !first.isEmpty && first[first.count - 1] == slash
        let begins = !second.isEmpty && second[0] == slash
        append(first, 0..<first.count)
        if needsSlash && !ends && !begins && !second.isEmpty { append(slash) }
        append(second, (ends && begins ? 1 : 0)..<second.count)
    }
}
