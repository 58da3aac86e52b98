// The main thread of a running service: starts everything, then waits for signals and for the
// ends of workers. It never touches a connection.

internal import CLinux
internal import DataPlane
package import Logging

/// How a service is run, besides what its configuration says.
package struct ServingManner: Sendable {
    /// By which the configuration file is read again whenever it has changed.
    package var watch: FileWatch?
    /// A process that serves the same addresses is replaced by this one.
    package var takesOver = false

    package init() {}
}

/// Where a running service is found, with the real ports.
package struct ServedPlaces: Equatable, Sendable {
    /// The text of each address of a listener, in the order of the configuration.
    package let listeners: [String]
    /// Those of the control API.
    package let admin: [String]
}

/// Runs a service from start to exit.
package struct Supervisor {
    private let configuration: Configuration
    private let source: ConfigurationSource
    private let manner: ServingManner
    let log: Logger

    /// - Parameters:
    ///   - configuration: checked, with at least one listener.
    ///   - source: what it is from, and is read from again.
    ///   - manner: what else is asked for.
    package init(
        _ configuration: Configuration, from source: ConfigurationSource,
        manner: ServingManner = ServingManner(), log: Logger
    ) {
        self.manner = manner
        self.configuration = configuration
        self.source = source
        self.log = log
    }

    /// Serves until SIGTERM or SIGINT has been obeyed.
    ///
    /// - Parameter onListening: called once, when all workers have started.
    /// - Returns: whether everything could finish; false when connections had to be cut.
    /// - Throws: when it cannot start.
    package func run(onListening: (ServedPlaces) -> Void = { _ in }) throws(StartError) -> Bool {
        let signals: SignalSource
        let host: HostFacts
        do throws(SystemError) {
            signals = try SignalSource()
            host = try HostFacts.gather()
        } catch {
            throw StartError("cannot ask the kernel for the limits of this process: \(error)")
        }
        defer { signals.close() }
        let options = try AdminOptions(configuration.process.admin)
        let predecessor =
            manner.takesOver ? try Predecessor.find(configuration.process.admin, log) : nil
        let orders = try makeOrders()
        let (service, adminSockets) = try open(options, host, orders)
        defer { service.present.listeners.removeFiles() }
        announce(service)
        let control = ServiceControl(service, from: source, log: log)
        let admin = try startAdmin(adminSockets, options, control)
        let changes = try ChangeThread.start(orders, control)
        if let predecessor {
            predecessor.handOver(sockets: service.workers.count, log)
            service.endSteering()
        }
        onListening(
            ServedPlaces(
                listeners: service.present.listeners.listeners.map { "\($0.address)" },
                admin: adminSockets?.addresses.map { "\($0)" } ?? []))
        let isClean = serve(signals, service, control, orders)
        // It reads the processor times of threads, which end with their threads.
        admin?.stop()
        changes.stop()
        service.stopWatching()
        if service.workers.hasFinished { service.workers.join() }
        service.accessLog?.stop()
        log.info("stopped", metadata: ["connectionsCut": "\(!isClean)"])
        return isClean
    }

    private func makeOrders() throws(StartError) -> ChangeOrders {
        do throws(SystemError) {
            return try ChangeOrders()
        } catch {
            throw StartError("cannot open an eventfd: \(error)")
        }
    }

    /// Starts the service, and opens the admin address before it: unless that is another process's
    /// until this one can serve.
    private func open(
        _ options: AdminOptions, _ host: HostFacts, _ orders: ChangeOrders
    ) throws(StartError) -> (RunningService, AdminSockets?) {
        if manner.takesOver {
            let service = try start(host, orders)
            do throws(StartError) {
                return (service, try openAdmin(options, isBeside: true))
            } catch {
                service.abort()
                throw error
            }
        }
        let adminSockets = try openAdmin(options, isBeside: false)
        do throws(StartError) {
            return (try start(host, orders), adminSockets)
        } catch {
            adminSockets?.close()
            throw error
        }
    }

    private func start(
        _ host: HostFacts, _ orders: ChangeOrders
    ) throws(StartError) -> RunningService {
        let process = configuration.process
        let failure = process.backend == .epoll ? nil : Self.ringFailure()
        var choice = try BackendChoice.decide(
            process.backend, relay: configuration.demandingRelay, ringFailure: failure,
            tableFailure: process.usesDirectDescriptors ? RingProbe.report.tableFailure : nil)
        let servers = NameServers(process.dns)
        let names = try EndpointSource.names(configuration, servers)
        let attention: Descriptor
        do throws(SystemError) {
            attention = Descriptor(raw: try SystemError.check(gyre_event_open()))
        } catch {
            throw StartError("cannot open an eventfd: \(error)")
        }
        let health = EndpointHealth(attention: attention)
        let watch = EndpointWatch(health, servers, tellingNamesTo: orders)
        while true {
            let plan = try ServicePlan(
                process, servesHTTP: configuration.servesHTTP,
                checksEndpoints: configuration.hasActiveChecks, host: host, choice: choice)
            do {
                return try RunningService.start(
                    configuration, plan, host, names, watch, isBeside: manner.takesOver, health,
                    attention: attention, log: log)
            } catch let error as StartError {
                throw error
            } catch let error as WorkerGroup.StartFailure {
                let reason = "worker \(error.worker) could not start: \(error.error)"
                guard process.backend == .auto, choice.backend == .ioUring,
                    !process.usesDirectDescriptors
                else {
                    throw StartError(reason)
                }
                // What works for one ring may fail for the next (locked memory, descriptors).
                choice = try .decide(
                    .auto, relay: configuration.demandingRelay, ringFailure: reason)
            } catch {
                throw StartError("cannot start: \(error)")
            }
        }
    }

    private static func ringFailure() -> String? {
        let report = RingProbe.report
        return report.isUsable ? nil : report.reason
    }

    private func announce(_ service: RunningService) {
        let choice = service.plan.choice
        let present = service.present
        if choice.isFallback { log.warning("\(choice.reason); serving on epoll") }
        for warning in service.plan.warnings { log.warning("\(warning)") }
        let count = service.plan.shares.workers
        let workers = "\(count) worker\(count == 1 ? "" : "s")"
        for listener in present.listeners.listeners {
            log.info(
                """
                listening on \(listener.address), \(present.purpose(of: listener.name)), \
                backend \(choice.backend.rawValue), \(workers)
                """)
        }
        log.info("\(service.plan.room)")
        log.debug(
            "limits",
            metadata: [
                "connectionsMax": "\(service.plan.shares.connections)",
                "buffersMaxPerWorker": "\(service.plan.workers[0].buffersMax)",
                "pipesMaxPerWorker": "\(service.plan.workers[0].pipesMax)",
            ])
    }

    /// Waits for signals and for workers until all workers have ended.
    ///
    /// - Returns: whether no connection had to be cut.
    private func serve(
        _ signals: SignalSource, _ service: RunningService, _ control: ServiceControl,
        _ orders: ChangeOrders
    ) -> Bool {
        var state = ShutdownState(drainTimeoutMs: configuration.process.drainTimeoutMs)
        var watch = manner.watch
        var isClean = true
        while !service.workers.hasFinished {
            let ready = gyre_poll_readable(
                signals.descriptor.raw, service.workers.attention.raw,
                FileWatch.waitMs(watch, state.waitMs(nowNs: MonotonicClock.nowNs)))
            precondition(ready >= 0, "poll(2) of two descriptors failed")
            var actions: [ShutdownAction] = []
            if ready & 1 != 0 { actions += takeSignals(signals, &state, service, control, orders) }
            if control.isRetiring {
                actions.append(state.retirementRequested(nowNs: MonotonicClock.nowNs))
            }
            if ready & 2 != 0 {
                for event in service.workers.takeEvents() { tell(event, service, control) }
                for change in service.health.takeChanges().changes {
                    tell(change, service, control)
                }
                if state.isServing && service.workers.finishedCount > 0 {
                    control.incidents.tell(.error, "a worker ended by itself; stopping")
                    isClean = false
                    actions.append(state.stopRequested(nowNs: MonotonicClock.nowNs))
                }
            }
            if state.isServing, watch?.hasChanged() == true { orders.requestReload() }
            actions.append(state.timeReached(nowNs: MonotonicClock.nowNs))
            for action in actions {
                if action == .abandon {
                    log.error("workers do not end; leaving them")
                    return false
                }
                isClean = perform(action, service) && isClean
            }
        }
        return isClean
    }

    private func tell(
        _ event: WorkerEvent, _ service: RunningService, _ control: ServiceControl
    ) {
        let endpoint = service.present.site.endpoints[UInt32(event.endpoint)]
        control.incidents.tell(.warning, event.text(endpoint: endpoint?.endpoint.name ?? "?"))
    }

    private func tell(
        _ change: HealthChange, _ service: RunningService, _ control: ServiceControl
    ) {
        control.metrics.note(change)
        guard let endpoint = service.present.site.endpoints[change.endpoint] else { return }
        let line = change.text(upstream: endpoint.upstream, endpoint: endpoint.endpoint.name)
        control.incidents.tell(change.isWarning ? .warning : .info, line)
    }

    private func takeSignals(
        _ signals: SignalSource, _ state: inout ShutdownState, _ service: RunningService,
        _ control: ServiceControl, _ orders: ChangeOrders
    ) -> [ShutdownAction] {
        var actions: [ShutdownAction] = []
        while let signal = signals.next() {
            switch signal {
            case .stop: actions.append(state.stopRequested(nowNs: MonotonicClock.nowNs))
            case .report:
                ErrorOutput.write(line: control.counters().json)
                service.accessLog?.requestReopen()
            case .reload where source == .commandLine:
                // The terminal that it was started from is gone; there is no file to read again.
                actions.append(state.stopRequested(nowNs: MonotonicClock.nowNs))
            case .reload: orders.requestReload()
            }
        }
        return actions
    }

    /// - Returns: false when connections are cut by it.
    private func perform(
        _ action: ShutdownAction, _ service: RunningService
    ) -> Bool {
        switch action {
        case .none, .abandon:
            return true
        case .retire:
            log.info(
                "another process serves from now on",
                metadata: ["connections": "\(service.workers.counters.connectionsActive)"])
            service.noteEnd()
            service.present.listeners.removeFiles()
            service.workers.post(.retire)
            return true
        case .drain:
            log.info(
                "draining",
                metadata: [
                    "connections": "\(service.workers.counters.connectionsActive)",
                    "timeoutMs": "\(configuration.process.drainTimeoutMs)",
                ])
            service.noteEnd()
            service.present.listeners.removeFiles()
            service.workers.post(.drain)
            return true
        case .terminate:
            let connections = service.workers.counters.connectionsActive
            if connections > 0 {
                log.warning("cutting connections", metadata: ["connections": "\(connections)"])
            }
            service.workers.post(.terminate)
            return connections == 0
        }
    }
}

extension RunningService.Present {
    /// What is done with the clients of a listener, and where they are taken to.
    fileprivate func purpose(of name: String) -> String {
        guard let listener = configuration.listeners.first(where: { $0.name == name }) else {
            return "unknown"
        }
        let verb = listener.service == .tcp ? "forwarding to" : "proxying HTTP to"
        guard let upstream = listener.upstream else {
            return "proxying HTTP by \(listener.routes.count) routes"
        }
        let targets = site.endpoints.sorted { $0.key < $1.key }
            .filter { $0.value.upstream == upstream }.map(\.value.endpoint.name)
        return "\(verb) \(targets.joined(separator: ", "))"
    }
}

extension Configuration {
    package var servesHTTP: Bool { listeners.contains { $0.service == .http } }

    /// The one that not every backend has, if a listener asks for it.
    fileprivate var demandingRelay: RelayMode {
        listeners.contains { $0.relay == .spliceRing } ? .spliceRing : .auto
    }
}

extension CounterSet {
    /// TCP flows, tunnels among them, and HTTP clients that are not over.
    package var connectionsActive: UInt64 { self[.flowsActive] &+ self[.clientsActive] }
}
