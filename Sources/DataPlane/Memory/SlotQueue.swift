// Bounded first-in first-out queues of handles: sockets with work to try, sockets that starve for
// a buffer. Entries may go stale while they wait; whoever takes one checks it against the slab.

/// A ring of handles. Never grows: it holds twice the slab it serves, and when stale entries have
/// filled it up they are dropped, so what is left fits.
@safe
struct SlotQueue<Record: BitwiseCopyable>: ~Copyable {
    private let region: MappedRegion
    private let entries: UnsafeMutablePointer<SlabIndex<Record>>
    private let mask: Int
    private var head = 0
    private var tail = 0

    /// - Parameter capacity: records of the slab; each is queued at most once at a time.
    init(capacity: Int) {
        var size = 1
        while size < capacity * 2 { size *= 2 }
        mask = size - 1
        region = MappedRegion(bytes: size * MemoryLayout<SlabIndex<Record>>.stride)
        unsafe entries = region.base.bindMemory(to: SlabIndex<Record>.self, capacity: size)
    }

    var count: Int { tail - head }

    var isEmpty: Bool { head == tail }

    /// Puts a handle at the end; `slab` tells which of the others are stale.
    mutating func append(_ index: SlabIndex<Record>, of slab: borrowing Slab<Record>) {
        if count > mask { dropStale(slab) }
        precondition(count <= mask, "queue overrun: a handle was queued twice")
        unsafe entries[tail & mask] = index
        tail += 1
    }

    mutating func popFirst() -> SlabIndex<Record>? {
        guard head != tail else { return nil }
        let index = unsafe entries[head & mask]
        head += 1
        if head == tail {
            // Start over on the warm entries: going round would touch every page in time.
            head = 0
            tail = 0
        }
        return index
    }

    private mutating func dropStale(_ slab: borrowing Slab<Record>) {
        let end = tail
        tail = head
        for position in head..<end {
            let index = unsafe entries[position & mask]
            guard slab.contains(index) else { continue }
            unsafe entries[tail & mask] = index
            tail += 1
        }
    }
}
