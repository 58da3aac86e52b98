// What is being served, from the start to the end, and how it changes: a new configuration is made
// ready completely before any worker hears of it. Any thread; changes come one after the other.

internal import CLinux
internal import DataPlane
internal import Protocols
internal import Synchronization

/// A running service.
final class RunningService: Sendable {
    /// What is served now.
    struct Present: Sendable {
        var configuration: Configuration
        var site: AssembledSite
        var listeners: ListenerSet
        /// Configurations taken, the first one included.
        var generation: UInt64
    }

    /// What only changes need.
    private struct Workshop: Sendable {
        var assembly: SiteAssembly
        /// What the workers look at.
        var snapshot: SiteSnapshot
        /// Changes that every worker was told to make.
        var changesPosted: UInt64 = 0
    }

    let plan: ServicePlan
    let workers: WorkerGroup
    let health: EndpointHealth
    private let host: HostFacts
    private let workshop: Mutex<Workshop>
    private let state: Mutex<Present>

    /// How long all workers may take to make a change before that is told.
    private static let applyPolls = 2_000
    private static let applyPollMs: Int32 = 1

    private init(
        _ plan: ServicePlan, _ workers: WorkerGroup, _ health: EndpointHealth, _ host: HostFacts,
        _ workshop: Workshop, _ present: Present
    ) {
        self.plan = plan
        self.workers = workers
        self.health = health
        self.host = host
        self.workshop = Mutex(workshop)
        state = Mutex(present)
    }

    /// What is served now.
    var present: Present { state.withLock { $0 } }

    /// Opens the listeners and starts the workers.
    ///
    /// - Parameters:
    ///   - health: without endpoints.
    ///   - attention: what workers and health signal; stays the caller's when this fails.
    /// - Throws: what the operator has to change, or `WorkerGroup.StartFailure`.
    static func start(
        _ configuration: Configuration, _ plan: ServicePlan, _ host: HostFacts,
        _ endpoints: [[ResolvedEndpoint]], _ health: EndpointHealth, attention: Descriptor
    ) throws -> RunningService {
        var assembly = SiteAssembly()
        let site = try assembly.assemble(configuration, endpoints)
        let snapshot = try snapshot(site, after: nil)
        let listeners = try ListenerSet.open(
            requests(configuration), workers: plan.shares.workers, queueMax: host.listenQueueMax)
        do throws(StartError) {
            try refuseLoops(listeners, endpoints)
        } catch {
            listeners.close()
            throw error
        }
        site.assign(site.added, in: health, nowMs: 0)
        let workers = try WorkerGroup.start(
            plan.choice.backend, plan.workers, snapshot, listeners, ids: site.listenerIDs, health,
            attention: attention)
        return RunningService(
            plan, workers, health, host, Workshop(assembly: assembly, snapshot: snapshot),
            Present(
                configuration: configuration, site: site, listeners: listeners, generation: 1))
    }

    /// Serves another configuration from now on. Nothing is changed when it cannot be.
    ///
    /// - Throws: what keeps it from being served.
    func change(
        to configuration: Configuration, _ endpoints: [[ResolvedEndpoint]]
    ) throws(StartError) {
        try workshop.withLock { (workshop) throws(StartError) in
            try change(to: configuration, endpoints, &workshop)
        }
    }

    private func change(
        to configuration: Configuration, _ endpoints: [[ResolvedEndpoint]],
        _ workshop: inout Workshop
    ) throws(StartError) {
        let before = present
        if workers.changesApplied == workshop.changesPosted {
            workshop.assembly.reclaim {
                workers.clients(ofListener: $0) > 0
            } hasWork: {
                workers.inFlight(ofEndpoint: $0) > 0 || workers.connections(ofEndpoint: $0) > 0
            }
        }
        // A copy, so that ids are only given out when all else is well.
        var assembly = workshop.assembly
        let site = try assembly.assemble(configuration, endpoints)
        let snapshot = try Self.snapshot(site, after: workshop.snapshot)
        let change = try before.listeners.changed(
            to: Self.requests(configuration), workers: workers.count, queueMax: host.listenQueueMax)
        do throws(StartError) {
            try Self.refuseLoops(change.set, endpoints)
        } catch {
            ListenerSet.close(change.opened)
            throw error
        }
        workshop.assembly = assembly
        workshop.snapshot = snapshot
        site.assign(site.added, in: health, nowMs: MonotonicClock.nowNs / 1_000_000)
        let ids = site.listenerIDs
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
                generation: $0.generation + 1)
        }
        awaitWorkers(workshop.changesPosted)
        for endpoint in site.retired { health.retire(endpoint) }
    }

    /// Waits until all workers serve what was last asked for; not for ever, because a worker may
    /// be ending.
    private func awaitWorkers(_ changes: UInt64) {
        for _ in 0..<Self.applyPolls where workers.changesApplied < changes {
            _ = gyre_sleep_ms(Self.applyPollMs)
        }
    }

    private static func requests(_ configuration: Configuration) -> [ListenRequest] {
        configuration.listeners.map { ListenRequest(name: $0.name, addresses: $0.addresses) }
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
