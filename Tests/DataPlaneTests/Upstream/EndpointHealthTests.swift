// The health table: each source of ill health by itself and together, ejection with its back-off
// and its share, counts that agree with the states, and threads that meet in it.

import Foundation
import Synchronization
import TestSupport
import Testing

@testable import DataPlane

@Suite struct EndpointHealthTests {
    static let policy = EjectionPolicy(
        consecutiveFailures: 3, ejectionMs: 1_000, ejectionMaxMs: 5_000, ejectedShareMaxPercent: 50)

    /// - Returns: a table in which ids 0..<count are endpoints of upstream 7.
    private static func table(endpoints count: UInt32) -> EndpointHealth {
        let health = EndpointHealth()
        for id in 0..<count { health.assign(id, toUpstream: 7, nowMs: 0) }
        return health
    }

    @discardableResult
    private func fail(
        _ health: EndpointHealth, _ id: UInt32, times: Int = 3, nowMs: UInt64
    ) -> Bool {
        (0..<times).reduce(false) { ejected, _ in
            health.noteFailure(id, .badStatus, code: 503, Self.policy, nowMs: nowMs) || ejected
        }
    }

    @Test func anIdIsUsableFromAssignmentToRetirement() {
        let health = EndpointHealth()
        #expect(!health.isUsable(4095))
        let before = health.epoch
        health.assign(4095, toUpstream: 1023, nowMs: 5)
        #expect(health.isUsable(4095))
        #expect(health.epoch > before)
        #expect(health.admittedAtMs(4095) == 5)
        #expect(
            health.counts(ofUpstream: 1023) == EndpointCounts(total: 1, usable: 1, ejected: 0))
        health.retire(4095)
        #expect(!health.isUsable(4095))
        #expect(
            health.counts(ofUpstream: 1023) == EndpointCounts(total: 0, usable: 0, ejected: 0))
    }

    @Test func failuresInARowEject() {
        let health = Self.table(endpoints: 4)
        #expect(!fail(health, 1, times: 2, nowMs: 10))
        health.noteSuccess(1)
        #expect(!fail(health, 1, times: 2, nowMs: 10))
        #expect(health.isUsable(1))
        #expect(health.noteFailure(1, .timedOut, Self.policy, nowMs: 10))
        #expect(!health.isUsable(1))
        #expect(health.state(of: 1).ejectedUntilMs == 1_010)
        #expect(health.counts(ofUpstream: 7) == EndpointCounts(total: 4, usable: 3, ejected: 1))
        let (changes, lost) = health.takeChanges()
        #expect(lost == 0)
        #expect(
            changes == [
                HealthChange(
                    .ejected, endpoint: 1, upstream: 7, cause: .timedOut, count: 3,
                    durationMs: 1_000)
            ])
        #expect(health.takeChanges().changes.isEmpty)
    }

    @Test func anEjectedEndpointComesBackInTimeAndOnce() {
        let health = Self.table(endpoints: 4)
        fail(health, 1, nowMs: 10)
        fail(health, 2, nowMs: 500)
        #expect(health.nextReadmissionMs == 1_010)
        health.readmitDue(nowMs: 1_009)
        #expect(!health.isUsable(1))
        health.readmitDue(nowMs: 1_010)
        #expect(health.isUsable(1))
        #expect(!health.isUsable(2))
        #expect(health.admittedAtMs(1) == 1_010)
        #expect(health.nextReadmissionMs == 1_500)
        health.readmitDue(nowMs: 9_999)
        health.readmitDue(nowMs: 9_999)
        #expect(health.nextReadmissionMs == nil)
        #expect(health.counts(ofUpstream: 7) == EndpointCounts(total: 4, usable: 4, ejected: 0))
        let kinds = health.takeChanges().changes.map(\.kind)
        #expect(kinds == [.ejected, .ejected, .readmitted, .readmitted])
    }

    @Test func ejectionsInARowGrowUpToTheLongest() {
        let health = Self.table(endpoints: 2)
        var nowMs: UInt64 = 0
        for expectedMs: UInt64 in [1_000, 2_000, 4_000, 5_000, 5_000] {
            fail(health, 0, nowMs: nowMs)
            #expect(health.state(of: 0).ejectedUntilMs == nowMs + expectedMs)
            nowMs += expectedMs
            health.readmitDue(nowMs: nowMs)
            // It fails again as soon as it is back, at the latest an ejection's length after that.
            nowMs += expectedMs
        }
        // Once it stayed for longer than its last ejection took, it begins anew.
        nowMs += 1
        fail(health, 0, nowMs: nowMs)
        #expect(health.state(of: 0).ejectedUntilMs == nowMs + 1_000)
    }

    @Test(arguments: [(1, 0), (2, 1), (3, 1), (4, 2), (10, 5)])
    func onlyAShareOfAnUpstreamIsEjected(endpoints: UInt32, ejected: Int) {
        let health = Self.table(endpoints: endpoints)
        for id in 0..<endpoints { fail(health, id, times: 5, nowMs: 0) }
        let usable = Int(endpoints) - ejected
        #expect(
            health.counts(ofUpstream: 7)
                == EndpointCounts(total: Int(endpoints), usable: usable, ejected: ejected))
        // One that comes back makes room for another, which is still failing.
        health.readmitDue(nowMs: 1_000)
        #expect(health.counts(ofUpstream: 7).usable == Int(endpoints))
        #expect(fail(health, endpoints - 1, times: 1, nowMs: 1_000) == (ejected > 0))
    }

    @Test func nothingEjectsWithoutAThreshold() {
        let health = Self.table(endpoints: 2)
        let off = EjectionPolicy(
            consecutiveFailures: 0, ejectionMs: 1, ejectionMaxMs: 1, ejectedShareMaxPercent: 100)
        for _ in 0..<1_000 { #expect(!health.noteFailure(0, .reset, off, nowMs: 0)) }
        #expect(health.state(of: 0).failures == 0)
    }

    @Test func checksEjectionAndTheOperatorEachHaveTheirSay() {
        let health = Self.table(endpoints: 2)
        health.setChecked(0, isUp: false, cause: .badStatus, code: 500, count: 2, nowMs: 1)
        fail(health, 0, nowMs: 1)
        #expect(health.setDrained(0, true, nowMs: 1))
        #expect(!health.setDrained(0, true, nowMs: 1))
        #expect(health.counts(ofUpstream: 7) == EndpointCounts(total: 2, usable: 1, ejected: 1))
        health.readmitDue(nowMs: 5_000)
        #expect(!health.isUsable(0))
        health.setChecked(0, isUp: true, count: 2, nowMs: 6_000)
        #expect(!health.isUsable(0))
        #expect(health.setDrained(0, false, nowMs: 7_000))
        #expect(health.isUsable(0))
        #expect(health.admittedAtMs(0) == 7_000)
        #expect(health.state(of: 0).checked == .up)
        health.setUnchecked(0)
        #expect(health.state(of: 0).checked == .unknown)
        let kinds = health.takeChanges().changes.map(\.kind)
        #expect(kinds == [.wentDown, .ejected, .drained, .readmitted, .wentUp, .undrained])
    }

    @Test func theFirstPassedCheckIsNoReturn() {
        let health = Self.table(endpoints: 1)
        health.setChecked(0, isUp: true, count: 1, nowMs: 50)
        #expect(health.admittedAtMs(0) == 0)
        health.setChecked(0, isUp: true, count: 2, nowMs: 60)
        #expect(health.takeChanges().changes.count == 1)
    }

    @Test func aReusedIdKnowsNothingOfItsPast() {
        let health = Self.table(endpoints: 2)
        fail(health, 0, nowMs: 0)
        health.setDrained(0, true, nowMs: 0)
        health.setChecked(0, isUp: false, cause: .timedOut, count: 1, nowMs: 0)
        health.assign(0, toUpstream: 9, nowMs: 0)
        #expect(health.isUsable(0))
        #expect(health.counts(ofUpstream: 7) == EndpointCounts(total: 1, usable: 1, ejected: 0))
        #expect(health.counts(ofUpstream: 9) == EndpointCounts(total: 1, usable: 1, ejected: 0))
        let state = health.state(of: 0)
        #expect(state.failures == 0 && state.ejectionsInARow == 0 && state.checked == .unknown)
        // The end of the old ejection is nothing to the new endpoint.
        let epoch = health.epoch
        health.readmitDue(nowMs: 10_000)
        #expect(health.epoch == epoch)
    }

    @Test func notesAboutARetiredIdChangeNothing() {
        let health = Self.table(endpoints: 2)
        health.retire(0)
        #expect(!fail(health, 0, times: 9, nowMs: 0))
        health.noteSuccess(0)
        health.setChecked(0, isUp: false, cause: .reset, count: 1, nowMs: 0)
        #expect(!health.setDrained(0, true, nowMs: 0))
        #expect(!health.isUsable(0))
        #expect(health.takeChanges().changes.isEmpty)
    }

    @Test func changesThatFindNoRoomAreCounted() {
        let health = Self.table(endpoints: 1)
        for round in 0..<HealthChanges.capacity + 10 {
            health.setDrained(0, round % 2 == 0, nowMs: 0)
        }
        let first = health.takeChanges()
        #expect(first.changes.count == HealthChanges.capacity)
        #expect(first.lost == 10)
        health.setDrained(0, true, nowMs: 0)
        let second = health.takeChanges()
        #expect(second.changes.map(\.kind) == [.drained])
        #expect(second.lost == 0)
    }

    /// Counts, epoch and states after any order of events, against a look at every endpoint.
    @Test(arguments: 1...20)
    func countsAgreeWithTheStates(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let health = EndpointHealth()
        let ids: UInt32 = 12
        var nowMs: UInt64 = 0
        for _ in 0..<3_000 {
            let id = UInt32.random(in: 0..<ids, using: &random)
            let before = (0..<ids).map(health.isUsable)
            let epoch = health.epoch
            nowMs += UInt64.random(in: 0..<200, using: &random)
            switch Int.random(in: 0..<9, using: &random) {
            case 0:
                let upstream = UInt32.random(in: 0..<3, using: &random)
                health.assign(id, toUpstream: upstream, nowMs: nowMs)
            case 1: health.retire(id)
            case 2:
                let isUp = Bool.random(using: &random)
                health.setChecked(id, isUp: isUp, count: 1, nowMs: nowMs)
            case 3: health.setDrained(id, Bool.random(using: &random), nowMs: nowMs)
            case 4: health.noteSuccess(id)
            case 5: health.readmitDue(nowMs: nowMs)
            default: fail(health, id, times: 2, nowMs: nowMs)
            }
            if before != (0..<ids).map(health.isUsable) { #expect(health.epoch > epoch) }
            for upstream: UInt16 in 0..<3 {
                let states = (0..<ids).map(health.state)
                    .filter { $0.isAssigned && $0.upstream == upstream }
                let expected = EndpointCounts(
                    total: states.count, usable: states.count(where: \.isUsable),
                    ejected: states.count { $0.ejectedUntilMs != nil })
                #expect(health.counts(ofUpstream: UInt32(upstream)) == expected)
            }
        }
        #expect(health.takeChanges().changes.count > 100)
    }

    /// Workers that all see the same endpoints fail eject each of them once, never more than the
    /// share, and leave exact counts behind.
    @Test func threadsThatMeetEjectOnce() {
        let health = Self.table(endpoints: 8)
        let policy = Self.policy
        let running = Atomic<Int>(4)
        let done = DispatchSemaphore(value: 0)
        for _ in 0..<4 {
            // Threads of their own: tasks would wait for a place among the other tests.
            Thread.detachNewThread {
                for nowMs in 0..<UInt64(6_000) {
                    for id: UInt32 in 0..<8 {
                        health.noteFailure(id, .reset, policy, nowMs: nowMs)
                    }
                    health.readmitDue(nowMs: nowMs)
                }
                running.subtract(1, ordering: .acquiringAndReleasing)
                done.signal()
            }
        }
        var balance = [Int](repeating: 0, count: 8)
        while running.load(ordering: .acquiring) > 0 {
            for change in health.takeChanges().changes {
                balance[Int(change.endpoint)] += change.kind == .ejected ? 1 : -1
            }
            #expect(health.counts(ofUpstream: 7).ejected <= 4)
        }
        for _ in 0..<4 { done.wait() }
        health.readmitDue(nowMs: 1_000_000)
        let (changes, lost) = health.takeChanges()
        for change in changes {
            balance[Int(change.endpoint)] += change.kind == .ejected ? 1 : -1
        }
        #expect(lost == 0)
        #expect(balance.allSatisfy { $0 == 0 })
        #expect(health.counts(ofUpstream: 7) == EndpointCounts(total: 8, usable: 8, ejected: 0))
    }
}
