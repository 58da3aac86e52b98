// IP addresses as numbers, and their textual form (RFC 4291 section 2.2).

/// An IPv6 address, or an IPv4 address as `::ffff:a.b.c.d` (RFC 4291 section 2.5.5.2).
package struct IPBytes: BitwiseCopyable, Hashable, Sendable {
    /// The first eight bytes in network order, as a number.
    package var high: UInt64
    /// The last eight.
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Parameter ipv4: the address in network order, as a number.
    package init(ipv4: UInt32) {
        high = 0
        low = 0xFFFF_0000_0000 | UInt64(ipv4)
    }

    package var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// One of the eight groups of 16 bits.
    ///
    /// - Parameter index: 0 to 7.
    func group(_ index: Int) -> UInt16 {
        let word = index < 4 ? high : low
        return UInt16(truncatingIfNeeded: word >> (UInt64(3 - index % 4) * 16))
    }

    /// The groups that `::` stands for: the first of the longest runs of two or more zeros (RFC
    /// 5952 section 4.2); empty at 8 when there is none.
    var longestZeros: Range<Int> {
        var longest = 8..<8
        var start = 0
        for index in 0..<8 {
            guard group(index) == 0 else {
                start = index + 1
                continue
            }
            let run = start..<index + 1
            if run.count > max(longest.count, 1) { longest = run }
        }
        return longest
    }

    private mutating func setGroup(_ index: Int, _ value: UInt16) {
        let shifted = UInt64(value) << (UInt64(3 - index % 4) * 16)
        if index < 4 { high |= shifted } else { low |= shifted }
    }
}

extension IPBytes {
    /// Reads four decimal numbers from 0 to 255, without leading zeros, separated by dots.
    ///
    /// - Parameters:
    ///   - bytes: hold the address.
    ///   - start: offset of its first byte.
    ///   - end: offset behind its last byte.
    package init?(parsingIPv4 bytes: Span<UInt8>, from start: Int, to end: Int) {
        var address: UInt32 = 0
        var index = start
        for part in 0..<4 {
            if part > 0 {
                guard index < end, bytes[index] == ASCII.dot else { return nil }
                index += 1
            }
            let first = index
            var number: UInt32 = 0
            while index < end, index - first < 3, ASCII.isDigit(bytes[index]) {
                number = number * 10 + UInt32(bytes[index] - ASCII.zero)
                index += 1
            }
            let hasLeadingZero = index - first > 1 && bytes[first] == ASCII.zero
            guard index > first, !hasLeadingZero, number <= 255 else { return nil }
            address = address << 8 | number
        }
        guard index == end else { return nil }
        self.init(ipv4: address)
    }

    /// Reads eight groups of one to four hexadecimal digits, one `::` at most for groups of zeros,
    /// the last two groups maybe as IPv4. No zone, no brackets.
    ///
    /// - Parameters: as above.
    package init?(parsingIPv6 bytes: Span<UInt8>, from start: Int, to end: Int) {
        self.init(high: 0, low: 0)
        var groups = 0
        /// Where the gap is.
        var gap: Int?
        var index = start
        if index + 1 < end, bytes[index] == ASCII.colon, bytes[index + 1] == ASCII.colon {
            gap = 0
            index += 2
        }
        while index < end {
            guard groups < 8 else { return nil }
            if groups <= 6, let tail = IPBytes(parsingIPv4: bytes, from: index, to: end) {
                setGroup(groups, tail.group(6))
                setGroup(groups + 1, tail.group(7))
                groups += 2
                index = end
                break
            }
            guard let digits = readGroup(bytes, from: index, to: end, groups) else { return nil }
            groups += 1
            index += digits
            guard index < end else { break }
            // A colon and another group, or the gap.
            guard bytes[index] == ASCII.colon, index + 1 < end else { return nil }
            index += 1
            if bytes[index] == ASCII.colon {
                guard gap == nil else { return nil }
                gap = groups
                index += 1
            }
        }
        guard let gap else {
            guard groups == 8 else { return nil }
            return
        }
        // The gap stands for one group at least.
        guard groups < 8 else { return nil }
        spread(from: gap, groups)
    }

    /// Reads one to four hexadecimal digits and stores them; returns how many.
    private mutating func readGroup(
        _ bytes: Span<UInt8>, from start: Int, to end: Int, _ group: Int
    ) -> Int? {
        var index = start
        var value: UInt16 = 0
        while index < end, index - start < 4, let digit = ASCII.hexValue(bytes[index]) {
            value = value << 4 | UInt16(digit)
            index += 1
        }
        guard index > start else { return nil }
        setGroup(group, value)
        return index - start
    }

    /// Moves the groups behind the gap to the end.
    private mutating func spread(from gap: Int, _ groups: Int) {
        let source = self
        self = IPBytes(high: 0, low: 0)
        for index in 0..<gap { setGroup(index, source.group(index)) }
        for index in gap..<groups { setGroup(8 - groups + index, source.group(index)) }
    }
}

extension IPBytes: CustomStringConvertible {
    /// Four decimal numbers, or the form of RFC 5952 without its mixed notation.
    package var description: String {
        if isIPv4 {
            return (0..<4).map { "\(low >> UInt64((3 - $0) * 8) & 0xFF)" }.joined(separator: ".")
        }
        let zeros = longestZeros
        let hex = { (groups: Range<Int>) in
            groups.map { String(group($0), radix: 16) }.joined(separator: ":")
        }
        guard zeros.count > 1 else { return hex(0..<8) }
        return "\(hex(0..<zeros.lowerBound))::\(hex(zeros.upperBound..<8))"
    }
}
