// How often something may happen, as an operator writes it: `100/s`, `30/m`, `5/h`.

internal import Protocols

/// A number of times in a unit of time.
package struct Rate: Equatable, Sendable {
    /// 1 to 1,000,000,000.
    package let count: UInt32
    package let unit: Unit

    package enum Unit: String, CaseIterable, Sendable {
        case second = "s"
        case minute = "m"
        case hour = "h"

        package var milliseconds: UInt64 {
            switch self {
            case .second: 1_000
            case .minute: 60_000
            case .hour: 3_600_000
            }
        }
    }

    package static let countMax: UInt32 = 1_000_000_000

    package init(_ count: UInt32, per unit: Unit) {
        self.count = count
        self.unit = unit
    }

    /// Reads `count/unit`; `nil` when it is anything else.
    package init?(parsing text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let unit = Unit(rawValue: String(parts[1])),
            let count = DecimalParser.parse(parts[0].utf8, maximum: UInt64(Self.countMax)),
            count > 0
        else { return nil }
        self.init(UInt32(count), per: unit)
    }
}

extension Rate: CustomStringConvertible {
    package var description: String { "\(count)/\(unit.rawValue)" }
}
