// What is true of the HTTP engine's tables between any two turns: who refers to whom, what is held
// of each message, what the pool has.

import TestSupport

@testable import DataPlane

/// Looks at the tables of a worker after each turn.
struct EngineInvariants {
    /// Bytes that a connection may hold in one direction: windows, what a receive may exceed one
    /// by, a head that was read or written ahead, and the framing that was added.
    private let heldMax: UInt32
    private let policy: HTTPPolicy
    /// The largest that hold at any time.
    private let idleMax: UInt32
    private let pipelineMax: UInt32
    private let plan: HTTPRunPlan
    private let clientsMax: Int
    private let upstreamsMax: Int
    private let ledger: HTTPLedger
    /// Connections that were idle after the turn before.
    private var idleBefore: [UInt32] = []
    private(set) var failure: String?
    private(set) var marks = HTTPMarks()

    init(_ plan: HTTPRunPlan, _ ledger: HTTPLedger) {
        self.ledger = ledger
        policy = plan.policy
        self.plan = plan
        idleMax = plan.site.policies.map(\.idleMax).max() ?? 0
        pipelineMax = plan.site.policies.map(\.pipelineMax).max() ?? 0
        clientsMax = plan.clientsMax + ForwarderLimits.acceptOvershoot
        upstreamsMax = plan.clientsMax
        let head = UInt32(policy.heads.headBytesMax)
        // One window of answers to earlier requests, and one that an idle connection may have sent
        // when it got the next.
        heldMax =
            ForwarderLimits.windowBytes + max(ForwarderLimits.windowBytes, head + 1)
            + UInt32(BufferPool.bufferBytes) + head
            + UInt32(HTTPLimits.rewriteBytesMax + policy.chunks.lineBytesMax)
            + UInt32(HTTPRunPlan.stateField.utf8.count + 8)
    }

