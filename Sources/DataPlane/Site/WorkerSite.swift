// What one worker knows of the site: the snapshots it holds, and by id the state of listeners,
// upstreams and endpoints, which outlives any snapshot. Both engines of the worker look at the
// same one. Worker thread only.

internal import Protocols
internal import Synchronization

/// A snapshot that is held.
private struct HeldSnapshot: BitwiseCopyable {
    let view: SiteView
    let owner: Kept<SiteSnapshot>
    /// The how many-th change it came with; 0 for the first one.
    let change: UInt32
    /// Exchanges, flows, listeners and the worker itself, as far as they look at it.
    var users: UInt32
}

/// A listener as a worker knows it.
struct ListenerUse: BitwiseCopyable {
    /// What the newest snapshot that has the listener says of it, and that snapshot; none before
    /// the first.
    var record: ListenerRecord
    var snapshot: UInt32
    /// Clients that came by it.
    var clients: UInt32 = 0
    /// Its sockets, also those that are being closed: clients may still come by them.
    fileprivate var sockets: UInt32 = 0
    /// It is in the present snapshot.
    var isCurrent = true
}

/// An upstream as a worker knows it.
struct UpstreamUse: BitwiseCopyable {
    /// Of the present snapshot, and whose turn it is; none when it does not have the upstream.
    fileprivate var balancer: UpstreamBalancer?
    var budget: RetryBudget
    fileprivate var budgetPercent: UInt32
    /// Of the newest snapshot that has it.
    var connectionsMax = UInt32.max
    /// Connections of the HTTP engine that are being closed.
    var ending: UInt32 = 0
}

/// The tables of an upstream with this worker's state.
private struct UpstreamBalancer: BitwiseCopyable {
    let tables: Shared<BalancerTables>
    let state: Shared<BalancerState>
    /// Of the endpoints, in the present snapshot.
    var endpoints: TablePart
}

/// An endpoint as a worker knows it.
struct EndpointUse: BitwiseCopyable {
    /// It is in the present snapshot.
    fileprivate(set) var isCurrent = false
    /// Requests and flows that go to it.
    fileprivate(set) var inFlight: UInt32 = 0
    /// Connections to it, idle ones included.
    fileprivate(set) var connections: UInt32 = 0
    /// Where it is; none before it was in a snapshot.
    fileprivate var address: AddressReference?
    /// In the present snapshot, its upstream's id and its position there.
    fileprivate var upstream: UInt32 = 0
    fileprivate var position: UInt32 = 0
    /// Its upstream has limits.
    fileprivate(set) var isLimited = false
    /// How long an idle connection to it is kept, in milliseconds.
    fileprivate(set) var keepAliveMs: UInt64 = 0
    /// Idle connections kept at most.
    fileprivate(set) var idleMax: UInt32 = 0
}

extension EndpointUse {
    /// Whether that is where it is in the present snapshot.
    func isAt(_ place: AddressReference) -> Bool { address?.isSame(as: place) == true }
}

/// The site as one worker knows it.
struct WorkerSite: ~Copyable {
    private var snapshots = Slab<HeldSnapshot>(capacity: SiteLimits.snapshotsMax)
    private(set) var listeners = Slab<ListenerUse>(capacity: SiteLimits.listenersMax)
    private(set) var upstreams = Slab<UpstreamUse>(capacity: SiteLimits.upstreamsMax)
    private(set) var endpoints = Slab<EndpointUse>(capacity: SiteLimits.endpointsMax)
    /// The present snapshot.
    private(set) var current: UInt32
    /// How many snapshots there were.
    private var changes: UInt32 = 0
    /// Whether the present snapshot has an upstream that is pipelined to.
    private(set) var pipelines = false
    let health: EndpointHealth
    let breakers: CircuitBreakers
    /// Where the worker counts.
    let metrics: MetricsWriter
    /// The worker's position: where it begins its rounds.
    let worker: Int
    private let gauges: GaugeWriter
    /// Those of all workers.
    private let everybodysGauges: FixedTable<GaugeWriter>

    /// - Parameters:
    ///   - worker: its position among the workers.
    ///   - health: of all endpoints of the snapshot.
    ///   - breakers: of all upstreams of the snapshot.
    ///   - metrics: the worker's.
    ///   - gauges: where others read how much is going on here, and where it can be read of them;
    ///     of all workers, in their order.
    init(
        _ snapshot: SiteSnapshot, worker: Int, health: EndpointHealth, breakers: CircuitBreakers,
        metrics: MetricsWriter, gauges: [GaugeWriter], nowMs: UInt64
    ) {
        self.worker = worker
        self.health = health
        self.breakers = breakers
        self.metrics = metrics
        self.gauges = gauges[worker]
        everybodysGauges = FixedTable(gauges)
        current = .max
        _ = adopt(snapshot, nowMs: nowMs)
    }

