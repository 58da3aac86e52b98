// One worker's receive buffers. The reactor lends them with completions and gets them back by
// `release` or at the end of a send. The free list is last-in first-out: the buffer that was just
// given back is still in the cache. Pages become real on first use only, so the pool's cost is its
// high-water mark, not its capacity.

package import Protocols

/// Names one buffer of a `BufferPool`.
package struct BufferID: Equatable, Sendable, BitwiseCopyable {
    package let index: UInt32

    package init(index: UInt32) {
        self.index = index
    }

    package static var none: BufferID { BufferID(index: .max) }

    package var isNone: Bool { index == .max }
}

/// A fixed number of equally sized buffers with a link, a start and a length each.
///
/// The value is a reference to one shared state, so that the reactor and the engine of the same
/// worker can both hold it; `destroy` ends its life. Worker thread only.
@safe
package struct BufferPool: BitwiseCopyable {
    /// Bytes in one buffer.
    package static let bufferBytes = 16 * 1024

    private struct State {
        var free: UInt32
        var touched: UInt32
        var used: UInt32
        let capacity: UInt32
        let regionBytes: Int
    }

    private struct Record: BitwiseCopyable {
        var next: BufferID
        var start: UInt32
        /// `free` while the buffer is in the pool, so that a use of it then is found at once.
        var count: UInt32

        static var free: UInt32 { .max }
    }

    private let state: UnsafeMutablePointer<State>
    private let records: UnsafeMutablePointer<Record>
    private let bytes: UnsafeMutableRawPointer

    /// - Parameter capacity: how many buffers can be out at once, 1 to 2^24.
    package init(capacity: Int) {
        precondition(capacity > 0 && capacity <= 1 << 24)
        let recordBytes = (capacity * MemoryLayout<Record>.stride + 4095) & ~4095
        let region = unsafe MappedRegion.reserve(
            bytes: recordBytes + capacity * Self.bufferBytes)
        unsafe records = region.bindMemory(to: Record.self, capacity: capacity)
        unsafe bytes = region + recordBytes
        unsafe state = .allocate(capacity: 1)
        unsafe state.initialize(
            to: State(
                free: .max, touched: 0, used: 0, capacity: UInt32(capacity),
                regionBytes: recordBytes + capacity * Self.bufferBytes))
    }

    /// Frees everything. No copy of this value may be used afterwards.
    package func destroy() {
        unsafe MappedRegion.release(UnsafeMutableRawPointer(records), state.pointee.regionBytes)
        unsafe state.deallocate()
    }

    package var capacity: Int { unsafe Int(state.pointee.capacity) }

    /// Buffers that are out now.
    package var usedCount: Int { unsafe Int(state.pointee.used) }

    /// Buffers that can still be taken.
    package var freeCount: Int { capacity - usedCount }

    /// Takes a buffer, empty and unlinked; `nil` when all are out.
    package func take() -> BufferID? {
        let index: UInt32
        if unsafe state.pointee.free != .max {
            index = unsafe state.pointee.free
            unsafe state.pointee.free = records[Int(index)].next.index
        } else {
            guard unsafe state.pointee.touched < state.pointee.capacity else { return nil }
            index = unsafe state.pointee.touched
            unsafe state.pointee.touched += 1
        }
        unsafe records[Int(index)] = Record(next: .none, start: 0, count: 0)
        unsafe state.pointee.used += 1
        return BufferID(index: index)
    }

    /// Gives one buffer back.
    package func release(_ buffer: BufferID) {
        let index = checked(buffer)
        unsafe records[index].next = BufferID(index: state.pointee.free)
        unsafe records[index].count = Record.free
        unsafe state.pointee.free = buffer.index
        unsafe state.pointee.used -= 1
    }

    /// The next buffer of the chain that this one is linked into.
    package func next(_ buffer: BufferID) -> BufferID { unsafe records[checked(buffer)].next }

    package func setNext(_ buffer: BufferID, _ next: BufferID) {
        unsafe records[checked(buffer)].next = next
    }

    /// How many bytes the buffer holds.
    package func count(_ buffer: BufferID) -> Int { unsafe Int(records[checked(buffer)].count) }

    /// Says how many bytes were written at the buffer's start.
    package func setCount(_ buffer: BufferID, _ count: Int) {
        precondition(count >= 0 && count <= Self.bufferBytes)
        unsafe records[checked(buffer)].count = UInt32(count)
    }

    /// Drops the first `count` bytes, those that were sent.
    package func consume(_ buffer: BufferID, _ count: Int) {
        let index = checked(buffer)
        precondition(count >= 0 && count <= self.count(buffer))
        unsafe records[index].start += UInt32(count)
        unsafe records[index].count -= UInt32(count)
    }

    /// A buffer with the same bytes; `nil` when none is free.
    package func copy(_ buffer: BufferID) -> BufferID? {
        guard let copy = take() else { return nil }
        unsafe contents(copy).copyMemory(from: contents(buffer), byteCount: count(buffer))
        setCount(copy, count(buffer))
        return copy
    }

    /// Copies the bytes of `source` behind those of `target`, if all of them fit there.
    ///
    /// - Returns: whether they do.
    package func copyAll(from source: BufferID, to target: BufferID) -> Bool {
        let to = checked(target)
        let end = unsafe Int(records[to].start + records[to].count)
        let count = count(source)
        guard count <= Self.bufferBytes - end else { return false }
        unsafe (bytes + to * Self.bufferBytes + end)
            .copyMemory(from: contents(source), byteCount: count)
        unsafe records[to].count += UInt32(count)
        return true
    }

    /// Moves as many of `source`'s first bytes behind those of `target` as fit there, but at most
    /// `limit`. Neither buffer is released.
    ///
    /// - Returns: how many bytes were moved.
    package func moveFirst(
        _ limit: Int, from source: BufferID, to target: BufferID
    ) -> Int {
        let to = checked(target)
        let end = unsafe Int(records[to].start + records[to].count)
        let moved = min(Self.bufferBytes - end, count(source), limit)
        guard moved > 0 else { return 0 }
        unsafe (bytes + to * Self.bufferBytes + end)
            .copyMemory(from: contents(source), byteCount: moved)
        unsafe records[to].count += UInt32(moved)
        consume(source, moved)
        return moved
    }

    /// Moves as many of `source`'s first bytes behind those of `target` as fit there, and what is
    /// left of them to the beginning of `source`. Neither buffer is released.
    package func move(from source: BufferID, to target: BufferID) {
        let from = checked(source)
        guard moveFirst(Self.bufferBytes, from: source, to: target) > 0 else { return }
        let rest = unsafe contents(source)
        unsafe records[from].start = 0
        unsafe contents(source).copyMemory(from: rest, byteCount: count(source))
    }

    /// The bytes that the buffer holds.
    @_lifetime(borrow self)
    package func bytes(_ buffer: BufferID) -> Span<UInt8> {
        let count = count(buffer)
        let start = unsafe UnsafePointer(contents(buffer).assumingMemoryBound(to: UInt8.self))
        let span = unsafe Span(_unsafeStart: start, count: count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// A writer for the whole of an empty buffer; what it wrote counts after `setCount`.
    package func writer(_ buffer: BufferID) -> HeadWriter {
        precondition(count(buffer) == 0)
        return unsafe HeadWriter(contents(buffer), capacity: Self.bufferBytes)
    }

    /// Where the buffer's bytes begin; what the kernel is given.
    package func contents(_ buffer: BufferID) -> UnsafeMutableRawPointer {
        let index = checked(buffer)
        return unsafe bytes + index * Self.bufferBytes + Int(records[index].start)
    }

    @inline(__always)
    private func checked(_ buffer: BufferID) -> Int {
        precondition(unsafe buffer.index < state.pointee.touched)
        precondition(
            unsafe records[Int(buffer.index)].count != Record.free, "buffer is not out")
        return Int(buffer.index)
    }
}
