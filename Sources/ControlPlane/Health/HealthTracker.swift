// When a row of checks changes what is believed of an endpoint: pure, one value for each endpoint.

/// Rise and fall. The first check decides at once, because nothing is known that it could
/// contradict: a dead endpoint gets no work after one check, not after several intervals.
package struct HealthTracker: Equatable, Sendable {
    package enum State: Equatable, Sendable {
        case unknown
        case up
        case down
    }

    package private(set) var state = State.unknown
    /// Checks in a row that had the same outcome.
    package private(set) var run = 0
    private var hasPassed = false

    package init() {}

    /// - Parameters:
    ///   - rise: passed checks in a row that bring an endpoint up, at least 1.
    ///   - fall: failed checks in a row that take it down, at least 1.
    /// - Returns: whether the state changed.
    package mutating func note(passed: Bool, rise: Int, fall: Int) -> Bool {
        run = passed == hasPassed ? min(run, Int.max - 1) + 1 : 1
        hasPassed = passed
        let wanted = passed ? State.up : State.down
        guard state != wanted, state == .unknown || run >= (passed ? rise : fall) else {
            return false
        }
        state = wanted
        return true
    }
}
