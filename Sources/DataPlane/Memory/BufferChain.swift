// Bytes on their way from one side of a flow to the other: a list of lent buffers. The links live
// in the pool, so a chain costs its owner 16 bytes whether it is empty or full.

/// A queue of lent buffers. Holding the chain is holding its buffers.
package struct BufferChain: BitwiseCopyable, Sendable {
    /// First buffer, the one to be sent next; none when empty.
    package private(set) var head = BufferID.none
    private var tail = BufferID.none
    /// Bytes in all buffers together.
    package private(set) var bytes: UInt32 = 0
    /// Buffers in the chain.
    package private(set) var buffers: UInt32 = 0

    package init() {}

    package var isEmpty: Bool { buffers == 0 }

    /// Takes over `buffer` with the bytes it holds. The last buffer is filled up from it first, so
    /// that a peer that sends in small pieces cannot make a chain of nearly empty buffers: all but
    /// the first and the last are full. The copying only happens to who sends faster than the
    /// other side reads.
    package mutating func append(_ buffer: BufferID, in pool: BufferPool) {
        let count = UInt32(pool.count(buffer))
        bytes += count
        guard !isEmpty else {
            head = buffer
            tail = buffer
            buffers = 1
            return
        }
        pool.move(from: buffer, to: tail)
        if pool.count(buffer) == 0 {
            pool.release(buffer)
        } else {
            pool.setNext(tail, buffer)
            tail = buffer
            buffers += 1
        }
    }

    /// Adds a copy of the bytes of `buffer`, which stays the caller's.
    ///
    /// - Returns: false when it needs a buffer and none is free; then nothing is added.
    package mutating func append(copyOf buffer: BufferID, in pool: BufferPool) -> Bool {
        if !isEmpty && pool.copyAll(from: buffer, to: tail) {
            bytes += UInt32(pool.count(buffer))
            return true
        }
        guard let copy = pool.copy(buffer) else { return false }
        append(copy, in: pool)
        return true
    }

    /// Moves the first `count` bytes to the end of `target`: whole buffers change hands, a part of
    /// one is copied.
    ///
    /// - Parameter count: at most `bytes`.
    /// - Returns: false when the part needed a buffer and none was free; then the part stays here.
    package mutating func moveFirst(
        _ count: Int, to target: inout BufferChain, in pool: BufferPool
    ) -> Bool {
        precondition(count >= 0 && count <= Int(bytes))
        var left = count
        while left > 0, buffers > 0, pool.count(head) <= left {
            left -= pool.count(head)
            target.append(detachHead(in: pool), in: pool)
        }
        guard left > 0 else { return true }
        if !target.isEmpty {
            let moved = pool.moveFirst(left, from: head, to: target.tail)
            target.bytes += UInt32(moved)
            bytes -= UInt32(moved)
            left -= moved
        }
        guard left > 0 else { return true }
        guard let part = pool.take() else { return false }
        _ = pool.moveFirst(left, from: head, to: part)
        bytes -= UInt32(left)
        target.append(part, in: pool)
        return true
    }

    /// Takes the first buffer out.
    private mutating func detachHead(in pool: BufferPool) -> BufferID {
        let first = head
        bytes -= UInt32(pool.count(first))
        head = pool.next(first)
        pool.setNext(first, .none)
        buffers -= 1
        if buffers == 0 {
            head = .none
            tail = .none
        }
        return first
    }

    /// Empties this chain into the caller's hands.
    package mutating func take() -> BufferChain {
        let taken = self
        self = BufferChain()
        return taken
    }

    /// Drops `count` bytes from the front, those that were sent, and gives back the buffers that
    /// are empty now.
    ///
    /// - Parameter count: at most `bytes`.
    package mutating func consume(_ count: Int, in pool: BufferPool) {
        precondition(count >= 0 && count <= Int(bytes))
        bytes -= UInt32(count)
        var left = count
        while buffers > 0 {
            let held = pool.count(head)
            guard left >= held else {
                pool.consume(head, left)
                return
            }
            left -= held
            dropHead(in: pool)
        }
    }

    /// Gives every buffer back, the bytes with them.
    package mutating func discard(in pool: BufferPool) {
        while buffers > 0 { dropHead(in: pool) }
        bytes = 0
    }

    private mutating func dropHead(in pool: BufferPool) {
        let next = pool.next(head)
        pool.release(head)
        head = next
        buffers -= 1
        if buffers == 0 {
            head = .none
            tail = .none
        }
    }
}
