// Several requests on one connection to an endpoint (RFC 9112 section 9.3.2): those of one turn go
// out in one send, and their answers come back in the same order.
//
// A connection has one front, the exchange whose answer is read; others follow it. What must hold:
//  1. Followers stand in the order in which their heads were put into the connection's bytes, and
//     both happen in one step. None joins once these bytes are on their way.
//  2. Received bytes go to the front alone. Only the complete end of its answer makes the first
//     follower the front, and only if the endpoint keeps the connection.
//  3. A follower has no connection of its own (`upstream` is none), so nothing that works on one
//     reaches it; it has a copy of its request instead, until a byte of its answer has come.
//  4. One that leaves the order is never passed over: it stays as an orphan, whose answer is
//     dropped, or nothing behind the front is read any more.
//  5. Nobody follows a HEAD: an origin that wrongly sends its body would speak to the next client.
//  6. What was cut off from its connection is sent again once, alone, and never follows anew.

internal import Protocols

extension HTTPProxy {
    /// Puts a request that may share a connection behind others of this turn for the same endpoint.
    ///
    /// - Parameter head: taken over as the copy of the request, unless false is returned.
    /// - Returns: false when it needs a connection of its own.
    mutating func follow<R: Reactor & ~Copyable>(
        _ x: UInt32, carrying head: BufferChain, on reactor: inout R
    ) -> Bool {
        let upstream = pipelining.trusts[slot: exchanges[slot: x].endpoint].collecting
        guard upstream != .max, head.buffers == 1,
            upstreams[slot: upstream].followers + 1 < destination(ofExchange: x).policy.pipelineMax
        else { return false }
        precondition(
            upstreams[slot: upstream].phase == .leased && upstreams[slot: upstream].flushesLater,
            "requests are collected on a connection that sends at the end of the turn")
        let transport = upstreams[slot: upstream].transport
        guard transport.unsentBytes + head.bytes <= ForwarderLimits.windowBytes,
            upstreams[slot: upstream].transport.waiting.append(
                copyOf: head.head, in: reactor.buffers)
        else { return false }
        reactor.counters[.requestsPipelined] &+= 1
        trace(.pipelined, x, id: exchanges[slot: x].endpoint)
        exchanges[slot: x].flags.insert(.isReused)
        exchanges[slot: x].leader = upstream
        exchanges[slot: x].replay = head
        let last = upstreams[slot: upstream].lastFollower
        if last == .max {
            upstreams[slot: upstream].firstFollower = x
        } else {
            exchanges[slot: last].next = x
        }
        upstreams[slot: upstream].lastFollower = x
        upstreams[slot: upstream].followers += 1
        if exchanges[slot: x].flags.contains(.isHead) { endCollecting(upstream) }
        watchPipeline(upstream)
        return true
    }

    /// Lets other requests of this turn follow an exchange that has just been given a connection.
    ///
    /// - Returns: whether its request is sent at the end of the turn.
    mutating func collect(_ x: UInt32) -> Bool {
        let exchange = exchanges[slot: x]
        guard exchange.flags.isSuperset(of: [.mayPipeline, .isReused]),
            !exchange.flags.contains(.isHead), !exchange.replay.isEmpty,
            pipelining.trusts[slot: exchange.endpoint].isProven
        else { return false }
        pipelining.trusts[slot: exchange.endpoint].collecting = exchange.upstream
        flushLater(upstream: exchange.upstream)
        return true
    }

    /// Whether requests can still follow on a connection: nothing of its exchange has been sent.
    func isCollecting(_ upstream: UInt32) -> Bool {
        pipelines
            && pipelining.trusts[slot: upstreams[slot: upstream].endpoint].collecting == upstream
    }

    /// Nothing follows on a connection from here on.
    mutating func endCollecting(_ upstream: UInt32) {
        guard isCollecting(upstream) else { return }
        pipelining.trusts[slot: upstreams[slot: upstream].endpoint].collecting = .max
    }

    /// The answer of a connection's front is complete: the next one is its follower's.
    ///
    /// - Parameter isReusable: whether another answer may come.
    mutating func passTurn<R: Reactor & ~Copyable>(
        _ upstream: UInt32, isReusable: Bool, on reactor: inout R
    ) {
        upstreams[slot: upstream].answered &+= 1
        guard upstreams[slot: upstream].followers > 0 else {
            let closes = upstreams[slot: upstream].closesBehindFront
            release(upstream, isReusable: isReusable && !closes, on: &reactor)
            return
        }
        guard isReusable else {
            closeUpstream(upstream, on: &reactor)
            return
        }
        precondition(!upstreams[slot: upstream].closesBehindFront, "what is cut off follows still")
        let x = upstreams[slot: upstream].firstFollower
        upstreams[slot: upstream].firstFollower = exchanges[slot: x].next
        upstreams[slot: upstream].followers -= 1
        if upstreams[slot: upstream].followers == 0 {
            upstreams[slot: upstream].lastFollower = .max
        }
        precondition(
            exchanges[slot: x].leader == upstream && exchanges[slot: x].upstream == .max,
            "an answer's owner is not the one that was sent next")
        exchanges[slot: x].leader = .max
        exchanges[slot: x].next = .max
        upstreams[slot: upstream].exchange = x
        if exchanges[slot: x].flags.contains(.isOrphan) {
            upstreams[slot: upstream].phase = .dropping
        } else {
            upstreams[slot: upstream].phase = .leased
            exchanges[slot: x].upstream = upstream
        }
        receiveFromUpstream(upstream, on: &reactor)
    }

