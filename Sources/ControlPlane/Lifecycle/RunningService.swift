// What is being served, from the start to the end, and how it changes: a new configuration is made
// ready completely before any worker hears of it. Any thread; changes come one after the other.

internal import CLinux
internal import DataPlane
internal import Logging
internal import Protocols
internal import Synchronization

/// A running service.
final class RunningService: Sendable {
    /// What is served now.
    struct Present: Sendable {
        var configuration: Configuration
        var site: AssembledSite
        var listeners: ListenerSet
        /// Names of listeners that an operator took out of service.
        var drained: Set<String> = []
        /// Configurations taken, the first one included.
        var generation: UInt64
    }

    /// What only changes need.
    private struct Workshop: Sendable {
        var assembly: SiteAssembly
        /// What the workers look at.
        var snapshot: SiteSnapshot
        var names: NameBook
        /// What ids are called.
        var siteNames: SiteNames
        var watch: EndpointWatch
        /// Changes that every worker was told to make.
        var changesPosted: UInt64 = 0
    }

    let plan: ServicePlan
    let workers: WorkerGroup
    let health: EndpointHealth
    let breakers: CircuitBreakers
    /// Whose counts the workers' words are.
    let ledger: MetricsLedger
    /// `nil` when none was asked for.
    let accessLog: AccessLog?
    private let host: HostFacts
    private let workshop: Mutex<Workshop>
    private let state: Mutex<Present>
    private let isEnding = Atomic<Bool>(false)
    /// Held while a configuration is made ready; names may change meanwhile.
    let reloading = Mutex<Void>(())

    /// How long all workers may take to make a change before that is told.
    private static let handshakeMs: Int32 = 200
    private static let applyPolls = 2_000
    private static let applyPollMs: Int32 = 1

    private init(
        _ plan: ServicePlan, _ workers: WorkerGroup, _ health: EndpointHealth,
        _ breakers: CircuitBreakers, _ ledger: MetricsLedger, _ accessLog: AccessLog?,
        _ host: HostFacts,
        _ workshop: Workshop, _ present: Present
    ) {
        self.plan = plan
        self.workers = workers
        self.health = health
        self.breakers = breakers
        self.ledger = ledger
        self.accessLog = accessLog
        self.host = host
        self.workshop = Mutex(workshop)
        state = Mutex(present)
    }

    /// What is served now.
    var present: Present { state.withLock { $0 } }

    /// Whether it goes on serving; nothing is changed any more when it does not.
    var isServing: Bool { !isEnding.load(ordering: .relaxed) }

    func noteEnd() { isEnding.store(true, ordering: .relaxed) }

    /// The last good addresses of names, and who is asked for others.
    var names: (book: NameBook, servers: NameServers) {
        workshop.withLock { ($0.names, $0.watch.servers) }
    }

    /// Ends checks and questions. Once only, before the workers are joined.
    func stopWatching() { workshop.withLock { $0.watch.stop() } }

    /// Opens the listeners and starts the workers.
    ///
    /// - Parameters:
    ///   - isBeside: another process may listen there, whose place is being taken.
    ///   - health: without endpoints.
    ///   - book: the addresses of every name in the configuration.
    ///   - watch: of that health table; nothing is started yet.
    ///   - attention: what workers and health signal; stays the caller's when this fails.
    ///   - log: is told when the access log cannot be written.
    /// - Throws: what the operator has to change, or `WorkerGroup.StartFailure`.
    static func start(
        _ configuration: Configuration, _ plan: ServicePlan, _ host: HostFacts,
        _ book: NameBook, _ watch: EndpointWatch, isBeside: Bool, _ health: EndpointHealth,
        attention: Descriptor, log: Logger
    ) throws -> RunningService {
        let endpoints = try EndpointSource.resolve(configuration, book)
        var watch = watch
        var assembly = SiteAssembly()
        let site = try assembly.assemble(configuration, endpoints)
        let snapshot = try snapshot(site, after: nil)
        let listeners = try ListenerSet.open(
            requests(configuration), workers: plan.shares.workers, queueMax: host.listenQueueMax,
            isBeside: isBeside)
        var names = SiteNames()
        names.add(site)
        let accessLog: AccessLog?
        do throws(StartError) {
            try refuseCrowd(listeners.listeners.count)
            try refuseLoops(listeners, endpoints)
            try watch.prepare(for: configuration)
            accessLog = try configuration.process.log.access.map { options throws(StartError) in
                try AccessLog.start(options, workers: plan.workers.count, names: names, log: log)
            }
        } catch {
            listeners.close()
            throw error
        }
        site.assign(site.added, in: health, nowMs: 0)
        let breakers = CircuitBreakers(workers: plan.shares.workers)
        let workers: WorkerGroup
        do throws(WorkerGroup.StartFailure) {
            workers = try WorkerGroup.start(
                plan.choice.backend, plan.workers, snapshot, listeners, ids: site.listenerIDs,
                health, breakers, access: accessLog?.rings ?? [], attention: attention)
        } catch {
            accessLog?.stop()
            watch.stop()
            throw error
        }
        watch.watch(configuration, site)
        let ledger = MetricsLedger()
        // Ids of the first site count from nothing, whatever was counted meanwhile.
        ledger.note(site, workers.metrics)
        return RunningService(
            plan, workers, health, breakers, ledger, accessLog, host,
            Workshop(
                assembly: assembly, snapshot: snapshot, names: book, siteNames: names,
                watch: watch),
            Present(
                configuration: configuration, site: site, listeners: listeners, generation: 1))
    }

