// The request target (RFC 9112 section 3.2): which of the four forms it has, and whether it keeps
// the form's grammar.
//
// Bytes allowed in a path: those of RFC 3986, percent-encoding only before two hexadecimal digits,
// and `[ ] ^ { | }` and the grave accent, which clients are known to leave bare. In a query also
// the backslash and a `%` before anything, as browsers send them. Never: white space, controls,
// bytes from 0x7F on, quotes, angle brackets, and `#`, since a fragment is not for servers.

/// The form of a request target.
package enum TargetForm: UInt8, BitwiseCopyable, Sendable {
    /// `/path?query`
    case origin
    /// `http://host/path?query`
    case absolute
    /// `host:port`, with CONNECT
    case authority
    /// `*`, with OPTIONS
    case asterisk
}

/// A request target, taken apart.
struct RequestTarget {
    let form: TargetForm
    /// Host and maybe port; empty in origin-form and asterisk-form.
    var authority = ByteRange()
    /// Path and query; empty in authority-form and asterisk-form.
    var origin = ByteRange()

    /// - Parameters:
    ///   - bytes: the head.
    ///   - range: one byte or more, all in `ByteClass.query`.
    ///   - plainEnd: offset of the first byte that is not in `ByteClass.path`.
    init(
        _ bytes: Span<UInt8>, _ range: ByteRange, plainEnd: Int, _ method: Method
    ) throws(HeadRefusal) {
        let start = Int(range.start)
        let end = range.end
        if method == .connect {
            // RFC 9112 section 3.2.3: this form with this method, and nothing else.
            guard Authority.isValid(bytes, from: start, to: end, portRequired: true) else {
                throw .malformedAuthority
            }
            form = .authority
            authority = range
        } else if bytes[start] == ASCII.slash {
            guard Self.isPathAndQuery(bytes, from: plainEnd, to: end) else {
                throw .malformedTarget
            }
            form = .origin
            origin = range
        } else if bytes[start] == ASCII.asterisk && end == start + 1 {
            // RFC 9112 section 3.2.4.
            guard method == .options else { throw .targetFormNotAllowed }
            form = .asterisk
        } else {
            form = .absolute
            try readAbsolute(bytes, from: start, to: end)
        }
    }

    /// RFC 9112 section 3.2.2, RFC 9110 section 4.2.
    private mutating func readAbsolute(
        _ bytes: Span<UInt8>, from start: Int, to end: Int
    ) throws(HeadRefusal) {
        var colon = start
        while colon < end, bytes[colon] != ASCII.colon, bytes[colon] != ASCII.slash { colon += 1 }
        guard colon + 2 < end, bytes[colon] == ASCII.colon, bytes[colon + 1] == ASCII.slash,
            bytes[colon + 2] == ASCII.slash
        else { throw .malformedTarget }
        guard
            HeadScanner.equalsIgnoringCase(bytes, start, colon, "http")
                || HeadScanner.equalsIgnoringCase(bytes, start, colon, "https")
        else { throw .unsupportedScheme }
        let hostStart = colon + 3
        var hostEnd = hostStart
        while hostEnd < end, bytes[hostEnd] != ASCII.slash, bytes[hostEnd] != ASCII.question {
            hostEnd += 1
        }
        guard Authority.isValid(bytes, from: hostStart, to: hostEnd) else {
            throw .malformedAuthority
        }
        guard Self.isPathAndQuery(bytes, from: hostEnd, to: end) else { throw .malformedTarget }
        authority = ByteRange(hostStart, hostEnd)
        origin = ByteRange(hostEnd, end)
    }

    private static func isPathAndQuery(
        _ bytes: Span<UInt8>, from start: Int, to end: Int
    ) -> Bool {
        var index = start
        while true {
            index = HeadScanner.runEnd(bytes, from: index, to: end, of: ByteClass.path)
            guard index < end, bytes[index] != ASCII.question else { return true }
            guard bytes[index] == ASCII.percent, Authority.isEncoded(bytes, at: index, to: end)
            else { return false }
            index += 3
        }
    }
}
