// The name of a trailer field, which may arrive in pieces, and the names that have no place there.

/// A field name in lower case, with room for the longest one that matters.
struct TrailerName: BitwiseCopyable, Sendable {
    /// More than any of the names below has.
    private static let bytesMax = 24

    /// The bytes, first one lowest; zero behind the last.
    private var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
    private var count: UInt8 = 0

    /// - Parameter byte: a `tchar`.
    mutating func append(_ byte: UInt8) {
        guard count < Self.bytesMax else { return }
        let shifted = UInt64(ASCII.lowered(byte)) << (UInt64(count % 8) * 8)
        switch count / 8 {
        case 0: words.0 |= shifted
        case 1: words.1 |= shifted
        default: words.2 |= shifted
        }
        count += 1
    }

    /// Whether a field of this name may not come behind the body (RFC 9110 section 6.5.1, with the
    /// names that RFC 7230 section 4.1.2 gave): it tells how to frame, route, authenticate or
    /// process the message, what its content is, or belongs to the connection. Who merged it with
    /// the header fields would read another message than who does not.
    var isForbidden: Bool {
        // Conditions: If-Match and its kin.
        if words.0 & 0xFF_FFFF == 0x2D_6669 { return true }
        switch count {
        case 2: return matches("te")
        case 3: return matches("via") || matches("age")
        case 4: return matches("host") || matches("date") || matches("vary")
        case 5: return matches("range")
        case 6: return matches("cookie") || matches("expect") || matches("pragma")
        case 7:
            return matches("upgrade") || matches("trailer") || matches("expires")
                || matches("warning")
        case 8: return matches("location")
        case 9: return matches("forwarded")
        case 10: return matches("connection") || matches("keep-alive") || matches("set-cookie")
        case 11: return matches("retry-after")
        case 12: return matches("max-forwards") || matches("content-type")
        case 13:
            return matches("authorization") || matches("cache-control")
                || matches("content-range")
        case 14: return matches("content-length") || matches("http2-settings")
        case 15: return matches("x-forwarded-for")
        case 16:
            return matches("www-authenticate") || matches("proxy-connection")
                || matches("content-encoding") || matches("x-forwarded-host")
        case 17: return matches("transfer-encoding") || matches("x-forwarded-proto")
        case 18: return matches("proxy-authenticate")
        case 19: return matches("proxy-authorization")
        default: return false
        }
    }

    private func matches(_ name: StaticString) -> Bool {
        var other = TrailerName()
        for index in 0..<name.utf8CodeUnitCount { other.append(HeadScanner.byte(name, index)) }
        return words == other.words
    }
}
