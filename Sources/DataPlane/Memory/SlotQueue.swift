// Bounded first-in first-out queues of handles: sockets with work to try, sockets that starve for
// a buffer. Entries may go stale while they wait; whoever takes one checks it against the slab.

/// A ring of handles. Never grows: its capacity covers every record of the slab it serves.
@safe
struct SlotQueue<Record>: ~Copyable {
    private let region: MappedRegion
    private let entries: UnsafeMutablePointer<SlabIndex<Record>>
    private let mask: Int
    private var head = 0
    private var tail = 0

    /// - Parameter capacity: entries it must hold; rounded up to a power of two.
    init(capacity: Int) {
        var size = 1
        while size < capacity { size *= 2 }
        mask = size - 1
        region = MappedRegion(bytes: size * MemoryLayout<SlabIndex<Record>>.stride)
        unsafe entries = region.base.bindMemory(to: SlabIndex<Record>.self, capacity: size)
    }

    var count: Int { tail - head }

    var isEmpty: Bool { head == tail }

    mutating func append(_ index: SlabIndex<Record>) {
        precondition(count <= mask, "queue overrun: a handle was queued twice")
        unsafe entries[tail & mask] = index
        tail += 1
    }

    mutating func popFirst() -> SlabIndex<Record>? {
        guard head != tail else { return nil }
        let index = unsafe entries[head & mask]
        head += 1
        return index
    }
}
