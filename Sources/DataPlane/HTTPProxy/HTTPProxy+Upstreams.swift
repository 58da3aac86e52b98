// Connections to endpoints: taken from the pool or made, lost, given back. What goes wrong with one
// before the response has begun is tried elsewhere where that is safe.

internal import Glibc
internal import Protocols

extension HTTPProxy {
    /// Finds a connection for an exchange.
    ///
    /// - Parameter head: the head that was made for the endpoint in `exchanges[slot: x].endpoint`.
    mutating func lease<R: Reactor & ~Copyable>(
        _ x: UInt32, carrying head: BufferChain, on reactor: inout R
    ) {
        touch(x, on: &reactor)
        if exchanges[slot: x].flags.contains(.mayPipeline),
            follow(x, carrying: head, on: &reactor)
        {
            noteTry(x)
            return
        }
        guard let upstream = takeIdle(x, on: &reactor) else {
            sendAfresh(x, carrying: head, on: &reactor)
            return
        }
        reactor.counters[.upstreamsReused] &+= 1
        noteTry(x)
        trace(.reused, x, id: exchanges[slot: x].endpoint)
        upstreams[slot: upstream].phase = .leased
        upstreams[slot: upstream].exchange = x
        upstreams[slot: upstream].transport.waiting = head
        exchanges[slot: x].upstream = upstream
        exchanges[slot: x].flags.insert(.isReused)
        sendRequest(x, on: &reactor)
    }

    /// Sends a request on a new connection.
    private mutating func sendAfresh<R: Reactor & ~Copyable>(
        _ x: UInt32, carrying head: BufferChain, on reactor: inout R
    ) {
        connect(x, carrying: head, on: &reactor)
        guard exchanges.isTaken(slot: x), exchanges[slot: x].upstream != .max else { return }
        sendRequest(x, on: &reactor)
    }

    /// Tries endpoints from the present one on until a connection attempt is under way; answers
    /// the client when there is none left.
    private mutating func connect<R: Reactor & ~Copyable>(
        _ x: UInt32, carrying head: BufferChain, on reactor: inout R
    ) {
        var head = head
        touch(x, on: &reactor)
        repeat {
            let endpoint = exchanges[slot: x].endpoint
            let destination = destination(ofExchange: x)
            guard site.value.connectionCame(endpoint, of: destination) else {
                starve(x, carrying: head, on: &reactor)
                return
            }
            noteTry(x)
            do {
                let upstream = try openUpstream(x, endpoint, on: &reactor)
                upstreams[slot: upstream].transport.waiting = head
                exchanges[slot: x].upstream = upstream
                exchanges[slot: x].flags.insert(.connecting)
                exchanges[slot: x].flags.remove(.isReused)
                exchanges[slot: x].meter.connectSinceNs = nowNs
                watch(exchanges[slot: x].session)
                return
            } catch {
                site.value.connectionWent(endpoint, of: destination.id)
                connectFailed(endpoint, error.code, on: &reactor)
                if error.isShortage {
                    pauseAccepting(error.code, on: &reactor)
                } else {
                    noteFailure(x, .connectFailed, code: error.code)
                }
            }
        } while moveToNextEndpoint(x, &head, in: reactor.buffers)
        head.discard(in: reactor.buffers)
        report(.noEndpoint, on: &reactor)
        fail(x, .noEndpoint, on: &reactor)
    }

