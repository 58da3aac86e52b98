// Everything that the workers of this process have counted, read at one moment.

internal import DataPlane
internal import Protocols

/// One worker, without what it counts by names.
struct WorkerReading: Sendable {
    var counters = CounterSet()
    var processorTimeNs: UInt64 = 0
}

/// What a window has a beginning and an end of. Totals since the start.
struct ProcessSample: Sendable {
    /// What there are windows of.
    static let kinds: [WorkerHistogram] = [.total, .connect, .firstByte, .own, .queue]

    /// On the monotonic clock.
    var atNs: UInt64
    var workers: [WorkerReading]
    /// In the order of `kinds`.
    var histograms: [LatencyHistogram]
    /// Requests that ended, by the classes of their answers.
    var statuses: [UInt64]
    var bytesIn: UInt64
    var bytesOut: UInt64

    /// When nothing was counted yet.
    init(startNs: UInt64, workers: Int) {
        atNs = startNs
        self.workers = Array(repeating: WorkerReading(), count: workers)
        histograms = Self.kinds.map { _ in LatencyHistogram() }
        statuses = StatusClass.allCases.map { _ in 0 }
        bytesIn = 0
        bytesOut = 0
    }

    init(atNs: UInt64, _ workers: [WorkerReading], _ words: MergedWords, _ counts: SiteCounts) {
        self.atNs = atNs
        self.workers = workers
        histograms = Self.kinds.map(words.histogram)
        let requests = counts.requests
        statuses = StatusClass.allCases.map(requests.total)
        bytesIn = counts.total(.bytesIn)
        bytesOut = counts.total(.bytesOut)
    }

    /// All workers together.
    var counters: CounterSet {
        workers.reduce(into: CounterSet()) { $0.add($1.counters) }
    }

    var processorTimeNs: UInt64 { workers.reduce(0) { $0 &+ $1.processorTimeNs } }
}

extension WorkerGroup {
    /// What each worker says of itself.
    var readings: [WorkerReading] {
        zip(countersOfEach, processorTimesNs).map {
            WorkerReading(counters: $0, processorTimeNs: $1)
        }
    }
}
