// Fixed-capacity tables of plain records, one owner thread each. Freed slots are reused last-in
// first-out, so that a busy worker stays on warm cache lines and untouched pages stay unreal.

/// A table of records addressed by `SlabIndex`. Never grows, never moves a record.
@safe
package struct Slab<Record: BitwiseCopyable>: ~Copyable {
    private struct Entry: BitwiseCopyable {
        /// First, so that a pointer to the entry is a pointer to the record.
        var record: Record
        var generation: UInt32
        /// Next free slot while this one is free; `inUse` while it is taken.
        var nextFree: UInt32
    }

    private static var inUse: UInt32 { .max - 1 }
    private static var listEnd: UInt32 { .max }

    private let region: MappedRegion
    private let entries: UnsafeMutablePointer<Entry>
    private var freeHead: UInt32 = .max
    /// Slots below this have been used at least once; those above are still untouched memory.
    private var touched: UInt32 = 0

    /// Records the slab can hold at once.
    package let capacity: Int
    /// Records held now.
    package private(set) var count = 0

    /// - Parameter capacity: 1 to 2^31 records.
    package init(capacity: Int) {
        precondition(capacity > 0 && capacity < 1 << 31)
        self.capacity = capacity
        region = MappedRegion(bytes: capacity * MemoryLayout<Entry>.stride)
        unsafe entries = region.base.bindMemory(to: Entry.self, capacity: capacity)
    }

    /// Takes a free slot and stores `record` in it; `nil` when the slab is full.
    package mutating func insert(_ record: Record) -> SlabIndex<Record>? {
        let slot: UInt32
        var generation: UInt32 = 0
        if freeHead != Self.listEnd {
            slot = freeHead
            unsafe freeHead = entries[Int(slot)].nextFree
            unsafe generation = entries[Int(slot)].generation
        } else {
            guard Int(touched) < capacity else { return nil }
            slot = touched
            touched += 1
        }
        unsafe entries[Int(slot)] = Entry(
            record: record, generation: generation, nextFree: Self.inUse)
        count += 1
        return SlabIndex(slot: slot, generation: generation)
    }

    /// Frees a slot. Handles to it are stale from here on.
    package mutating func remove(_ index: SlabIndex<Record>) {
        precondition(contains(index), "slot freed twice or with a stale handle")
        let entry = unsafe entries + Int(index.slot)
        unsafe entry.pointee.generation = (index.generation &+ 1) & generationMask
        unsafe entry.pointee.nextFree = freeHead
        freeHead = index.slot
        count -= 1
    }

    /// Whether `index` names a record that is still in the slab.
    package func contains(_ index: SlabIndex<Record>) -> Bool {
        guard index.slot < touched else { return false }
        let entry = unsafe entries + Int(index.slot)
        return unsafe entry.pointee.generation == index.generation
            && entry.pointee.nextFree == Self.inUse
    }

    /// The current handle of a slot that the caller knows to be in use.
    package func index(ofSlot slot: UInt32) -> SlabIndex<Record> {
        precondition(isTaken(slot: slot))
        return unsafe SlabIndex(slot: slot, generation: entries[Int(slot)].generation)
    }

    /// Whether a slot holds a record.
    package func isTaken(slot: UInt32) -> Bool {
        unsafe slot < touched && entries[Int(slot)].nextFree == Self.inUse
    }

    /// Slots that have ever been used: the range to walk to visit every record.
    package var touchedSlots: Range<UInt32> { 0..<touched }

    /// The record of a live handle; a stale one is a programmer's error and stops the process.
    package subscript(index: SlabIndex<Record>) -> Record {
        unsafeAddress {
            precondition(contains(index))
            return unsafe UnsafePointer(recordPointer(index.slot))
        }
        unsafeMutableAddress {
            precondition(contains(index))
            return unsafe recordPointer(index.slot)
        }
    }

    /// The record of a slot that is in use, where the caller holds no generation.
    package subscript(slot slot: UInt32) -> Record {
        unsafeAddress {
            precondition(slot < touched)
            return unsafe UnsafePointer(recordPointer(slot))
        }
        unsafeMutableAddress {
            precondition(slot < touched)
            return unsafe recordPointer(slot)
        }
    }

    @inline(__always)
    private func recordPointer(_ slot: UInt32) -> UnsafeMutablePointer<Record> {
        unsafe UnsafeMutableRawPointer(entries + Int(slot)).assumingMemoryBound(to: Record.self)
    }
}
