// Reads what workers count, and keeps a minute of it. Any thread; in practice the admin thread,
// which calls `sample` once a second.

internal import DataPlane
internal import Protocols
internal import Synchronization

/// The counts of a running service and their recent past.
final class ServiceMetrics: Sendable {
    /// Everything at one moment.
    struct Reading: Sendable {
        var sample: ProcessSample
        var counts: SiteCounts
    }

    private let service: RunningService
    private let startNs = MonotonicClock.nowNs
    /// The same moment in milliseconds since the Unix epoch.
    private let startUnixMs = ClockText.unixMs
    private let history: Mutex<MetricsHistory>
    private let ringThreads = Mutex(RingThreads())
    private let healthChanges = Mutex([UInt64](repeating: 0, count: healthKinds))
    private let lastLive = Mutex<(report: LiveReport, atNs: UInt64)?>(nil)
    private let lastFacts = Mutex<MetricsFacts?>(nil)
    private static let healthKinds = 8
    /// Answers that are not older are shared.
    private static let sharedNs: UInt64 = 100_000_000

    init(_ service: RunningService) {
        self.service = service
        history = Mutex(MetricsHistory(startNs: startNs, workers: service.workers.count))
    }

    var uptimeMs: UInt64 { (MonotonicClock.nowNs - startNs) / 1_000_000 }

    /// Reads everything.
    ///
    /// - Parameter choose: which histograms are wanted, when all else has been read.
    private func read(
        histograms choose: (SiteCounts, UInt64) -> MetricsLedger.Histograms
    ) -> Reading {
        let metrics = service.workers.metrics
        let workers = service.workers.readings
        let nowNs = MonotonicClock.nowNs
        let counts = service.ledger.read(metrics) { choose($0, nowNs) }
        return Reading(
            sample: ProcessSample(
                atNs: nowNs, workers, MergedWords(workers: metrics), counts),
            counts: counts)
    }

    /// Keeps what was counted until now.
    func sample() {
        if service.plan.choice.backend == .ioUring { ringThreads.withLock { $0.look() } }
        history.withLock { history in
            let reading = read { counts, _ in history.histogramsDue(counts) }
            history.take(reading.sample, reading.counts)
        }
    }

    /// The report as it was made less than a tenth of a second ago, or a new one.
    func live(
        make: (LiveRows, Reading, MetricsHistory) -> LiveReport
    ) -> LiveReport {
        lastLive.withLock { last in
            let nowNs = MonotonicClock.nowNs
            if let last, nowNs - last.atNs < Self.sharedNs { return last.report }
            let history = history.withLock { $0 }
            let reading = read { counts, nowNs in
                let rows = LiveRows(counts, before: history.requests(before: nowNs), nowNs: nowNs)
                return MetricsLedger.Histograms(
                    routes: rows.shownRoutes, upstreams: rows.shownUpstreams)
            }
            let atNs = reading.sample.atNs
            let rows = LiveRows(
                reading.counts, before: history.requests(before: atNs), nowNs: atNs)
            let report = make(rows, reading, history)
            last = (report, atNs)
            return report
        }
    }

    /// The facts as they were read less than a tenth of a second ago, or new ones.
    ///
    /// - Parameter fill: adds what is not counted.
    func facts(fill: (inout MetricsFacts) -> Void) -> MetricsFacts {
        lastFacts.withLock { last in
            let nowNs = MonotonicClock.nowNs
            if let last, nowNs - last.now.atNs < Self.sharedNs { return last }
            let reading = read { _, _ in .all }
            var facts = MetricsFacts(now: reading.sample)
            facts.counts = reading.counts
            history.withLock { history in
                facts.windows = [
                    ("1s", history.secondStart(reading.sample.atNs)),
                    ("1m", history.minuteStart(reading.sample.atNs)),
                    ("start", history.processStart),
                ]
            }
            let words = MergedWords(workers: service.workers.metrics)
            facts.histograms = WorkerHistogram.allCases.map(words.histogram)
            facts.ends = EndReason.allCases.map(words.ends)
            facts.timeouts = Deadline.allCases.map(words.timeouts)
            facts.refusals = HeadRefusal.allCases.map(words.refusals)
            facts.healthChanges = healthChanges.withLock { $0 }
            facts.ringThreads = ringThreads.withLock { $0 }
            facts.startSeconds = Double(startUnixMs) / 1e3
            fill(&facts)
            last = facts
            return facts
        }
    }

    func note(_ change: HealthChange) {
        healthChanges.withLock { $0[Int(change.kind.rawValue) % Self.healthKinds] &+= 1 }
    }

    /// Ends of exchanges and flows by reason, without zeros.
    var ends: [String: UInt64] {
        let words = MergedWords(workers: service.workers.metrics)
        let counts = EndReason.allCases.map { ("\($0.word)", words.ends($0)) }
        return Dictionary(counts.filter { $0.1 > 0 }, uniquingKeysWith: &+)
    }
}
