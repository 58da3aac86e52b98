// Smooth round robin: known sequences, and nginx's own algorithm beside it.

import TestSupport
import Testing

@testable import DataPlane

/// What nginx does (ngx_http_upstream_get_peer), one pass over all endpoints for each pick.
private struct NginxOrder {
    var scores: [Int]
    var weights: [Int]

    init(_ weights: [UInt32]) {
        self.weights = weights.map(Int.init)
        scores = weights.map { _ in 0 }
    }

    mutating func pick(without attempted: [Int]) -> Int? {
        let open = weights.indices.filter { weights[$0] > 0 && !attempted.contains($0) }
        guard var best = open.first else { return nil }
        for position in weights.indices { scores[position] += weights[position] }
        for position in open where scores[position] > scores[best] { best = position }
        scores[best] -= weights.reduce(0, +)
        return best
    }
}

private func makeOrder(_ weights: [UInt32]) -> SmoothOrder {
    var order = SmoothOrder(count: weights.count)
    order.setWeights(table(weights))
    return order
}

private func table(_ weights: [UInt32]) -> MutableTable<UInt32> {
    var table = MutableTable<UInt32>(zeroed: weights.count)
    for (position, weight) in weights.enumerated() { table[position] = weight }
    return table
}

@Suite struct SmoothOrderTests {
    @Test(
        arguments: [
            ([5, 1, 1], "aabacaa"),  // from the log of nginx's change
            ([1, 1, 1], "abcabc"),
            ([4, 2, 1], "abacaba"),
            ([3, 0, 1], "aaca"),
            ([1], "aaa"),
            ([2, 2, 3, 1], "cabcdabc"),
        ] as [([UInt32], String)])
    func knownSequences(weights: [UInt32], expected: String) {
        var order = makeOrder(weights)
        for _ in 0..<3 {
            let picks = expected.map { _ in order.pick(without: AttemptedEndpoints()) ?? 25 }
            #expect(String(picks.map { Character(UnicodeScalar(UInt8(97 + $0))) }) == expected)
        }
    }

    @Test func nobodyIsPickedWhenAllAreOut() {
        var order = makeOrder([0, 0])
        #expect(order.pick(without: AttemptedEndpoints()) == nil)
        var empty = makeOrder([])
        #expect(empty.pick(without: AttemptedEndpoints()) == nil)
    }

    /// Any weights, changes of weights on the way, and requests that have been elsewhere.
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func picksWhatNginxPicks(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let count = random.pick(1...[3, 20, 300][Int(seed % 3)])
        let greatest = random.pick([1, 5, 100, 65_535 * 256])
        let weigh = { (random: inout SeededRandom) -> [UInt32] in
            (0..<count).map { _ in
                random.chance(100) ? 0 : UInt32(1 + random.magnitude(upTo: greatest - 1))
            }
        }
        var weights = weigh(&random)
        var order = makeOrder(weights)
        var model = NginxOrder(weights)
        for number in 0..<1_000 {
            if random.chance(15) {
                weights = weigh(&random)
                order.setWeights(table(weights))
                model.weights = weights.map(Int.init)
            }
            let attempted =
                random.chance(100)
                ? (0..<random.pick(1...4)).map { _ in random.pick(0...count - 1) } : []
            var set = AttemptedEndpoints()
            for position in attempted { set.append(position) }
            let picked = order.pick(without: set)
            let expected = model.pick(without: attempted)
            guard picked == expected else {
                Issue.record("pick \(number): \(picked as Any), nginx \(expected as Any)")
                return
            }
        }
    }

    /// Nobody is ever more than a few turns away from its exact share, whatever the weights: the
    /// property that makes the sequence smooth.
    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func sharesAreExactAllTheTime(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let weights = (0..<100).map { _ in UInt32(random.pick(1...1_000)) }
        let total = Double(weights.reduce(0, +))
        var order = makeOrder(weights)
        var picks = [Double](repeating: 0, count: 100)
        var worst = 0.0
        for number in 1...10_000 {
            guard let picked = order.pick(without: AttemptedEndpoints()) else { return }
            picks[picked] += 1
            let due = Double(number) * Double(weights[picked]) / total
            worst = max(worst, abs(picks[picked] - due))
        }
        #expect(worst < 2, "\(worst)")
    }

    /// A whole round of the largest weights: each gets exactly its weight.
    @Test func aRoundGivesEachItsWeight() {
        let weights: [UInt32] = [65_535, 1, 32_768, 7]
        var order = makeOrder(weights)
        var picks = [UInt32](repeating: 0, count: 4)
        for _ in 0..<weights.reduce(0, +) {
            picks[order.pick(without: AttemptedEndpoints()) ?? 0] += 1
        }
        #expect(picks == weights)
    }
}
