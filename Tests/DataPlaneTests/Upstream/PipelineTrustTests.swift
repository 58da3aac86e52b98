// Which endpoints are trusted with several requests on one connection, and for how long not.

import Testing

@testable import DataPlane

@Suite struct PipelineTrustTests {
    @Test func trustHasToBeEarned() {
        var trust = PipelineTrust()
        #expect(!trust.isProven && trust.collecting == .max)
        trust.noteAnswer(nowMs: 0)
        #expect(trust.isProven)
    }

    @Test func failuresKeepItAwayForLongerAndLonger() {
        var trust = PipelineTrust()
        var nowMs: UInt64 = 10
        var penaltyMs = PipelineTrust.penaltyMsMin
        for _ in 0..<12 {
            trust.noteAnswer(nowMs: nowMs)
            trust.collecting = 7
            trust.noteFailure(nowMs: nowMs)
            #expect(!trust.isProven && trust.collecting == .max)
            // Answers on their way and other connections that fail with it change nothing.
            trust.noteFailure(nowMs: nowMs + penaltyMs - 1)
            trust.noteAnswer(nowMs: nowMs + penaltyMs - 1)
            #expect(!trust.isProven)
            nowMs += penaltyMs
            trust.noteAnswer(nowMs: nowMs)
            #expect(trust.isProven)
            penaltyMs = min(2 * penaltyMs, PipelineTrust.penaltyMsMax)
        }
        #expect(penaltyMs == PipelineTrust.penaltyMsMax)
    }

    @Test func manyAnswersMakeItForget() {
        var trust = PipelineTrust()
        for _ in 0..<3 { trust.noteFailure(nowMs: 0) }
        trust.noteFailure(nowMs: PipelineTrust.penaltyMsMin)
        let nowMs = 4 * PipelineTrust.penaltyMsMin
        for _ in 0..<PipelineTrust.answersToForget { trust.noteAnswer(nowMs: nowMs) }
        trust.noteFailure(nowMs: nowMs)
        trust.noteAnswer(nowMs: nowMs + PipelineTrust.penaltyMsMin - 1)
        #expect(!trust.isProven)
        trust.noteAnswer(nowMs: nowMs + PipelineTrust.penaltyMsMin)
        #expect(trust.isProven)
    }
}
