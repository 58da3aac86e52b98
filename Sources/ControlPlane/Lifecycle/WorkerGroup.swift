// The running workers: started together, read together, ended together. The main thread starts and
// ends them; others may read their counters meanwhile.

internal import CLinux
internal import DataPlane

/// All worker threads of a service.
struct WorkerGroup: Sendable {
    private let threads: [WorkerThread]
    /// Signalled by every worker that ends or has something for the log.
    let attention: Descriptor

    /// Why a group could not be started.
    struct StartFailure: Error {
        /// Position of the worker that failed.
        let worker: Int
        let error: SystemError
    }

    /// Starts one thread per configuration. On failure the threads that had started are ended and
    /// joined, and the sockets of those that had not are closed.
    static func start(
        _ backend: Backend, _ configurations: [WorkerConfiguration], _ snapshot: SiteSnapshot,
        _ listeners: ListenerSet
    ) throws(StartFailure) -> WorkerGroup {
        var threads: [WorkerThread] = []
        var attention = Descriptor.none
        do throws(SystemError) {
            attention = Descriptor(raw: try SystemError.check(gyre_event_open()))
            for configuration in configurations {
                threads.append(
                    try WorkerThread.start(
                        backend: backend, configuration: configuration, snapshot: snapshot,
                        listeners: listeners.sockets(ofWorker: configuration.index),
                        attention: attention))
            }
        } catch {
            let failed = threads.count
            for thread in threads { thread.post(.terminate) }
            for thread in threads { thread.join() }
            listeners.close(fromWorker: failed)
            if attention.isOpen { attention.close() }
            throw StartFailure(worker: failed, error: error)
        }
        return WorkerGroup(threads: threads, attention: attention)
    }

    func post(_ requests: WorkerRequests) {
        for thread in threads { thread.post(requests) }
    }

    /// Takes what workers have for the log.
    func takeEvents() -> [WorkerEvent] {
        _ = gyre_event_drain(attention.raw)
        return threads.flatMap { $0.takeEvents() }
    }

    var finishedCount: Int { threads.count(where: \.hasFinished) }

    var hasFinished: Bool { finishedCount == threads.count }

    /// The counters of all workers, merged.
    var counters: CounterSet {
        threads.reduce(into: CounterSet()) { $0.add($1.counters) }
    }

    /// The counters of each worker.
    var countersOfEach: [CounterSet] { threads.map(\.counters) }

    /// Processor time of each worker so far; not after `join`.
    var processorTimesNs: [UInt64] { threads.map(\.processorTimeNs) }

    /// Waits for the ends of all threads.
    func join() {
        for thread in threads { thread.join() }
        attention.close()
    }
}
