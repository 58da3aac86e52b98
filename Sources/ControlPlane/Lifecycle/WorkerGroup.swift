// The running workers: started together, read together, ended together. Any thread may read and
// post; the main thread ends them.

internal import CLinux
internal import DataPlane

/// All worker threads of a service.
struct WorkerGroup: Sendable {
    private let threads: [WorkerThread]
    /// Signalled by every worker that ends or has something for the log.
    let attention: Descriptor
    /// What is traced.
    let traceFilter: TraceFilter

    /// Why a group could not be started.
    struct StartFailure: Error {
        /// Position of the worker that failed.
        let worker: Int
        let error: SystemError
    }

    /// Starts one thread per configuration. On failure the threads that had started are ended and
    /// joined, and the sockets of those that had not are closed.
    ///
    /// - Parameters:
    ///   - access: where workers tell of what ended, one for each; none for nowhere.
    ///   - attention: an eventfd; stays the caller's when this fails.
    static func start(
        _ backend: Backend, _ configurations: [WorkerConfiguration], _ snapshot: SiteSnapshot,
        _ listeners: ListenerSet, ids: [String: UInt32], _ health: EndpointHealth,
        _ breakers: CircuitBreakers, access: [AccessRing] = [], attention: Descriptor
    ) throws(StartFailure) -> WorkerGroup {
        var threads: [WorkerThread] = []
        let filter = TraceFilter()
        let gauges = configurations.map { _ in SiteGauges() }
        do throws(SystemError) {
            for configuration in configurations {
                threads.append(
                    try WorkerThread.start(
                        backend: backend, configuration: configuration, snapshot: snapshot,
                        listeners: ListenerSet.sockets(
                            listeners.listeners, ofWorker: configuration.index, ids: ids),
                        health: health, breakers: breakers, gauges: gauges,
                        access: access.isEmpty ? nil : access[configuration.index],
                        filter: filter,
                        attention: attention))
            }
        } catch {
            let failed = threads.count
            for thread in threads { thread.post(.terminate) }
            for thread in threads { thread.join() }
            listeners.close(fromWorker: failed)
            throw StartFailure(worker: failed, error: error)
        }
        return WorkerGroup(threads: threads, attention: attention, traceFilter: filter)
    }

    func post(_ requests: WorkerRequests) {
        for thread in threads { thread.post(requests) }
    }

    /// Has every worker serve something else.
    ///
    /// - Parameter change: for the worker at a position.
    func post(_ change: (Int) -> WorkerChange) {
        for (index, thread) in threads.enumerated() { thread.post(change(index)) }
    }

    /// Changes that all workers have made.
    var changesApplied: UInt64 { threads.map(\.changesApplied).min() ?? 0 }

    /// No worker has anything left that looks at what came with an earlier change.
    var oldestChange: UInt64 { UInt64(threads.map(\.gauges.oldestChange).min() ?? 0) }

    /// How many clients a listener has on all workers.
    func clients(ofListener id: UInt32) -> Int {
        threads.reduce(0) { $0 + $1.gauges.clients(ofListener: id) }
    }

    /// Requests and flows that go to an endpoint, from all workers.
    func inFlight(ofEndpoint id: UInt32) -> Int {
        threads.reduce(0) { $0 + $1.gauges.inFlight(ofEndpoint: id) }
    }

    /// HTTP connections to an endpoint, of all workers.
    func connections(ofEndpoint id: UInt32) -> Int {
        threads.reduce(0) { $0 + $1.gauges.connections(ofEndpoint: id) }
    }

    /// How many workers there are.
    var count: Int { threads.count }

    /// Takes what workers have for the log.
    func takeEvents() -> [WorkerEvent] {
        _ = gyre_event_drain(attention.raw)
        return threads.flatMap { $0.takeEvents() }
    }

    /// Takes what each worker has told of what is traced, up to a limit for each.
    func takeTraces(atMost limit: Int) -> [[TraceEvent]] {
        threads.map { $0.trace.take(atMost: limit) }
    }

    /// Events of traces that found no room, since the start.
    var tracesLost: UInt64 { threads.reduce(0) { $0 &+ $1.trace.lostCount } }

    var finishedCount: Int { threads.count(where: \.hasFinished) }

    var hasFinished: Bool { finishedCount == threads.count }

    /// The counters of all workers, merged.
    var counters: CounterSet {
        threads.reduce(into: CounterSet()) { $0.add($1.counters) }
    }

    /// The counters of each worker.
    var countersOfEach: [CounterSet] { threads.map(\.counters) }

    /// What each worker counts by names, and its histograms.
    var metrics: [WorkerMetrics] { threads.map(\.metrics) }

    /// Processor time of each worker so far; not after `join`.
    var processorTimesNs: [UInt64] { threads.map(\.processorTimeNs) }

    /// Waits for the ends of all threads.
    func join() {
        for thread in threads { thread.join() }
        attention.close()
    }
}
