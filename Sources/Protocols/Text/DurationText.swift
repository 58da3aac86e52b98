// Durations as an operator writes them: one whole number and one unit, nothing else.

/// Reads and writes durations.
package enum DurationText {
    /// The longest duration that is accepted: 365 days, in milliseconds.
    package static let maximumMs: UInt64 = 365 * 24 * 3_600_000

    /// Reads `250ms`, `5s`, `1m` or `1h`.
    ///
    /// - Parameter text: decimal digits and a unit, without sign, space or fraction.
    /// - Returns: milliseconds, from 0 to `maximumMs`.
    /// - Throws: what is wrong with it, as a sentence.
    package static func milliseconds(
        _ text: some StringProtocol
    ) throws(DurationTextError) -> UInt64 {
        guard !text.isEmpty else { throw .empty }
        let bytes = Substring(text).utf8
        let digits = bytes.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        guard !digits.isEmpty else { throw .numberMissing(String(text)) }
        let unit = text.utf8.dropFirst(digits.count)
        guard !unit.isEmpty else { throw .unitMissing(String(text)) }
        guard let factor = unitMs(unit) else { throw .notUnit(String(text)) }
        guard let count = DecimalParser.parse(digits, maximum: maximumMs / factor) else {
            throw .tooLong(String(text))
        }
        return count * factor
    }

    /// The longest of the short durations: 100 ms, in microseconds.
    package static let shortMaximumUs: UInt64 = 100_000

    /// Reads `50us` or `1ms`: how long somebody may keep a processor waiting.
    ///
    /// - Parameter text: decimal digits and a unit, without sign, space or fraction.
    /// - Returns: microseconds, from 1 to `shortMaximumUs`.
    /// - Throws: `notShort`.
    package static func microseconds(
        _ text: some StringProtocol
    ) throws(DurationTextError) -> UInt64 {
        let bytes = Substring(text).utf8
        let digits = bytes.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        let unit = bytes.dropFirst(digits.count)
        let factor: UInt64 = unit.elementsEqual("us".utf8) ? 1 : 1_000
        guard factor == 1 || unit.elementsEqual("ms".utf8),
            let count = DecimalParser.parse(digits, maximum: shortMaximumUs / factor), count > 0
        else { throw .notShort(String(text)) }
        return count * factor
    }

    /// The shortest text that reads back as a duration.
    ///
    /// - Parameter milliseconds: from 0 to `maximumMs`.
    package static func text(milliseconds: UInt64) -> String {
        for (unit, factor) in units where milliseconds >= factor && milliseconds % factor == 0 {
            return "\(milliseconds / factor)\(unit)"
        }
        return "\(milliseconds)ms"
    }

    /// From the longest on.
    private static let units: [(name: String, ms: UInt64)] = [
        ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    private static func unitMs(_ unit: some Sequence<UInt8>) -> UInt64? {
        units.first { unit.elementsEqual($0.name.utf8) }?.ms
    }
}

/// Why a text is not a duration.
package enum DurationTextError: Error, Equatable, Sendable {
    case empty
    case numberMissing(String)
    case unitMissing(String)
    case notUnit(String)
    case tooLong(String)
    case notShort(String)
}

extension DurationTextError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty:
            "the duration is empty; expected a number and a unit, such as 250ms, 5s, 1m or 1h"
        case .numberMissing(let text):
            "'\(text)' does not begin with a number; expected 250ms, 5s, 1m or 1h"
        case .unitMissing(let text):
            "'\(text)' has no unit; expected ms, s, m or h behind the number"
        case .notUnit(let text):
            "'\(text)' has an unknown unit; expected ms, s, m or h behind a whole number"
        case .tooLong(let text):
            "'\(text)' is too long; at most 365 days (8760h)"
        case .notShort(let text):
            "'\(text)' is not a short duration; expected 1us to 100ms, such as 50us"
        }
    }
}
