// Everything that a scrape tells, read at one moment: plain values.

internal import DataPlane

/// What `/metrics` is written from.
struct MetricsFacts: Sendable {
    /// What an upstream has now.
    struct Upstream: Sendable {
        var endpoints = 0
        var usable = 0
        var waiting = 0
    }

    /// What an endpoint has now.
    struct Endpoint: Sendable {
        var isUsable = false
        var connections = 0
        var inFlight = 0
    }

    var version = ""
    var backend = ""
    var backendReason = ""
    /// In seconds since the Unix epoch.
    var startSeconds = 0.0
    var generation: UInt64 = 0
    var isReady = false
    var isServing = false
    var connectionsMax: UInt64 = 0
    var ringThreads = RingThreads()
    /// Of each worker.
    var buffersMax: [UInt64] = []

    var now: ProcessSample
    /// Where windows began, by the values of the label.
    var windows: [(name: String, from: ProcessSample)] = []
    /// By `WorkerHistogram`.
    var histograms: [LatencyHistogram] = []
    /// By `EndReason`, `Deadline` and `HeadRefusal`.
    var ends: [UInt64] = []
    var timeouts: [UInt64] = []
    var refusals: [UInt64] = []
    /// By `HealthChange.Kind`.
    var healthChanges: [UInt64] = []
    var counts = SiteCounts()
    /// `nil` without an access log.
    var accessLog: LiveReport.AccessLog?

    var listenerClients: [UInt32: Int] = [:]
    var upstreams: [UInt32: Upstream] = [:]
    var endpoints: [UInt32: Endpoint] = [:]

    init(now: ProcessSample) {
        self.now = now
    }

    var counters: CounterSet { now.counters }
}
