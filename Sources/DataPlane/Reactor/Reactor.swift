// The I/O contract between a worker and the kernel, in completion style. Three implementations
// keep it: IOUringReactor, EpollReactor and, in the tests, SimulatedReactor. One conformance suite
// runs on all of them; what it checks is written here.
//
//  1. Every armed operation has exactly one final completion; `more` marks the others.
//  2. Nothing completes inside a submit call. Completions come out of `turn` only.
//  3. At most one send (or `awaitWritable`, or ring splice out) per socket is in flight; a send
//     completes when all its bytes are taken or it failed. Likewise one reading operation.
//  4. A receive has a credit in bytes. Used up, it ends by itself: this is the back-pressure. It
//     may end when less than one buffer of the credit is left, and a credit of less than one buffer
//     counts as one: it delivers at most `max(credit, BufferPool.bufferBytes)`.
//  5. Receive buffers are lent with the completion and given back by `release` or by the send that
//     consumed them. An idle socket holds none. When none is free the receive waits, unseen.
//  6. After `close` one `close` completion stands for everything that was still armed on the
//     socket; nothing else about it is delivered, and only then is its slot used again.
//
// Worker thread only, from creation to the end, except where a member says otherwise.

internal import Glibc
package import Protocols

/// Why a socket could not be had.
package enum SocketFailure: Error, Equatable {
    /// The reactor's table is full.
    case tableFull
    /// The kernel refused; a positive errno value.
    case system(Int32)

    /// The errno value; 0 when the kernel had no part in it.
    var code: Int32 {
        switch self {
        case .tableFull: 0
        case .system(let code): code
        }
    }

    /// Whether the worker, the process or the machine has run out of something that others give
    /// back.
    var isShortage: Bool {
        self == .tableFull || [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code)
    }
}

