// Version 1: `PROXY TCP4 192.0.2.1 198.51.100.2 56324 443` and CR LF (section 2.1).

extension ProxyHeader {
    /// The longest line, CR LF included.
    private static let lineBytesMax = 107
    private static let start: InlineArray<6, UInt8> = [0x50, 0x52, 0x4F, 0x58, 0x59, 0x20]
    private static let tcp4: InlineArray<4, UInt8> = [0x54, 0x43, 0x50, 0x34]
    private static let tcp6: InlineArray<4, UInt8> = [0x54, 0x43, 0x50, 0x36]
    private static let unknown: InlineArray<7, UInt8> = [
        0x55, 0x4E, 0x4B, 0x4E, 0x4F, 0x57, 0x4E,
    ]

    /// - Returns: `nil` when more bytes are needed.
    static func readText(_ bytes: Span<UInt8>) throws(ProxyRefusal) -> ProxyHeader? {
        for index in 0..<min(bytes.count, start.count) where bytes[index] != start[index] {
            throw .notProxy
        }
        guard let end = try lineEnd(bytes) else { return nil }
        return ProxyHeader(length: end + 2, addresses: try readLine(bytes, to: end))
    }

    /// Where CR LF stand; `nil` while they have not come.
    private static func lineEnd(_ bytes: Span<UInt8>) throws(ProxyRefusal) -> Int? {
        for index in start.count..<max(min(bytes.count, lineBytesMax), start.count) {
            if bytes[index] == ASCII.lineFeed { throw .bareLineEnd }
            guard bytes[index] == ASCII.carriageReturn else { continue }
            guard index + 1 < lineBytesMax else { throw .lineTooLong }
            guard index + 1 < bytes.count else { return nil }
            guard bytes[index + 1] == ASCII.lineFeed else { throw .bareLineEnd }
            return index
        }
        if bytes.count >= lineBytesMax { throw .lineTooLong }
        return nil
    }

    private static func readLine(
        _ bytes: Span<UInt8>, to end: Int
    ) throws(ProxyRefusal) -> ProxyAddresses? {
        var position = start.count
        let name = word(bytes, from: &position, to: end)
        // What follows UNKNOWN is ignored, whatever it is.
        if isEqual(bytes, name, unknown) { return nil }
        let isIPv4 = isEqual(bytes, name, tcp4)
        guard isIPv4 || isEqual(bytes, name, tcp6) else { throw .unknownProtocol }
        let addresses = ProxyAddresses(
            source: try address(bytes, word(bytes, from: &position, to: end), isIPv4: isIPv4),
            destination: try address(bytes, word(bytes, from: &position, to: end), isIPv4: isIPv4),
            sourcePort: try port(bytes, word(bytes, from: &position, to: end)),
            destinationPort: try port(bytes, word(bytes, from: &position, to: end)))
        guard position == end + 1 else { throw .malformedLine }
        return addresses
    }

    /// The bytes from `position` to the next space or the line's end, and moves it behind that.
    private static func word(
        _ bytes: Span<UInt8>, from position: inout Int, to end: Int
    ) -> Range<Int> {
        let first = min(position, end)
        var index = first
        while index < end, bytes[index] != ASCII.space { index += 1 }
        position = index + 1
        return first..<index
    }

    private static func isEqual<let count: Int>(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ name: InlineArray<count, UInt8>
    ) -> Bool {
        guard range.count == count else { return false }
        for index in 0..<count where bytes[range.lowerBound + index] != name[index] {
            return false
        }
        return true
    }

    private static func address(
        _ bytes: Span<UInt8>, _ range: Range<Int>, isIPv4: Bool
    ) throws(ProxyRefusal) -> IPBytes {
        let (first, end) = (range.lowerBound, range.upperBound)
        let parsed =
            isIPv4
            ? IPBytes(parsingIPv4: bytes, from: first, to: end)
            : IPBytes(parsingIPv6: bytes, from: first, to: end)
        guard let parsed else { throw .malformedAddress }
        return parsed
    }

    private static func port(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) throws(ProxyRefusal) -> UInt16 {
        let hasLeadingZero = range.count > 1 && bytes[range.lowerBound] == ASCII.zero
        guard (1...5).contains(range.count), !hasLeadingZero else { throw .malformedPort }
        var number: UInt32 = 0
        for index in range {
            guard ASCII.isDigit(bytes[index]) else { throw .malformedPort }
            number = number * 10 + UInt32(bytes[index] - ASCII.zero)
        }
        guard let port = UInt16(exactly: number) else { throw .malformedPort }
        return port
    }
}
