// How long and for how much a turn waits, from what it is told of news and processor time.

import Testing

@testable import DataPlane

@Suite struct WorkPaceTests {
    private static let ms: UInt64 = 1_000_000

    /// A pace whose worker used `percent` of its processor for ten milliseconds.
    private func pace(_ policy: WaitPolicy, percent: UInt64) -> WorkPace {
        var pace = WorkPace(policy, nowNs: 5)
        if pace.wantsProcessorTime(nowNs: 5 + 10 * Self.ms) {
            pace.note(processorTimeNs: percent * Self.ms / 10, nowNs: 5 + 10 * Self.ms)
        }
        return pace
    }

    @Test(
        arguments: [
            (0, 0), (50, 0), (60, 0), (65, 23), (70, 49), (80, 98), (81, 100), (100, 100),
            (250, 100),
        ] as [(UInt64, UInt32)])
    func adaptiveWaitsWhenProcessorTimeIsScarce(percent: UInt64, waitUs: UInt32) {
        let pace = pace(WaitPolicy(), percent: percent)
        #expect(pace.waitUs == waitUs)
        #expect(pace.gathers)
    }

    @Test(arguments: [0, 100] as [UInt64])
    func othersDoNotAskForTheLoad(percent: UInt64) {
        #expect(pace(WaitPolicy(mode: .throughput), percent: percent).waitUs == 300)
        #expect(pace(WaitPolicy(mode: .latency), percent: percent).waitUs == 0)
        #expect(pace(WaitPolicy(mode: .latency), percent: percent).gathers == false)
        #expect(pace(WaitPolicy(busyPollNs: 1_000), percent: percent).waitUs == 0)
        #expect(
            pace(WaitPolicy(mode: .throughput, busyPollNs: 1_000), percent: percent).waitUs == 300)
    }

    /// Only now and then: it is a system call.
    @Test func loadIsTakenOverAWhile() {
        var pace = WorkPace(WaitPolicy(), nowNs: 0)
        #expect(!pace.wantsProcessorTime(nowNs: 10 * Self.ms - 1))
        #expect(pace.wantsProcessorTime(nowNs: 10 * Self.ms))
        pace.note(processorTimeNs: 10 * Self.ms, nowNs: 10 * Self.ms)
        #expect(pace.waitUs == 100)
        #expect(!pace.wantsProcessorTime(nowNs: 20 * Self.ms - 1))
        pace.note(processorTimeNs: 13 * Self.ms, nowNs: 20 * Self.ms)
        #expect(pace.waitUs == 0)
    }

    @Test func batchesFollowTheNews() {
        var pace = pace(WaitPolicy(), percent: 100)
        #expect(pace.batch(sockets: 1_000) == 1)
        // 200 in a millisecond are 20 in 100 us.
        pace.note(news: 200, nowNs: 11 * Self.ms)
        #expect(pace.batch(sockets: 1_000) <= 20)
        pace.note(news: 200, nowNs: 12 * Self.ms)
        #expect(pace.batch(sockets: 1_000) == 20)
        #expect(pace.batch(sockets: 64) == 8)
        #expect(pace.batch(sockets: 7) == 1)
        pace.note(news: 40, nowNs: 13 * Self.ms)
        #expect(pace.batch(sockets: 1_000) == 1)
        pace.note(news: 40_000, nowNs: 14 * Self.ms)
        #expect(pace.batch(sockets: 1_000) == 64)
    }

    /// Several that are waited for without an end of the wait may never come.
    @Test func nobodyWaitsForSeveralWithoutAWait() {
        var pace = pace(WaitPolicy(), percent: 100)
        pace.note(news: 200, nowNs: 11 * Self.ms)
        pace.note(news: 200, nowNs: 12 * Self.ms)
        #expect(pace.batch(sockets: 1_000) == 20)
        // The load is gone, the rate is still that of before.
        pace.note(processorTimeNs: 10 * Self.ms, nowNs: 5 + 20 * Self.ms)
        #expect(pace.waitUs == 0)
        #expect(pace.batch(sockets: 1_000) == 1)
    }

    @Test func watchingEndsAtTheDeadline() {
        let policy = WaitPolicy(busyPollNs: 1_000)
        #expect(policy.busyEndNs(nowNs: 50, deadlineNs: nil) == 1_050)
        #expect(policy.busyEndNs(nowNs: 50, deadlineNs: 70) == 70)
        #expect(policy.busyEndNs(nowNs: 50, deadlineNs: 5_000) == 1_050)
    }
}
