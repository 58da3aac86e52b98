// The slab: capacity, reuse of slots, and handles that know when they are stale.

import TestSupport
import Testing

@testable import DataPlane

@Suite struct SlabTests {
    @Test func aFullSlabRefusesAndTakesAgainAfterARemoval() {
        var slab = Slab<UInt64>(capacity: 3)
        let first = slab.insert(10)
        let handles = [first, slab.insert(11), slab.insert(12)].compactMap { $0 }
        #expect(handles.count == 3)
        #expect(slab.insert(13) == nil)
        #expect(slab.count == 3)
        slab.remove(handles[1])
        let again = slab.insert(14)
        #expect(again?.slot == handles[1].slot)
        #expect(again != handles[1])
        #expect(slab.insert(15) == nil)
    }

    @Test func aStaleHandleIsRecognised() throws {
        var slab = Slab<UInt64>(capacity: 2)
        let old = try required(slab.insert(1))
        slab.remove(old)
        #expect(slab.contains(old) == false)
        let new = try required(slab.insert(2))
        #expect(new.slot == old.slot)
        #expect(slab.contains(old) == false)
        #expect(slab.contains(new) == true)
        #expect(slab[new] == 2)
        #expect(slab.index(ofSlot: new.slot) == new)
        #expect(slab.contains(.none) == false)
    }

    @Test func freedSlotsComeBackLastInFirstOut() {
        var slab = Slab<UInt64>(capacity: 8)
        let handles = (0..<4).compactMap { slab.insert($0) }
        slab.remove(handles[0])
        slab.remove(handles[2])
        #expect(slab.insert(9)?.slot == 2)
        #expect(slab.insert(9)?.slot == 0)
        #expect(slab.insert(9)?.slot == 4)
        #expect(slab.touchedSlots == 0..<5)
    }

    @Test func generationsWrapAtTwentyFourBits() throws {
        var slab = Slab<UInt8>(capacity: 1)
        let first = try required(slab.insert(0))
        var last = first
        for _ in 0..<1 << 24 {
            slab.remove(last)
            last = try required(slab.insert(0))
        }
        #expect(last == first)
    }

    /// Random operations against a dictionary.
    @Test func behavesLikeADictionary() {
        var random = SeededRandom(seed: 1)
        var slab = Slab<UInt64>(capacity: 100)
        var model: [(handle: SlabIndex<UInt64>, value: UInt64)] = []
        var stale: [SlabIndex<UInt64>] = []
        for _ in 0..<50_000 {
            switch random.pick(0...2) {
            case 0:
                let value = random.next()
                if let handle = slab.insert(value) {
                    model.append((handle, value))
                } else {
                    #expect(model.count == 100)
                }
            case 1 where !model.isEmpty:
                let gone = model.remove(at: random.pick(0...model.count - 1))
                slab.remove(gone.handle)
                stale.append(gone.handle)
            default:
                guard !model.isEmpty else { continue }
                let position = random.pick(0...model.count - 1)
                slab[model[position].handle] &+= 1
                model[position].value &+= 1
            }
        }
        #expect(slab.count == model.count)
        #expect(model.count { slab[$0.handle] != $0.value } == 0)
        #expect(model.count { slab[slot: $0.handle.slot] != $0.value } == 0)
        #expect(slab.touchedSlots.count { slab.isTaken(slot: $0) } == model.count)
        #expect(stale.count { slab.contains($0) } == 0)
    }

    @Test func removingTwiceStopsTheProcess() async {
        await #expect(processExitsWith: .failure) {
            var slab = Slab<UInt64>(capacity: 2)
            if let handle = slab.insert(1) {
                slab.remove(handle)
                slab.remove(handle)
            }
        }
    }

    /// A slab cannot be copied, and the macro would.
    private func required<Record>(_ handle: SlabIndex<Record>?) throws -> SlabIndex<Record> {
        try #require(handle)
    }
}
