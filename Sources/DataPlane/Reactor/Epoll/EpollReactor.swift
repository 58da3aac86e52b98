// The epoll implementation of the reactor: readiness turned into completions. Sockets are
// registered once, edge-triggered, and never modified; what is ready is remembered as bits, a short
// read says that a socket is dry without another call, and a socket takes a buffer only when bytes
// wait in it. This file holds the state and the turn; +Sockets and +Listeners are the submit side,
// +Attempts tries what was asked for. Made on any thread, then used by one.

internal import CLinux
internal import Protocols
internal import Glibc

/// What is asked of a socket.
struct EpollWants: OptionSet, BitwiseCopyable {
    let rawValue: UInt16

    static let receive = EpollWants(rawValue: 1 << 0)
    static let send = EpollWants(rawValue: 1 << 1)
    static let readable = EpollWants(rawValue: 1 << 2)
    static let writable = EpollWants(rawValue: 1 << 3)
    static let hangup = EpollWants(rawValue: 1 << 4)
    static let connect = EpollWants(rawValue: 1 << 5)
    static let close = EpollWants(rawValue: 1 << 6)
    /// The send is the last one: the socket closes when it is through.
    static let closeAfterSend = EpollWants(rawValue: 1 << 7)
    /// The end of the stream follows the send: its last bytes may wait for it.
    static let endsAfterSend = EpollWants(rawValue: 1 << 8)
}

/// What is known of a socket.
struct EpollState: OptionSet, BitwiseCopyable {
    let rawValue: UInt8

    static let readable = EpollState(rawValue: 1 << 0)
    static let writable = EpollState(rawValue: 1 << 1)
    /// The peer finished or failed: a short read does not mean that nothing follows.
    static let ended = EpollState(rawValue: 1 << 2)
    /// An error or a hang-up was reported.
    static let failed = EpollState(rawValue: 1 << 3)
    /// On the list of sockets to try.
    static let queued = EpollState(rawValue: 1 << 4)
    /// On the list of sockets that wait for a buffer.
    static let starved = EpollState(rawValue: 1 << 5)
}

/// A socket's slot.
struct EpollSocket: BitwiseCopyable {
    let descriptor: Descriptor
    var owner: UInt32
    var wants: EpollWants = []
    var state: EpollState = []
    /// Bytes the armed receive may still deliver.
    var credit: UInt32 = 0
    /// How a connect that finished at once came out.
    var connectResult: Int32 = 0
    /// All bytes of the send under way, as they will be reported.
    var sendBytes: UInt32 = 0
    /// What the send under way still has to send.
    var sending = BufferChain()
}

/// A listener's slot.
struct EpollListener: BitwiseCopyable {
    let descriptor: Descriptor
    var isReady = false
    var isRemoved = false
}

