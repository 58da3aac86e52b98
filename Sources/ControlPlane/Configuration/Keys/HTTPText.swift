// The spelling of what HTTP is made of, as far as an operator writes it.

internal import Protocols

/// Checks of texts.
enum HTTPText {
    /// Known methods, for suggestions.
    static let methods = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT",
    ]

    /// Fields that Gyre writes by itself: framing, hop by hop, and Host, which has a key.
    static let ownNames = [
        "connection", "content-length", "host", "keep-alive", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    ]

    private static let pathBytesMax = 2048
    private static let valueBytesMax = 4096
    private static let segmentsMax = 32

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return (0x30...0x39).contains(byte) || (0x61...0x7A).contains(lower)
    }

    static func hasControl(_ text: some StringProtocol) -> Bool {
        text.utf8.contains { $0 < 0x20 || $0 == 0x7F }
    }

    /// RFC 9110 section 5.6.2.
    static func isToken(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { isAlphanumeric($0) || "!#$%&'*+-.^_`|~".utf8.contains($0) }
    }

    static func isFieldValue(_ text: String) -> Bool {
        let ends = [text.utf8.first, text.utf8.last].compactMap(\.self)
        let isTrimmed = !ends.contains { $0 == 0x20 || $0 == 0x09 }
        return text.utf8.count <= valueBytesMax && isTrimmed
            && !text.utf8.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }
    }

    /// Begins with a slash, has no query, no empty or dot segment within, and nothing that only a
    /// regular expression or a wildcard would have.
    static func isPath(_ text: String) -> Bool {
        guard text.hasPrefix("/"), text.utf8.count <= pathBytesMax else { return false }
        let segments = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let areNormal = segments.indices.allSatisfy { index in
            ![".", ".."].contains(segments[index])
                && (!segments[index].isEmpty || index == segments.count - 1)
        }
        return areNormal && !looksRegular(text) && !text.contains("*") && hasWholeEscapes(text)
            && !text.utf8.contains { $0 <= 0x20 || $0 == 0x7F || $0 == 0x3F || $0 == 0x23 }
    }

    static func isPathPattern(_ text: String) -> Bool {
        guard text.hasPrefix("/"), text.utf8.count <= pathBytesMax else { return false }
        let segments = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let areFit = segments.indices.allSatisfy { index in
            let (segment, isLast) = (segments[index], index == segments.count - 1)
            return segment == "*" || segment == "**" && isLast
                || isPath("/\(segment)") && (isLast || !segment.isEmpty)
        }
        return areFit && segments.count <= segmentsMax
    }

    /// What a regular expression has and a path never needs.
    static func looksRegular(_ text: String) -> Bool {
        text.hasPrefix("^") || text.hasPrefix("~") || text.hasSuffix("$") || text.contains("\\")
            || text.contains(".*") || text.contains(".+") || text.contains("(?")
            || text.contains("[") || text.contains("|")
    }

    private static func hasWholeEscapes(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "%"), omittingEmptySubsequences: false)
        return parts.dropFirst().allSatisfy { part in
            let digits = part.prefix(2)
            return digits.count == 2
                && digits.allSatisfy {
                    (0x30...0x39).contains($0) || (0x61...0x66).contains($0 | 0x20)
                }
        }
    }

    /// The path that a pattern or a relative path may have meant.
    static func pathMeant(_ text: String) -> String? {
        var path = text
        for prefix in ["~", "^"] where path.hasPrefix(prefix) { path.removeFirst() }
        if path.hasSuffix("$") { path.removeLast() }
        path = path.replacing(".*", with: "**").replacing(".+", with: "*")
        if !path.hasPrefix("/") { path = "/" + path }
        return path != text && isPathPattern(path) ? path : nil
    }

    static func isHostPattern(_ text: String) -> Bool {
        if text.hasPrefix("["), text.hasSuffix("]") {
            return IPText.isIPv6(text.dropFirst().dropLast().utf8) && !text.contains("%")
        }
        let isWildcard = text.hasPrefix("*.")
        let name = Substring(isWildcard ? text.dropFirst(2) : Substring(text))
        if IPText.endsInNumber(name.utf8) { return !isWildcard && IPText.isIPv4(name.utf8) }
        return IPText.isHostName(name.utf8)
    }

    /// A host without what does not belong to it.
    static func hostMeant(_ text: String) -> String? {
        var rest = Substring(text)
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
        }
        rest = rest.prefix { $0 != "/" }
        if rest.hasPrefix(".") { rest = "*" + rest }
        let host = String(rest.hasPrefix("[") ? rest : rest.prefix { $0 != ":" })
        return host != text && isHostPattern(host) ? host : nil
    }

    /// A host, maybe with a port.
    static func isAuthority(_ text: Substring) -> Bool {
        var host = text
        if let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") {
            let digits = text[text.index(after: colon)...]
            guard DecimalParser.parse(digits.utf8, maximum: 65_535) ?? 0 > 0 else { return false }
            host = text[..<colon]
        }
        return !host.hasPrefix("*") && isHostPattern(String(host))
    }

    static func isRedirectPlace(_ text: String) -> Bool {
        guard text.utf8.count <= pathBytesMax, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return false }
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) {
            return isAuthority(
                text.dropFirst(scheme.count).prefix { !"/?#".contains($0) })
        }
        return text.hasPrefix("/") && !text.hasPrefix("//")
    }
}
