// The io_uring implementation of the reactor: everything is prepared into the submission queue and
// one enter per turn submits, runs completions and waits. This file holds the state and the turn;
// +Sockets and +Listeners prepare requests, +Direct those that only the file table needs,
// +Completions reads what came of them.
// Made on any thread; the first turn makes the calling thread its owner.

internal import CLiburing
internal import CLinux
internal import Protocols

/// A socket's slot.
struct IOUringSocket: BitwiseCopyable {
    /// With a file table, its slot there.
    let descriptor: Descriptor
    var owner: UInt32
    /// Bytes the armed receive may still deliver.
    var credit: UInt32 = 0
    /// Requests whose final completion is outstanding.
    var inFlight: UInt16 = 0
    /// The operations among them that a close must cancel, as bits `1 << rawValue`.
    var armed: UInt16 = 0
    var isReceiving = false
    var isClosing = false
    /// It closes when the send in flight is through.
    var isSendingLast = false
    /// The peer's reset has been reported.
    var hasHungUp = false
    /// The last receive left bytes in the socket: the next one need not poll first.
    var hasMoreBytes = false
    /// Why the socket could not be made, as an errno value: its connect will say so.
    var setUpError: UInt8 = 0
    /// All bytes of the send in flight, as they will be reported.
    var sendBytes: UInt32 = 0
    /// What the send in flight still has to send.
    var sending = BufferChain()
}

/// A listener's slot.
struct IOUringListener: BitwiseCopyable {
    let descriptor: Descriptor
    /// Accept requests in flight.
    var armed: UInt16 = 0
    var isMultishot = false
    /// A cancellation of the accepts is under way; nothing is armed until it is through.
    var isCancelling = false
    var isRemoved = false
}

