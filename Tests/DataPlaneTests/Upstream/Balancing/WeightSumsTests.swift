// Draws by weight and positions by name, against plain searches.

import TestSupport
import Testing

@testable import DataPlane

@Suite struct WeightSumsTests {
    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func everyPointHasItsMember(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let weights = (0..<random.pick(1...40)).map { _ in UInt64(random.pick(0...5)) }
        var sums = WeightSums(count: weights.count)
        for (member, weight) in weights.enumerated() { sums.set(member, weight) }
        let line = weights.indices.flatMap { member in
            (0..<weights[member]).map { _ in member }
        }
        #expect(sums.total == UInt64(line.count))
        for (point, member) in line.enumerated() {
            #expect(sums.member(at: UInt64(point)) == member)
        }
        for member in weights.indices {
            #expect(sums.weight(of: member) == weights[member])
            #expect(sums.start(of: member) == weights[..<member].reduce(0, +))
        }
    }

    @Test func nobodyHasNoWeight() {
        #expect(WeightSums(count: 0).total == 0)
    }
}

@Suite struct PositionIndexTests {
    @Test(arguments: [0, 1, 2, 100, 4_096])
    func findsAllAndNothingElse(count: Int) {
        // Neighbours, and names that differ only high up.
        let names = (0..<count).map { UInt64($0 % 2) << 60 | UInt64($0 / 2) }
        let index = PositionIndex(names)
        for (position, name) in names.enumerated() { #expect(index.position(of: name) == position) }
        for name in 1...200 as ClosedRange<UInt64> {
            #expect(index.position(of: name << 40) == nil)
        }
    }

    @Test func theFirstOfEqualNamesIsFound() {
        let index = PositionIndex([5, 7, 5, 7])
        #expect(index.position(of: 5) == 0)
        #expect(index.position(of: 7) == 1)
    }
}
