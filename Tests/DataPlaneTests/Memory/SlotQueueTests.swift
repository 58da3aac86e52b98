import TestSupport
import Testing

@testable import DataPlane

@Suite struct SlotQueueTests {
    @Test func keepsTheOrderAcrossTheEndOfTheRing() {
        var random = SeededRandom(seed: 3)
        var queue = SlotQueue<UInt8>(capacity: 10)
        var (next, expected): (UInt32, UInt32) = (0, 0)
        for _ in 0..<10_000 {
            if random.chance(500), queue.count < 10 {
                queue.append(SlabIndex(slot: next, generation: next &* 7))
                next += 1
            } else if let index = queue.popFirst() {
                #expect(index == SlabIndex(slot: expected, generation: expected &* 7))
                expected += 1
            } else {
                #expect(queue.isEmpty == true)
            }
            #expect(queue.count == Int(next - expected))
        }
        #expect(next > 1_000)
    }

    @Test func holdsAsManyAsItWasMadeFor() {
        for capacity in [1, 2, 3, 16, 17] {
            var queue = SlotQueue<UInt8>(capacity: capacity)
            for slot in 0..<capacity { queue.append(SlabIndex(slot: UInt32(slot), generation: 0)) }
            #expect(queue.count == capacity)
        }
    }

    @Test func anOverrunStopsTheProcess() async {
        await #expect(processExitsWith: .failure) {
            var queue = SlotQueue<UInt8>(capacity: 2)
            for slot in 0..<3 as Range<UInt32> {
                queue.append(SlabIndex(slot: slot, generation: 0))
            }
        }
    }
}
