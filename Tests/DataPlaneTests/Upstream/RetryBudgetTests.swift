// The retry budget on a clock of its own.

import TestSupport
import Testing

@testable import DataPlane

@Suite struct RetryBudgetTests {
    private static func takeAll(_ budget: inout RetryBudget, nowMs: UInt64) -> Int {
        var taken = 0
        while taken < 1_000_000, budget.takeRetry(nowMs: nowMs) { taken += 1 }
        return taken
    }

    @Test func aShareOfRequestsMayBeRetried() {
        var budget = RetryBudget(retriesPerSecondMin: 0, nowMs: 0)
        #expect(budget.takeRetry(nowMs: 0) == false)
        for number in 0..<1_000 as Range<UInt64> {
            budget.noteRequest(sharePercent: 20, nowMs: number)
        }
        #expect(Self.takeAll(&budget, nowMs: 1_000) == 200)
        for _ in 0..<4 { budget.noteRequest(sharePercent: 20, nowMs: 1_001) }
        #expect(budget.takeRetry(nowMs: 1_001) == false)
        budget.noteRequest(sharePercent: 20, nowMs: 1_002)
        #expect(budget.takeRetry(nowMs: 1_002) == true)
        #expect(budget.takeRetry(nowMs: 1_002) == false)
    }

    /// Routes of different shares draw on one budget.
    @Test func eachRequestAddsItsOwnShare() {
        var budget = RetryBudget(retriesPerSecondMin: 0, nowMs: 0)
        for _ in 0..<100 { budget.noteRequest(sharePercent: 10, nowMs: 0) }
        for _ in 0..<100 { budget.noteRequest(sharePercent: 50, nowMs: 0) }
        for _ in 0..<100 { budget.noteRequest(sharePercent: 0, nowMs: 0) }
        #expect(Self.takeAll(&budget, nowMs: 0) == 60)
    }

    @Test func quietTimesHaveTheMinimum() {
        var budget = RetryBudget(retriesPerSecondMin: 3, nowMs: 500)
        #expect(Self.takeAll(&budget, nowMs: 500) == 30)
        #expect(Self.takeAll(&budget, nowMs: 9_999) == 0)
        #expect(Self.takeAll(&budget, nowMs: 10_000) == 30)
    }

    @Test func requestsAreForgottenAfterTenSeconds() {
        var budget = RetryBudget(retriesPerSecondMin: 0, nowMs: 0)
        for _ in 0..<50 { budget.noteRequest(sharePercent: 100, nowMs: 999) }
        var early = budget
        #expect(Self.takeAll(&early, nowMs: 9_999) == 50)
        #expect(Self.takeAll(&budget, nowMs: 10_000) == 0)
        // A day later it is as new.
        budget.noteRequest(sharePercent: 100, nowMs: 86_400_000)
        #expect(Self.takeAll(&budget, nowMs: 86_400_000) == 1)
    }

    /// Within any ten whole seconds: no more than the share of their requests and the minimum.
    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func noWindowHasMoreThanItsShare(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let share = random.pick(0...150)
        let minimum = random.pick(0...2)
        var nowMs = UInt64(random.pick(0...100_000))
        var budget = RetryBudget(retriesPerSecondMin: UInt32(minimum), nowMs: nowMs)
        var requests: [UInt64: Int] = [:]
        var retries: [UInt64: Int] = [:]
        for _ in 0..<3_000 {
            nowMs += UInt64(random.magnitude(upTo: random.chance(2) ? 30_000 : 20))
            let second = nowMs / 1_000
            let window = (second >= 9 ? second - 9 : 0)...second
            if random.chance(600) {
                budget.noteRequest(sharePercent: UInt32(share), nowMs: nowMs)
                requests[second, default: 0] += 1
            } else {
                let mayTake =
                    100 * (window.reduce(0) { $0 + (retries[$1] ?? 0) } + 1)
                    <= share * window.reduce(0) { $0 + (requests[$1] ?? 0) } + 1_000 * minimum
                #expect(budget.takeRetry(nowMs: nowMs) == mayTake)
                if mayTake { retries[second, default: 0] += 1 }
            }
        }
    }
}
