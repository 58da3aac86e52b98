// The fields that mean something to a proxy. All others are passed on without a look.

/// A field name, as far as it matters here.
package enum FieldName: UInt8, BitwiseCopyable, Sendable {
    case other = 0
    case connection
    case keepAlive
    case proxyConnection
    case te
    case trailer
    case transferEncoding
    case upgrade
    case contentLength
    case host
    case expect
    case maxForwards
    case via
    case forwarded
    case xForwardedFor
    case xForwardedProto
    case xForwardedHost
    case date
    case server
    case http2Settings
    case proxyAuthenticate
    case proxyAuthenticationInfo
    case proxyAuthorization

    /// Whether a field of this name is meant for the next recipient only, also when Connection does
    /// not say so: the list of RFC 9110 section 7.6.1, HTTP2-Settings (RFC 7540 section 3.2.1) and
    /// the fields of proxy authentication (RFC 9110 section 11.7), which were for us. Trailer
    /// stays: trailers are passed on.
    var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .te, .transferEncoding, .upgrade,
            .http2Settings, .proxyAuthenticate, .proxyAuthenticationInfo, .proxyAuthorization:
            true
        default:
            false
        }
    }

    /// Recognises a name, in any case.
    ///
    /// - Parameter name: a token.
    package static func recognise(_ name: Span<UInt8>) -> FieldName {
        recognise(name, 0, name.count)
    }

    /// Recognises a name, in any case.
    ///
    /// - Parameters:
    ///   - bytes: the head.
    ///   - start: offset of the name.
    ///   - count: its bytes, all of them `tchar`.
    static func recognise(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) -> FieldName {
        func matches(_ name: StaticString, _ known: FieldName) -> FieldName? {
            HeadScanner.equalsIgnoringCase(bytes, start, start &+ count, name) ? known : nil
        }
        switch count {
        case 2: return matches("te", .te) ?? .other
        case 3: return matches("via", .via) ?? .other
        case 4: return matches("host", .host) ?? matches("date", .date) ?? .other
        case 6: return matches("expect", .expect) ?? matches("server", .server) ?? .other
        case 7: return matches("upgrade", .upgrade) ?? matches("trailer", .trailer) ?? .other
        case 9: return matches("forwarded", .forwarded) ?? .other
        case 10:
            return matches("connection", .connection) ?? matches("keep-alive", .keepAlive)
                ?? .other
        case 12: return matches("max-forwards", .maxForwards) ?? .other
        case 14:
            return matches("content-length", .contentLength)
                ?? matches("http2-settings", .http2Settings) ?? .other
        case 15: return matches("x-forwarded-for", .xForwardedFor) ?? .other
        case 16:
            return matches("x-forwarded-host", .xForwardedHost)
                ?? matches("proxy-connection", .proxyConnection) ?? .other
        case 17:
            return matches("transfer-encoding", .transferEncoding)
                ?? matches("x-forwarded-proto", .xForwardedProto) ?? .other
        case 18: return matches("proxy-authenticate", .proxyAuthenticate) ?? .other
        case 19: return matches("proxy-authorization", .proxyAuthorization) ?? .other
        case 25: return matches("proxy-authentication-info", .proxyAuthenticationInfo) ?? .other
        default: return .other
        }
    }
}

/// A set of field names.
struct FieldNameSet: OptionSet, BitwiseCopyable {
    let rawValue: UInt32

    init(rawValue: UInt32) { self.rawValue = rawValue }

    init(_ name: FieldName) { rawValue = 1 << UInt32(name.rawValue) }
}
