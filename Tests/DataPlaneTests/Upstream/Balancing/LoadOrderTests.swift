// Least connections against a plain search through all endpoints.

import TestSupport
import Testing

@testable import DataPlane

/// The same rules, without a tree.
private struct PlainLoads {
    var weights: [UInt64]
    var inFlight: [UInt64]
    var turns: [UInt64]
    var turn: UInt64 = 0

    init(_ weights: [UInt32]) {
        self.weights = weights.map(UInt64.init)
        inFlight = weights.map { _ in 0 }
        turns = inFlight
    }

    mutating func pick(without attempted: [Int]) -> Int? {
        let open = weights.indices.filter { weights[$0] > 0 && !attempted.contains($0) }
        let best = open.min { one, other in
            let (load, otherLoad) = (
                inFlight[one] * weights[other], inFlight[other] * weights[one]
            )
            return (load, turns[one], one) < (otherLoad, turns[other], other)
        }
        guard let best else { return nil }
        turn = max(turn, turns[best])
        turns[best] = turn + (1 << 32) / weights[best]
        return best
    }
}

@Suite struct LoadOrderTests {
    private static func makeOrder(_ weights: [UInt32]) -> LoadOrder {
        var order = LoadOrder(count: weights.count)
        for (position, weight) in weights.enumerated() {
            order.set(position, weight: weight, inFlight: 0)
        }
        order.rebuild()
        return order
    }

    @Test(arguments: 1...9 as ClosedRange<UInt64>)
    func picksWhatASearchFinds(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let count = random.pick(1...[3, 20, 200][Int(seed % 3)])
        let greatest = random.pick([1, 5, 65_535 * 256])
        var weights = (0..<count).map { _ in
            random.chance(100) ? 0 : UInt32(1 + random.magnitude(upTo: greatest - 1))
        }
        var order = Self.makeOrder(weights)
        var model = PlainLoads(weights)
        for number in 0..<2_000 {
            if random.chance(400), let busy = model.inFlight.firstIndex(where: { $0 > 0 }) {
                let position = random.chance(500) ? busy : random.pick(0...count - 1)
                model.inFlight[position] -= min(model.inFlight[position], 1)
                order.setInFlight(position, UInt32(model.inFlight[position]))
            }
            if random.chance(5) {
                let position = random.pick(0...count - 1)
                weights[position] = random.chance(500) ? 0 : UInt32(random.pick(1...greatest))
                model.weights[position] = UInt64(weights[position])
                order.set(
                    position, weight: weights[position],
                    inFlight: UInt32(model.inFlight[position]))
                order.rebuild()
            }
            let attempted = random.chance(100) ? [random.pick(0...count - 1)] : []
            var set = AttemptedEndpoints()
            for position in attempted { set.append(position) }
            let picked = order.pick(without: set)
            let expected = model.pick(without: attempted)
            guard picked == expected else {
                Issue.record("pick \(number): \(picked as Any), search \(expected as Any)")
                return
            }
            guard let picked else { continue }
            model.inFlight[picked] += 1
            order.setInFlight(picked, UInt32(model.inFlight[picked]))
        }
    }

    @Test func equalOnesHaveTheirTurnsByWeight() {
        var order = Self.makeOrder([2, 1, 1])
        var picks = [0, 0, 0]
        for _ in 0..<400 {
            guard let picked = order.pick(without: AttemptedEndpoints()) else { return }
            picks[picked] += 1
        }
        #expect(picks == [200, 100, 100])
    }

    /// One that was busy for long does not make up for it when it is idle again.
    @Test func whoWasBusyGetsOneTurnAndNotAllItMissed() {
        var order = Self.makeOrder([1, 1])
        order.setInFlight(0, 1)
        for _ in 0..<1_000 { #expect(order.pick(without: AttemptedEndpoints()) == 1) }
        order.setInFlight(0, 0)
        let picks = (0..<6).map { _ in order.pick(without: AttemptedEndpoints()) }
        #expect(picks == [0, 0, 1, 0, 1, 0] || picks == [0, 1, 0, 1, 0, 1])
    }

    /// As many requests as weights, none of which ends: each endpoint has its weight's share.
    @Test func loadIsInProportionToWeights() {
        let weights: [UInt32] = [1, 10, 100, 3]
        var order = Self.makeOrder(weights)
        var counts: [UInt32] = [0, 0, 0, 0]
        for _ in 0..<1_140 {
            guard let picked = order.pick(without: AttemptedEndpoints()) else { return }
            counts[picked] += 1
            order.setInFlight(picked, counts[picked])
        }
        #expect(counts == [10, 100, 1_000, 30])
    }
}
