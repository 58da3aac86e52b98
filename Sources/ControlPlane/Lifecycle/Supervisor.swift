// The main thread of a running service: starts everything, then waits for signals and for the
// ends of workers. It never touches a connection.

internal import CLinux
internal import DataPlane
package import Logging

/// Runs a service from start to exit.
package struct Supervisor {
    let options: ServiceOptions
    let log: Logger

    package init(_ options: ServiceOptions, log: Logger) {
        precondition(!options.listen.isEmpty && !options.upstream.isEmpty)
        self.options = options
        self.log = log
    }

    /// Serves until SIGTERM or SIGINT has been obeyed.
    ///
    /// - Parameter onListening: called once with the text of each listening address, the real
    ///   ports in it, when all workers have started.
    /// - Returns: whether everything could finish; false when connections had to be cut.
    /// - Throws: when it cannot start.
    package func run(onListening: ([String]) -> Void = { _ in }) throws(StartError) -> Bool {
        let signals: SignalSource
        let host: HostFacts
        do throws(SystemError) {
            signals = try SignalSource()
            host = try HostFacts.gather()
        } catch {
            throw StartError("cannot ask the kernel for the limits of this process: \(error)")
        }
        defer { signals.close() }
        let adminSockets = try openAdmin()
        let running: Running
        do throws(StartError) {
            running = try start(host)
        } catch {
            adminSockets?.close()
            throw error
        }
        defer { running.listeners.removeFiles() }
        announce(running.plan, running.listeners)
        let admin = try startAdmin(adminSockets, running.control)
        onListening(running.listeners.listeners.map { "\($0.address)" })
        let isClean = serve(signals, running)
        // It reads the processor times of threads, which end with their threads.
        admin?.stop()
        if running.workers.hasFinished { running.workers.join() }
        log.info("stopped", metadata: ["connectionsCut": "\(!isClean)"])
        return isClean
    }

    private typealias Running = (
        plan: ServicePlan, listeners: ListenerSet, workers: WorkerGroup, control: ServiceControl
    )

    private func start(_ host: HostFacts) throws(StartError) -> Running {
        let failure = options.backend == .epoll ? nil : Self.ringFailure()
        var choice = try BackendChoice.decide(
            options.backend, relay: options.relay, ringFailure: failure,
            tableFailure: options.usesDirectDescriptors ? RingProbe.report.tableFailure : nil)
        var endpoints: [Endpoint] = []
        for text in options.upstream {
            endpoints += try HostResolver.endpoints(text, firstID: endpoints.count)
        }
        while true {
            let plan = try ServicePlan(
                options, host: host, choice: choice, endpoints: endpoints)
            let listeners = try ListenerSet.open(
                options.listen, workers: plan.shares.workers, queueMax: host.listenQueueMax)
            try Self.refuseLoops(listeners, endpoints)
            do throws(WorkerGroup.StartFailure) {
                let workers = try WorkerGroup.start(
                    choice.backend, plan.workers, plan.snapshot, listeners)
                return (
                    plan, listeners, workers, ServiceControl(options, plan, listeners, workers)
                )
            } catch {
                let reason = "worker \(error.worker) could not start: \(error.error)"
                guard options.backend == .auto, choice.backend == .ioUring,
                    !options.usesDirectDescriptors
                else {
                    throw StartError(reason)
                }
                // What works for one ring may fail for the next (locked memory, descriptors).
                choice = try .decide(.auto, relay: options.relay, ringFailure: reason)
            }
        }
    }

    /// A forwarder that connects to itself takes every descriptor there is within a second.
    private static func refuseLoops(
        _ set: ListenerSet, _ endpoints: [Endpoint]
    ) throws(StartError) {
        for listener in set.listeners {
            let own = AddressReference(keeping: listener.address)
            guard endpoints.contains(where: { $0.address.isSame(as: own) }) else { continue }
            set.close()
            throw StartError("cannot forward to \(listener.address): it is a listening address")
        }
    }

    private static func ringFailure() -> String? {
        let report = RingProbe.report
        return report.isUsable ? nil : report.reason
    }

    private func announce(_ plan: ServicePlan, _ listeners: ListenerSet) {
        let choice = plan.choice
        if choice.isFallback { log.warning("\(choice.reason); serving on epoll") }
        for warning in plan.warnings { log.warning("\(warning)") }
        let targets = plan.endpoints.map(\.name).joined(separator: ", ")
        let count = plan.shares.workers
        let workers = "\(count) worker\(count == 1 ? "" : "s")"
        for listener in listeners.listeners {
            log.info(
                """
                listening on \(listener.address), \(options.protocols.verb) \(targets), \
                backend \(choice.backend.rawValue), \(workers)
                """)
        }
        log.info("\(plan.room)")
        log.debug(
            "limits",
            metadata: [
                "connectionsMax": "\(plan.shares.connections)",
                "buffersMaxPerWorker": "\(plan.workers[0].buffersMax)",
                "pipesMaxPerWorker": "\(plan.workers[0].pipesMax)",
            ])
    }

    /// Waits for signals and for workers until all workers have ended.
    ///
    /// - Returns: whether no connection had to be cut.
    private func serve(_ signals: SignalSource, _ running: Running) -> Bool {
        var state = ShutdownState(drainTimeoutMs: options.drainTimeoutMs)
        var isClean = true
        while !running.workers.hasFinished {
            let ready = gyre_poll_readable(
                signals.descriptor.raw, running.workers.attention.raw,
                state.waitMs(nowNs: MonotonicClock.nowNs))
            precondition(ready >= 0, "poll(2) of two descriptors failed")
            var actions: [ShutdownAction] = []
            if ready & 1 != 0 { actions += takeSignals(signals, &state, running) }
            if ready & 2 != 0 {
                for event in running.workers.takeEvents() { tell(event, running.plan) }
                if state.isServing && running.workers.finishedCount > 0 {
                    log.error("a worker ended by itself; stopping")
                    isClean = false
                    actions.append(state.stopRequested(nowNs: MonotonicClock.nowNs))
                }
            }
            actions.append(state.timeReached(nowNs: MonotonicClock.nowNs))
            for action in actions {
                if action == .abandon {
                    log.error("workers do not end; leaving them")
                    return false
                }
                isClean = perform(action, running) && isClean
            }
        }
        return isClean
    }

    private func tell(_ event: WorkerEvent, _ plan: ServicePlan) {
        let line = event.text(endpoints: plan.endpoints)
        log.warning("\(line)")
    }

    private func takeSignals(
        _ signals: SignalSource, _ state: inout ShutdownState, _ running: Running
    ) -> [ShutdownAction] {
        var actions: [ShutdownAction] = []
        while let signal = signals.next() {
            switch signal {
            case .stop: actions.append(state.stopRequested(nowNs: MonotonicClock.nowNs))
            case .report: report(running)
            }
        }
        return actions
    }

    /// - Returns: false when connections are cut by it.
    private func perform(_ action: ShutdownAction, _ running: Running) -> Bool {
        switch action {
        case .none, .abandon:
            return true
        case .drain:
            log.info(
                "draining",
                metadata: [
                    "connections": "\(running.workers.counters.connectionsActive)",
                    "timeoutMs": "\(options.drainTimeoutMs)",
                ])
            running.control.noteDrain()
            running.listeners.removeFiles()
            running.workers.post(.drain)
            return true
        case .terminate:
            let connections = running.workers.counters.connectionsActive
            if connections > 0 {
                log.warning("cutting connections", metadata: ["connections": "\(connections)"])
            }
            running.workers.post(.terminate)
            return connections == 0
        }
    }

    private func report(_ running: Running) {
        ErrorOutput.write(line: running.control.counters().json)
    }
}

extension ServedProtocol {
    /// What is done with clients, in front of where they are taken to.
    fileprivate var verb: String {
        switch self {
        case .tcp: "forwarding to"
        case .http: "proxying HTTP to"
        }
    }
}
