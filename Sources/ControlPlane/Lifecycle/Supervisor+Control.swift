// What the control API may ask of a service that was started from a command line.

internal import CLinux
internal import DataPlane
internal import Glibc
internal import Logging
internal import Synchronization

/// A running service as the control API sees it. Reads what workers publish; changes nothing.
final class ServiceControl: ControlTarget {
    private let options: ServiceOptions
    private let plan: ServicePlan
    private let listeners: ListenerSet
    private let workers: WorkerGroup
    private let startNs = MonotonicClock.nowNs
    private let isDraining = Atomic<Bool>(false)

    private static let upstream = "default"
    private static let noFile =
        "this process was started from a command line and not from a configuration file"

    init(
        _ options: ServiceOptions, _ plan: ServicePlan, _ listeners: ListenerSet,
        _ workers: WorkerGroup
    ) {
        self.options = options
        self.plan = plan
        self.listeners = listeners
        self.workers = workers
    }

    /// From now on the process says that it ends.
    func noteDrain() { isDraining.store(true, ordering: .relaxed) }

    private var state: StatusReport.State {
        isDraining.load(ordering: .relaxed) ? .draining : .serving
    }

    private var protocolName: String { options.protocols.isHTTP ? "http" : "tcp" }

    func status() -> StatusReport {
        let counters = workers.countersOfEach
        let all = counters.reduce(into: CounterSet()) { $0.add($1) }
        let times = workers.processorTimesNs
        return StatusReport(
            version: GyreVersion.text, pid: getpid(), state: state,
            uptimeMs: (MonotonicClock.nowNs - startNs) / 1_000_000,
            backend: plan.choice.backend.rawValue, backendReason: plan.choice.reason,
            configuration: "command line", generation: 1,
            connectionsActive: all.connectionsActive,
            connectionsMax: UInt64(plan.shares.connections), accepted: all[.accepted],
            requests: all[.requests],
            listeners: listeners.listeners.map { listener in
                StatusReport.Listener(
                    name: "\(listener.address)", protocolName: protocolName,
                    address: "\(listener.address)", state: state)
            },
            workers: zip(counters, times).map { set, timeNs in
                StatusReport.Worker(
                    connectionsActive: set.connectionsActive, processorTimeNs: timeNs)
            })
    }

    func configurationText() -> String {
        let addresses = listeners.listeners.map { "  - name: \"\($0.address)\"" }
        let listening = addresses.flatMap { name in
            [
                name, name.replacing("- name", with: "  address"),
                "    protocol: \(protocolName)", "    upstream: \(Self.upstream)",
            ]
        }
        let endpoints = options.upstream.map { "      - \"\($0)\"" }
        let lines =
            ["workers: \(plan.shares.workers)", "backend: \(plan.choice.backend.rawValue)"]
            + ["listeners:"] + listening
            + ["upstreams:", "  - name: \(Self.upstream)", "    endpoints:"] + endpoints
        return lines.joined(separator: "\n") + "\n"
    }

    func endpoints() -> [EndpointReport] {
        plan.endpoints.map { endpoint in
            EndpointReport(
                upstream: Self.upstream, name: endpoint.name, address: endpoint.host,
                state: .usable)
        }
    }

    func counters() -> CountersReport {
        CountersReport(
            backend: plan.choice.backend, counters: workers.counters,
            processorTimesNs: workers.processorTimesNs)
    }

    func reload() -> ConfigurationOutcome { .refused(Self.noFile) }

    func plan(_ text: String) -> ConfigurationOutcome { .refused(Self.noFile) }

    func drain(_ order: DrainOrder) -> DrainOutcome { DrainOutcome(.refused, reason: Self.noFile) }
}

extension Supervisor {
    /// Opens the admin address, before anything else is started; `nil` when none is asked for.
    func openAdmin() throws(StartError) -> AdminSockets? {
        options.admin.isOff ? nil : try AdminSockets.open(options.admin)
    }

    func startAdmin(
        _ sockets: AdminSockets?, _ control: ServiceControl
    ) throws(StartError) -> AdminServer? {
        guard let sockets else { return nil }
        let server = try AdminServer.start(sockets, token: options.admin.token, target: control)
        for address in sockets.addresses { log.info("control API on \(address)") }
        return server
    }
}

extension CounterSet {
    /// TCP flows, tunnels among them, and HTTP clients that are not over.
    var connectionsActive: UInt64 { self[.flowsActive] &+ self[.clientsActive] }
}
