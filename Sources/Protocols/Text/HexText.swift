// Hexadecimal numbers, as `HeadWriter.appendHex` writes them.

/// Reading of numbers in hexadecimal digits.
package enum HexText {
    /// Reads one to sixteen digits in either case, and nothing else.
    ///
    /// - Parameters:
    ///   - bytes: hold the number.
    ///   - range: where it stands.
    /// - Returns: `nil` for anything else.
    package static func parse(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        guard (1...16).contains(range.count) else { return nil }
        var value: UInt64 = 0
        for index in range {
            guard let digit = ASCII.hexValue(bytes[index]) else { return nil }
            value = value << 4 | UInt64(digit)
        }
        return value
    }
}
