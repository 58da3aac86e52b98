// Sizes as an operator writes them: one whole number of bytes, maybe with one binary unit.

/// Reads and writes sizes.
package enum SizeText {
    /// The largest size that is accepted: 1 PiB, in bytes.
    package static let maximumBytes: UInt64 = 1 << 50

    /// Reads `512`, `32k` or `32KiB`, `8m` or `8MiB`, `1g` or `1GiB`.
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
    /// - Parameters:
    ///   - bytes: from 0 to `maximumBytes`.
    ///   - isFull: `32KiB` instead of `32k`, as it is written in files.
    package static func text(bytes: UInt64, isFull: Bool = false) -> String {
        for unit in units where bytes >= unit.bytes && bytes % unit.bytes == 0 {
            return "\(bytes / unit.bytes)\(isFull ? unit.full : unit.short)"
        }
        return "\(bytes)"
    }

    /// From the largest on.
    private static let units: [(short: String, full: String, bytes: UInt64)] = [
        ("g", "GiB", 1 << 30), ("m", "MiB", 1 << 20), ("k", "KiB", 1 << 10), ("", "", 1),
    ]

    private static func unitBytes(_ unit: some Sequence<UInt8>) -> UInt64? {
        units.first { unit.elementsEqual($0.short.utf8) || unit.elementsEqual($0.full.utf8) }?.bytes
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
            "'\(text)' has an unknown unit; expected k, m, g, KiB, MiB, GiB or nothing"
                + " behind a whole number"
        case .tooLarge(let text):
            "'\(text)' is too large; at most 1 PiB (1048576g)"
        }
    }
}