    deinit {
        for slot in snapshots.touchedSlots where snapshots.isTaken(slot: slot) {
            snapshots[slot: slot].owner.release()
        }
        for id in upstreams.touchedSlots { upstreams[slot: id].balancer?.state.destroy() }
    }

    /// The tables of a snapshot that is held.
    @inline(__always)
    func view(_ snapshot: UInt32) -> SiteView { snapshots[slot: snapshot].view }
}

// MARK: Snapshots

extension WorkerSite {
    /// Makes a snapshot the present one.
    ///
    /// - Returns: false when as many older ones are still in use as can be.
    mutating func adopt(_ snapshot: SiteSnapshot, nowMs: UInt64) -> Bool {
        let held = HeldSnapshot(
            view: snapshot.view, owner: Kept(snapshot), change: changes, users: 1)
        guard let slot = snapshots.insert(held)?.slot else {
            held.owner.release()
            return false
        }
        changes += 1
        let before = current
        current = slot
        adoptEndpoints(held.view, nowMs: nowMs)
        adoptListeners(held.view)
        if before != .max { release(before) }
        return true
    }

    private mutating func adoptEndpoints(_ view: SiteView, nowMs: UInt64) {
        pipelines = false
        for id in endpoints.touchedSlots { endpoints[slot: id].isCurrent = false }
        var present: Set<UInt32> = []
        for position in 0..<view.upstreams.count {
            let upstream = view.upstreams[position]
            present.insert(upstream.id)
            if upstream.policy.pipelines { pipelines = true }
            for (place, index) in upstream.endpoints.range.enumerated() {
                let id = view.endpoints[index].id
                while endpoints.count <= Int(id) { _ = endpoints.insert(EndpointUse()) }
                endpoints[slot: id].isCurrent = true
                endpoints[slot: id].address = view.endpoints[index].address
                endpoints[slot: id].upstream = upstream.id
                endpoints[slot: id].position = UInt32(place)
                endpoints[slot: id].isLimited = upstream.policy.isLimited
                endpoints[slot: id].keepAliveMs = upstream.policy.keepAliveMs
                endpoints[slot: id].idleMax = upstream.policy.idleMax
            }
            adopt(upstream, nowMs: nowMs)
        }
        for id in upstreams.touchedSlots where !present.contains(id) { letBalancerGo(id) }
    }

    private mutating func adopt(_ upstream: UpstreamRecord, nowMs: UInt64) {
        let percent = upstream.policy.retries.budgetPercent
        while upstreams.count <= Int(upstream.id) {
            _ = upstreams.insert(
                UpstreamUse(
                    balancer: nil, budget: Self.budget(percent, nowMs), budgetPercent: percent))
        }
        upstreams[slot: upstream.id].connectionsMax = upstream.policy.connectionsMax
        if upstreams[slot: upstream.id].budgetPercent != percent {
            upstreams[slot: upstream.id].budget = Self.budget(percent, nowMs)
            upstreams[slot: upstream.id].budgetPercent = percent
        }
        if let balancer = upstreams[slot: upstream.id].balancer,
            balancer.tables.isSame(as: upstream.balancer)
        {
            upstreams[slot: upstream.id].balancer?.endpoints = upstream.endpoints
            return
        }
        letBalancerGo(upstream.id)
        let states = states(of: upstream.endpoints, in: view(current))
        let state = BalancerState(
            upstream.balancer.value, states: states, start: worker,
            seed: UInt64(worker) << 32 | UInt64(upstream.id), nowMs: nowMs)
        upstreams[slot: upstream.id].balancer = UpstreamBalancer(
            tables: upstream.balancer, state: Shared(state), endpoints: upstream.endpoints)
    }

    private static func budget(_ percent: UInt32, _ nowMs: UInt64) -> RetryBudget {
        RetryBudget(
            retriesPerSecondMin: percent == 0 ? 0 : retriesPerSecondMin, nowMs: nowMs)
    }

    /// Retries that a worker may make in quiet times, whatever share they are.
    private static var retriesPerSecondMin: UInt32 { 10 }

    private mutating func letBalancerGo(_ id: UInt32) {
        upstreams[slot: id].balancer?.state.destroy()
        upstreams[slot: id].balancer = nil
    }

