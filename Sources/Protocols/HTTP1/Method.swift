// Methods and versions: what stands first and last in a request line.

/// A request method (RFC 9110 section 9, RFC 5789). Methods are case-sensitive.
package enum Method: UInt8, BitwiseCopyable, Sendable {
    case get
    case head
    case post
    case put
    case delete
    case options
    case trace
    case patch
    case connect
    /// Any other token.
    case other

    /// Whether the client asks for nothing to be changed (RFC 9110 section 9.2.1).
    package var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace: true
        case .post, .put, .delete, .patch, .connect, .other: false
        }
    }

    /// Whether doing it twice is as good as once (RFC 9110 section 9.2.2). What is not known is
    /// not.
    package var isIdempotent: Bool {
        switch self {
        case .put, .delete: true
        case .get, .head, .options, .trace, .post, .patch, .connect, .other: isSafe
        }
    }

    /// - Parameter name: a token.
    package init(named name: Span<UInt8>) {
        self.init(name, ByteRange(0, name.count))
    }

    /// - Parameters:
    ///   - bytes: the head.
    ///   - range: a token.
    init(_ bytes: Span<UInt8>, _ range: ByteRange) {
        func isMethod(_ name: StaticString) -> Bool {
            HeadScanner.equals(bytes, range, name)
        }
        switch range.count {
        case 3: self = isMethod("GET") ? .get : isMethod("PUT") ? .put : .other
        case 4: self = isMethod("POST") ? .post : isMethod("HEAD") ? .head : .other
        case 5: self = isMethod("PATCH") ? .patch : isMethod("TRACE") ? .trace : .other
        case 6: self = isMethod("DELETE") ? .delete : .other
        case 7: self = isMethod("OPTIONS") ? .options : isMethod("CONNECT") ? .connect : .other
        default: self = .other
        }
    }
}

/// The versions that are spoken. A higher minor version is refused like any other (RFC 9110
/// section 6.2 would have it taken for 1.1: there is none, and there will be none).
package enum MessageVersion: UInt8, BitwiseCopyable, Sendable {
    case http10
    case http11

    static let bytes = 8

    /// Reads `HTTP/1.0` or `HTTP/1.1` (RFC 9112 section 2.3). The name is case-sensitive.
    ///
    /// - Parameter position: at least `bytes` and one more follow from there.
    static func read(
        _ head: Span<UInt8>, at position: Int
    ) throws(HeadRefusal) -> MessageVersion {
        let version = HeadScanner.eight(head, at: position).word
        if version == 0x312E_312F_5054_5448 { return .http11 }
        if version == 0x302E_312F_5054_5448 { return .http10 }
        let isVersion =
            HeadScanner.equals(head, ByteRange(position, position + 5), "HTTP/")
            && ASCII.isDigit(head[position + 5]) && head[position + 6] == ASCII.dot
            && ASCII.isDigit(head[position + 7])
        throw isVersion ? .unsupportedVersion : .malformedVersion
    }
}
