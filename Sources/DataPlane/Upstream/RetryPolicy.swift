// When a request that failed is tried again. Only one that may be done twice is, and only before
// anything of a response was handed on.

/// What counts as a failure that is worth another try.
package struct RetryCauses: OptionSet, Sendable, BitwiseCopyable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The endpoint could not be connected.
    package static let connectFailure = RetryCauses(rawValue: 1 << 0)
    /// The connection ended before the first byte of a response.
    package static let reset = RetryCauses(rawValue: 1 << 1)
    /// No response head in time.
    package static let timeout = RetryCauses(rawValue: 1 << 2)
}

/// Statuses of responses, 400 to 599, as a set.
package struct StatusSet: Sendable, BitwiseCopyable, Equatable {
    private static let statuses: ClosedRange<UInt16> = 400...599

    private var bits = InlineArray<4, UInt64>(repeating: 0)

    package init() {}

    package mutating func insert(_ status: UInt16) {
        guard Self.statuses.contains(status) else { return }
        let place = Int(status - Self.statuses.lowerBound)
        bits[place / 64] |= 1 << UInt64(place % 64)
    }

    package func contains(_ status: UInt16) -> Bool {
        guard Self.statuses.contains(status) else { return false }
        let place = Int(status - Self.statuses.lowerBound)
        return bits[place / 64] & 1 << UInt64(place % 64) != 0
    }

    package static func == (one: StatusSet, other: StatusSet) -> Bool {
        (0..<4).allSatisfy { one.bits[$0] == other.bits[$0] }
    }
}

/// How requests to an upstream are tried again.
package struct RetryPolicy: Sendable, BitwiseCopyable {
    /// Tries in all, at least 1. Endpoints that cannot be connected are not counted: nothing of the
    /// request was sent to them, and each is tried once.
    package var attemptsMax: UInt32 = 2
    package var causes: RetryCauses = [.connectFailure, .reset]
    /// Responses that are not handed on when there is another try.
    package var statuses = StatusSet()
    /// Until the response's head is there, for each try but the last; 0 for no limit.
    package var perTryMs: UInt64 = 0
    /// Retries in percent of the requests of the last ten seconds, 0 to 100.
    package var budgetPercent: UInt32 = 20

    package init() {}
}