    private mutating func adoptListeners(_ view: SiteView) {
        for id in listeners.touchedSlots { listeners[slot: id].isCurrent = false }
        for position in 0..<view.listeners.count {
            let record = view.listeners[position]
            while listeners.count <= Int(record.id) {
                _ = listeners.insert(
                    ListenerUse(record: record, snapshot: .max, isCurrent: false))
            }
            let before = listeners[slot: record.id].snapshot
            hold(current)
            listeners[slot: record.id].record = record
            listeners[slot: record.id].snapshot = current
            listeners[slot: record.id].isCurrent = true
            if before != .max { release(before) }
        }
        for id in listeners.touchedSlots { letGo(id) }
    }

    /// An upstream's endpoints in the present snapshot; none when it is not there.
    func presentEndpoints(ofUpstream id: UInt32) -> TablePart {
        upstreams[slot: id].balancer?.endpoints ?? .empty
    }

    /// A snapshot is looked at by one more.
    mutating func hold(_ snapshot: UInt32) {
        snapshots[slot: snapshot].users += 1
    }

    /// One that held a snapshot is done with it.
    mutating func release(_ snapshot: UInt32) {
        snapshots[slot: snapshot].users -= 1
        guard snapshots[slot: snapshot].users == 0 else { return }
        snapshots[slot: snapshot].owner.release()
        snapshots.remove(snapshots.index(ofSlot: snapshot))
        noteOldest()
    }

    /// Lets others know what nobody here looks at any more.
    private func noteOldest() {
        var oldest = UInt32.max
        for slot in snapshots.touchedSlots where snapshots.isTaken(slot: slot) {
            oldest = min(oldest, snapshots[slot: slot].change)
        }
        gauges.setOldestChange(oldest)
    }
}

// MARK: Clients and work

extension WorkerSite {
    /// A client came by a listener.
    mutating func clientCame(_ listener: UInt32) {
        listeners[slot: listener].clients += 1
        gauges.setClients(listeners[slot: listener].clients, ofListener: listener)
    }

    /// A client of a listener is gone.
    mutating func clientWent(_ listener: UInt32) {
        listeners[slot: listener].clients -= 1
        gauges.setClients(listeners[slot: listener].clients, ofListener: listener)
        letGo(listener)
    }

    /// Whether a listener has more clients in the process than it may, the one that has just come
    /// included. Each worker tells of its own client before it looks at the others': together they
    /// never take too many. Two that come to two workers at the same moment for the last place may
    /// both not get it.
    func hasTooManyClients(_ listener: UInt32) -> Bool {
        let limit = listeners[slot: listener].record.clientsMax
        guard limit != .max else { return false }
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        var clients = 0
        for position in 0..<everybodysGauges.count {
            clients += everybodysGauges[position].clients(ofListener: listener)
        }
        return clients > Int(limit)
    }

    /// A listener has one socket more.
    mutating func socketCame(_ listener: UInt32) {
        listeners[slot: listener].sockets += 1
    }

    /// A socket of a listener is closed, or another listener's from now on.
    mutating func socketWent(_ listener: UInt32) {
        listeners[slot: listener].sockets -= 1
        letGo(listener)
    }

    /// What the last clients of a listener looked at is needed no more when it is gone.
    private mutating func letGo(_ listener: UInt32) {
        let state = listeners[slot: listener]
        guard !state.isCurrent, state.clients == 0, state.sockets == 0, state.snapshot != .max
        else { return }
        listeners[slot: listener].snapshot = .max
        release(state.snapshot)
    }

    /// Whether a listener's client at `address` has to begin with a PROXY header. Not one on a Unix
    /// socket, which is nowhere.
    func isProxy(_ address: IPBytes, listener: UInt32) -> Bool {
        let state = listeners[slot: listener]
        return address != IPBytes(high: 0, low: 0)
            && view(state.snapshot).contains(address, in: state.record.proxies)
    }

    /// A request or a flow goes to an endpoint from now on.
    mutating func workCame(_ endpoint: UInt32) {
        endpoints[slot: endpoint].inFlight += 1
        noteInFlight(endpoint)
    }

    /// A request or a flow is over, or goes to another endpoint.
    mutating func workWent(_ endpoint: UInt32) {
        endpoints[slot: endpoint].inFlight -= 1
        noteInFlight(endpoint)
    }