    private mutating func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
        if !condition, failure == nil { failure = message() }
    }

    mutating func look(_ proxy: borrowing HTTPProxy, flows: Int, _ world: SimulatedWorld) {
        for slot in idleBefore { lookAtLeaving(slot, proxy, world) }
        idleBefore.removeAll(keepingCapacity: true)
        let sessions = proxy.sessions.count
        expect(sessions + flows <= clientsMax, "\(sessions) sessions and \(flows) flows")
        var used = 0
        for slot in proxy.sessions.touchedSlots where proxy.sessions.isTaken(slot: slot) {
            lookAtSession(slot, proxy, &used)
        }
        let orphans = proxy.pipelining.orphans
        expect(
            used + orphans == proxy.exchanges.count,
            "\(proxy.exchanges.count) exchanges, \(used) in use, \(orphans) orphans")
        expect(orphans <= proxy.pipelining.orphansMax, "\(orphans) orphans")
        expect(proxy.pipelining.resends.isEmpty, "something was not sent again")
        var idle = 0
        for slot in proxy.upstreams.touchedSlots where proxy.upstreams.isTaken(slot: slot) {
            lookAtUpstream(slot, proxy, &idle)
            lookAtFollowers(slot, proxy)
        }
        expect(
            idle == proxy.pool.count, "\(proxy.pool.count) connections in the pool, \(idle) idle")
        for endpoint in 0..<proxy.pool.endpoints {
            let count = proxy.pool.count(ofEndpoint: endpoint)
            expect(count <= idleMax, "\(count) idle connections to \(endpoint)")
        }
    }

    private mutating func lookAtSession(
        _ slot: UInt32, _ proxy: borrowing HTTPProxy, _ used: inout Int
    ) {
        let session = proxy.sessions[slot: slot]
        let transport = session.transport
        let hasExchange = session.exchange != .max
        expect(hasExchange == (session.phase == .exchange), "session \(slot): \(session.phase)")
        expect(
            transport.received.bytes <= heldMax && transport.unsentBytes <= heldMax,
            "session \(slot) holds \(transport.received.bytes) and \(transport.unsentBytes) bytes")
        expect(
            session.answersQueued <= policy.pipelineDepthMax,
            "session \(slot): \(session.answersQueued) answers queued")
        if session.phase == .idle, transport.flags.contains(.receiving), transport.received.isEmpty,
            transport.unsentBytes == 0
        {
            expect(transport.waiting.buffers == 0, "session \(slot) is idle and holds a buffer")
        }
        guard hasExchange else { return }
        used += 1
        let exchange = proxy.exchanges[slot: session.exchange]
        expect(exchange.session == slot, "session \(slot): exchange of \(exchange.session)")
        expect(!exchange.flags.contains(.isOrphan), "session \(slot): its exchange is an orphan")
        guard exchange.upstream != .max else {
            let waits = exchange.flags.contains(.waits)
            expect(exchange.leader != .max || waits, "session \(slot): its request is nowhere")
            return
        }
        let upstream = proxy.upstreams[slot: exchange.upstream]
        expect(
            upstream.exchange == session.exchange
                && (upstream.phase == .connecting || upstream.phase == .leased),
            "session \(slot): upstream \(exchange.upstream) is \(upstream.phase)")
        let request = transport.received.bytes + upstream.transport.unsentBytes
        expect(request <= heldMax, "session \(slot): \(request) bytes held of a request")
        let response = upstream.transport.received.bytes + transport.unsentBytes
        expect(response <= heldMax, "session \(slot): \(response) bytes held of a response")
    }

    private mutating func lookAtUpstream(
        _ slot: UInt32, _ proxy: borrowing HTTPProxy, _ idle: inout Int
    ) {
        let upstream = proxy.upstreams[slot: slot]
        switch upstream.phase {
        case .idle:
            idle += 1
            idleBefore.append(slot)
            expect(
                upstream.transport.received.isEmpty && upstream.transport.waiting.isEmpty,
                "upstream \(slot) is idle and holds bytes")
            expect(
                upstream.transport.flags.contains(.receiving),
                "upstream \(slot) is idle and would not notice its end")
        case .dropping:
            let isOrphan =
                proxy.exchanges.isTaken(slot: upstream.exchange)
                && proxy.exchanges[slot: upstream.exchange].flags.contains(.isOrphan)
            expect(isOrphan, "upstream \(slot) drops somebody's answer")
        case .connecting, .leased:
            let isUsed =
                proxy.exchanges.isTaken(slot: upstream.exchange)
                && proxy.exchanges[slot: upstream.exchange].upstream == slot
            expect(isUsed, "upstream \(slot) is \(upstream.phase) for nobody")
        case .closing: break
        }
    }

    /// Who waits behind an answer waits in one order only, and has a copy of what it asks.
    private mutating func lookAtFollowers(_ slot: UInt32, _ proxy: borrowing HTTPProxy) {
        let upstream = proxy.upstreams[slot: slot]
        expect(
            upstream.followers < max(pipelineMax, 1),
            "upstream \(slot) has \(upstream.followers) followers")
        expect(upstream.followers == 0 || upstream.isWatched, "upstream \(slot) is not watched")
        expect(!proxy.isCollecting(slot), "upstream \(slot) collects requests after the turn")
        var x = upstream.firstFollower
        var last = UInt32.max
        var count: UInt32 = 0
        while x != .max, count <= upstream.followers, proxy.exchanges.isTaken(slot: x) {
            let exchange = proxy.exchanges[slot: x]
            let isOrphan = exchange.flags.contains(.isOrphan)
            expect(
                exchange.leader == slot && exchange.upstream == .max, "exchange \(x) is elsewhere")
            expect(
                exchange.replay.isEmpty == isOrphan && (exchange.session == .max) == isOrphan,
                "exchange \(x) could not be sent again")
            last = x
            x = exchange.next
            count += 1
        }
        expect(
            x == .max && count == upstream.followers && last == upstream.lastFollower,
            "upstream \(slot): \(count) followers of \(upstream.followers)")
    }

    /// A connection that was idle and is being closed: its origin ended it or said something, it
    /// was idle for too long, or others needed its place.
    private mutating func lookAtLeaving(
        _ slot: UInt32, _ proxy: borrowing HTTPProxy, _ world: SimulatedWorld
    ) {
        guard proxy.upstreams.isTaken(slot: slot) else { return }
        let upstream = proxy.upstreams[slot: slot]
        guard upstream.phase == .closing, upstream.exchange == .max, !proxy.isDraining,
            !upstream.transport.socket.isNone
        else { return }
        let number = world.sockets[Int(upstream.transport.socket.slot)].connection
        guard world.connections.indices.contains(number) else { return }
        let connection = world.connections[number]
        if connection.isEnded || connection.resetNs != nil { return }
        if ledger.sightings.contains(where: { $0.connection == number && $0.babbled }) { return }
        if proxy.nowMs - upstream.idleSinceMs >= plan.upstream.keepAliveMs {
            marks[.keptTooLong] += 1
        } else if !plan.site.changes, !plan.site.hasLimits {
            marks[.evicted] += 1
            expect(
                proxy.upstreams.count >= upstreamsMax,
                "upstream \(slot) had to make room among \(proxy.upstreams.count)")
        }
    }
}