/// A reactor on one epoll instance.
@safe
package struct EpollReactor: ~Copyable, Reactor {
    private let pinned = Pinned()
    typealias Socket = SlabIndex<EpollSocket>

    static let listenersMax = SiteLimits.socketsMax
    static let eventsMax = 256
    /// Turns that may go by without a look at new events while queued work keeps coming.
    private static let turnsWithoutWaitMax = 8
    /// Room that one attempt on one socket may need in the batch.
    static let attemptRoom = 16

    package let buffers: BufferPool
    package var counters = CounterSet()
    package internal(set) var nowNs: UInt64

    package var clockNs: UInt64 { MonotonicClock.nowNs }

    let epoll: Descriptor
    let events: UnsafeMutablePointer<gyre_epoll_event>
    let segments: UnsafeMutablePointer<iovec>
    var sockets: Slab<EpollSocket>
    var listeners: Slab<EpollListener>
    /// Sockets with something to try.
    var queue: SlotQueue<EpollSocket>
    /// Sockets whose receive found no free buffer.
    var starved: SlotQueue<EpollSocket>
    var pipes: PipePool
    var acceptCredit = 0
    /// Listeners that are ready while there is credit, or were removed.
    var listenersHaveWork = false
    var wakeDescriptor = Descriptor.none
    private let waits: WaitPolicy
    private var turnsWithoutWait = 0

    /// - Parameters:
    ///   - socketsMax: sockets at once.
    ///   - buffersMax: receive buffers at once.
    ///   - pipesMax: pipes kept for spliced relaying.
    ///   - waits: how a turn waits; always for the first event.
    /// - Throws: when the kernel has no descriptor left.
    package init(
        socketsMax: Int, buffersMax: Int, pipesMax: Int, waits: WaitPolicy = WaitPolicy()
    ) throws(SystemError) {
        self.waits = waits
        epoll = Descriptor(raw: try SystemError.check(gyre_epoll_open()))
        unsafe events = .allocate(capacity: Self.eventsMax)
        unsafe segments = .allocate(capacity: sendBuffersMax)
        buffers = BufferPool(capacity: buffersMax)
        sockets = Slab(capacity: socketsMax)
        listeners = Slab(capacity: Self.listenersMax)
        queue = SlotQueue(capacity: socketsMax)
        starved = SlotQueue(capacity: socketsMax)
        pipes = PipePool(capacity: pipesMax)
        nowNs = MonotonicClock.nowNs
    }

    deinit {
        _ = gyre_close(epoll.raw)
        unsafe events.deallocate()
        unsafe segments.deallocate()
        buffers.destroy()
    }

    package var lentBuffers: Int { buffers.usedCount }

    package var hasQueuedWork: Bool { !queue.isEmpty || listenersHaveWork }

    package mutating func turn(deadlineNs: UInt64?, into batch: inout CompletionBatch) {
        counters[.turns] &+= 1
        let hadQueuedWork = hasQueuedWork
        if listenersHaveWork { serveListeners(into: &batch) }
        if !starved.isEmpty { feedStarved() }
        runQueue(into: &batch)
        turnsWithoutWait += 1
        if batch.isEmpty && !hadQueuedWork && !hasQueuedWork {
            wait(deadlineNs: deadlineNs, into: &batch)
        } else if turnsWithoutWait > Self.turnsWithoutWaitMax {
            wait(deadlineNs: 0, into: &batch)
        }
        counters[.completions] &+= UInt64(batch.count)
    }

    /// Tries the sockets that had something to try when the turn began.
    private mutating func runQueue(into batch: inout CompletionBatch) {
        var left = queue.count
        while left > 0, batch.room > Self.attemptRoom, let index = queue.popFirst() {
            left -= 1
            guard sockets.contains(index) else { continue }
            sockets[index].state.remove(.queued)
            attempt(index, into: &batch)
        }
    }

    private mutating func feedStarved() {
        var left = min(starved.count, buffers.freeCount)
        while left > 0, let index = starved.popFirst() {
            left -= 1
            guard sockets.contains(index) else { continue }
            sockets[index].state.remove(.starved)
            enqueue(index)
        }
    }

    private mutating func wait(deadlineNs: UInt64?, into batch: inout CompletionBatch) {
        turnsWithoutWait = 0
        var count: Int32 = 0
        if waits.isBusy {
            let endNs = waits.busyEndNs(nowNs: nowNs, deadlineNs: deadlineNs)
            repeat { count = poll(timeoutNs: 0) } while count == 0 && nowNs < endNs
        }
        if count == 0 {
            var timeoutNs: Int64 = -1
            if let deadlineNs {
                timeoutNs = deadlineNs > nowNs ? Int64(clamping: deadlineNs - nowNs) : 0
            }
            count = poll(timeoutNs: timeoutNs)
        }
        precondition(count >= 0 || count == -EINTR, "epoll_wait failed for good")
        for position in 0..<Int(max(count, 0)) {
            let event = unsafe events[position]
            note(event.events, CompletionToken(raw: event.token), into: &batch)
        }
    }

    private mutating func poll(timeoutNs: Int64) -> Int32 {
        counters[.epollWait] &+= 1
        let count = unsafe gyre_epoll_wait(epoll.raw, events, Int32(Self.eventsMax), timeoutNs)
        nowNs = MonotonicClock.nowNs
        return count
    }

    /// Remembers what an event says and tries what waited for it.
    private mutating func note(
        _ events: UInt32, _ token: CompletionToken, into batch: inout CompletionBatch
    ) {
        switch token.operation {
        case .wake:
            counters[.event] &+= 1
            _ = gyre_event_drain(wakeDescriptor.raw)
            batch.append(Completion(.wake, owner: 0, result: 0))
        case .accept:
            listeners[slot: token.slot].isReady = true
            listenersHaveWork = true
            if batch.room > Self.attemptRoom { serveListeners(into: &batch) }
        default:
            let index = Socket(slot: token.slot, generation: token.generation)
            guard sockets.contains(index) else { return }
            sockets[index].state.formUnion(EpollState(events: events))
            if batch.room > Self.attemptRoom {
                attempt(index, into: &batch)
            } else {
                enqueue(index)
            }
        }
    }

    /// Puts a socket on the list of those to try, once.
    mutating func enqueue(_ index: Socket) {
        guard !sockets[index].state.contains(.queued) else { return }
        sockets[index].state.insert(.queued)
        queue.append(index, of: sockets)
    }

    func index(_ socket: SocketID) -> Socket {
        Socket(slot: socket.slot, generation: socket.generation)
    }
}

extension EpollState {
    /// What epoll's event bits say about a socket (epoll_ctl(2)).
    init(events: UInt32) {
        self = []
        let failure = EPOLLERR.rawValue | EPOLLHUP.rawValue
        let end = EPOLLRDHUP.rawValue | failure
        if events & (EPOLLIN.rawValue | end) != 0 { insert(.readable) }
        if events & (EPOLLOUT.rawValue | failure) != 0 { insert(.writable) }
        if events & end != 0 { insert(.ended) }
        if events & failure != 0 { insert(.failed) }
    }
}