    /// Judges by the head in `responseHead`, the front's, whether answers may follow it.
    mutating func judgePipelining<R: Reactor & ~Copyable>(
        _ upstream: UInt32, isReused: Bool, on reactor: inout R
    ) {
        let endpoint = upstreams[slot: upstream].endpoint
        let hasFollowers = upstreams[slot: upstream].followers > 0
        guard responseHead.isPersistent && responseHead.version == .http11 else {
            // An endpoint that closes after many answers does so on purpose.
            let isSudden = upstreams[slot: upstream].answered < HTTPLimits.pipelinedAnswersMin
            if responseHead.version == .http10 || hasFollowers && isSudden {
                pipelining.trusts[slot: endpoint].noteFailure(nowMs: nowMs)
            }
            cutFollowers(upstream, on: &reactor)
            return
        }
        if isReused { pipelining.trusts[slot: endpoint].noteAnswer(nowMs: nowMs) }
        if hasFollowers, case .length(let count) = responseHead.framing,
            count > HTTPLimits.pipelinedBodyBytesMax
        {
            cutFollowers(upstream, on: &reactor)
        }
    }

    /// The front's body goes on: nobody waits behind a long one.
    mutating func limitWaiting<R: Reactor & ~Copyable>(
        behind x: UInt32, _ upstream: UInt32, on reactor: inout R
    ) {
        guard upstreams[slot: upstream].followers > 0,
            case .chunked(let decoder) = exchanges[slot: x].response,
            decoder.bodyBytes > HTTPLimits.pipelinedBodyBytesMax
        else { return }
        cutFollowers(upstream, on: &reactor)
    }

    /// A connection is the endpoint's failure, if anybody waits behind its front.
    mutating func noteFailure(_ upstream: UInt32) {
        guard pipelines, upstreams[slot: upstream].followers > 0 else { return }
        pipelining.trusts[slot: upstreams[slot: upstream].endpoint].noteFailure(nowMs: nowMs)
    }

    /// Nothing behind the present answer is read any more: whoever still waits for his own is sent
    /// again at the end of the turn.
    mutating func cutFollowers<R: Reactor & ~Copyable>(
        _ upstream: UInt32, on reactor: inout R
    ) {
        upstreams[slot: upstream].closesBehindFront = true
        endCollecting(upstream)
        var x = upstreams[slot: upstream].firstFollower
        while x != .max {
            let next = exchanges[slot: x].next
            exchanges[slot: x].leader = .max
            exchanges[slot: x].next = .max
            if exchanges[slot: x].flags.contains(.isOrphan) {
                removeOrphan(x)
            } else {
                reactor.counters[.requestsResent] &+= 1
                exchanges[slot: x].flags.remove(.mayPipeline)
                exchanges[slot: x].meter.sentNs = 0
                // It waits for a connection now, and for that alone.
                sessions[slot: exchanges[slot: x].session].activeAtMs = nowMs
                pipelining.resends.append(exchanges.index(ofSlot: x), of: exchanges)
            }
            x = next
        }
        upstreams[slot: upstream].firstFollower = .max
        upstreams[slot: upstream].lastFollower = .max
        upstreams[slot: upstream].followers = 0
    }

    /// Sends what was cut off on connections of its own.
    mutating func resend<R: Reactor & ~Copyable>(on reactor: inout R) {
        while let index = pipelining.resends.popFirst() {
            guard exchanges.contains(index) else { continue }
            let x = index.slot
            precondition(
                exchanges[slot: x].upstream == .max && exchanges[slot: x].leader == .max
                    && !exchanges[slot: x].replay.isEmpty, "sent again while an answer may come")
            lease(x, carrying: exchanges[slot: x].replay.take(), on: &reactor)
            if exchanges.contains(index) { watch(exchanges[slot: x].session) }
        }
    }

    /// Sees to it that nobody waits long behind an answer that does not come.
    mutating func watchPipeline(_ upstream: UInt32) {
        upstreams[slot: upstream].receivedAtMs = nowMs
        guard !upstreams[slot: upstream].isWatched else { return }
        upstreams[slot: upstream].isWatched = true
        pipelining.watched.append(upstreams.index(ofSlot: upstream), of: upstreams)
        guard !pipelining.isTimerSet else { return }
        pipelining.isTimerSet = true
        timers.set(pipelineTimer, atMs: nowMs + HTTPLimits.pipelineStallMs)
    }

    /// Looks at all connections on which somebody waits behind an answer.
    mutating func expirePipelines<R: Reactor & ~Copyable>(on reactor: inout R) {
        pipelining.isTimerSet = false
        var nextMs = UInt64.max
        for _ in 0..<pipelining.watched.count {
            guard let index = pipelining.watched.popFirst(), upstreams.contains(index) else {
                continue
            }
            let upstream = index.slot
            let isDropping = upstreams[slot: upstream].phase == .dropping
            guard isDropping || upstreams[slot: upstream].followers > 0 else {
                upstreams[slot: upstream].isWatched = false
                continue
            }
            let dueMs = upstreams[slot: upstream].receivedAtMs + HTTPLimits.pipelineStallMs
            if dueMs > nowMs {
                pipelining.watched.append(index, of: upstreams)
                nextMs = min(nextMs, dueMs)
                continue
            }
            upstreams[slot: upstream].isWatched = false
            // One that would be received from has nothing to say; else it is the front's client
            // that takes nothing.
            if upstreams[slot: upstream].transport.flags.contains(.receiving) {
                noteFailure(upstream)
            }
            if isDropping {
                closeUpstream(upstream, on: &reactor)
            } else {
                cutFollowers(upstream, on: &reactor)
            }
        }
        guard nextMs != .max else { return }
        pipelining.isTimerSet = true
        timers.set(pipelineTimer, atMs: nextMs)
    }
}
