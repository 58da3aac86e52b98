// The balancer as its user sees it: every policy with endpoints that go, come back, are drained or
// have been tried.

import TestSupport
import Testing

@testable import DataPlane

@Suite struct BalancerStateTests {
    static let policies = BalancePolicy.allCases

    /// A key as good as random.
    private static func key(_ number: Int) -> UInt64 { SeededRandom.mix(UInt64(number) + 1) }

    @Test(arguments: policies) func nobodyIsThere(policy: BalancePolicy) {
        var balancer = PlannedBalancer(plan(policy, []))
        #expect(balancer.pick() == nil)
        var drained = PlannedBalancer(plan(policy, [0, 0]))
        #expect(drained.pick() == nil)
    }

    @Test(arguments: policies) func theOnlyOneGetsAll(policy: BalancePolicy) {
        var balancer = PlannedBalancer(plan(policy, [7]), start: 5)
        for number in 0..<20 { #expect(balancer.pick(key: Self.key(number)) == 0) }
        #expect(balancer.pick(without: [0]) == nil)
    }

    @Test(arguments: policies) func sharesFollowWeights(policy: BalancePolicy) {
        let weights: [UInt16] = [1, 2, 3, 4, 0, 10]
        var balancer = PlannedBalancer(plan(policy, weights))
        let shares = balancer.shares(of: 40_000, key: Self.key)
        #expect(chiSquare(shares, weights: weights) < chiSquareMax(weights), "\(shares)")
    }

    @Test(arguments: policies, [3, 100, 4_096])
    func equalOnesShareEqually(policy: BalancePolicy, count: Int) {
        let weights = [UInt16](repeating: 1, count: count)
        var balancer = PlannedBalancer(plan(policy, weights))
        let shares = balancer.shares(of: max(5 * count, 3_000), key: Self.key)
        #expect(chiSquare(shares, weights: weights) < chiSquareMax(weights))
    }

    /// With the same seeds and states two workers do the same, whatever those are.
    @Test(arguments: policies, 1...2 as ClosedRange<UInt64>)
    func theSameHistoryGivesTheSamePicks(policy: BalancePolicy, seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let weights = (0..<30).map { _ in UInt16(random.pick(0...9)) }
        var one = PlannedBalancer(plan(policy, weights), start: 3, seed: seed)
        var other = PlannedBalancer(plan(policy, weights), start: 3, seed: seed)
        for number in 0..<1_000 {
            if random.chance(20) {
                let (position, isOut) = (random.pick(0...29), random.chance(500))
                one.states.set(position, isOut: isOut)
                other.states.set(position, isOut: isOut)
            }
            let picked = one.pick(key: Self.key(number))
            #expect(picked == other.pick(key: Self.key(number)))
            guard let picked, random.chance(700) else { continue }
            one.add(1, at: picked)
            other.add(1, at: picked)
        }
    }

    /// Whatever happens, a pick is usable, has weight and was not tried; and there is one as long
    /// as there is such an endpoint.
    @Test(arguments: policies, 1...3 as ClosedRange<UInt64>)
    func picksAreAlwaysAllowed(policy: BalancePolicy, seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let count = random.pick(1...[4, 12, 60][Int(seed % 3)])
        let weights = (0..<count).map { _ in
            random.chance(150) ? 0 : UInt16(1 + random.magnitude(upTo: 65_534))
        }
        var balancer = PlannedBalancer(plan(policy, weights, panicPercent: 0), seed: seed)
        for number in 0..<1_500 {
            if random.chance(100) {
                balancer.states.set(random.pick(0...count - 1), isOut: random.chance(600))
            }
            let tried =
                random.chance(300)
                ? (0..<random.pick(1...8)).map { _ in random.pick(0...count - 1) } : []
            let allowed = (0..<count).filter {
                weights[$0] > 0 && !balancer.states.isOut[$0] && !tried.contains($0)
            }
            let picked = balancer.pick(key: Self.key(number), without: tried)
            if let picked {
                #expect(allowed.contains(picked))
                if random.chance(500) { balancer.add(1, at: picked) }
            } else {
                #expect(allowed.isEmpty)
            }
        }
    }

    @Test(arguments: policies) func whoComesBackGetsItsShareAgain(policy: BalancePolicy) {
        let weights: [UInt16] = [1, 1, 1, 1]
        var balancer = PlannedBalancer(plan(policy, weights))
        balancer.states.set(2, isOut: true)
        let without = balancer.shares(of: 3_000, key: Self.key)
        #expect(chiSquare(without, weights: [1, 1, 0, 1]) < chiSquareMax(weights), "\(without)")
        balancer.states.set(2, isOut: false)
        let shares = balancer.shares(of: 4_000, key: Self.key)
        #expect(chiSquare(shares, weights: weights) < chiSquareMax(weights), "\(shares)")
    }

    @Test func workersBeginElsewhere() {
        let first = (0..<6).map { start -> Int? in
            var balancer = PlannedBalancer(plan(.roundRobin, [1, 1, 1]), start: start)
            return balancer.pick()
        }
        #expect(first == [0, 1, 2, 0, 1, 2])
        var idle = PlannedBalancer(plan(.leastConnections, [1, 1, 1]), start: 1)
        #expect(idle.pick() == 1)
    }

    @Test func leastConnectionsFollowsWhatIsInFlight() {
        var balancer = PlannedBalancer(plan(.leastConnections, [1, 1, 2]))
        balancer.add(1, at: 0)
        balancer.add(1, at: 1)
        balancer.add(1, at: 2)
        #expect(balancer.pick() == 2)
        balancer.add(1, at: 2)
        balancer.add(-1, at: 1)
        #expect(balancer.pick() == 1)
    }

    /// What was under way before the tables were made counts, too.
    @Test func leastConnectionsBeginsWithWhatIsInFlight() {
        let tables = BalancerTables(plan(.leastConnections, [1, 1]))
        var states = PlannedStates(count: 2)
        states.counts = [3, 0]
        var state = BalancerState(tables, states: states, start: 0, seed: 1, nowMs: 1)
        for _ in 0..<3 {
            #expect(
                state.pick(
                    tables, key: 0, without: AttemptedEndpoints(), states: states, nowMs: 1) == 1)
        }
    }

