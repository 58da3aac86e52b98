// Panic, slow start, and what the tables find by name.

import Protocols
import Testing

@testable import DataPlane

@Suite struct BalancerChangeTests {
    @Test(arguments: BalancePolicy.allCases)
    func whenTooFewAreUsableAllAreUsed(policy: BalancePolicy) {
        let weights: [UInt16] = [1, 1, 1, 1, 0]
        var balancer = PlannedBalancer(plan(policy, weights, panicPercent: 50))
        let key: (Int) -> UInt64 = { UInt64($0) &* 0x9E37_79B9_7F4A_7C15 }
        balancer.states.set(0, isOut: true)
        balancer.states.set(1, isOut: true)
        // Two of four, for the drained one counts for nothing: half is enough.
        let half = balancer.shares(of: 400, key: key)
        #expect(half[0] == 0 && half[1] == 0 && half[2] > 0 && half[3] > 0)
        #expect(balancer.state.isPanicking == false)
        #expect(balancer.state.usableCount == 2)
        balancer.states.set(2, isOut: true)
        let all = balancer.shares(of: 400, key: key)
        #expect(all[..<4].allSatisfy { $0 > 50 } && all[4] == 0, "\(all)")
        #expect(balancer.state.isPanicking == true)
        #expect(balancer.state.usableCount == 1)
        balancer.states.set(2, isOut: false)
        #expect(balancer.shares(of: 400, key: key)[..<2] == [0, 0])
    }

    @Test(arguments: BalancePolicy.allCases)
    func withoutAThresholdThereIsNoPanic(policy: BalancePolicy) {
        var balancer = PlannedBalancer(plan(policy, [1, 1], panicPercent: 0))
        balancer.states.set(0, isOut: true)
        balancer.states.set(1, isOut: true)
        #expect(balancer.pick() == nil)
        #expect(balancer.state.isPanicking == false)
    }

    /// States are asked again when their epoch says so, and not before.
    @Test func statesAreAskedWhenTheyChange() {
        var balancer = PlannedBalancer(plan(.roundRobin, [1, 1]))
        balancer.states.isOut[0] = true
        #expect(balancer.pick() == 0)
        balancer.states.epoch += 1
        #expect(balancer.pick() == 1)
        #expect(balancer.pick() == 1)
    }

    /// Envoy's curve with an aggression of 1: a tenth at first, then in proportion to time.
    @Test(arguments: [BalancePolicy.roundRobin, .leastConnections, .powerOfTwo])
    func whoComesBackGrowsToItsWeight(policy: BalancePolicy) {
        let windowMs: UInt32 = 10_000
        var balancer = PlannedBalancer(plan(policy, [100, 100], slowStartMs: windowMs))
        let beganMs = balancer.nowMs
        balancer.states.admittedAtMs[0] = beganMs
        balancer.states.epoch += 1
        for percent in [0, 5, 10, 25, 50, 75, 99, 100, 200] as [UInt64] {
            balancer.nowMs = beganMs + percent * UInt64(windowMs) / 100
            let picks = 20_000
            let share = Double(balancer.shares(of: picks)[0]) / Double(picks)
            let strength = min(max(Double(percent) / 100, 0.1), 1)
            let expected = strength / (1 + strength)
            // Two random ones of two are always both, and the first one drawn wins.
            #expect(abs(share - expected) < 0.02, "\(share) for \(expected) at \(percent) %")
        }
    }

    @Test(arguments: [BalancePolicy.sourceHash, .consistentHash])
    func keysDoNotWaitForASlowStart(policy: BalancePolicy) {
        var slow = PlannedBalancer(plan(policy, [1, 1], slowStartMs: 10_000))
        var plain = PlannedBalancer(plan(policy, [1, 1]))
        slow.states.admittedAtMs[0] = slow.nowMs
        slow.states.epoch += 1
        for number in 0..<200 {
            let key = UInt64(number) &* 0x9E37_79B9_7F4A_7C15
            #expect(slow.pick(key: key) == plain.pick(key: key))
        }
    }

    /// Another thread's clock may be a little ahead, and a window may be shorter than its steps.
    @Test func slowStartTakesAnyTimes() {
        var balancer = PlannedBalancer(plan(.roundRobin, [1, 1], slowStartMs: 1))
        balancer.states.admittedAtMs[0] = balancer.nowMs + 5
        balancer.states.epoch += 1
        #expect(balancer.pick() == 1)
        balancer.nowMs += 6
        #expect(balancer.shares(of: 100) == [50, 50] || balancer.shares(of: 100) == [51, 49])
    }

    @Test func endpointsAreFoundByIDAndByCookie() {
        let plan = plan(.roundRobin, [1, 1, 0])
        let tables = BalancerTables(plan)
        for (position, member) in plan.members.enumerated() {
            #expect(tables.position(ofEndpoint: member.id) == position)
            let name = StickyName.of(member.key)
            let cookie = Array("GYRE=\(String(name, radix: 16)); a=b".utf8)
            let end = cookie.firstIndex(of: UInt8(ascii: ";")) ?? 0
            #expect(tables.position(ofSticky: cookie.span, 5..<end) == position)
        }
        #expect(tables.position(ofEndpoint: 99) == nil)
        for foreign in ["", "0", "xyz", "ffffffffffffffff", "00000000000000000"] {
            let bytes = Array(foreign.utf8)
            #expect(tables.position(ofSticky: bytes.span, 0..<bytes.count) == nil)
        }
    }

    @Test func equalPlansAreEqual() {
        #expect(plan(.powerOfTwo, [1, 2]) == plan(.powerOfTwo, [1, 2]))
        #expect(plan(.powerOfTwo, [1, 2]) != plan(.powerOfTwo, [2, 1]))
        #expect(plan(.powerOfTwo, [1, 2]) != plan(.roundRobin, [1, 2]))
    }

    @Test func attemptsAreRememberedUpToEight() {
        var attempted = AttemptedEndpoints()
        #expect(attempted.isEmpty && !attempted.contains(0))
        for position in 0..<9 { attempted.append(position * 400) }
        #expect(!attempted.isEmpty && !attempted.contains(0))
        for position in 1..<9 { #expect(attempted.contains(position * 400)) }
    }
}
