// Heads on their way out, written into memory that the caller owns. Besides the scanner the only
// place of this folder that touches raw memory.

/// A cursor over a caller's memory. It never writes past the end: what does not fit is left out as
/// a whole, and so is everything behind it, and `hasOverflowed` says so.
@safe
package struct HeadWriter {
    private let start: UnsafeMutableRawPointer
    private let capacity: Int
    /// Bytes written.
    package private(set) var count = 0
    /// Whether something did not fit.
    package private(set) var hasOverflowed = false

    /// - Parameters:
    ///   - start: memory that outlives the writer.
    ///   - capacity: bytes of it, 0 or more.
    @unsafe
    package init(_ start: UnsafeMutableRawPointer, capacity: Int) {
        precondition(capacity >= 0)
        unsafe self.start = start
        self.capacity = capacity
    }

    package mutating func append(_ byte: UInt8) {
        guard reserve(1) else { return }
        unsafe start.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count &+= 1
    }

    package mutating func append(_ text: StaticString) {
        let bytes = text.utf8CodeUnitCount
        guard reserve(bytes) else { return }
        unsafe (start + count).copyMemory(from: text.utf8Start, byteCount: bytes)
        count &+= bytes
    }

    /// Copies a part of a head.
    ///
    /// - Parameters:
    ///   - bytes: the head.
    ///   - range: within them.
    package mutating func append(_ bytes: Span<UInt8>, _ range: ByteRange) {
        append(bytes, Int(range.start)..<range.end)
    }

    /// - Parameter range: within `bytes`.
    package mutating func append(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        guard !range.isEmpty, reserve(range.count) else { return }
        unsafe bytes.withUnsafeBytes { source in
            guard let from = source.baseAddress else { return }
            unsafe (start + count).copyMemory(
                from: from + range.lowerBound, byteCount: range.count)
        }
        count &+= range.count
    }

    /// Writes a number without leading zeros.
    package mutating func appendDecimal(_ value: UInt64) {
        var digits = 1
        var rest = value
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        guard reserve(digits) else { return }
        rest = value
        for place in stride(from: digits - 1, through: 0, by: -1) {
            unsafe start.storeBytes(
                of: ASCII.zero + UInt8(truncatingIfNeeded: rest % 10),
                toByteOffset: count + place, as: UInt8.self)
            rest /= 10
        }
        count &+= digits
    }

    /// Writes a number in lower-case hexadecimal digits without leading zeros.
    package mutating func appendHex(_ value: UInt64) {
        appendHex(
            value, digits: value == 0 ? 1 : (UInt64.bitWidth - value.leadingZeroBitCount + 3) / 4)
    }

    /// Writes the last digits of a number in lower-case hexadecimal.
    ///
    /// - Parameter digits: 1 to 16.
    package mutating func appendHex(_ value: UInt64, digits: Int) {
        guard reserve(digits) else { return }
        for place in 0..<digits {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64((digits - 1 - place) * 4)) & 15
            unsafe start.storeBytes(
                of: digit < 10 ? ASCII.zero + digit : 0x57 + digit,
                toByteOffset: count + place, as: UInt8.self)
        }
        count &+= digits
    }

    /// Writes an address as text: `192.0.2.1`, or RFC 5952 section 4 for IPv6.
    ///
    /// - Parameter bracketed: puts IPv6 in brackets, as before a port.
    package mutating func appendIPAddress(_ address: IPBytes, bracketed: Bool) {
        // All or nothing, like everything else here.
        let before = self
        if address.isIPv4 {
            appendIPv4(address)
        } else {
            if bracketed { append(ASCII.bracketOpen) }
            appendIPv6(address)
            if bracketed { append(ASCII.bracketClose) }
        }
        if hasOverflowed { count = before.count }
    }

    /// Four decimal numbers: for an address that is IPv4.
    mutating func appendIPv4(_ address: IPBytes) {
        for place in 0..<4 {
            if place > 0 { append(ASCII.dot) }
            appendDecimal(address.low >> UInt64((3 - place) * 8) & 0xFF)
        }
    }

    /// Groups of hexadecimal digits, also for an IPv4 address.
    mutating func appendIPv6(_ address: IPBytes) {
        let zeros = address.longestZeros
        for index in 0..<8 {
            if index == zeros.lowerBound, !zeros.isEmpty {
                append("::")
            } else if !zeros.contains(index) {
                if index > 0, index != zeros.upperBound { append(ASCII.colon) }
                appendHex(UInt64(address.group(index)))
            }
        }
    }

    /// Whether so many bytes more fit.
    private mutating func reserve(_ bytes: Int) -> Bool {
        if bytes > capacity - count { hasOverflowed = true }
        return !hasOverflowed
    }
}
