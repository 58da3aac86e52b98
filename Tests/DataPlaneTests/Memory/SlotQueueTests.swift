// The queue of waiting slots: stale handles make room, the others keep their order.

import TestSupport
import Testing

@testable import DataPlane

@Suite struct SlotQueueTests {
    /// Handles are queued, their records freed and reused while they wait: those that are still
    /// good come out once each, in order, however often the ring is run round.
    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func staleHandlesMakeRoomAndTheOthersKeepTheirOrder(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let capacity = random.pick(1...20)
        var slab = Slab<UInt64>(capacity: capacity)
        var queue = SlotQueue<UInt64>(capacity: capacity)
        // Live handles that are queued, in order, and those that are not.
        var queued: [SlabIndex<UInt64>] = []
        var idle: [SlabIndex<UInt64>] = []
        for step in 0..<20_000 as Range<UInt64> {
            switch random.pick(0...4) {
            case 0:
                if let index = slab.insert(step) { idle.append(index) }
            case 1 where !idle.isEmpty:
                let index = idle.remove(at: random.pick(0...idle.count - 1))
                queue.append(index, of: slab)
                queued.append(index)
            case 2 where !queued.isEmpty:
                slab.remove(queued.remove(at: random.pick(0...queued.count - 1)))
            case 3 where random.chance(300):
                let index = popLive(&queue, slab)
                #expect(index == queued.first)
                if !queued.isEmpty { idle.append(queued.removeFirst()) }
            default: continue
            }
        }
        for expected in queued { #expect(popLive(&queue, slab) == expected) }
        #expect(popLive(&queue, slab) == nil)
        #expect(queue.isEmpty == true)
        #expect(queue.count == 0)
    }

    private func popLive(
        _ queue: inout SlotQueue<UInt64>, _ slab: borrowing Slab<UInt64>
    ) -> SlabIndex<UInt64>? {
        while let index = queue.popFirst() {
            if slab.contains(index) { return index }
        }
        return nil
    }

    @Test func anOverrunStopsTheProcess() async {
        await #expect(processExitsWith: .failure) {
            var slab = Slab<UInt64>(capacity: 2)
            var queue = SlotQueue<UInt64>(capacity: 2)
            guard let index = slab.insert(0) else { return }
            for _ in 0..<5 { queue.append(index, of: slab) }
        }
    }
}
