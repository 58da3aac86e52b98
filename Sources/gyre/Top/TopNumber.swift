// Numbers in a few columns. Pure.

/// Counts, rates, bytes, times and shares as short texts.
enum TopNumber {
    /// What stands for nothing.
    static let none = "-"

    private static let units = ["", "k", "M", "G", "T", "P", "E"]

    /// Whole up to six digits, then with a unit: `999999`, `1.20M`.
    static func count(_ number: UInt64) -> String {
        number < 1_000_000 ? "\(number)" : scaled(Double(number))
    }

    /// Per second: `0`, `0.25`, `19.8`, `1234`, `123k`.
    static func rate(_ value: Double?) -> String {
        guard let value, value.isFinite, value >= 0 else { return none }
        switch value {
        case 0: return "0"
        case ..<9.995: return places(value, 2)
        case ..<99.95: return places(value, 1)
        case ..<99_999.5: return places(value, 0)
        default: return scaled(value)
        }
    }

    /// Bytes, in powers of 1,000: `0B`, `1.20kB`.
    static func bytes(_ value: Double) -> String {
        guard value.isFinite, value >= 0 else { return none }
        return value < 999.5 ? "\(places(value, 0))B" : "\(scaled(value))B"
    }

    /// Microseconds, in the unit that suits: `950us`, `1.20ms`, `3.40s`.
    static func time(_ microseconds: Double?) -> String {
        guard let microseconds, microseconds.isFinite, microseconds >= 0 else { return none }
        switch microseconds {
        case ..<999.5: return "\(three(microseconds))us"
        case ..<999_500: return "\(three(microseconds / 1_000))ms"
        case ..<999_500_000: return "\(three(microseconds / 1_000_000))s"
        default: return "\(scaled(microseconds / 1_000_000))s"
        }
    }

    /// Of a whole, in per cent.
    static func share(_ value: Double?) -> String {
        guard let value, value.isFinite, value >= 0 else { return none }
        return "\(places(value * 100, value < 0.9995 ? 1 : 0))%"
    }

    /// How long ago, in one unit: `3s`, `5m`, `7h`, `2d`.
    static func age(milliseconds: UInt64) -> String {
        let seconds = milliseconds / 1_000
        switch seconds {
        case 86_400...: return "\(seconds / 86_400)d"
        case 3_600...: return "\(seconds / 3_600)h"
        case 60...: return "\(seconds / 60)m"
        default: return "\(seconds)s"
        }
    }

    private static func scaled(_ value: Double) -> String {
        var value = value
        var unit = 0
        while value >= 999.5, unit < units.count - 1 {
            value /= 1_000
            unit += 1
        }
        return value < 999.5 ? three(value) + units[unit] : "999+\(units[unit])"
    }

    /// Three digits, of a value below 999.5.
    private static func three(_ value: Double) -> String {
        switch value {
        case 0: "0"
        case ..<9.995: places(value, 2)
        case ..<99.95: places(value, 1)
        default: places(value, 0)
        }
    }

    /// - Parameter value: not negative, below 10^12.
    private static func places(_ value: Double, _ count: Int) -> String {
        guard count > 0 else { return "\(UInt64(min(value.rounded(), 1e15)))" }
        let scale: UInt64 = count == 1 ? 10 : 100
        let (whole, part) = UInt64(min((value * Double(scale)).rounded(), 1e15))
            .quotientAndRemainder(dividingBy: scale)
        let zero = count == 2 && part < 10 ? "0" : ""
        return "\(whole).\(zero)\(part)"
    }
}
