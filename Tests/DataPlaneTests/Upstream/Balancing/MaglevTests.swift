// Maglev: shares, disruption, agreement, and the table itself for ever.

import TestSupport
import Testing

@testable import DataPlane

@Suite struct MaglevTests {
    private static func members(_ weights: [UInt16]) -> [BalancerPlan.Member] {
        plan(.consistentHash, weights).members
    }

    private static func shares(_ table: [UInt16], _ count: Int) -> [Int] {
        table.reduce(into: [Int](repeating: 0, count: count)) { $0[Int($1)] += 1 }
    }

    @Test(arguments: [Maglev.slotsUsual, Maglev.slotsLarge])
    func sizesArePrime(size: Int) {
        #expect((2...Int(Double(size).squareRoot())).allSatisfy { size % $0 != 0 })
    }

    @Test func manyEndpointsGetTheLargerTable() {
        #expect(Maglev.slots(forMembers: 655) == Maglev.slotsUsual)
        #expect(Maglev.slots(forMembers: 656) == Maglev.slotsLarge)
        #expect(BalancerPlan.membersMax * 100 <= Maglev.slotsLarge)
    }

    /// With equal weights each endpoint takes as many turns as any other, or one more.
    @Test(arguments: [1, 2, 3, 10, 100, 655])
    func equalWeightsShareEqually(count: Int) {
        let table = Maglev.table(
            Self.members(Array(repeating: 1, count: count)), slots: Maglev.slotsUsual)
        let shares = Self.shares(table, count)
        #expect((shares.max() ?? 0) - (shares.min() ?? 0) <= 1)
    }

    @Test(arguments: [[1, 2, 3, 4], [65_535, 1, 32_768, 0, 300], [5, 1, 1]] as [[UInt16]])
    func slotsAreInProportionToWeights(weights: [UInt16]) {
        let table = Maglev.table(Self.members(weights), slots: Maglev.slotsUsual)
        let total = weights.reduce(0) { $0 + Int($1) }
        for (share, weight) in zip(Self.shares(table, weights.count), weights) {
            let exact = Double(Maglev.slotsUsual) * Double(weight) / Double(total)
            #expect(abs(Double(share) - exact) <= 2, "\(share) of \(exact)")
        }
    }

    @Test func nobodyWithWeightMakesNoTable() {
        #expect(Maglev.table(Self.members([]), slots: Maglev.slotsUsual).isEmpty)
        #expect(Maglev.table(Self.members([0, 0]), slots: Maglev.slotsUsual).isEmpty)
    }

    /// Of the slots of those who stay, at most 2 % change hands when one leaves.
    @Test(arguments: [2, 3, 10, 30, 100, 300, 655])
    func whoStaysKeepsItsSlots(count: Int) {
        let all = Self.members(Array(repeating: 1, count: count))
        let before = Maglev.table(all, slots: Maglev.slotsUsual)
        for leaver in [0, count - 1] {
            var members = all
            members.remove(at: leaver)
            let after = Maglev.table(members, slots: Maglev.slotsUsual)
            let moved = before.indices.count { slot in
                let owner = Int(before[slot])
                return owner != leaver && owner - (owner > leaver ? 1 : 0) != Int(after[slot])
            }
            let stayers = before.count { Int($0) != leaver }
            let share = 100 * Double(moved) / Double(stayers)
            #expect(share <= 2, "\(share) % of the others' slots with \(count) endpoints")
        }
    }

    /// Also when weights differ and the one that leaves weighs most.
    @Test func whoStaysKeepsItsSlotsWithWeights() {
        let weights = (0..<40).map { UInt16(1 + $0 * $0) }
        let all = Self.members(weights)
        let before = Maglev.table(all, slots: Maglev.slotsUsual)
        let after = Maglev.table(Array(all.dropLast()), slots: Maglev.slotsUsual)
        let moved = zip(before, after).count { $0 != 39 && $0 != $1 }
        #expect(100 * moved <= 2 * before.count { $0 != 39 }, "\(moved)")
    }

    /// Endpoints in another order, with other ids: each key goes to the same address.
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func orderDoesNotMatter(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let members = Self.members((0..<50).map { UInt16(1 + $0 % 3) })
        let shuffled = members.shuffled(using: &random)
        let one = Maglev.table(members, slots: Maglev.slotsUsual)
        let other = Maglev.table(shuffled, slots: Maglev.slotsUsual)
        #expect(
            zip(one, other).allSatisfy { members[Int($0)].key == shuffled[Int($1)].key })
    }

    /// The tables of every instance and version: another one here moves every key of every
    /// operator who upgrades one instance after the other.
    @Test(
        arguments: [
            ([1, 1, 1], 0x9D08_E8FB_4114_D3DD), ([1, 2, 3, 4, 5, 6, 7], 0x16D3_EAB1_21F6_094A),
            (Array(repeating: 1, count: 700), 0x369E_C6E0_1A8B_5DF3),
        ] as [([UInt16], UInt64)])
    func tablesAreForEver(weights: [UInt16], expected: UInt64) {
        let table = Maglev.table(
            Self.members(weights), slots: Maglev.slots(forMembers: weights.count))
        let bytes = table.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        let hash = SipHash.hash(bytes.span, 0..<bytes.count, seeds: (0, 0))
        #expect(hash == expected, "0x\(String(hash, radix: 16))")
    }
}
