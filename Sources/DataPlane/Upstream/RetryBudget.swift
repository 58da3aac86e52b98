// How much of an upstream's traffic may be retries. Without such a limit, failing endpoints get
// their load times the number of attempts just when they can bear it least.

/// A share of the requests of the last ten seconds, plus a few retries per second for quiet times
/// (Finagle's retry budget). One for each upstream and worker; worker thread only.
package struct RetryBudget: BitwiseCopyable, Sendable {
    /// How long a request counts.
    package static let windowSeconds: UInt64 = 10
    /// One retry. Shares are whole basis points of it, so nothing is rounded.
    private static let retry: Int64 = 10_000

    /// What the requests of each of the last ten seconds allow, less what was used in it.
    private var credits = InlineArray<10, Int64>(repeating: 0)
    /// All of them, and what is there without any request.
    private var credit: Int64
    private var second: UInt64

    /// - Parameters:
    ///   - retriesPerSecondMin: how many may be retried whatever share they are, up to 100,000.
    ///   - nowMs: the present time.
    package init(retriesPerSecondMin: UInt32, nowMs: UInt64) {
        credit =
            Int64(min(retriesPerSecondMin, 100_000)) * Int64(Self.windowSeconds) * Self.retry
        second = nowMs / 1_000
    }

    /// Counts a request; its retries are none.
    ///
    /// - Parameter sharePercent: how many of a hundred such requests may be retried, 0 to 1,000.
    package mutating func noteRequest(sharePercent: UInt32, nowMs: UInt64) {
        advance(to: nowMs / 1_000)
        let share = Int64(min(sharePercent, 1_000)) * (Self.retry / 100)
        credits[place] += share
        credit += share
    }

    /// Takes a retry out of the budget.
    ///
    /// - Returns: false when there is none left; then the request must fail.
    package mutating func takeRetry(nowMs: UInt64) -> Bool {
        advance(to: nowMs / 1_000)
        guard credit >= Self.retry else { return false }
        credits[place] -= Self.retry
        credit -= Self.retry
        return true
    }

    private var place: Int { Int(second % Self.windowSeconds) }

    /// Forgets the seconds that are ten seconds ago.
    private mutating func advance(to now: UInt64) {
        guard now > second else { return }
        for _ in 0..<min(now - second, Self.windowSeconds) {
            second += 1
            credit -= credits[place]
            credits[place] = 0
        }
        second = now
    }
}
