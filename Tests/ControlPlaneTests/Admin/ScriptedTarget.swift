// A process for the admin server to ask: its commands take as long as a test wants.

import Foundation
import Synchronization

@testable import ControlPlane
@testable import DataPlane

/// A target that answers from constants.
final class ScriptedTarget: ControlTarget {
    private let gate = DispatchSemaphore(value: 0)
    private let waitsInReload: Bool
    private let commands = Mutex<[String]>([])
    private let samples = Mutex(0)
    private let traces = Mutex<[String]>([])
    /// What it says of its readiness.
    let isReady = Mutex(true)

    /// - Parameter waitsInReload: a reload waits for `release`.
    init(waitsInReload: Bool = false) {
        self.waitsInReload = waitsInReload
    }

    /// Lets one reload go on.
    func release() { gate.signal() }

    /// Commands so far.
    var done: [String] { commands.withLock { $0 } }

    func status() -> StatusReport {
        StatusReport(
            version: "1", pid: 2, state: .serving, uptimeMs: 3, backend: "epoll",
            backendReason: "asked for", configuration: "file", generation: 4,
            connectionsActive: 5, connectionsMax: 6, accepted: 7, requests: 8, listeners: [],
            workers: [])
    }

    func configurationText() -> String { "workers: 1\n" }

    func endpoints() -> [EndpointReport] {
        [EndpointReport(upstream: "u", name: "e", address: "a", state: .usable)]
    }

    func counters() -> CountersReport {
        CountersReport(backend: .epoll, counters: CounterSet(), processorTimesNs: [1])
    }

    /// How often it was sampled.
    var samplesTaken: Int { samples.withLock { $0 } }

    func sample() { samples.withLock { $0 += 1 } }

    func readiness() -> Readiness {
        Readiness(isServing: isReady.withLock { $0 }, upstreams: [("u", 1), ("v", 0)])
    }

    func exposition(_ format: ExpositionFormat) -> [UInt8] {
        MetricsPage.bytes(MetricsFacts(now: ProcessSample(startNs: 0, workers: 1)), format)
    }

    func live() -> LiveReport { .nothing(samples: samplesTaken) }

    func startTrace(_ order: TraceOrder) throws(TraceRefusal) {
        guard order != .route("none", listener: nil) else {
            throw TraceRefusal(status: 404, reason: "no route is named 'none'")
        }
        traces.withLock { $0.append("\(order.query)") }
    }

    /// One event each time.
    func takeTrace(atMost limit: Int) -> [TraceReport] {
        guard traces.withLock({ $0.last }) != "end" else { return [] }
        let event = TraceEvent(.sent, connection: 7, atNs: 1_000)
        return [TraceReport(event, worker: 1, SiteNames(), unixOffsetNs: 1_000)]
    }

    var traceEventsLost: UInt64 { 0 }

    func endTrace() { traces.withLock { $0.append("end") } }

    /// What was traced, and the ends of it.
    var traced: [String] { traces.withLock { $0 } }

    func reload() -> ConfigurationOutcome {
        commands.withLock { $0.append("reload") }
        if waitsInReload { _ = gate.wait(timeout: .now() + 10) }
        return .accepted([], tookMs: 1)
    }

    func plan(_ text: String) -> ConfigurationOutcome {
        commands.withLock { $0.append("plan \(text.utf8.count)") }
        return text.isEmpty
            ? .mistaken([MistakeReport(line: 1, column: 1, message: "empty")]) : .accepted([])
    }

    func reopen() -> ReopenOutcome {
        commands.withLock { $0.append("reopen") }
        return ReopenOutcome(.done)
    }

    func drain(_ order: DrainOrder) -> DrainOutcome {
        let name = order.listener ?? order.endpoint ?? ""
        commands.withLock { $0.append("drain \(name)") }
        return name == "web" ? DrainOutcome(.done) : DrainOutcome(.unknown, reason: "no \(name)")
    }
}

extension LiveReport {
    /// Of a process in which nothing happens.
    ///
    /// - Parameter samples: told as the number of its configuration.
    static func nothing(samples: Int) -> LiveReport {
        let sample = ProcessSample(startNs: 0, workers: 1)
        let window = Window(from: sample, to: sample)
        return LiveReport(
            version: "1", pid: 2, state: .serving, isReady: true, uptimeMs: 3, atMs: 4,
            backend: "epoll", backendReason: "asked for", configuration: "file",
            generation: UInt64(samples),
            connections: Connections(
                active: 0, max: 1, http: 0, flows: 0, busy: 0, waiting: 0, upstream: 0),
            totals: Totals(
                requests: 0, accepted: 0, bytesIn: 0, bytesOut: 0, statuses: window.statuses,
                ends: [:], retries: 0, rateLimited: 0, shed: 0),
            second: window, minute: window, start: window, workers: [], listeners: [],
            routes: [], upstreams: [], errors: [])
    }
}
