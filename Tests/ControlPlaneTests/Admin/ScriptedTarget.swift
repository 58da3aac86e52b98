// A process for the admin server to ask: its commands take as long as a test wants.

import ControlPlane
import DataPlane
import Foundation
import Synchronization

/// A target that answers from constants.
final class ScriptedTarget: ControlTarget {
    private let gate = DispatchSemaphore(value: 0)
    private let waitsInReload: Bool
    private let commands = Mutex<[String]>([])

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

    func drain(_ order: DrainOrder) -> DrainOutcome {
        let name = order.listener ?? order.endpoint ?? ""
        commands.withLock { $0.append("drain \(name)") }
        return name == "web" ? DrainOutcome(.done) : DrainOutcome(.unknown, reason: "no \(name)")
    }
}
