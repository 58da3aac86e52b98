// The 64-bit value that names what a completion belongs to: the only thing the kernel gives back.

/// What a completion is about.
package enum Operation: UInt8, Sendable, BitwiseCopyable {
    /// A listener accepted a connection (`result` is the new descriptor) or could not.
    case accept = 1
    /// An outgoing connection was established (`result` 0) or failed.
    case connect
    /// Bytes arrived (`result` > 0, in `buffer`), the peer finished sending (0), or it failed.
    case receive
    /// All bytes of a send were taken (`result` is their number), or it failed.
    case send
    /// The socket can be read from: bytes, end of stream or an error wait in it.
    case readable
    /// The socket can be written to.
    case writable
    /// The peer reset the connection while nothing was being received from it.
    case hangup
    /// A splice through the ring out of a socket moved `result` bytes, found the end (0) or failed.
    case spliceIn
    /// A splice through the ring into a socket moved `result` bytes, or failed.
    case spliceOut
    /// Nothing refers to the socket any more; its slot is free.
    case close
    /// A removed listener is closed; the owner is its index.
    case listenerClose
    /// Another thread called the worker.
    case wake
    /// A cancellation ran; never leaves the reactor, nor do those that follow.
    case cancel
    /// A socket was made in the file table, or an option of it set.
    case setUp
    /// A file of the table got a descriptor of the process besides.
    case install

    /// Whether a close must cancel it while it is under way; the others end by themselves.
    var isCancellable: Bool { rawValue < Operation.cancel.rawValue && self != .close }

    /// Its place in a set of operations.
    var bit: UInt16 { 1 << UInt16(rawValue) }
}

/// Packs an operation, a slot and the slot's generation: `operation:8 | generation:24 | slot:32`.
struct CompletionToken: Equatable {
    let raw: UInt64

    init(raw: UInt64) {
        self.raw = raw
    }

    init(_ operation: Operation, slot: UInt32, generation: UInt32) {
        raw =
            UInt64(operation.rawValue) << 56 | UInt64(generation & generationMask) << 32
            | UInt64(slot)
    }

    /// `nil` when the bits are not a token that was made here.
    var operation: Operation? { Operation(rawValue: UInt8(truncatingIfNeeded: raw >> 56)) }

    var generation: UInt32 { UInt32(truncatingIfNeeded: raw >> 32) & generationMask }

    var slot: UInt32 { UInt32(truncatingIfNeeded: raw) }
}
