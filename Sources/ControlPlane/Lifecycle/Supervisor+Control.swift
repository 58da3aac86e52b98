// What the control API may ask of a running service.

internal import CLinux
internal import DataPlane
internal import Glibc
internal import Logging
internal import Synchronization

/// A running service as the control API sees it.
final class ServiceControl: ControlTarget {
    let service: RunningService
    let source: ConfigurationSource
    let metrics: ServiceMetrics
    let incidents: IncidentLog
    private let log: Logger
    private let retirement = Atomic<Bool>(false)

    /// How many milliseconds the workers' listening sockets may take to close.
    private static let closingPolls = 2_000

    private static let noFile =
        "this process was started from a command line and not from a configuration file"

    init(_ service: RunningService, from source: ConfigurationSource, log: Logger) {
        self.service = service
        self.source = source
        self.log = log
        metrics = ServiceMetrics(service)
        incidents = IncidentLog(log)
    }

    /// Whether another process has taken over. Its serving loop is woken for it.
    var isRetiring: Bool { retirement.load(ordering: .acquiring) }

    var state: StatusReport.State { service.isServing ? .serving : .draining }

    func status() -> StatusReport {
        let counters = service.workers.countersOfEach
        let all = counters.reduce(into: CounterSet()) { $0.add($1) }
        let times = service.workers.processorTimesNs
        let present = service.present
        return StatusReport(
            version: GyreVersion.text, pid: getpid(), state: state,
            uptimeMs: metrics.uptimeMs,
            backend: service.plan.choice.backend.rawValue,
            backendReason: service.plan.choice.reason, configuration: "\(source)",
            generation: present.generation, connectionsActive: all.connectionsActive,
            connectionsMax: UInt64(service.plan.shares.connections), accepted: all[.accepted],
            requests: all[.requests],
            listeners: present.listeners.listeners.map { report($0, present) }
                + drained(present),
            workers: zip(counters, times).map { set, timeNs in
                StatusReport.Worker(
                    connectionsActive: set.connectionsActive, processorTimeNs: timeNs)
            })
    }

    /// Listeners that an operator took out of service.
    private func drained(_ present: RunningService.Present) -> [StatusReport.Listener] {
        present.configuration.listeners.filter { present.drained.contains($0.name) }.map {
            StatusReport.Listener(
                name: $0.name, protocolName: $0.service.rawValue,
                address: $0.addresses.map { "\($0)" }.joined(separator: ", "), state: .draining,
                connections: present.site.listenerIDs[$0.name].map {
                    UInt64(service.workers.clients(ofListener: $0))
                })
        }
    }

    private func report(
        _ listener: Listener, _ present: RunningService.Present
    ) -> StatusReport.Listener {
        let configured = present.configuration.listeners.first { $0.name == listener.name }
        return StatusReport.Listener(
            name: listener.name, protocolName: configured?.service.rawValue ?? "",
            address: "\(listener.address)", state: state,
            connections: present.site.listenerIDs[listener.name].map {
                UInt64(service.workers.clients(ofListener: $0))
            })
    }

    func configurationText() -> String {
        var configuration = service.present.configuration
        configuration.process.admin.token = ""
        return configuration.yaml
    }

    func endpoints() -> [EndpointReport] {
        let present = service.present
        return present.site.endpoints.sorted { $0.key < $1.key }.map { id, assembled in
            let state = service.health.state(of: id)
            return EndpointReport(
                upstream: assembled.upstream, name: assembled.endpoint.name,
                address: assembled.endpoint.key,
                state: state.report, reason: state.reason, weight: assembled.endpoint.weight,
                connections: UInt64(
                    max(
                        service.workers.connections(ofEndpoint: id),
                        service.workers.inFlight(ofEndpoint: id))))
        }
    }

    func counters() -> CountersReport {
        CountersReport(
            backend: service.plan.choice.backend, counters: service.workers.counters,
            processorTimesNs: service.workers.processorTimesNs)
    }

    func reload() -> ConfigurationOutcome {
        guard case .file(let path) = source else { return .refused(Self.noFile) }
        guard state == .serving else { return .refused("the process is stopping") }
        let outcome = service.reload(from: path)
        outcome.tell(log, path)
        for line in outcome.troubles(path) { incidents.note(.error, line) }
        return outcome
    }

    /// Takes up what has happened to names, and tells the log.
    func take(_ news: [NameQuestion: NameNews]) {
        for (question, news) in news {
            guard let trouble = news.trouble else { continue }
            incidents.tell(trouble == .ended ? .info : .warning, trouble.text(of: question))
        }
        guard state == .serving else { return }
        let outcome = service.change(namesTo: news.compactMapValues(\.addresses))
        for change in outcome.changes { log.info("\(change.text)") }
        if let failure = outcome.failure {
            incidents.tell(.error, "these addresses cannot be served: \(failure)")
        }
    }

