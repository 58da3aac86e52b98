// What a reactor hands to the worker: plain values in a fixed array, refilled every turn.

/// Names one connected or connecting socket of a reactor.
package struct SocketID: Equatable, Sendable, BitwiseCopyable {
    package let slot: UInt32
    package let generation: UInt32

    package init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    package static let none = SocketID(slot: .max, generation: .max)

    package var isNone: Bool { slot == .max }
}

/// Names one listener of a reactor: numbers from 0, those of closed ones first, the one that was
/// closed last before others.
package struct ListenerID: Equatable, Sendable, BitwiseCopyable {
    package let index: UInt32

    package init(index: UInt32) {
        self.index = index
    }
}

/// Names one pipe of a reactor's pool.
package struct PipeID: Equatable, Sendable, BitwiseCopyable {
    package let index: UInt32

    package init(index: UInt32) {
        self.index = index
    }

    package static let none = PipeID(index: .max)

    package var isNone: Bool { index == .max }
}

/// One finished step of one operation.
package struct Completion: Sendable, BitwiseCopyable {
    package let operation: Operation
    /// Further completions of the same operation follow; when false it is over.
    package let more: Bool
    /// The tag given with the socket; for `accept` and `listenerClose`, the listener's index.
    package fileprivate(set) var owner: UInt32
    /// A count, a descriptor or 0; negative: an errno value (`-ECONNRESET`, …).
    package let result: Int32
    /// The lent buffer of a `receive` with `result` > 0; the receiver must give it back.
    package let buffer: BufferID

    package init(
        _ operation: Operation, owner: UInt32, result: Int32, more: Bool = false,
        buffer: BufferID = .none
    ) {
        self.operation = operation
        self.more = more
        self.owner = owner
        self.result = result
        self.buffer = buffer
    }
}

/// Completions of one turn, in the order in which they happened. Worker thread only.
@safe
package struct CompletionBatch: ~Copyable {
    private let storage: UnsafeMutablePointer<Completion>

    /// The most completions that one turn can hand over.
    package let capacity: Int
    package private(set) var count = 0

    package init(capacity: Int) {
        precondition(capacity >= 64)
        self.capacity = capacity
        unsafe storage = .allocate(capacity: capacity)
    }

    deinit {
        unsafe storage.deallocate()
    }

    package var isEmpty: Bool { count == 0 }

    /// Completions that still fit.
    package var room: Int { capacity - count }

    package subscript(position: Int) -> Completion {
        precondition(position >= 0 && position < count)
        return unsafe storage[position]
    }

    /// Whether the next one tells more of the same operation of the same socket.
    package func isContinued(at position: Int) -> Bool {
        precondition(position >= 0)
        guard position + 1 < count else { return false }
        let (this, next) = unsafe (storage + position, storage + position + 1)
        // Raw values: unspecialised, the comparison of the cases would be a call.
        return unsafe this.pointee.owner == next.pointee.owner
            && this.pointee.operation.rawValue == next.pointee.operation.rawValue
    }

    package mutating func append(_ completion: Completion) {
        precondition(count < capacity)
        unsafe storage[count] = completion
        count += 1
    }

    /// Gives completions from `position` on that belong to one owner to another one: for a socket
    /// whose owner changed after they were put here.
    package mutating func readdress(from position: Int, owner: UInt32, to newOwner: UInt32) {
        for index in position..<count where unsafe storage[index].owner == owner {
            unsafe storage[index].owner = newOwner
        }
    }

    package mutating func removeAll() {
        count = 0
    }
}
