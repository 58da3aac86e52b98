// The buffers that the kernel may fill: a provided-buffer ring. The kernel takes entries first-in
// first-out, so everything published is cycled through; publishing only a small window, refilled
// from the pool's last-in first-out stack, keeps the working set in the cache. Worker thread only.

internal import CLiburing

/// A window of the pool's buffers, published to the kernel.
@safe
struct BufferRing: ~Copyable {
    private static let entries: UInt32 = 1024
    /// What one flow needs to go on; more is published as more sockets find none.
    private static let windowMin = 4
    /// Turns that must leave most of the window unused before it shrinks by one.
    private static let patienceTurns = 64

    private let region: MappedRegion
    private let table: MappedRegion
    /// Pool buffer of each buffer number, for those that are published.
    private let published: UnsafeMutablePointer<BufferID>
    /// Buffer numbers that are not published: a stack.
    private let freeNumbers: UnsafeMutablePointer<UInt16>
    private var freeCount = Int(entries)
    private let pool: BufferPool

    /// How many buffers to publish: grows when the kernel ran out within one turn, shrinks slowly.
    private var window = windowMin
    private var idleTurns = 0

    /// Whether the window grew since the last refill: many sockets can find it empty in one turn.
    private var isWidened = false

    /// Registers an empty ring with `ring`.
    init(ring: borrowing Ring, pool: BufferPool) throws(SystemError) {
        let count = Int(Self.entries)
        region = MappedRegion(bytes: count * MemoryLayout<io_uring_buf>.stride)
        table = MappedRegion(
            bytes: count * (MemoryLayout<BufferID>.stride + MemoryLayout<UInt16>.stride))
        unsafe published = table.base.bindMemory(to: BufferID.self, capacity: count)
        unsafe freeNumbers = (table.base + count * MemoryLayout<BufferID>.stride)
            .bindMemory(to: UInt16.self, capacity: count)
        for number in 0..<count { unsafe freeNumbers[number] = UInt16(count - 1 - number) }
        self.pool = pool
        try unsafe ring.registerBuffers(region.base, entries: Self.entries)
    }

    /// Buffers that the kernel holds now.
    var publishedCount: Int { Int(Self.entries) - freeCount }

    /// Fills the window up from the pool.
    mutating func refill() {
        isWidened = false
        var added: UInt32 = 0
        while publishedCount < window, let buffer = pool.take() {
            freeCount -= 1
            let number = unsafe freeNumbers[freeCount]
            unsafe published[Int(number)] = buffer
            unsafe gyre_buffer_ring_put(
                region.base, Self.entries, added, pool.contents(buffer),
                UInt32(BufferPool.bufferBytes), number)
            added += 1
        }
        if added > 0 { unsafe gyre_buffer_ring_publish(region.base, added) }
    }

    /// Takes the buffer that the kernel filled with `count` bytes.
    mutating func take(_ number: UInt16, count: Int) -> BufferID {
        precondition(number < Self.entries)
        let buffer = unsafe published[Int(number)]
        unsafe freeNumbers[freeCount] = number
        freeCount += 1
        pool.setCount(buffer, count)
        return buffer
    }

    /// The kernel found no buffer: publish more from now on, but not more than two for each of
    /// `sockets`, because every published buffer becomes real memory.
    mutating func widen(sockets: Int) {
        guard !isWidened else { return }
        isWidened = true
        window = min(window * 2, max(sockets * 2, Self.windowMin), Int(Self.entries))
        idleTurns = 0
    }

    /// Called after every turn: publishes less when most of the window goes unused.
    mutating func narrowIfIdle() {
        guard window > Self.windowMin, publishedCount > window - window / 4 else { return }
        idleTurns += 1
        guard idleTurns == Self.patienceTurns else { return }
        idleTurns = 0
        window -= 1
    }
}
