// Upstreams with limits: requests wait in line for a connection, the first of them gets the next
// one, and what cannot wait is told so at once.

internal import Protocols

extension HTTPProxy {
    /// Hands a request on when its upstream has room for it.
    ///
    /// - Parameter head: the head that was made for the endpoint in `exchanges[slot: x].endpoint`.
    mutating func admit<R: Reactor & ~Copyable>(
        _ x: UInt32, carrying head: BufferChain, on reactor: inout R
    ) {
        let upstream = destination(ofExchange: x)
        guard upstream.policy.isLimited else {
            lease(x, carrying: head, on: &reactor)
            return
        }
        let breakers = site.value.breakers
        var verdict = BreakerVerdict.full
        if breakers.requestCame(upstream.id, limit: upstream.policy.requestsMax) {
            exchanges[slot: x].flags.insert(.isLimited)
            verdict = site.value.enter(upstream)
        }
        switch verdict {
        case .admitted:
            exchanges[slot: x].flags.insert(.holdsPermit)
            lease(x, carrying: head, on: &reactor)
        case .waits:
            reactor.counters[.upstreamWaits] &+= 1
            exchanges[slot: x].flags.insert(.waits)
            noteQueued(x)
            exchanges[slot: x].replay = head
            lines.append(x, to: upstream.id, in: &exchanges)
        case .full:
            var head = head
            head.discard(in: reactor.buffers)
            reactor.counters[.upstreamOverflows] &+= 1
            report(.upstreamFull, endpoint: exchanges[slot: x].endpoint, on: &reactor)
            fail(x, .upstreamFull, on: &reactor)
        }
    }

    /// There is a permit, but every connection that may be is there, idle or closing: waits in
    /// front of all others until one has ended.
    mutating func starve<R: Reactor & ~Copyable>(
        _ x: UInt32, carrying head: BufferChain, on reactor: inout R
    ) {
        let upstream = destination(ofExchange: x)
        exchanges[slot: x].flags.remove(.connecting)
        exchanges[slot: x].flags.insert([.waits, .starves])
        noteQueued(x)
        // A copy for an attempt that came to nothing.
        exchanges[slot: x].replay.discard(in: reactor.buffers)
        exchanges[slot: x].replay = head
        exchanges[slot: x].upstream = .max
        lines.putInFront(x, of: upstream.id, in: &exchanges)
        site.value.starve(upstream)
        closeIdle(of: upstream.id, atMost: 1, on: &reactor)
        // Whatever it waited for before, this wait begins now.
        sessions[slot: exchanges[slot: x].session].activeAtMs = nowMs
        watch(exchanges[slot: x].session)
    }

    /// An exchange waits no more.
    private mutating func endWait(_ x: UInt32) {
        let upstream = destination(ofExchange: x).id
        lines.remove(x, from: upstream, in: &exchanges)
        if exchanges[slot: x].flags.contains(.starves) {
            site.value.breakers.endStarving(upstream)
        }
        exchanges[slot: x].flags.subtract([.waits, .starves])
        noteUnqueued(x)
    }

    /// An exchange is over: gives back what it had of its upstream's limits.
    mutating func giveBackLimits(_ x: UInt32) {
        let flags = exchanges[slot: x].flags
        guard !flags.isDisjoint(with: [.isLimited, .holdsPermit, .waits]) else { return }
        let upstream = destination(ofExchange: x)
        if flags.contains(.waits) { endWait(x) }
        if flags.contains(.holdsPermit) {
            site.value.givePermit(upstream.id)
        } else if flags.contains(.waits) {
            site.value.leaveLine(upstream)
        }
        if flags.contains(.isLimited) { site.value.breakers.requestWent(upstream.id) }
        exchanges[slot: x].flags.subtract([.isLimited, .holdsPermit])
    }

    /// Lets those go on who wait and for whom there is room now, the first ones first.
    mutating func admitWaiting<R: Reactor & ~Copyable>(on reactor: inout R) {
        guard !lines.isEmpty else { return }
        for upstream in 0..<lines.upstreams {
            while let x = lines.first(of: upstream), goOn(x, on: &reactor) {}
        }
    }

    /// - Returns: false when the first one of a line still has to wait.
    private mutating func goOn<R: Reactor & ~Copyable>(
        _ x: UInt32, on reactor: inout R
    ) -> Bool {
        let upstream = destination(ofExchange: x)
        let isStarving = exchanges[slot: x].flags.contains(.starves)
        if isStarving {
            let hasOwn = pool.count(ofEndpoint: exchanges[slot: x].endpoint) > 0
            guard hasOwn || site.value.hasRoom(upstream) else {
                // Somebody else may have taken the room that was made for it.
                if !site.value.isAnyEnding(upstream.id) {
                    closeIdle(of: upstream.id, atMost: 1, on: &reactor)
                }
                return false
            }
        } else {
            guard site.value.takeTurn(upstream) else { return false }
            exchanges[slot: x].flags.insert(.holdsPermit)
        }
        endWait(x)
        noteTouched(x, on: &reactor)
        let index = exchanges.index(ofSlot: x)
        var head = exchanges[slot: x].replay.take()
        sessions[slot: exchanges[slot: x].session].activeAtMs = nowMs
        // Its endpoint may have gone out of service meanwhile; the last one is tried all the same.
        let endpoint = exchanges[slot: x].endpoint
        if !site.value.health.isUsable(endpoint),
            !moveToNextEndpoint(x, &head, in: reactor.buffers),
            exchanges[slot: x].endpoint != endpoint
        {
            // There is one, and no buffer to name it in the head.
            head.discard(in: reactor.buffers)
            abandonForWantOfBuffers(exchanges[slot: x].session, on: &reactor)
            return true
        }
        lease(x, carrying: head, on: &reactor)
        guard exchanges.contains(index) else { return true }
        watch(exchanges[slot: x].session)
        if exchanges[slot: x].flags.contains(.waits) { return site.value.hasRoom(upstream) }
        // Its client may have ended meanwhile, in the middle of the body.
        let client = sessions[slot: exchanges[slot: x].session].transport
        if client.flags.contains(.ended), !exchanges[slot: x].flags.contains(.requestComplete) {
            requestBrokeOff(x, on: &reactor)
        }
        return true
    }

    /// Work elsewhere may wait for the end of connections that are idle here.
    mutating func closeForOthers<R: Reactor & ~Copyable>(on reactor: inout R) {
        let view = site.value.view(site.value.current)
        for position in 0..<view.upstreams.count where pool.count > 0 {
            let upstream = view.upstreams[position].id
            let starving = site.value.breakers.starving(upstream)
            if starving > 0 { closeIdle(of: upstream, atMost: starving, on: &reactor) }
        }
    }

    /// Connections are only idle while their endpoints are in the present snapshot.
    private mutating func closeIdle<R: Reactor & ~Copyable>(
        of upstream: UInt32, atMost limit: Int, on reactor: inout R
    ) {
        let view = site.value.view(site.value.current)
        var closed = 0
        for position in site.value.presentEndpoints(ofUpstream: upstream).range {
            let endpoint = view.endpoints[position].id
            while closed < limit, let oldest = pool.oldest(ofEndpoint: endpoint) {
                closeUpstream(oldest, on: &reactor)
                closed += 1
            }
        }
    }
}