    /// Of two random ones the busier one is left alone: the busiest is never picked.
    @Test func powerOfTwoAvoidsTheBusier() {
        var balancer = PlannedBalancer(plan(.powerOfTwo, [1, 1, 1]))
        balancer.states.counts = [5, 4, 0]
        let shares = balancer.shares(of: 3_000)
        #expect(shares[0] == 0)
        // One pair of three is the first two.
        #expect((850...1_150).contains(shares[1]), "\(shares)")
    }

    @Test func powerOfTwoLooksAtLoadForItsWeight() {
        var balancer = PlannedBalancer(plan(.powerOfTwo, [1, 4]))
        balancer.states.counts = [1, 3]
        for _ in 0..<50 { #expect(balancer.pick() == 1) }
        balancer.states.counts = [1, 5]
        for _ in 0..<50 { #expect(balancer.pick() == 0) }
    }

    /// The greatest load stays near the mean, where one random choice leaves it far above.
    @Test func powerOfTwoKeepsLoadEven() {
        let count = 100
        var balancer = PlannedBalancer(plan(.powerOfTwo, Array(repeating: 1, count: count)))
        for _ in 0..<100 * count {
            guard let picked = balancer.pick() else { return }
            balancer.add(1, at: picked)
        }
        #expect(balancer.states.counts.max() ?? 0 <= 104)
        #expect(balancer.states.counts.min() ?? 0 >= 94)
    }
}

@Suite struct BalancerHashTests {
    private static func key(_ number: Int) -> UInt64 { SeededRandom.mix(UInt64(number) + 1) }

    /// A key stays where it is, on every worker.
    @Test(arguments: [BalancePolicy.sourceHash, .consistentHash])
    func aKeyStaysWhereItIs(policy: BalancePolicy) {
        let weights = (0..<20).map { UInt16($0 % 4) }
        var one = PlannedBalancer(plan(policy, weights), start: 0, seed: 1)
        var other = PlannedBalancer(plan(policy, weights), start: 7, seed: 2)
        for number in 0..<500 {
            let home = one.pick(key: Self.key(number))
            #expect(one.pick(key: Self.key(number)) == home)
            #expect(other.pick(key: Self.key(number)) == home)
        }
    }

    /// Endpoints listed in another order: a key goes to the same address.
    @Test(arguments: [BalancePolicy.sourceHash, .consistentHash])
    func theOrderOfEndpointsDoesNotMatter(policy: BalancePolicy) {
        let forward = plan(policy, [1, 2, 3, 4, 5])
        var backward = forward
        backward.members.reverse()
        var one = PlannedBalancer(forward)
        var other = PlannedBalancer(backward)
        for number in 0..<500 {
            #expect(
                one.pick(key: Self.key(number)) == other.pick(key: Self.key(number)).map { 4 - $0 })
        }
    }

    /// While endpoints are out, only their keys move, and all others share them.
    @Test(arguments: [BalancePolicy.sourceHash, .consistentHash], [1, 4])
    func onlyKeysOfThoseOutMove(policy: BalancePolicy, out: Int) {
        let count = 10
        let keys = 10_000
        let weights = [UInt16](repeating: 1, count: count)
        var balancer = PlannedBalancer(plan(policy, weights))
        let homes = (0..<keys).map { balancer.pick(key: Self.key($0)) ?? -1 }
        for position in 0..<out { balancer.states.set(position, isOut: true) }
        var guests = [Int](repeating: 0, count: count)
        for number in 0..<keys {
            let now = balancer.pick(key: Self.key(number)) ?? -1
            if homes[number] >= out {
                #expect(now == homes[number])
            } else {
                guests[now] += 1
            }
        }
        let left = weights.indices.map { $0 < out ? 0 : UInt16(1) }
        #expect(chiSquare(guests, weights: left) < chiSquareMax(left), "\(guests)")
        for position in 0..<out { balancer.states.set(position, isOut: false) }
        for number in 0..<keys { #expect(balancer.pick(key: Self.key(number)) == homes[number]) }
    }

    /// One of many is left: each key finds it, though new places hardly ever do.
    @Test(arguments: [BalancePolicy.sourceHash, .consistentHash])
    func theLastOneIsFound(policy: BalancePolicy) {
        let count = 500
        let weights = [UInt16](repeating: 1, count: count)
        var balancer = PlannedBalancer(plan(policy, weights, panicPercent: 0))
        for position in 0..<count where position != 77 { balancer.states.isOut[position] = true }
        balancer.states.epoch += 1
        for number in 0..<500 { #expect(balancer.pick(key: Self.key(number)) == 77) }
        #expect(balancer.pick(key: 1, without: [77]) == nil)
    }

    /// A retry goes elsewhere, and all retries of a key take the same way.
    @Test(arguments: [BalancePolicy.sourceHash, .consistentHash])
    func retriesTakeTheSameWay(policy: BalancePolicy) {
        var balancer = PlannedBalancer(plan(policy, [1, 1, 1, 1]))
        for number in 0..<200 {
            var ways: [[Int]] = []
            for _ in 0..<2 {
                var way: [Int] = []
                while let next = balancer.pick(key: Self.key(number), without: way) {
                    way.append(next)
                }
                ways.append(way)
            }
            #expect(ways[0] == ways[1])
            #expect(ways[0].sorted() == [0, 1, 2, 3])
        }
    }
}
