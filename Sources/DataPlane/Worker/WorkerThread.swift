// Starts workers and keeps what other threads need of them. The choice of backend is made here,
// once: below this switch everything is specialised for one reactor.

internal import CLinux
internal import Synchronization

/// A running worker as other threads see it.
package final class WorkerThread: Sendable {
    private let thread: UInt64
    private let mailbox: Mailbox
    private let published: PublishedCounters
    /// What each listener and endpoint has on this worker.
    package let gauges: SiteGauges
    private let events: WorkerEvents
    /// What it counts by listener, route, upstream and endpoint, and its histograms.
    package let metrics: WorkerMetrics
    /// What it tells of what somebody watches.
    package let trace: TraceRing
    private let state: WorkerState

    private init(
        thread: UInt64, mailbox: Mailbox, published: PublishedCounters, gauges: SiteGauges,
        events: WorkerEvents, metrics: WorkerMetrics, trace: TraceRing, state: WorkerState
    ) {
        self.thread = thread
        self.mailbox = mailbox
        self.published = published
        self.gauges = gauges
        self.events = events
        self.metrics = metrics
        self.trace = trace
        self.state = state
    }

    /// Makes a worker and starts its thread.
    ///
    /// - Parameters:
    ///   - snapshot: what it serves.
    ///   - listeners: sockets of listeners in the snapshot; taken over.
    ///   - health: of the endpoints in the snapshot.
    ///   - breakers: of the upstreams in the snapshot.
    ///   - gauges: of all workers, in their order.
    ///   - access: where it tells of exchanges and flows that ended; `nil` for nowhere.
    ///   - filter: what is traced, of all workers.
    ///   - attention: an eventfd that is signalled when the thread has ended or has something for
    ///     the log; kept open meanwhile.
    /// - Throws: when the kernel refuses the reactor or the thread; the listeners stay open then.
    package static func start(
        backend: Backend, configuration: WorkerConfiguration, snapshot: SiteSnapshot,
        listeners: [WorkerListener], health: EndpointHealth, breakers: CircuitBreakers,
        gauges: [SiteGauges], access: AccessRing? = nil, filter: TraceFilter,
        attention: Descriptor
    ) throws(SystemError) -> WorkerThread {
        let sockets =
            backend == .ioUring
            ? Worker<IOUringReactor>.socketsNeeded(for: configuration)
            : Worker<EpollReactor>.socketsNeeded(for: configuration)
        let mailbox = try Mailbox()
        let published = PublishedCounters()
        let events = WorkerEvents(reader: attention)
        let metrics = WorkerMetrics()
        let trace = TraceRing()
        let state = WorkerState(attention: attention, processor: configuration.processor)
        let worker: RunnableWorker
        switch backend {
        case .ioUring:
            let reactor = try IOUringReactor(
                features: RingProbe.report.detected, socketsMax: sockets,
                buffersMax: configuration.buffersMax, pipesMax: configuration.pipesMax,
                waits: configuration.waits, isDirect: configuration.filesMax != nil)
            worker = .ioUring(
                Worker(
                    reactor: reactor, configuration: configuration, snapshot: snapshot,
                    listeners: listeners, health: health, breakers: breakers, mailbox: mailbox,
                    published: published, gauges: gauges, events: events, metrics: metrics,
                    access: access, trace: trace, filter: filter))
        case .epoll:
            let reactor = try EpollReactor(
                socketsMax: sockets, buffersMax: configuration.buffersMax,
                pipesMax: configuration.pipesMax, waits: configuration.waits)
            worker = .epoll(
                Worker(
                    reactor: reactor, configuration: configuration, snapshot: snapshot,
                    listeners: listeners, health: health, breakers: breakers, mailbox: mailbox,
                    published: published, gauges: gauges, events: events, metrics: metrics,
                    access: access, trace: trace, filter: filter))
        }
        let body = WorkerBody(worker, state)
        let thread = try body.startThread(name: "gyre-\(configuration.index)")
        return WorkerThread(
            thread: thread, mailbox: mailbox, published: published,
            gauges: gauges[configuration.index], events: events, metrics: metrics,
            trace: trace, state: state)
    }

    /// Asks the worker for something.
    package func post(_ requests: WorkerRequests) { mailbox.post(requests) }

    /// Has the worker serve something else.
    package func post(_ change: WorkerChange) { mailbox.post(change) }

    /// Changes that the worker has made so far.
    package var changesApplied: UInt64 { mailbox.changesApplied }

    /// What the worker has counted so far.
    package var counters: CounterSet { published.snapshot() }

    /// What happened since the last call. One reader.
    package func takeEvents() -> [WorkerEvent] { events.take() }

    /// Processor time of the worker's thread in nanoseconds; not after `join`.
    package var processorTimeNs: UInt64 { gyre_thread_cpu_ns(thread) }

    /// Whether the worker has come to its end.
    package var hasFinished: Bool { state.hasFinished.load(ordering: .acquiring) }

    /// Waits for the thread's end. Once only.
    package func join() { _ = gyre_thread_join(thread) }
}

/// What the thread tells others at its end.
private final class WorkerState: Sendable {
    let hasFinished = Atomic<Bool>(false)
    let attention: Descriptor
    let processor: Int?

    init(attention: Descriptor, processor: Int?) {
        self.attention = attention
        self.processor = processor
    }
}

/// A worker of either backend. An enumeration and not a generic class: methods of generic classes
/// are not specialised, and everything below one would go through witness tables.
private enum RunnableWorker: ~Copyable {
    case ioUring(Worker<IOUringReactor>)
    case epoll(Worker<EpollReactor>)

    consuming func run() {
        switch consume self {
        case .ioUring(var worker): worker.run()
        case .epoll(var worker): worker.run()
        }
    }
}

/// What the thread runs: the way of a worker through C's plain pointer.
private final class WorkerBody {
    private var worker: RunnableWorker?
    private let state: WorkerState

    init(_ worker: consuming RunnableWorker, _ state: WorkerState) {
        self.worker = consume worker
        self.state = state
    }

    func startThread(name: String) throws(SystemError) -> UInt64 {
        var thread: UInt64 = 0
        let context = unsafe Unmanaged.passRetained(self)
        let result = unsafe gyre_thread_start(
            &thread, name,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<WorkerBody>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        if result < 0 {
            unsafe context.release()
            throw SystemError(code: -result)
        }
        return thread
    }

    private func run() {
        // Without the pin it works the same, only less evenly.
        if let processor = state.processor { _ = gyre_thread_pin(Int32(processor)) }
        // The ring ends with its worker, on its own thread, before anybody is told.
        worker.take()?.run()
        state.hasFinished.store(true, ordering: .releasing)
        _ = gyre_event_signal(state.attention.raw)
    }
}
