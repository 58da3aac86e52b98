// Decimal numbers out of bytes that somebody else wrote: no signs, no spaces, no overflow.

/// Decimal digits to numbers.
package enum DecimalParser {
    /// Reads `text` as a non-negative decimal number.
    ///
    /// - Parameters:
    ///   - text: one or more ASCII digits and nothing else.
    ///   - maximum: the largest value accepted.
    /// - Returns: the number; `nil` when empty, not all digits, or greater than `maximum`.
    package static func parse(_ text: Substring.UTF8View, maximum: UInt64) -> UInt64? {
        guard !text.isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in text {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            let (tenfold, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = tenfold.addingReportingOverflow(UInt64(byte - 0x30))
            guard !overflowed, !carried, sum <= maximum else { return nil }
            value = sum
        }
        return value
    }
}