    private mutating func openUpstream<R: Reactor & ~Copyable>(
        _ x: UInt32, _ endpoint: UInt32, on reactor: inout R
    ) throws(SocketFailure) -> UInt32 {
        // Each client has a descriptor's worth of room; connections that are idle, or wait for what
        // nobody wants, use what is left over.
        if upstreams.count >= configuration.upstreamsMax {
            if pool.oldest != .max {
                closeUpstream(pool.oldest, on: &reactor)
            } else {
                closeDropping(on: &reactor)
            }
        }
        let address = view(ofExchange: x).endpoints[Int(exchanges[slot: x].target)].address
        var record = UpstreamConnection(
            exchange: x, endpoint: endpoint, upstreamID: destination(ofExchange: x).id,
            address: address)
        if destination(ofExchange: x).policy.sendsProxy != nil {
            record.client = exchanges[slot: x].session
        }
        guard let index = upstreams.insert(record) else { throw .tableFull }
        do {
            let owner = HTTPOwner.upstream(index.slot).raw
            let socket = try reactor.connect(to: address, owner: owner)
            upstreams[slot: index.slot].transport.socket = socket
        } catch {
            upstreams.remove(index)
            throw error
        }
        if address.isUnix { upstreams[slot: index.slot].transport.flags.insert(.unix) }
        reactor.counters[.upstreamsOpened] &+= 1
        site.value.metrics.count(.connectionsOpened, ofEndpoint: endpoint)
        return index.slot
    }

    private mutating func connectFailed<R: Reactor & ~Copyable>(
        _ endpoint: UInt32, _ code: Int32, on reactor: inout R
    ) {
        reactor.counters[.connectFailures] &+= 1
        report(.connectFailed, endpoint: endpoint, code: code, on: &reactor)
    }

    mutating func upstreamConnected<R: Reactor & ~Copyable>(
        _ upstream: UInt32, _ result: Int32, on reactor: inout R
    ) {
        let x = upstreams[slot: upstream].exchange
        guard result >= 0 else {
            connectFailed(upstreams[slot: upstream].endpoint, -result, on: &reactor)
            noteFailure(x, .connectFailed, code: -result)
            abandonAttempt(x, answering: .connectFailed(-result), on: &reactor)
            return
        }
        exchanges[slot: x].flags.remove(.connecting)
        touch(x, on: &reactor)
        noteConnected(x)
        upstreams[slot: upstream].phase = .leased
        upstreams[slot: upstream].transport.flags.insert(.connected)
        sessions[slot: exchanges[slot: x].session].activeAtMs = nowMs
        guard introduce(upstream, on: &reactor) else { return }
        receiveFromUpstream(upstream, on: &reactor)
        upstreams[slot: upstream].transport.flush(on: &reactor)
        watch(exchanges[slot: x].session)
    }

    /// The present endpoint failed or took too long: closes the attempt and tries the next one.
    ///
    /// - Parameter reply: for the client when there is none left.
    mutating func abandonAttempt<R: Reactor & ~Copyable>(
        _ x: UInt32, answering reply: LocalReply, on reactor: inout R
    ) {
        let upstream = exchanges[slot: x].upstream
        var head = upstreams[slot: upstream].transport.waiting.take()
        exchanges[slot: x].upstream = .max
        closeUpstream(upstream, on: &reactor)
        sessions[slot: exchanges[slot: x].session].activeAtMs = nowMs
        let retries = route(ofExchange: x).retries.causes.contains(.connectFailure)
        // It names the endpoint that failed.
        exchanges[slot: x].replay.discard(in: reactor.buffers)
        if retries, moveToNextEndpoint(x, &head, in: reactor.buffers) {
            connect(x, carrying: head, on: &reactor)
            if exchanges.isTaken(slot: x), exchanges[slot: x].upstream != .max {
                keepCopy(x, in: reactor.buffers)
            }
            return
        }
        head.discard(in: reactor.buffers)
        report(.noEndpoint, on: &reactor)
        fail(x, reply, on: &reactor)
    }

