// Sizes as an operator writes them: one whole number of bytes, maybe with one binary unit.

/// Reads and writes sizes.
package enum SizeText {
    /// The largest size that is accepted: 1 PiB, in bytes.
    package static let maximumBytes: UInt64 = 1 << 50

    /// Reads `512`, `32k`, `8m` or `1g`.
    ///
    /// - Parameter text: decimal digits and maybe a unit, without sign, space or fraction.
    /// - Returns: bytes, from 0 to `maximumBytes`; `k` is 1,024, `m` 1,024 k and `g` 1,024 m.
    /// - Throws: what is wrong with it, as a sentence.
    package static func bytes(_ text: some StringProtocol) throws(SizeTextError) -> UInt64 {
        guard !text.isEmpty else { throw .empty }
        let bytes = Substring(text).utf8
        let digits = bytes.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        guard !digits.isEmpty else { throw .numberMissing(String(text)) }
        guard let factor = unitBytes(text.utf8.dropFirst(digits.count)) else {
            throw .notUnit(String(text))
        }
        guard let count = DecimalParser.parse(digits, maximum: maximumBytes / factor) else {
            throw .tooLarge(String(text))
        }
        return count * factor
    }

    /// The shortest text that reads back as a size.
    ///
    /// - Parameter bytes: from 0 to `maximumBytes`.
    package static func text(bytes: UInt64) -> String {
        for (unit, factor) in units where bytes >= factor && bytes % factor == 0 {
            return "\(bytes / factor)\(unit)"
        }
        return "\(bytes)"
    }

    /// From the largest on.
    private static let units: [(name: String, bytes: UInt64)] = [
        ("g", 1 << 30), ("m", 1 << 20), ("k", 1 << 10), ("", 1),
    ]

    private static func unitBytes(_ unit: some Sequence<UInt8>) -> UInt64? {
        units.first { unit.elementsEqual($0.name.utf8) }?.bytes
    }
}

/// Why a text is not a size.
package enum SizeTextError: Error, Equatable, Sendable {
    case empty
    case numberMissing(String)
    case notUnit(String)
    case tooLarge(String)
}

extension SizeTextError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty:
            "the size is empty; expected a number of bytes, such as 512, 32k, 8m or 1g"
        case .numberMissing(let text):
            "'\(text)' does not begin with a number; expected 512, 32k, 8m or 1g"
        case .notUnit(let text):
            "'\(text)' has an unknown unit; expected k, m, g or nothing behind a whole number"
        case .tooLarge(let text):
            "'\(text)' is too large; at most 1 PiB (1048576g)"
        }
    }
}
