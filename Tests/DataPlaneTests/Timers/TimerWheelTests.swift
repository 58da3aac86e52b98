// The timer wheel against a plain table of deadlines.

import TestSupport
import Testing

@testable import DataPlane

@Suite struct TimerWheelTests {
    private static let tick = TimerWheel.tickMs

    @Test func firesInItsTickAndNotBefore() {
        for offset in [1, 3, 4, 5, 252, 256, 257, 16_384, 100_000, 5_000_000] as [UInt64] {
            var wheel = TimerWheel(capacity: 1, nowMs: 1_000)
            wheel.set(0, atMs: 1_000 + offset)
            #expect(wheel.popExpired(nowMs: 1_000 + offset - 1) == nil)
            #expect(wheel.popExpired(nowMs: 1_000 + offset + Self.tick) == 0)
            #expect(wheel.count == 0)
            #expect(wheel.nextDeadlineMs == nil)
        }
    }

    @Test func aDeadlineInThePastFiresAtOnce() {
        var wheel = TimerWheel(capacity: 2, nowMs: 5_000)
        wheel.set(1, atMs: 100)
        #expect(wheel.popExpired(nowMs: 5_000) == 1)
    }

    @Test func settingAgainReplacesAndClearingTwiceIsHarmless() {
        var wheel = TimerWheel(capacity: 2, nowMs: 0)
        wheel.set(0, atMs: 40)
        wheel.set(0, atMs: 4_000)
        #expect(wheel.count == 1)
        #expect(wheel.popExpired(nowMs: 400) == nil)
        wheel.clear(0)
        wheel.clear(0)
        #expect(wheel.count == 0)
        #expect(wheel.popExpired(nowMs: 10_000) == nil)
    }

    @Test func farDeadlinesFireAtTheEndOfTheWheel() {
        var wheel = TimerWheel(capacity: 1, nowMs: 0)
        let spanMs: UInt64 = (63 << 18) * Self.tick
        wheel.set(0, atMs: 10 * spanMs)
        #expect(wheel.popExpired(nowMs: spanMs - Self.tick) == nil)
        #expect(wheel.popExpired(nowMs: spanMs) == 0)
    }

    /// Random operations and jumps against a plain table, over every order of magnitude of delay.
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func behavesLikeATable(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let capacity = 200
        var nowMs = random.pick(0...1 << 40 as ClosedRange<UInt64>)
        var wheel = TimerWheel(capacity: capacity, nowMs: nowMs)
        // The tick in which each timer is due.
        var model = [UInt64?](repeating: nil, count: capacity)
        for _ in 0..<25_000 {
            let identifier = random.pick(0...capacity - 1)
            switch random.pick(0...9) {
            case 0..<5:
                let deadlineMs = nowMs + UInt64(random.magnitude(upTo: 50_000_000))
                wheel.set(UInt32(identifier), atMs: deadlineMs)
                model[identifier] = (deadlineMs + Self.tick - 1) / Self.tick
            case 5..<7:
                wheel.clear(UInt32(identifier))
                model[identifier] = nil
            default:
                let limit = random.chance(50) ? 60_000_000 : 5_000
                nowMs += UInt64(random.magnitude(upTo: limit))
                expire(&wheel, &model, nowMs)
            }
            check(wheel, model, nowMs)
        }
    }

    /// Takes what is due, in order of the ticks, and nothing else.
    private func expire(
        _ wheel: inout TimerWheel, _ model: inout [UInt64?], _ nowMs: UInt64
    ) {
        var latest: UInt64 = 0
        while let identifier = wheel.popExpired(nowMs: nowMs) {
            guard let tick = model[Int(identifier)] else {
                Issue.record("timer \(identifier) fired and was not set")
                return
            }
            #expect(tick <= nowMs / Self.tick)
            #expect(tick >= latest)
            latest = tick
            model[Int(identifier)] = nil
        }
        let missed = model.compactMap { $0 }.filter { $0 <= nowMs / Self.tick }
        #expect(missed.isEmpty)
    }

    private func check(_ wheel: borrowing TimerWheel, _ model: [UInt64?], _ nowMs: UInt64) {
        let count = model.count { $0 != nil }
        let wheelCount = wheel.count
        guard wheelCount == count else {
            Issue.record("\(wheelCount) timers set, expected \(count)")
            return
        }
        let next = wheel.nextDeadlineMs
        let first = model.compactMap { $0 }.min()
        guard let first else {
            #expect(next == nil)
            return
        }
        guard let next, next <= max(first * Self.tick, nowMs) else {
            Issue.record("next look at \(String(describing: next)), first deadline \(first)")
            return
        }
    }

    /// A worker sleeps until `nextDeadlineMs` and then takes what is due: each look is either a
    /// step towards a finer level or fires something, so the number of looks is bounded.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func aSleepingWorkerDoesNotSpin(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var nowMs = random.pick(0...1 << 30 as ClosedRange<UInt64>)
        var wheel = TimerWheel(capacity: 64, nowMs: nowMs)
        for identifier in 0..<64 as Range<UInt32> {
            wheel.set(identifier, atMs: nowMs + UInt64(random.magnitude(upTo: 60_000_000)))
        }
        var (looks, fired) = (0, 0)
        while let next = wheel.nextDeadlineMs, looks < 1_000 {
            // A wait returns at its deadline or a little later, never before it.
            nowMs = max(nowMs, next) + random.pick(0...1 as ClosedRange<UInt64>)
            looks += 1
            while wheel.popExpired(nowMs: nowMs) != nil { fired += 1 }
            if let following = wheel.nextDeadlineMs { #expect(following > nowMs) }
        }
        #expect(fired == 64)
        // Each timer passes at most three borders between levels before it fires.
        #expect(looks <= 64 * 4)
    }

    /// The same with timers that are set anew all the time, as idle timeouts are.
    @Test func renewedTimersDoNotMakeAWorkerSpin() {
        var random = SeededRandom(seed: 77)
        var nowMs: UInt64 = 123_457
        var wheel = TimerWheel(capacity: 16, nowMs: nowMs)
        for identifier in 0..<16 as Range<UInt32> { wheel.set(identifier, atMs: nowMs + 60_000) }
        let startMs = nowMs
        var looks = 0
        while nowMs < startMs + 600_000 {
            guard let next = wheel.nextDeadlineMs else { break }
            #expect(next > nowMs)
            nowMs = next
            looks += 1
            while let identifier = wheel.popExpired(nowMs: nowMs) {
                wheel.set(identifier, atMs: nowMs + 60_000)
            }
            wheel.set(UInt32(random.pick(0...15)), atMs: nowMs + 60_000)
        }
        // Ten minutes with a minute's timers: a few looks per timer and minute.
        #expect(looks < 16 * 10 * 4)
    }
}
