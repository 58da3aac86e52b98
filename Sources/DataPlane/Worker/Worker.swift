// The loop of one worker: one thread, one reactor, its own flows, timers and counters. Nothing in
// it is shared; other threads reach it through the mailbox and read its published counters.

internal import Protocols

/// A worker on one kind of reactor.
package struct Worker<R: Reactor & ~Copyable>: ~Copyable {
    /// Completions handled between two looks at timers and mailbox.
    private static var batchCapacity: Int { 1024 }
    private static var turnsUnpublishedMax: UInt64 { 64 }

    private let pinned = Pinned()
    package var reactor: R
    private(set) var forwarder: TCPForwarder
    private(set) var proxy: HTTPProxy
    private let site: Shared<WorkerSite>
    /// Changes of what is served that are still to be made, oldest first.
    private var changes: [WorkerChange] = []
    private let clientsMax: Int
    private var batch: CompletionBatch
    /// When the last turn that did anything had done it.
    private var endNs: UInt64 = 0
    private let mailbox: Mailbox
    private let published: PublishedCounters
    /// Kept alive for the site, which reads them.
    private let gauges: [SiteGauges]
    private let metrics: WorkerMetrics
    private let access: AccessRing?
    private let accessWriter: AccessWriter?
    private let trace: TraceRing
    /// Listeners that are not closed yet: their ids, in the reactor's slots.
    private var listeners = Slab<OpenListener>(capacity: SiteLimits.socketsMax)
    private var isTerminating = false

    /// - Parameters:
    ///   - reactor: made with at least `socketsNeeded(for:)` sockets.
    ///   - snapshot: what it serves.
    ///   - listeners: sockets of listeners in the snapshot; taken over.
    ///   - mailbox: what this worker is asked for.
    ///   - published: where this worker's counters can be read.
    ///   - health: of the endpoints in the snapshot.
    ///   - breakers: of the upstreams in the snapshot.
    ///   - gauges: where it can be read what each listener and endpoint has, of all workers in
    ///     their order.
    ///   - events: where it tells what belongs in the log.
    ///   - metrics: where it counts.
    ///   - access: where it tells of exchanges and flows that ended; `nil` for nowhere.
    ///   - trace: where it tells of what somebody watches.
    ///   - filter: what that is; `nil` for nothing, ever.
    package init(
        reactor: consuming R, configuration: WorkerConfiguration, snapshot: SiteSnapshot,
        listeners: [WorkerListener], health: EndpointHealth,
        breakers: CircuitBreakers = CircuitBreakers(workers: 1),
        mailbox: Mailbox, published: PublishedCounters, gauges: [SiteGauges] = [SiteGauges()],
        events: WorkerEvents = WorkerEvents(reader: .none),
        metrics: WorkerMetrics = WorkerMetrics(), access: AccessRing? = nil,
        trace: TraceRing = TraceRing(), filter: TraceFilter? = nil
    ) {
        self.trace = trace
        let tracer = filter.map { Tracer(trace, $0) }
        self.gauges = gauges
        self.metrics = metrics
        self.access = access
        self.reactor = reactor
        self.mailbox = mailbox
        self.published = published
        let nowMs = self.reactor.nowNs / 1_000_000
        site = Shared(
            WorkerSite(
                snapshot, worker: configuration.index, health: health, breakers: breakers,
                metrics: metrics.writer, gauges: gauges.map(\.writer), nowMs: nowMs))
        breakers.join(configuration.index, wake: mailbox.wake)
        clientsMax = configuration.flowsMax
        accessWriter = access.map {
            AccessWriter($0, sample: configuration.accessSample, worker: configuration.index)
        }
        forwarder = TCPForwarder(
            configuration: configuration, site: site, events: events, access: accessWriter,
            tracer: tracer, nowNs: self.reactor.nowNs)
        proxy = HTTPProxy(
            configuration: configuration, site: site, events: events, access: accessWriter,
            tracer: tracer, nowNs: self.reactor.nowNs)
        batch = CompletionBatch(capacity: Self.batchCapacity)
        for listener in listeners { open(listener) }
        self.reactor.armWake(mailbox.wake)
        self.reactor.setAcceptCredit(acceptCredit)
    }

    deinit {
        site.destroy()
    }

    /// Sockets that a worker with this configuration can have at once.
    package static func socketsNeeded(for configuration: WorkerConfiguration) -> Int {
        TCPForwarder.sockets(for: configuration)
    }

    /// Whether it was asked to end and nothing is left to do.
    package var isFinished: Bool {
        forwarder.isDraining && listeners.count == 0 && forwarder.flows.count == 0 && proxy.isEmpty
    }

    /// Clients that are not over: flows, tunnels and HTTP sessions.
    package var clientCount: Int { forwarder.flows.count + proxy.sessions.count }

    /// How many clients may be accepted now.
    private var acceptCredit: Int {
        let isPaused =
            forwarder.acceptPausedUntilMs != nil || proxy.acceptPausedUntilMs != nil
            || forwarder.isDraining
        return isPaused ? 0 : max(clientsMax - clientCount, 0)
    }

    /// Turns until it is finished.
    package mutating func run() {
        while !isFinished { turn() }
    }

    /// One pass: submit and wait, handle what completed, then timers and bookkeeping.
    package mutating func turn() {
        batch.removeAll()
        reactor.turn(deadlineNs: nextDeadlineNs, into: &batch)
        // A turn that did not wait has not read the clock, and begins where the last one ended.
        let nowNs = max(reactor.nowNs, endNs)
        let nowMs = nowNs / 1_000_000
        forwarder.nowNs = nowNs
        proxy.nowNs = nowNs
        forwarder.nowMs = nowMs
        proxy.nowMs = nowMs
        site.value.health.readmitDue(nowMs: nowMs)
        for position in 0..<batch.count { handle(batch[position], at: position) }
        forwarder.expireTimers(on: &reactor)
        proxy.expireTimers(on: &reactor)
        proxy.endTurn(on: &reactor)
        forwarder.admitWaiting(on: &reactor)
        // The idle ones may be this worker's own.
        if forwarder.starving > 0 { proxy.closeForOthers(on: &reactor) }
        if !changes.isEmpty { makeChanges() }
        if proxy.isRetiring && listeners.count == 0 && clientCount == 0 { obey(.drain) }
        if isTerminating {
            forwarder.endAll(on: &reactor)
            proxy.endAll(on: &reactor)
        }
        // Removed listeners may still take what waits in their queue.
        if !forwarder.isDraining { reactor.setAcceptCredit(acceptCredit) }
        observeTurn(sinceNs: nowNs)
        reactor.counters[.listenersOpen] = UInt64(listeners.count)
        reactor.counters[.flowsActive] = UInt64(forwarder.flows.count)
        reactor.counters[.clientsActive] = UInt64(proxy.sessions.count)
        reactor.counters[.upstreamsActive] = UInt64(proxy.upstreams.count)
        reactor.counters[.exchangesActive] = UInt64(proxy.exchanges.count)
        reactor.counters[.buffersInUse] = UInt64(max(reactor.lentBuffers, 0))
        // Before every wait, so that what is read of an idle worker is complete; now and then when
        // it never waits.
        if !reactor.hasQueuedWork || reactor.counters[.turns] % Self.turnsUnpublishedMax == 0 {
            published.publish(&reactor.counters)
        }
    }

    /// The turn's work is done: what it tells of is complete.
    private mutating func observeTurn(sinceNs: UInt64) {
        guard batch.count > 0 || !proxy.notes.isEmpty else { return }
        endNs = reactor.clockNs
        site.value.metrics.record(endNs &- sinceNs, .turn)
        site.value.metrics.record(UInt64(batch.count) << 6, .batch)
        proxy.settle(endNs: endNs)
        if accessWriter?.publish() == true { reactor.counters[.event] &+= 1 }
    }

    private var nextDeadlineNs: UInt64? {
        var nextNs = min(forwarder.nextDeadlineNs ?? .max, proxy.nextDeadlineNs ?? .max)
        // Also when nobody asks: an ejection's end is told when it comes.
        if let dueMs = site.value.health.nextReadmissionMs {
            nextNs = min(nextNs, dueMs * 1_000_000)
        }
        return nextNs == .max ? nil : nextNs
    }

    private mutating func handle(_ completion: Completion, at position: Int) {
        switch completion.operation {
        case .wake:
            obey(mailbox.take())
            proxy.closeForOthers(on: &reactor)
        case .listenerClose: closed(completion.owner)
        case .accept:
            let id = listeners[slot: completion.owner].id
            if site.value.listeners[slot: id].record.isHTTP {
                proxy.accepted(completion, listener: id, on: &reactor)
            } else {
                forwarder.accepted(completion, listener: id, on: &reactor)
            }
        default:
            guard completion.owner != TCPForwarder.noFlow else { return }
            guard let owner = HTTPOwner(raw: completion.owner) else {
                let isContinued = completion.more && batch.isContinued(at: position)
                forwarder.handle(completion, isContinued: isContinued, on: &reactor)
                return
            }
            proxy.handle(completion, owner, on: &reactor)
            if let tunnel = proxy.tunnel { begin(tunnel, after: position) }
        }
    }

    /// Hands two connections from the HTTP engine to the TCP forwarder.
    private mutating func begin(_ tunnel: Tunnel, after position: Int) {
        proxy.tunnel = nil
        let slot = forwarder.adopt(tunnel, on: &reactor)
        let (client, upstream) = (FlowSideID.downstream(slot), FlowSideID.upstream(slot))
        reactor.setOwner(tunnel.client.socket, client.raw)
        reactor.setOwner(tunnel.upstream.socket, upstream.raw)
        batch.readdress(from: position + 1, owner: tunnel.clientOwner, to: client.raw)
        batch.readdress(from: position + 1, owner: tunnel.upstreamOwner, to: upstream.raw)
        forwarder.startTunnel(slot, on: &reactor)
    }

    private mutating func obey(_ requests: WorkerRequests) {
        if requests.contains(.retire) {
            proxy.isRetiring = true
            for slot in listeners.touchedSlots where listeners.isTaken(slot: slot) { close(slot) }
        }
        if !requests.isDisjoint(with: [.drain, .terminate]) && !forwarder.isDraining {
            forwarder.isDraining = true
            proxy.isDraining = true
            if listeners.count == 0 { proxy.closeIdle(on: &reactor) }
            for slot in listeners.touchedSlots where listeners.isTaken(slot: slot) { close(slot) }
        }
        changes += mailbox.takeChanges()
        if requests.contains(.terminate) {
            isTerminating = true
            reactor.setAcceptCredit(0)
        }
    }
}