    func plan(_ text: String) -> ConfigurationOutcome {
        do throws(ConfigurationError) {
            let configuration = try ConfigurationFile.parse(
                Array(text.utf8), environment: ProcessEnvironment.read())
            return .accepted(service.changes(to: configuration))
        } catch {
            return error.outcome(file: nil)
        }
    }

    func drain(_ order: DrainOrder) -> DrainOutcome {
        if let sockets = order.process { return retire(successorSockets: sockets) }
        if let name = order.endpoint { return drain(endpoint: name, order.undrain == true) }
        return drain(listener: order.listener ?? "", order.undrain == true)
    }

    func reopen() -> ReopenOutcome {
        service.accessLog?.reopen() ?? ReopenOutcome(.unchanged, reason: "there is no access log")
    }

    /// `nil` when there is no access log.
    var accessCounts: LiveReport.AccessLog? { service.accessLog?.counts }

    private func retire(successorSockets count: Int) -> DrainOutcome {
        guard state == .serving else {
            return DrainOutcome(.refused, reason: "the process is stopping")
        }
        if count > 0 { service.steer(toNext: count) }
        retirement.store(true, ordering: .releasing)
        _ = gyre_event_signal(service.workers.attention.raw)
        for _ in 0..<Self.closingPolls where service.workers.counters[.listenersOpen] > 0 {
            _ = gyre_sleep_ms(1)
        }
        return DrainOutcome(.done, remaining: service.workers.counters.connectionsActive)
    }

    private func drain(listener name: String, _ isOver: Bool) -> DrainOutcome {
        guard state == .serving else {
            return DrainOutcome(.refused, reason: "the process is stopping")
        }
        guard let id = service.present.site.listenerIDs[name] else {
            return DrainOutcome(.unknown, reason: "no listener is named '\(name)'")
        }
        do throws(StartError) {
            let isChanged = try service.setDrained(name, !isOver)
            if isChanged { log.info("listener \(name) is \(isOver ? "no longer " : "")drained") }
            let remaining = service.workers.clients(ofListener: id)
            return DrainOutcome(
                isChanged ? .done : .unchanged, remaining: isOver ? nil : UInt64(remaining))
        } catch {
            return DrainOutcome(.refused, reason: error.description)
        }
    }

    /// - Parameter name: as reports call it, as its address is written, or `upstream/address`.
    private func drain(endpoint name: String, _ isOver: Bool) -> DrainOutcome {
        let found = service.present.site.endpoints.filter { _, assembled in
            let endpoint = assembled.endpoint
            return [endpoint.name, endpoint.key, endpoint.host].contains(name)
                || name == "\(assembled.upstream)/\(endpoint.key)"
        }
        guard !found.isEmpty else {
            return DrainOutcome(.unknown, reason: "no endpoint is named '\(name)'")
        }
        let nowMs = MonotonicClock.nowNs / 1_000_000
        var isChanged = false
        for id in found.keys {
            isChanged = service.health.setDrained(id, !isOver, nowMs: nowMs) || isChanged
        }
        let remaining = found.keys.reduce(0) { $0 + service.workers.inFlight(ofEndpoint: $1) }
        return DrainOutcome(
            isChanged ? .done : .unchanged, remaining: isOver ? nil : UInt64(remaining))
    }
}

extension EndpointState {
    /// As reports have it.
    var report: EndpointReport.State { isUsable ? .usable : isDrained ? .draining : .ejected }

    /// Why it gets no work; `nil` when it does.
    var reason: String? {
        if isDrained { return "drained by an operator" }
        if checked == .down { return "health checks fail" }
        return ejectedUntilMs == nil ? nil : "requests to it failed"
    }
}

extension Supervisor {
    /// Opens the admin address, before anything else is started; `nil` when none is asked for.
    ///
    /// - Parameter isBeside: a process may serve there, whose place is being taken.
    func openAdmin(
        _ options: AdminOptions, isBeside: Bool
    ) throws(StartError) -> AdminSockets? {
        options.isOff ? nil : try AdminSockets.open(options, isBeside: isBeside)
    }

    func startAdmin(
        _ sockets: AdminSockets?, _ options: AdminOptions, _ control: ServiceControl
    ) throws(StartError) -> AdminServer? {
        guard let sockets else { return nil }
        let server = try AdminServer.start(sockets, token: options.token, target: control)
        for address in sockets.addresses { log.info("control API on \(address)") }
        return server
    }
}