    /// Serves another configuration from now on. Nothing is changed when it cannot be.
    ///
    /// - Parameter found: the addresses of every name in it; newer ones that are known count.
    /// - Throws: what keeps it from being served.
    func change(to configuration: Configuration, _ found: NameBook) throws(StartError) {
        try workshop.withLock { (workshop) throws(StartError) in
            let names = found.merging(workshop.names.filter { found[$0.key] != nil }) { $1 }
            let listeners = Set(configuration.listeners.map(\.name))
            try change(
                to: configuration, names, without: present.drained.intersection(listeners),
                &workshop)
            state.withLock { $0.generation += 1 }
        }
    }

    /// Serves from other addresses of names from now on.
    ///
    /// - Parameter found: those that have changed.
    /// - Returns: what is new, and why it cannot be served if it cannot: it counts with the next
    ///   change that can.
    func change(namesTo found: NameBook) -> (changes: [NameChange], failure: StartError?) {
        workshop.withLock { workshop in
            var changes: [NameChange] = []
            for (question, addresses) in found {
                guard let known = workshop.names[question], known != addresses else { continue }
                workshop.names[question] = addresses
                changes.append(NameChange(question: question, before: known, after: addresses))
            }
            guard !changes.isEmpty else { return ([], nil) }
            let present = present
            do throws(StartError) {
                try change(
                    to: present.configuration, workshop.names, without: present.drained, &workshop)
                return (changes, nil)
            } catch {
                return (changes, error)
            }
        }
    }

    /// Ends at once, before anything was served.
    func abort() {
        stopWatching()
        workers.post(.terminate)
        workers.join()
        accessLog?.stop()
        present.listeners.removeFiles()
    }

    /// Sends new connections to the sockets of another process on the same addresses, and waits
    /// until those that had begun to connect before have been accepted here.
    func steer(toNext count: Int) {
        workshop.withLock { _ in present.listeners.steer(toNext: count) }
        _ = gyre_sleep_ms(Self.handshakeMs)
    }

    /// The process before has closed its sockets on the same addresses.
    func endSteering() {
        workshop.withLock { _ in present.listeners.endSteering() }
    }

    /// Takes a listener out of service, or back: its clients leave as they come to rest.
    ///
    /// - Parameter name: of the configuration.
    /// - Returns: whether that is a change.
    /// - Throws: when it cannot listen again.
    func setDrained(_ name: String, _ isDrained: Bool) throws(StartError) -> Bool {
        try workshop.withLock { (workshop) throws(StartError) in
            let before = present
            var drained = before.drained
            if isDrained { drained.insert(name) } else { drained.remove(name) }
            guard drained != before.drained else { return false }
            try change(
                to: before.configuration, workshop.names, without: drained, &workshop)
            return true
        }
    }

