// Who sent a request, as X-Forwarded-For has it: each proxy puts the address of its own client
// behind the others, so only the end of the list was written by somebody who is known.

extension RequestHead {
    /// The last address in X-Forwarded-For that is not a trusted proxy's; the first one that
    /// trusted ones vouch for when all that follow are.
    ///
    /// - Parameters:
    ///   - bytes: what the head was parsed from.
    ///   - isTrusted: whether an address is a trusted proxy's.
    /// - Returns: `nil` when there is none, or the last element is no address.
    package func forwardedFor(
        in bytes: Span<UInt8>, isTrusted: (IPBytes) -> Bool
    ) -> IPBytes? {
        var source: IPBytes?
        for position in 0..<fields.count where fields[position].known == .xForwardedFor {
            var elements = ListCursor(fields[position].value)
            while let element = elements.next(bytes) {
                guard let address = IPBytes(forwarded: bytes, element) else {
                    // Nobody vouches for what stands before it.
                    source = nil
                    continue
                }
                if source == nil || !isTrusted(address) { source = address }
            }
        }
        return source
    }
}

extension IPBytes {
    /// Reads an address, maybe with a port; an IPv6 one in brackets then.
    fileprivate init?(forwarded bytes: Span<UInt8>, _ range: ByteRange) {
        var (start, end) = (Int(range.start), range.end)
        if bytes[start] == UInt8(ascii: "[") {
            start += 1
            guard let close = Self.last(UInt8(ascii: "]"), bytes, start..<end) else { return nil }
            end = close
        } else if let colon = Self.last(UInt8(ascii: ":"), bytes, start..<end),
            Self.last(UInt8(ascii: ":"), bytes, start..<colon) == nil
        {
            end = colon
        }
        guard
            let address = IPBytes(parsingIPv4: bytes, from: start, to: end)
                ?? IPBytes(parsingIPv6: bytes, from: start, to: end)
        else { return nil }
        self = address
    }

    private static func last(_ byte: UInt8, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        var index = range.upperBound
        while index > range.lowerBound {
            index -= 1
            if bytes[index] == byte { return index }
        }
        return nil
    }
}
