// Upstreams with limits: flows wait in line for a connection, and are reset when they cannot wait
// or have waited for too long.

extension TCPForwarder {
    /// Connects a flow when its upstream has room for it.
    mutating func admit<R: Reactor & ~Copyable>(_ slot: UInt32, on reactor: inout R) {
        let upstream = destination(slot)
        guard upstream.policy.connectionsMax != .max else {
            connect(slot, on: &reactor)
            return
        }
        switch site.value.enter(upstream) {
        case .admitted:
            flows[slot: slot].holdsPermit = true
            connect(slot, on: &reactor)
        case .waits:
            reactor.counters[.upstreamWaits] &+= 1
            flows[slot: slot].phase = .waiting
            noteQueued(slot)
            lines.append(slot, to: upstream.id, in: &flows)
            timers.set(slot, atMs: nowMs + upstream.policy.pendingMs)
        case .full: refuse(slot, on: &reactor)
        }
    }

    /// A flow cannot wait, or has waited for too long.
    mutating func refuse<R: Reactor & ~Copyable>(
        _ slot: UInt32, on reactor: inout R
    ) {
        reactor.counters[.upstreamOverflows] &+= 1
        let isLate = flows[slot: slot].phase == .waiting
        if isLate { site.value.metrics.countPast(.room) }
        noteReason(slot, isLate ? .pendingTimeout : .upstreamFull)
        let upstream = destination(slot)
        let view = site.value.view(flows[slot: slot].snapshot)
        let endpoint = view.endpoints[Int(upstream.endpoints.start)].id
        report(.upstreamFull, endpoint: endpoint, on: &reactor)
        end(slot, reset: true, on: &reactor)
    }

    /// There is a permit, but every connection that may be is there, idle or closing.
    mutating func starve(_ slot: UInt32) {
        let upstream = destination(slot)
        flows[slot: slot].phase = .waiting
        flows[slot: slot].starves = true
        noteQueued(slot)
        starving += 1
        lines.putInFront(slot, of: upstream.id, in: &flows)
        site.value.starve(upstream)
        timers.set(slot, atMs: nowMs + upstream.policy.pendingMs)
    }

    private mutating func endWait(_ slot: UInt32) {
        let upstream = destination(slot).id
        lines.remove(slot, from: upstream, in: &flows)
        if flows[slot: slot].starves {
            site.value.breakers.endStarving(upstream)
            starving -= 1
        }
        flows[slot: slot].starves = false
        flows[slot: slot].phase = .connecting
        noteUnqueued(slot)
    }

    /// A flow that waits is over.
    mutating func giveUpWaiting(_ slot: UInt32) {
        endWait(slot)
        if !flows[slot: slot].holdsPermit { site.value.leaveLine(destination(slot)) }
    }

    /// A flow is over.
    mutating func givePermitBack(_ slot: UInt32) {
        guard flows[slot: slot].holdsPermit else { return }
        flows[slot: slot].holdsPermit = false
        site.value.givePermit(flows[slot: slot].upstreamID)
    }

    /// Lets those go on who wait and for whom there is room now, the first ones first.
    mutating func admitWaiting<R: Reactor & ~Copyable>(on reactor: inout R) {
        guard !lines.isEmpty else { return }
        for upstream in 0..<lines.upstreams {
            while let slot = lines.first(of: upstream), goOn(slot, on: &reactor) {}
        }
    }

    /// - Returns: false when the first one of a line still has to wait.
    private mutating func goOn<R: Reactor & ~Copyable>(
        _ slot: UInt32, on reactor: inout R
    ) -> Bool {
        let upstream = destination(slot)
        if flows[slot: slot].starves {
            guard site.value.hasRoom(upstream) else { return false }
        } else {
            guard site.value.takeTurn(upstream) else { return false }
            flows[slot: slot].holdsPermit = true
        }
        endWait(slot)
        connect(slot, on: &reactor)
        return flows[slot: slot].phase != .waiting || site.value.hasRoom(upstream)
    }
}