extension Worker where R: ~Copyable {
    private mutating func open(_ listener: WorkerListener) {
        let slot = reactor.addListener(listener.descriptor)
        let index = listeners.insert(OpenListener(number: listener.number, id: listener.id))
        precondition(index?.slot == slot.index, "the reactor's slots are handed out like ours")
        site.value.socketCame(listener.id)
    }

    private mutating func close(_ slot: UInt32) {
        guard !listeners[slot: slot].isClosing else { return }
        listeners[slot: slot].isClosing = true
        reactor.removeListener(ListenerID(index: slot))
    }

    private mutating func closed(_ slot: UInt32) {
        site.value.socketWent(listeners[slot: slot].id)
        listeners.remove(listeners.index(ofSlot: slot))
        // Not before: a client that is told to go must not come back to this worker.
        if forwarder.isDraining && listeners.count == 0 { proxy.closeIdle(on: &reactor) }
    }

    /// Serves what was asked for, as far as there is room: requests under way keep what they began
    /// with, and when that is very much, the newest waits for some of it to end.
    private mutating func makeChanges() {
        while let change = changes.first {
            guard forwarder.isDraining || site.value.adopt(change.snapshot, nowMs: proxy.nowMs)
            else { return }
            changes.removeFirst()
            mailbox.noteApplied()
            if forwarder.isDraining {
                for listener in change.opened {
                    DirectCalls.close(listener.descriptor, counting: &reactor.counters)
                }
                continue
            }
            proxy.siteChanged()
            for listener in change.opened { open(listener) }
            for slot in listeners.touchedSlots where listeners.isTaken(slot: slot) {
                let number = listeners[slot: slot].number
                if let move = change.moved.first(where: { $0.number == number }) {
                    site.value.socketCame(move.id)
                    site.value.socketWent(listeners[slot: slot].id)
                    listeners[slot: slot].id = move.id
                }
                if change.closed.contains(number) { close(slot) }
            }
            proxy.closeReplaced(on: &reactor)
        }
    }
}

/// One of the reactor's listeners.
struct OpenListener: BitwiseCopyable {
    /// Tells it from other sockets of this worker.
    let number: UInt32
    /// The listener that it belongs to.
    var id: UInt32
    var isClosing = false
}

extension TCPForwarder {
    /// When timers must be looked at next, on the reactor's clock.
    var nextDeadlineNs: UInt64? {
        timers.nextDeadlineMs.map { $0 * 1_000_000 }
    }
}