    /// Bytes arrived from an endpoint, or it ended or failed.
    mutating func upstreamReceived<R: Reactor & ~Copyable>(
        _ upstream: UInt32, _ completion: Completion, on reactor: inout R
    ) {
        if !completion.more { upstreams[slot: upstream].transport.flags.remove(.receiving) }
        if completion.result > 0 {
            upstreams[slot: upstream].transport.received.append(
                completion.buffer, in: reactor.buffers)
        } else {
            upstreams[slot: upstream].transport.flags.insert(.ended)
        }
        upstreams[slot: upstream].receivedAtMs = nowMs
        let phase = upstreams[slot: upstream].phase
        guard phase == .leased || phase == .dropping && completion.result > 0 else {
            // An idle one has nothing to say: it ended, or nobody asked for what it sends.
            closeUpstream(upstream, on: &reactor)
            return
        }
        // Bytes that come before a question are no answer to it.
        guard completion.result > 0, !isCollecting(upstream) else {
            let result = min(completion.result, 0)
            upstreamEnded(upstreams[slot: upstream].exchange, result, on: &reactor)
            return
        }
        readAnswers(upstream, on: &reactor)
    }

    /// The endpoint will say no more about an exchange.
    private mutating func upstreamEnded<R: Reactor & ~Copyable>(
        _ x: UInt32, _ result: Int32, on reactor: inout R
    ) {
        let flags = exchanges[slot: x].flags
        let upstream = exchanges[slot: x].upstream
        noteFailure(upstream)
        if flags.contains(.responseStarted) {
            // A reset is told once: to a send that fails with it, and then this is an end.
            let isReset = upstreams[slot: upstream].transport.flags.contains(.discarding)
            responseEnded(x, failed: result < 0 || isReset, on: &reactor)
            return
        }
        let isUnseen = !exchanges[slot: x].replay.isEmpty && !flags.contains(.responseSeen)
        if isUnseen && flags.contains(.isReused) && !flags.contains(.isRetried) {
            retry(x, on: &reactor)
            return
        }
        noteFailure(x, .reset, code: -result)
        let causes = route(ofExchange: x).retries.causes
        if !isUnseen || !causes.contains(.reset) || !retryElsewhere(x, on: &reactor) {
            reactor.counters[.upstreamFailures] &+= 1
            fail(x, .closedBeforeResponse, on: &reactor)
        }
    }

