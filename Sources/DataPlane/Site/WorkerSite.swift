// What one worker knows of the site: the snapshots it holds, and by id the state of listeners,
// upstreams and endpoints, which outlives any snapshot. Both engines of the worker look at the
// same one. Worker thread only.

/// A snapshot that is held.
private struct HeldSnapshot: BitwiseCopyable {
    let view: SiteView
    let owner: Kept<SiteSnapshot>
    /// Exchanges, flows, listeners and the worker itself, as far as they look at it.
    var users: UInt32
}

/// A listener as a worker knows it.
struct ListenerState: BitwiseCopyable {
    /// What the newest snapshot that has the listener says of it, and that snapshot; none before
    /// the first.
    var record: ListenerRecord
    var snapshot: UInt32
    /// Clients that came by it.
    var clients: UInt32 = 0
    /// It is in the present snapshot.
    var isCurrent = true
}

/// An upstream as a worker knows it.
struct UpstreamState: BitwiseCopyable {
    /// Where round robin goes on.
    var turn: UInt32
}

/// An endpoint as a worker knows it.
struct EndpointState: BitwiseCopyable {
    /// It is in the present snapshot.
    var isCurrent = false
    /// How long an idle connection to it is kept, in milliseconds.
    var keepAliveMs: UInt64 = 0
    /// Idle connections kept at most.
    var idleMax: UInt32 = 0
}

/// The site as one worker knows it.
struct WorkerSite: ~Copyable {
    private var snapshots = Slab<HeldSnapshot>(capacity: SiteLimits.snapshotsMax)
    var listeners = Slab<ListenerState>(capacity: SiteLimits.listenersMax)
    var upstreams = Slab<UpstreamState>(capacity: SiteLimits.upstreamsMax)
    var endpoints = Slab<EndpointState>(capacity: SiteLimits.endpointsMax)
    /// The present snapshot.
    private(set) var current: UInt32
    /// Whether the present snapshot has an upstream that is pipelined to.
    private(set) var pipelines = false
    /// Where each worker begins its rounds.
    private let start: UInt32

    /// - Parameter worker: its position among the workers.
    init(_ snapshot: SiteSnapshot, worker: Int) {
        start = UInt32(worker)
        current = .max
        _ = adopt(snapshot)
    }

    deinit {
        for slot in snapshots.touchedSlots where snapshots.isTaken(slot: slot) {
            snapshots[slot: slot].owner.release()
        }
    }

    /// The tables of a snapshot that is held.
    @inline(__always)
    func view(_ snapshot: UInt32) -> SiteView { snapshots[slot: snapshot].view }

    /// Makes a snapshot the present one.
    ///
    /// - Returns: false when as many older ones are still in use as can be.
    mutating func adopt(_ snapshot: SiteSnapshot) -> Bool {
        let held = HeldSnapshot(
            view: snapshot.view, owner: Kept(snapshot), users: 1)
        guard let slot = snapshots.insert(held)?.slot else {
            held.owner.release()
            return false
        }
        let before = current
        current = slot
        adoptEndpoints(held.view)
        adoptListeners(held.view)
        if before != .max { release(before) }
        return true
    }

    private mutating func adoptEndpoints(_ view: SiteView) {
        pipelines = false
        for id in endpoints.touchedSlots { endpoints[slot: id].isCurrent = false }
        for position in 0..<view.upstreams.count {
            let upstream = view.upstreams[position]
            while upstreams.count <= Int(upstream.id) {
                _ = upstreams.insert(UpstreamState(turn: start))
            }
            if upstream.policy.pipelines { pipelines = true }
            for index in upstream.endpoints.range {
                let id = view.endpoints[index].id
                while endpoints.count <= Int(id) { _ = endpoints.insert(EndpointState()) }
                endpoints[slot: id].isCurrent = true
                endpoints[slot: id].keepAliveMs = upstream.policy.keepAliveMs
                endpoints[slot: id].idleMax = upstream.policy.idleMax
            }
        }
    }

    private mutating func adoptListeners(_ view: SiteView) {
        for id in listeners.touchedSlots { listeners[slot: id].isCurrent = false }
        for position in 0..<view.listeners.count {
            let record = view.listeners[position]
            while listeners.count <= Int(record.id) {
                _ = listeners.insert(
                    ListenerState(record: record, snapshot: .max, isCurrent: false))
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
    }

    /// A client came by a listener.
    mutating func clientCame(_ listener: UInt32) {
        listeners[slot: listener].clients += 1
    }

    /// A client of a listener is gone.
    mutating func clientWent(_ listener: UInt32) {
        listeners[slot: listener].clients -= 1
        letGo(listener)
    }

    /// What the last clients of a listener looked at is needed no more when it is gone.
    private mutating func letGo(_ listener: UInt32) {
        let state = listeners[slot: listener]
        guard !state.isCurrent, state.clients == 0, state.snapshot != .max else { return }
        listeners[slot: listener].snapshot = .max
        release(state.snapshot)
    }

    /// The endpoint that is next in turn, as a position in the snapshot's table.
    mutating func pick(_ upstream: UpstreamRecord) -> UInt32 {
        let turn = upstreams[slot: upstream.id].turn % upstream.endpoints.count
        upstreams[slot: upstream.id].turn = turn + 1
        return upstream.endpoints.start + turn
    }

    /// The endpoint to try after the one at `position`.
    func successor(of position: UInt32, in upstream: UpstreamRecord) -> UInt32 {
        position + 1 == upstream.endpoints.end ? upstream.endpoints.start : position + 1
    }
}