/// A reactor on one io_uring (kernel 6.1 or newer).
@safe
package struct IOUringReactor: ~Copyable, Reactor {
    private let pinned = Pinned()
    typealias Socket = SlabIndex<IOUringSocket>

    /// Submission entries of one ring; the completion queue has eight times as many.
    static let entries: UInt32 = 512
    /// How long a turn waits for more than the completions that are due at once anyway. It costs
    /// latency only when a send did not finish at once, and then `blockedWaitUs` takes over.
    static let settledWaitUs: UInt32 = 250
    static let blockedWaitUs: UInt32 = 25
    static let blockedTurnsMax = 64
    static let listenersMax = SiteLimits.socketsMax

    let features: RingFeatures
    /// What every entry says that names a socket: where the number is to be looked up.
    let fileFlags: UInt8
    package let buffers: BufferPool
    package var counters = CounterSet()
    package internal(set) var nowNs: UInt64

    package var clockNs: UInt64 { MonotonicClock.nowNs }

    var ring: Ring
    var bufferRing: BufferRing
    var files: FileTable
    var sockets: Slab<IOUringSocket>
    var listeners: Slab<IOUringListener>
    var starved: SlotQueue<IOUringSocket>
    var pipes: PipePool
    var scatterLists: ScatterLists
    var acceptCredit = 0
    var acceptsNeedArming = false
    /// Listeners that were removed and have nothing in flight any more.
    var listenersToClose = 0
    var wakeDescriptor = Descriptor.none
    /// Completions that the requests of this turn will yield without anything else happening.
    var expectedAtOnce: UInt32 = 0
    /// Sends whose completion is outstanding.
    var sendsInFlight: UInt32 = 0
    /// Turns for which sends are taken not to finish at once, because some did not.
    private var blockedTurns = 0
    private let waits: WaitPolicy
    private var pace: WorkPace
    private var isEnabled = false

    /// - Parameters:
    ///   - features: what may be used of the kernel; `RingProbe.report.detected` on the real one.
    ///   - socketsMax: sockets at once.
    ///   - buffersMax: receive buffers at once, published ones included.
    ///   - pipesMax: pipes kept for spliced relaying.
    ///   - waits: how a turn waits.
    ///   - isDirect: sockets live in a file table with `socketsMax` slots; for kernels with the
    ///     feature `directDescriptors`.
    /// - Throws: when the kernel refuses the ring or its buffers.
    package init(
        features: RingFeatures, socketsMax: Int, buffersMax: Int, pipesMax: Int,
        waits: WaitPolicy = WaitPolicy(), isDirect: Bool = false
    ) throws(SystemError) {
        let ring = try Ring(
            entries: Self.entries, completionsPerEntry: 8, tellsOfWork: waits.isBusy)
        let files = try FileTable(ring: ring, capacity: isDirect ? socketsMax : 0)
        let pool = BufferPool(capacity: buffersMax)
        let bufferRing: BufferRing
        do {
            bufferRing = try BufferRing(ring: ring, pool: pool)
        } catch {
            pool.destroy()
            throw error
        }
        scatterLists = ScatterLists(count: Int(ring.entries))
        self.ring = ring
        self.files = files
        fileFlags = isDirect ? GYRE_SQE_FIXED_FILE : 0
        self.bufferRing = bufferRing
        buffers = pool
        self.features = features
        sockets = Slab(capacity: socketsMax)
        listeners = Slab(capacity: Self.listenersMax)
        starved = SlotQueue(capacity: socketsMax)
        pipes = PipePool(capacity: pipesMax)
        nowNs = MonotonicClock.nowNs
        self.waits = waits
        pace = WorkPace(waits, nowNs: nowNs)
    }

    deinit {
        buffers.destroy()
    }

    package var lentBuffers: Int { buffers.usedCount - bufferRing.publishedCount }

    /// The ring tries everything during the enter that also waits.
    package var hasQueuedWork: Bool { false }

    package mutating func turn(deadlineNs: UInt64?, into batch: inout CompletionBatch) {
        if !isEnabled {
            ring.enable(noIOWait: features.contains(.noIOWait))
            isEnabled = true
        }
        bufferRing.refill()
        if !starved.isEmpty { feedStarved() }
        if acceptsNeedArming { armAccepts() }
        if listenersToClose > 0 { closeRemovedListeners(into: &batch) }

        let canWait = batch.isEmpty && ring.completionCount == 0
        let expected = expectedAtOnce
        if !(canWait && waits.isBusy && hasNews(within: deadlineNs)) {
            enter(deadlineNs: deadlineNs, canWait: canWait)
        }
        expectedAtOnce = 0
        counters[.turns] &+= 1
        nowNs = MonotonicClock.nowNs

        let count = min(ring.completionCount, UInt32(batch.room))
        for position in 0..<count {
            handle(ring.completion(position), into: &batch)
        }
        ring.consume(count)
        pace.note(news: count - min(expected, count), nowNs: nowNs)
        if pace.wantsProcessorTime(nowNs: nowNs) {
            counters[.clock] &+= 1
            pace.note(processorTimeNs: gyre_own_cpu_ns(), nowNs: nowNs)
        }
        counters[.completions] &+= UInt64(count)
        counters[.queueOverflows] = UInt64(ring.overflowCount)
        bufferRing.narrowIfIdle()
        blockedTurns = sendsInFlight > 0 ? Self.blockedTurnsMax : max(blockedTurns - 1, 0)
    }

    /// Sends that finish at once, closes and cancellations post their completions during the
    /// submission. Waiting for one more than those lets the turn end at the first thing that
    /// is news, instead of spending a turn on what was known.
    private mutating func enter(deadlineNs: UInt64?, canWait: Bool) {
        var wanted: UInt32 = 0
        var timeoutNs: Int64 = 0
        var minimumWaitUs: UInt32 = 0
        if canWait {
            wanted = 1
            timeoutNs = remaining(until: deadlineNs)
            let batch = pace.batch(sockets: sockets.count)
            let due = expectedAtOnce + batch
            if due > 1 && pace.gathers && features.contains(.minimumWait) && timeoutNs != 0 {
                wanted = min(due, Self.entries)
                minimumWaitUs =
                    batch > 1
                    ? pace.waitUs
                    : blockedTurns > 0 ? Self.blockedWaitUs : Self.settledWaitUs
            }
        }
        enter(wanted: wanted, timeoutNs: timeoutNs, minimumWaitUs: minimumWaitUs)
    }

    private mutating func enter(wanted: UInt32, timeoutNs: Int64, minimumWaitUs: UInt32) {
        assert(wanted <= 1 || minimumWaitUs > 0, "several may never come")
        counters[.enter] &+= 1
        let result = ring.enter(
            wanted: wanted, timeoutNs: timeoutNs, minimumWaitUs: minimumWaitUs)
        switch -result {
        case EINTR, ETIME, EAGAIN, EBUSY, ENOMEM: break  // reap what there is, then go on
        default: precondition(result >= 0, "io_uring_enter failed for good")
        }
    }

    /// Submits, then watches the ring in user space for as long as the policy says: no sleep, no
    /// wake-up, and no crossing until the kernel has something to run.
    ///
    /// - Returns: whether something completed that was not due at once anyway.
    private mutating func hasNews(within deadlineNs: UInt64?) -> Bool {
        guard remaining(until: deadlineNs) != 0 else { return false }
        if ring.hasUnsubmitted { enter(wanted: 0, timeoutNs: 0, minimumWaitUs: 0) }
        guard ring.completionCount <= expectedAtOnce else { return true }
        let endNs = waits.busyEndNs(nowNs: MonotonicClock.nowNs, deadlineNs: deadlineNs)
        repeat {
            if ring.hasWork(beyond: expectedAtOnce) {
                enter(wanted: 0, timeoutNs: 0, minimumWaitUs: 0)
                if ring.completionCount > expectedAtOnce { return true }
            }
        } while MonotonicClock.nowNs < endNs
        return false
    }

    private func remaining(until deadlineNs: UInt64?) -> Int64 {
        guard let deadlineNs else { return -1 }
        guard deadlineNs > nowNs else { return 0 }
        return Int64(clamping: deadlineNs - nowNs)
    }

    /// Starts receives again that found no buffer, as many as buffers are published.
    private mutating func feedStarved() {
        var feeds = min(bufferRing.publishedCount, starved.count)
        while feeds > 0, let index = starved.popFirst() {
            guard sockets.contains(index), !sockets[index].isClosing else { continue }
            prepareReceive(index)
            feeds -= 1
        }
    }

    /// Makes room for `count` entries that must be submitted together.
    mutating func reserve(_ count: UInt32) {
        guard !ring.hasRoom(for: count) else { return }
        counters[.enter] &+= 1
        // Completions that this runs stay in their queue until the turn reads them.
        while ring.enter(wanted: 0, timeoutNs: 0, minimumWaitUs: 0) < 0 || !ring.hasRoom(for: count)
        {
            counters[.enter] &+= 1
        }
    }
}