/// A completion-style I/O backend for one worker.
package protocol Reactor: ~Copyable {
    /// The pool whose buffers `receive` lends and `send` gives back.
    var buffers: BufferPool { get }

    /// Buffers that are out with the engine or with a send: 0 when nothing is on its way.
    var lentBuffers: Int { get }

    /// Exact counts of what this worker did; engines add their own.
    var counters: CounterSet { get set }

    /// The clock as of the last turn, in nanoseconds.
    var nowNs: UInt64 { get }

    /// The same clock, read anew.
    var clockNs: UInt64 { get }

    /// Whether the next turn has something to try; such a turn does not wait, also when nothing
    /// comes of what it tries. So whoever sees false has seen the state that the wait begins with.
    var hasQueuedWork: Bool { get }

    /// Takes over a listening, non-blocking socket. Accepts nothing until `setAcceptCredit`.
    mutating func addListener(_ descriptor: Descriptor) -> ListenerID

    /// Says how many connections may be accepted from now on, over all listeners together; each
    /// accepted one uses up one. 0 pauses accepting: further clients wait in the kernel's queue. A
    /// failed `accept` does not end accepting; who wants a pause after it sets the credit to 0.
    /// With several listeners up to one connection per listener beyond the first may come on top.
    mutating func setAcceptCredit(_ connections: Int)

    /// Ends a listener: what its queue still holds is accepted while credit lasts, then it is
    /// closed and a `listenerClose` completion reports it.
    mutating func removeListener(_ listener: ListenerID)

    /// Takes over a connected, non-blocking socket.
    ///
    /// - Parameters:
    ///   - descriptor: what an `accept` completion brought. Closed by this reactor from here on,
    ///     also when this call fails.
    ///   - owner: comes back with every completion of the socket.
    mutating func adopt(_ descriptor: Descriptor, owner: UInt32) throws(SocketFailure) -> SocketID

    /// Opens a socket and starts to connect it; a `connect` completion reports the outcome.
    mutating func connect(to address: AddressReference, owner: UInt32)
        throws(SocketFailure) -> SocketID

    /// Changes the owner that comes back with a socket's completions, from the next turn on.
    mutating func setOwner(_ socket: SocketID, _ owner: UInt32)

    /// Where an accepted socket's peer is; all zero for a Unix socket. `nil` when the peer has gone
    /// already and a reactor must ask the kernel now (getpeername(2)).
    mutating func peerAddress(of socket: SocketID) -> IPBytes?

    /// Both ends of an accepted socket, from its peer to here; `nil` for a Unix socket, when the
    /// peer has gone, and when the socket is in the ring's file table: nobody can ask such a one.
    mutating func addresses(of socket: SocketID) -> ProxyAddresses?

    /// Arms a receive of at most `credit` bytes; a final completion has `more` false.
    ///
    /// - Parameter credit: at least 1 byte.
    mutating func receive(_ socket: SocketID, credit: UInt32)

    /// Sends all bytes of a chain, in order, then gives its buffers back.
    ///
    /// - Parameters:
    ///   - chain: not empty, at most `sendBuffersMax` buffers.
    ///   - isAwaited: whether the caller can go on only when it is done. If not, a reactor may keep
    ///     the completion until there is something else to tell.
    ///   - endsNext: whether the caller, which awaits it, answers its completion with
    ///     `shutdownWrite` or `close`, before the next turn: until then the last bytes may be held
    ///     back, to go out together with the end of the stream.
    mutating func send(
        _ socket: SocketID, _ chain: BufferChain, isAwaited: Bool, endsNext: Bool)

    /// Sends all bytes of a chain, then closes the socket: the end of the stream goes out with the
    /// last of them, not behind them. What is armed on the socket is cancelled; nothing but one
    /// `close` completion comes of it. A `close` meanwhile cuts it short.
    ///
    /// - Parameter chain: as for `send`; no send may be in flight.
    mutating func sendLast(_ socket: SocketID, _ chain: BufferChain)

    /// Completes once (`readable`) when the socket has bytes, an end of stream or an error.
    mutating func awaitReadable(_ socket: SocketID)

    /// Completes once (`writable`) when the socket takes bytes again, or has an error.
    mutating func awaitWritable(_ socket: SocketID)

    /// Completes once (`hangup`) if the peer resets the connection, or when both directions are
    /// shut down: for a socket whose stream has ended, so that nothing else would tell. May never
    /// complete.
    mutating func awaitHangup(_ socket: SocketID)

    /// Borrows a pipe from the bounded pool; `nil` when all are out or the kernel has no more.
    mutating func takePipe() -> PipeID?

    /// Gives an empty pipe back to the pool.
    ///
    /// - Parameter isEmpty: false when bytes are left in it: it is closed instead.
    mutating func returnPipe(_ pipe: PipeID, isEmpty: Bool)

    /// Whether `spliceIn` and `spliceOut` can be used.
    var hasDirectSplice: Bool { get }

    /// Moves bytes from the socket into the pipe now, without waiting (splice(2)).
    ///
    /// - Returns: bytes moved, 0 at the end of the stream, or a negative errno value; `-EAGAIN`
    ///   means that the socket is dry or the pipe full.
    mutating func spliceIn(_ socket: SocketID, to pipe: PipeID, length: Int) -> Int

    /// Moves bytes from the pipe into the socket now, without waiting (splice(2)).
    mutating func spliceOut(_ pipe: PipeID, to socket: SocketID, length: Int) -> Int

    /// Whether `submitSpliceIn` and `submitSpliceOut` can be used.
    var hasRingSplice: Bool { get }

    /// Like `spliceIn`, but through the ring (IORING_OP_SPLICE); a `spliceIn` completion tells.
    mutating func submitSpliceIn(_ socket: SocketID, to pipe: PipeID, length: Int)

    /// Like `spliceOut`, but through the ring: a `spliceOut` completion tells.
    mutating func submitSpliceOut(_ pipe: PipeID, to socket: SocketID, length: Int)

    /// Tells the peer that no more bytes follow (shutdown(2), SHUT_WR); receiving goes on.
    mutating func shutdownWrite(_ socket: SocketID)

    /// Closes the socket; what is armed on it is cancelled.
    ///
    /// - Parameter reset: the peer gets a reset instead of an orderly end.
    mutating func close(_ socket: SocketID, reset: Bool)

    /// Lets other threads end this worker's wait through `descriptor` (an eventfd); each such call
    /// comes out as a `wake` completion.
    mutating func armWake(_ descriptor: Descriptor)

    /// Submits everything, waits once until something happened or `deadlineNs` passed, and puts
    /// what completed into `batch`. It may return early and empty (a signal, an event that
    /// completed nothing).
    ///
    /// - Parameters:
    ///   - deadlineNs: on the clock of `nowNs`; `nil` waits without end. A past one only polls.
    ///   - batch: empty on entry.
    mutating func turn(deadlineNs: UInt64?, into batch: inout CompletionBatch)
}

/// The longest accept queue a listener should have: one multishot accept takes all of it at once,
/// so an io_uring worker leaves that way of accepting when less credit than this is left.
package let acceptQueueMax = 4096

/// The most buffers one `send` takes: what fits the fixed scatter list of a message header.
package let sendBuffersMax = 16
