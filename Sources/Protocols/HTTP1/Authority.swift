// Hosts and ports in messages (RFC 3986 section 3.2, RFC 9110 section 7.2). Stricter than the
// grammar where a name could be taken for something else: no user information (RFC 9110 section
// 4.2.4), no address literals of the future, no zones.

/// Checks of `host[:port]`.
enum Authority {
    private static let portBytesMax = 5

    /// Whether the bytes are a host, not empty, and maybe a port.
    static func isValid(
        _ bytes: Span<UInt8>, from start: Int, to end: Int, portRequired: Bool = false
    ) -> Bool {
        guard let hostEnd = hostEnd(bytes, from: start, to: end), hostEnd > start else {
            return false
        }
        guard hostEnd < end else { return !portRequired }
        guard bytes[hostEnd] == ASCII.colon else { return false }
        return isPort(bytes, from: hostEnd + 1, to: end, required: portRequired)
    }

    /// Behind the host; `nil` when there is none.
    private static func hostEnd(
        _ bytes: Span<UInt8>, from start: Int, to end: Int
    ) -> Int? {
        guard start < end else { return nil }
        if bytes[start] == ASCII.bracketOpen {
            var close = start + 1
            while close < end, bytes[close] != ASCII.bracketClose { close += 1 }
            guard close < end, IPBytes(parsingIPv6: bytes, from: start + 1, to: close) != nil
            else { return nil }
            return close + 1
        }
        var index = start
        while true {
            index = HeadScanner.runEnd(bytes, from: index, to: end, of: ByteClass.host)
            guard index < end, bytes[index] == ASCII.percent else { return index }
            guard isEncoded(bytes, at: index, to: end) else { return nil }
            index += 3
        }
    }

    /// `*DIGIT`, and a number that is a port. Empty stands for the scheme's own port (RFC 3986
    /// section 3.2.3), which CONNECT does not have (RFC 9110 section 9.3.6).
    private static func isPort(
        _ bytes: Span<UInt8>, from start: Int, to end: Int, required: Bool
    ) -> Bool {
        guard end - start <= portBytesMax else { return false }
        var port = 0
        for index in start..<end {
            guard ASCII.isDigit(bytes[index]) else { return false }
            port = port * 10 + Int(bytes[index] - ASCII.zero)
        }
        return port <= Int(UInt16.max) && (!required || port > 0)
    }

    /// Whether a percent sign at `index` is followed by two hexadecimal digits (RFC 3986 2.1).
    static func isEncoded(_ bytes: Span<UInt8>, at index: Int, to end: Int) -> Bool {
        index + 2 < end && ASCII.hexValue(bytes[index + 1]) != nil
            && ASCII.hexValue(bytes[index + 2]) != nil
    }
}