    private func noteInFlight(_ id: UInt32) {
        let inFlight = endpoints[slot: id].inFlight
        gauges.setInFlight(inFlight, ofEndpoint: id)
        guard endpoints[slot: id].isCurrent,
            let balancer = upstreams[slot: endpoints[slot: id].upstream].balancer
        else { return }
        balancer.state.value.noteInFlight(Int(endpoints[slot: id].position), inFlight)
    }

    /// A connection to an upstream is being closed, or is gone when it was.
    mutating func noteEnding(_ upstream: UInt32, by change: Int32) {
        upstreams[slot: upstream].ending = UInt32(
            Int32(upstreams[slot: upstream].ending) + change)
    }

    mutating func noteConnections(_ endpoint: UInt32, by change: Int32) {
        let count = UInt32(Int32(endpoints[slot: endpoint].connections) + change)
        endpoints[slot: endpoint].connections = count
        gauges.setConnections(count, ofEndpoint: endpoint)
    }

    /// An endpoint failed.
    func countFailure(_ endpoint: UInt32, _ cause: HealthCause) {
        switch cause {
        case .connectFailed: metrics.count(.connectFailures, ofEndpoint: endpoint)
        case .connectTimedOut: metrics.count(.connectTimeouts, ofEndpoint: endpoint)
        case .reset: metrics.count(.resets, ofEndpoint: endpoint)
        case .timedOut: metrics.count(.timeouts, ofEndpoint: endpoint)
        case .badResponse: metrics.count(.badResponses, ofEndpoint: endpoint)
        // It has answered.
        case .badStatus: break
        }
    }

    /// A request to an upstream begins: it adds its share to what may be tried again.
    mutating func requestCame(_ upstream: UInt32, budgetPercent: UInt32, nowMs: UInt64) {
        upstreams[slot: upstream].budget.noteRequest(sharePercent: budgetPercent, nowMs: nowMs)
    }

    /// Takes a retry out of the upstream's budget.
    mutating func takeRetry(_ upstream: UInt32, nowMs: UInt64) -> Bool {
        upstreams[slot: upstream].budget.takeRetry(nowMs: nowMs)
    }
}

// MARK: Choosing endpoints

extension WorkerSite {
    /// Chooses an endpoint.
    ///
    /// - Parameters:
    ///   - key: see `BalancerState.pick`.
    ///   - attempted: positions among the upstream's endpoints that are not to be chosen again.
    /// - Returns: its position in the snapshot's table; `nil` when there is none left.
    mutating func pick(
        _ upstream: UpstreamRecord, in view: SiteView, key: UInt64,
        without attempted: AttemptedEndpoints, nowMs: UInt64
    ) -> UInt32? {
        guard let balancer = upstreams[slot: upstream.id].balancer,
            balancer.tables.isSame(as: upstream.balancer)
        else { return pickOld(upstream, in: view, without: attempted) }
        let states = states(of: upstream.endpoints, in: view)
        let position = balancer.state.value.pick(
            balancer.tables.value, key: key, without: attempted, states: states, nowMs: nowMs)
        return position.map { upstream.endpoints.start + UInt32($0) }
    }

    /// Chooses one for a request that began before the upstream's endpoints were others: nobody
    /// keeps turns for it any more.
    private func pickOld(
        _ upstream: UpstreamRecord, in view: SiteView, without attempted: AttemptedEndpoints
    ) -> UInt32? {
        for (place, position) in upstream.endpoints.range.enumerated()
        where !attempted.contains(place) && health.isUsable(view.endpoints[position].id) {
            return UInt32(position)
        }
        for (place, position) in upstream.endpoints.range.enumerated()
        where !attempted.contains(place) {
            return UInt32(position)
        }
        return nil
    }

    private func states(of endpoints: TablePart, in view: SiteView) -> SnapshotEndpoints {
        SnapshotEndpoints(
            records: view.endpoints, start: Int(endpoints.start), health: health, gauges: gauges)
    }
}

/// An upstream's endpoints as a balancer asks for them.
private struct SnapshotEndpoints: EndpointStates {
    let records: TableView<EndpointRecord>
    let start: Int
    let health: EndpointHealth
    let gauges: GaugeWriter

    var epoch: UInt64 { health.epoch }

    func isUsable(_ position: Int) -> Bool { health.isUsable(records[start + position].id) }

    func readmittedAtMs(_ position: Int) -> UInt64 {
        health.admittedAtMs(records[start + position].id)
    }

    func inFlight(_ position: Int) -> UInt32 {
        gauges.inFlight(ofEndpoint: records[start + position].id)
    }
}