    private func change(
        to configuration: Configuration, _ names: NameBook, without drained: Set<String>,
        _ workshop: inout Workshop
    ) throws(StartError) {
        guard isServing else { throw StartError("the process is stopping") }
        let before = present
        let endpoints = try EndpointSource.resolve(configuration, names)
        if workers.changesApplied == workshop.changesPosted {
            workshop.assembly.reclaim(before: workers.oldestChange) {
                workers.clients(ofListener: $0) > 0
            } hasWork: {
                workers.inFlight(ofEndpoint: $0) > 0 || workers.connections(ofEndpoint: $0) > 0
            } isCounted: {
                !breakers.isUnused($0)
            } hasTunnels: { id in
                workers.metrics.contains { $0.tunnels(ofRoute: id) > 0 }
            }
        }
        try workshop.watch.prepare(for: configuration)
        // A copy, so that ids are only given out when all else is well.
        var assembly = workshop.assembly
        let site = try assembly.assemble(
            configuration, endpoints, without: drained, change: workshop.changesPosted + 1)
        let snapshot = try Self.snapshot(site, after: workshop.snapshot)
        let change = try before.listeners.changed(
            to: Self.requests(configuration, without: drained), workers: workers.count,
            queueMax: host.listenQueueMax)
        do throws(StartError) {
            try Self.refuseCrowd(before.listeners.listeners.count + change.opened.count)
            try Self.refuseLoops(change.set, endpoints)
        } catch {
            ListenerSet.close(change.opened)
            throw error
        }
        workshop.assembly = assembly
        workshop.snapshot = snapshot
        workshop.names = names
        workshop.siteNames.add(site)
        accessLog?.setNames(workshop.siteNames)
        site.assign(site.added, in: health, nowMs: MonotonicClock.nowNs / 1_000_000)
        let ids = site.listenerIDs
        ledger.note(site, workers.metrics)
        workers.post { worker in
            WorkerChange(
                snapshot: snapshot,
                opened: ListenerSet.sockets(change.opened, ofWorker: worker, ids: ids),
                moved: change.moved.compactMap { listener in
                    ids[listener.name].map { ListenerMove(number: listener.number, id: $0) }
                },
                closed: change.closed.map(\.number))
        }
        workshop.changesPosted += 1
        ListenerSet.removeFiles(change.closed)
        state.withLock {
            $0 = Present(
                configuration: configuration, site: site, listeners: change.set,
                drained: drained, generation: $0.generation)
        }
        awaitWorkers(workshop.changesPosted)
        for endpoint in site.retired { health.retire(endpoint) }
        // Now: what is not checked any more counts as well, and no worker may take it for that.
        workshop.watch.watch(configuration, site)
    }

    /// Waits until all workers serve what was last asked for; not for ever, because a worker may
    /// be ending.
    private func awaitWorkers(_ changes: UInt64) {
        for _ in 0..<Self.applyPolls where workers.changesApplied < changes {
            _ = gyre_sleep_ms(Self.applyPollMs)
        }
    }

    private static func requests(
        _ configuration: Configuration, without drained: Set<String> = []
    ) -> [ListenRequest] {
        configuration.listeners.filter { !drained.contains($0.name) }
            .map { ListenRequest(name: $0.name, addresses: $0.addresses) }
    }

    private static func snapshot(
        _ site: AssembledSite, after previous: SiteSnapshot?
    ) throws(StartError) -> SiteSnapshot {
        do throws(RouteError) {
            return try SiteSnapshot(site.description, after: previous)
        } catch {
            throw StartError("\(error)")
        }
    }

    /// - Parameter sockets: of each worker at once: old ones are closed when new ones are open.
    private static func refuseCrowd(_ sockets: Int) throws(StartError) {
        guard sockets > SiteLimits.socketsMax else { return }
        throw StartError(
            "cannot listen on \(sockets) addresses at once, those before a change included;"
                + " expected at most \(SiteLimits.socketsMax)")
    }

    /// A forwarder that connects to itself takes every descriptor there is within a second.
    private static func refuseLoops(
        _ set: ListenerSet, _ endpoints: [[ResolvedEndpoint]]
    ) throws(StartError) {
        for listener in set.listeners {
            let own = AddressReference(keeping: listener.address)
            let isLoop = endpoints.contains { $0.contains { $0.address.isSame(as: own) } }
            guard isLoop else { continue }
            throw StartError("cannot forward to \(listener.address): it is a listening address")
        }
    }
}
