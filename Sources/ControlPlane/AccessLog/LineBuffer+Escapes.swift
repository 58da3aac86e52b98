// Texts that clients chose, so that no line can be forged: what could end a value or a line, or is
// no text, is written in digits.

/// How values are written.
enum AccessStyle: Sendable {
    /// RFC 8259: always valid, always UTF-8.
    case json
    /// As nginx and Apache do it: printable ASCII, `\xXX` for all else.
    case plain
}

extension LineBuffer {
    /// The most that a byte becomes.
    static let escapedBytesMax = 6
    /// What stands behind a text that was cut, at most.
    static let cutBytesMax = 3

    /// Writes a text without quotes around it.
    ///
    /// - Parameters:
    ///   - range: within `bytes`.
    ///   - isCut: whether the text was longer.
    mutating func append(
        _ bytes: Span<UInt8>, _ range: Range<Int>, escapedAs style: AccessStyle, isCut: Bool
    ) {
        switch style {
        case .json:
            appendJSON(bytes, range)
            if isCut { append("\u{2026}") }
        case .plain:
            appendPlain(bytes, range)
            if isCut { append("...") }
        }
    }

    /// Whether a byte stands for itself in both styles.
    @inline(__always)
    private static func isHarmless(_ byte: UInt8) -> Bool {
        byte &- 0x20 < 0x5F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private mutating func appendPlain(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        var start = range.lowerBound
        while true {
            let index = Self.harmlessEnd(bytes, start..<range.upperBound)
            append(bytes, start..<index)
            guard index < range.upperBound else { return }
            append("\\x")
            appendHex(bytes[index], upperCase: true)
            start = index + 1
        }
    }

    /// Where the first byte is that does not stand for itself.
    private static func harmlessEnd(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        var index = range.lowerBound
        while index + 8 <= range.upperBound, areHarmless(eight(bytes, at: index)) { index += 8 }
        while index < range.upperBound, isHarmless(bytes[index]) { index += 1 }
        return index
    }

    /// Whether all of eight bytes are harmless; sometimes false although they are.
    @inline(__always)
    private static func areHarmless(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        /// The highest bit of each byte that is less than a number below 0x80, and of some others.
        func below(_ number: UInt64, _ word: UInt64) -> UInt64 { (word &- ones &* number) & ~word }
        let found =
            word | below(0x20, word) | below(1, word ^ ones &* UInt64(UInt8(ascii: "\"")))
            | below(1, word ^ ones &* UInt64(UInt8(ascii: "\\"))) | below(1, word ^ ones &* 0x7F)
        return found & ones &* 0x80 == 0
    }

    private mutating func appendJSON(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        var start = range.lowerBound
        var index = range.lowerBound
        while index < range.upperBound {
            index = Self.harmlessEnd(bytes, index..<range.upperBound)
            guard index < range.upperBound else { break }
            let byte = bytes[index]
            let length = byte < 0x80 ? 0 : Self.scalarBytes(bytes, index, range.upperBound)
            if length > 0, !Self.endsLines(bytes, index, length) {
                index += length
                continue
            }
            append(bytes, start..<index)
            appendEscape(bytes, index, length)
            index += max(length, 1)
            start = index
        }
        append(bytes, start..<range.upperBound)
    }

    /// - Parameter length: of a whole scalar; 0 for an ASCII byte, and for one that is no text,
    ///   which is written as the scalar of its number.
    private mutating func appendEscape(_ bytes: Span<UInt8>, _ index: Int, _ length: Int) {
        let byte = bytes[index]
        switch byte {
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        case 0x0A: append("\\n")
        case 0x0D: append("\\r")
        case 0x09: append("\\t")
        case 0xE2 where length == 3:
            append("\\u20")
            appendHex(bytes[index + 2] & 0x7F, upperCase: false)
        default:
            append("\\u00")
            appendHex(length == 2 ? bytes[index + 1] : byte, upperCase: false)
        }
    }

    private mutating func appendHex(_ byte: UInt8, upperCase: Bool) {
        append(Self.digit(byte >> 4, upperCase))
        append(Self.digit(byte & 0xF, upperCase))
    }

    private static func digit(_ value: UInt8, _ isUpper: Bool) -> UInt8 {
        if value < 10 { return UInt8(ascii: "0") + value }
        return (isUpper ? UInt8(ascii: "A") : UInt8(ascii: "a")) + value - 10
    }

    /// Scalars that end a line to some readers, or command a terminal: U+0080 to U+009F, U+2028 and
    /// U+2029.
    private static func endsLines(_ bytes: Span<UInt8>, _ index: Int, _ length: Int) -> Bool {
        switch (bytes[index], length) {
        case (0xC2, 2): bytes[index + 1] < 0xA0
        case (0xE2, 3): bytes[index + 1] == 0x80 && bytes[index + 2] & 0xFE == 0xA8
        default: false
        }
    }

    /// Bytes of the scalar that begins there, 2 to 4; 0 when it is not well-formed (The Unicode
    /// Standard, table 3-7).
    private static func scalarBytes(_ bytes: Span<UInt8>, _ index: Int, _ end: Int) -> Int {
        let first = bytes[index]
        let length =
            switch first {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 0
            }
        guard length > 0, index + length <= end else { return 0 }
        let second: ClosedRange<UInt8> =
            switch first {
            case 0xE0: 0xA0...0xBF
            case 0xED: 0x80...0x9F
            case 0xF0: 0x90...0xBF
            case 0xF4: 0x80...0x8F
            default: 0x80...0xBF
            }
        guard second.contains(bytes[index + 1]) else { return 0 }
        for place in index + 2..<index + length where bytes[place] & 0xC0 != 0x80 { return 0 }
        return length
    }
}