    /// The connection was kept from an earlier exchange and died without a byte of response: most
    /// likely the endpoint had closed it as the request was on its way. A request that may be
    /// done twice goes out once more, on a new connection (RFC 9110 section 9.2.2).
    private mutating func retry<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) {
        reactor.counters[.retries] &+= 1
        exchanges[slot: x].flags.insert(.isRetried)
        exchanges[slot: x].meter.sentNs = 0
        trace(.retried, x)
        touch(x, on: &reactor)
        let request = exchanges[slot: x].replay.take()
        let upstream = exchanges[slot: x].upstream
        exchanges[slot: x].upstream = .max
        closeUpstream(upstream, on: &reactor)
        // It may have to go elsewhere still, when the endpoint is gone and not only its connection.
        sendAfresh(x, carrying: request, on: &reactor)
    }

    /// A send to an endpoint is through.
    mutating func upstreamSent<R: Reactor & ~Copyable>(
        _ upstream: UInt32, _ result: Int32, on reactor: inout R
    ) {
        guard upstreams[slot: upstream].transport.sent(result, on: &reactor) else {
            // One that takes no more bytes may still have a response to give: its receiving end
            // tells.
            if upstreams[slot: upstream].phase == .idle { closeUpstream(upstream, on: &reactor) }
            return
        }
        reactor.counters[.bytesCopied] &+= UInt64(result)
        guard upstreams[slot: upstream].phase == .leased else { return }
        let x = upstreams[slot: upstream].exchange
        let slot = exchanges[slot: x].session
        sessions[slot: slot].activeAtMs = nowMs
        if !exchanges[slot: x].flags.contains(.requestComplete) {
            receiveFromClient(slot, on: &reactor)
        }
        watch(slot)
    }

    /// Arms an endpoint's receive for what the client has room for.
    mutating func receiveFromUpstream<R: Reactor & ~Copyable>(
        _ upstream: UInt32, on reactor: inout R
    ) {
        guard !upstreams[slot: upstream].transport.flags.contains(.receiving) else { return }
        var held = upstreams[slot: upstream].transport.received.bytes
        var limit = window(reactor)
        var atLeast = ForwarderLimits.rearmBytes
        if upstreams[slot: upstream].phase == .leased {
            let x = upstreams[slot: upstream].exchange
            if splicesResponse(x, on: &reactor) { return }
            held += sessions[slot: exchanges[slot: x].session].transport.unsentBytes
            if !exchanges[slot: x].flags.contains(.responseStarted) {
                // A head is held until it is whole.
                limit = max(limit, UInt32(policy(ofExchange: x).heads.headBytesMax) + 1)
                atLeast = 1
            }
        } else if upstreams[slot: upstream].phase == .dropping {
            let heads = policy(ofExchange: upstreams[slot: upstream].exchange).heads
            limit = max(limit, UInt32(heads.headBytesMax) + 1)
            atLeast = 1
        }
        guard held == 0 || held + atLeast <= limit else { return }
        upstreams[slot: upstream].transport.receive(credit: limit - held, on: &reactor)
    }

    /// The exchange is over: its connection is kept for the next one, or closed.
    mutating func release<R: Reactor & ~Copyable>(
        _ upstream: UInt32, isReusable: Bool, on reactor: inout R
    ) {
        let endpoint = upstreams[slot: upstream].endpoint
        let transport = upstreams[slot: upstream].transport
        let isQuiet =
            transport.received.isEmpty && transport.waiting.isEmpty
            && transport.flags.isDisjoint(with: [.ended, .discarding])
        let state = site.value.endpoints[slot: endpoint]
        // Of those for one client there are no more than clients; that may be more than a limit.
        let isShared = upstreams[slot: upstream].client == .max
        let idle = isShared ? pool.count(ofEndpoint: endpoint) : 0
        let mayStay =
            !state.isLimited
            || isShared
                && site.value.breakers.starving(upstreams[slot: upstream].upstreamID) == 0
        // Its id may stand for another endpoint by now.
        let isCurrent = state.isCurrent && state.isAt(upstreams[slot: upstream].address)
        guard isReusable, isQuiet, !isDraining, mayStay, isCurrent, idle < state.idleMax
        else {
            closeUpstream(upstream, on: &reactor)
            return
        }
        upstreams[slot: upstream].phase = .idle
        upstreams[slot: upstream].exchange = .max
        upstreams[slot: upstream].idleSinceMs = nowMs
        pool.insert(upstream, in: &upstreams)
        noteKept(upstream, isKept: true)
        setPoolTimer(atMs: nowMs + state.keepAliveMs)
        // What tells that the endpoint closed it.
        receiveFromUpstream(upstream, on: &reactor)
    }

    /// Closes a connection to an endpoint, in whatever phase.
    mutating func closeUpstream<R: Reactor & ~Copyable>(
        _ upstream: UInt32, on reactor: inout R
    ) {
        switch upstreams[slot: upstream].phase {
        case .idle:
            pool.remove(upstream, in: &upstreams)
            noteKept(upstream, isKept: false)
        case .dropping: removeOrphan(upstreams[slot: upstream].exchange)
        case .connecting, .leased, .closing: break
        }
        if pipelines { cutFollowers(upstream, on: &reactor) }
        upstreams[slot: upstream].phase = .closing
        site.value.noteEnding(upstreams[slot: upstream].upstreamID, by: 1)
        upstreams[slot: upstream].transport.discard(in: reactor.buffers)
        reactor.close(upstreams[slot: upstream].transport.socket, reset: false)
    }

    /// Nothing refers to the socket any more.
    mutating func upstreamClosed<R: Reactor & ~Copyable>(
        _ upstream: UInt32, on reactor: inout R
    ) {
        let record = upstreams[slot: upstream]
        site.value.noteEnding(record.upstreamID, by: -1)
        site.value.connectionWent(record.endpoint, of: record.upstreamID)
        upstreams.remove(upstreams.index(ofSlot: upstream))
        if acceptPausedUntilMs != nil { resumeAccepting() }
    }
}
