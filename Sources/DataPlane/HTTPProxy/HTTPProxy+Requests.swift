// From a complete request head to bytes on their way to an endpoint.

internal import Protocols

extension HTTPProxy {
    /// Begins the exchange of the request that is in `requestHead`.
    ///
    /// - Parameter head: the received bytes, from the head's first one on.
    mutating func begin<R: Reactor & ~Copyable>(
        _ slot: UInt32, _ head: Span<UInt8>, on reactor: inout R
    ) {
        reactor.counters[.requests] &+= 1
        sessions[slot: slot].activeAtMs = nowMs
        sessions[slot: slot].requestsLeft -= 1
        if sessions[slot: slot].transport.unsentBytes > 0 {
            sessions[slot: slot].answersQueued += 1
        }
        let waitMs = requestWaitMs(slot, head, on: &reactor)
        let choice = waitMs == 0 ? chooseRoute(slot, head) : .none
        guard let index = exchanges.insert(makeExchange(slot, choice)) else {
            preconditionFailure("more exchanges than sessions and orphans")
        }
        site.value.hold(exchanges[slot: index.slot].snapshot)
        sessions[slot: slot].phase = .exchange
        sessions[slot: slot].exchange = index.slot
        noteTouched(index.slot, on: &reactor)
        learn(index.slot, head, on: &reactor)
        let reply =
            waitMs > 0
            ? .tooManyRequests(retryInMs: waitMs)
            : ownAnswer(policy(ofClient: slot), choice) ?? shedding(on: &reactor)
        if let reply {
            let length = requestHead.length
            sessions[slot: slot].transport.received.consume(length, in: reactor.buffers)
            dropRequestBody(index.slot, on: &reactor)
            answer(slot, reply, on: &reactor)
            return
        }
        if exchanges[slot: index.slot].destination == .max {
            answerByRoute(slot, head, on: &reactor)
            return
        }
        guard chooseFirstEndpoint(index.slot, head, on: &reactor) else {
            let length = requestHead.length
            sessions[slot: slot].transport.received.consume(length, in: reactor.buffers)
            report(.noEndpoint, on: &reactor)
            answer(slot, .noEndpoint, on: &reactor)
            return
        }
        guard let chain = makeRequestHead(index.slot, head, in: reactor.buffers) else {
            abandonForWantOfBuffers(slot, on: &reactor)
            return
        }
        sessions[slot: slot].transport.received.consume(requestHead.length, in: reactor.buffers)
        admit(index.slot, carrying: chain, on: &reactor)
        watch(slot)
    }

    /// What is answered when nearly all buffers are in use: those that are left are for requests
    /// that were begun before.
    private func shedding<R: Reactor & ~Copyable>(on reactor: inout R) -> LocalReply? {
        let pool = reactor.buffers
        guard pool.freeCount < pool.capacity / HTTPLimits.reserveShare else { return nil }
        reactor.counters[.requestsShed] &+= 1
        return .overloaded
    }

    /// What is answered here and not handed on.
    private func ownAnswer(_ policy: HTTPPolicy, _ choice: RouteChoice) -> LocalReply? {
        if requestHead.method == .connect && !policy.allowsConnect { return .connectRefused }
        if let limit = policy.bodyBytesMax, case .length(let count) = requestHead.framing,
            count > limit
        {
            return .bodyTooLarge
        }
        // RFC 9110 section 7.6.2: whoever finds no forwards left answers itself.
        if requestHead.maxForwards == 0 {
            if requestHead.method == .options { return .options }
            if requestHead.method == .trace { return .traceRefused }
        }
        switch choice {
        case .taken: return nil
        case .none: return .noRoute
        case .refused(let refusal): return LocalReply(badPath: refusal)
        }
    }

    private func makeExchange(_ slot: UInt32, _ choice: RouteChoice) -> Exchange {
        let listener = sessions[slot: slot].listener
        let snapshot = site.value.listeners[slot: listener].snapshot
        let view = site.value.view(snapshot)
        var (route, destination) = (UInt32.max, UInt32.max)
        var pipelines = false
        if case .taken(let position) = choice {
            route = position
            destination = view.routes[Int(position)].upstream
        }
        if destination != .max {
            pipelines = view.upstreams[Int(destination)].policy.pipelines
        }
        var exchange = Exchange(
            session: slot, listener: listener, snapshot: snapshot, route: route,
            destination: destination,
            meter: ExchangeMeter(
                requestHead.method, nowNs: nowNs, headBytes: requestHead.length))
        exchange.request = BodyProgress(requestHead.framing, policy(ofClient: slot).chunks)
        var flags: ExchangeFlags = []
        if requestHead.method == .head { flags.insert(.isHead) }
        if requestHead.method == .connect { flags.insert(.isConnect) }
        if requestHead.method.isIdempotent { flags.insert(.isIdempotent) }
        if requestHead.version == .http10 { flags.insert(.clientIsHTTP10) }
        if requestHead.framing == .none { flags.insert(.requestComplete) }
        if requestHead.expectsContinue { flags.insert(.expectsContinue) }
        if hasUpgrade { flags.insert(.upgrades) }
        if requestHead.isPersistent { flags.insert(.mayBeFollowed) }
        if pipelines && mayPipeline { flags.insert(.mayPipeline) }
        let isLast = sessions[slot: slot].requestsLeft == 0 || isLeaving(slot)
        if requestHead.isPersistent && !isLast { flags.insert(.clientPersists) }
        exchange.flags = flags
        return exchange
    }

    /// Whether the request in `requestHead` may share a connection. Not when repeating it could do
    /// anything: that happens whenever an answer before its own fails or is late.
    private var mayPipeline: Bool {
        requestHead.method.isSafe && requestHead.framing == .none && !requestHead.expectsContinue
            && requestHead.upgrade.isEmpty
    }

    /// Whether the upgrade that the request asks for is handed on. Not to h2c: what follows would
    /// be requests that nobody here has looked at.
    var hasUpgrade: Bool { !requestHead.upgrade.isEmpty && !requestHead.upgradesToH2C }

    /// Learns what is told of the request in `requestHead` and its client, as far as anybody is.
    private mutating func learn<R: Reactor & ~Copyable>(
        _ x: UInt32, _ head: Span<UInt8>, on reactor: inout R
    ) {
        let slot = exchanges[slot: x].session
        let listener = sessions[slot: slot].listener
        let isForwarded =
            exchanges[slot: x].destination != .max
            && !policy(ofClient: slot).forwarded.isDisjoint(with: [.xForwarded, .forwarded])
        let isTold = logs || site.value.listeners[slot: listener].record.identifies
        if isForwarded || isTold { _ = address(ofClient: slot, on: &reactor) }
        if isTold { identify(slot, head) }
        if logs { noteTexts(x, head) }
        if tracer?.filter.isOn == true { traceRequest(x, head, on: &reactor) }
    }

    /// Where a client is. Learnt once; whether it is trusted is learnt with it.
    mutating func address<R: Reactor & ~Copyable>(
        ofClient slot: UInt32, on reactor: inout R
    ) -> IPBytes {
        if sessions[slot: slot].flags.contains(.hasAddress) { return sessions[slot: slot].address }
        let address = reactor.peerAddress(of: sessions[slot: slot].transport.socket)
        noteAddress(slot, address ?? IPBytes(high: 0, low: 0))
        return sessions[slot: slot].address
    }

    /// The client is at `address`.
    mutating func noteAddress(_ slot: UInt32, _ address: IPBytes) {
        sessions[slot: slot].address = address
        sessions[slot: slot].flags.insert(.hasAddress)
        let state = site.value.listeners[slot: sessions[slot: slot].listener]
        if site.value.view(state.snapshot).contains(address, in: state.record.trusted) {
            sessions[slot: slot].flags.insert(.isTrusted)
        } else {
            sessions[slot: slot].flags.remove(.isTrusted)
        }
    }

    /// No buffer is free although windows shrink long before: nothing can be said any more.
    mutating func abandonForWantOfBuffers<R: Reactor & ~Copyable>(
        _ slot: UInt32, on reactor: inout R
    ) {
        reactor.counters[.starvedWaits] &+= 1
        if sessions[slot: slot].phase == .exchange {
            noteReason(sessions[slot: slot].exchange, .noBuffer)
        } else {
            noteRefused(slot, .noBuffer, on: &reactor)
        }
        abandon(slot, reset: true, on: &reactor)
    }

    /// The request can be sent: what has come of its body goes with the head.
    mutating func sendRequest<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) {
        guard moveRequestBody(x, on: &reactor) else { return }
        keepCopy(x, in: reactor.buffers)
        if exchanges[slot: x].flags.contains(.mayPipeline) && collect(x) { return }
        upstreams[slot: exchanges[slot: x].upstream].transport.flush(on: &reactor)
    }

    /// Copies what is to be sent of a request, if it may be sent once more.
    mutating func keepCopy(_ x: UInt32, in buffers: BufferPool) {
        let waiting = upstreams[slot: exchanges[slot: x].upstream].transport.waiting
        let flags = exchanges[slot: x].flags
        guard flags.contains(.isReused) || mayBeRetried(x), flags.contains(.isIdempotent),
            waiting.buffers == 1, let copy = buffers.copy(waiting.head)
        else { return }
        exchanges[slot: x].replay.append(copy, in: buffers)
    }

    /// Bytes of a client came while its exchange is under way: of the body, or of what follows.
    mutating func requestBytesCame<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) {
        let slot = exchanges[slot: x].session
        let flags = exchanges[slot: x].flags
        if flags.isDisjoint(with: [.requestComplete, .waits]) {
            touch(x, on: &reactor)
            noteClient(x)
            exchanges[slot: x].replay.discard(in: reactor.buffers)
            guard moveRequestBody(x, on: &reactor) else { return }
            flushLater(upstream: exchanges[slot: x].upstream)
        }
        receiveFromClient(slot, on: &reactor)
    }

    /// Moves what has come of the request's body on to the endpoint.
    ///
    /// - Returns: whether the exchange goes on.
    private mutating func moveRequestBody<R: Reactor & ~Copyable>(
        _ x: UInt32, on reactor: inout R
    ) -> Bool {
        guard !exchanges[slot: x].flags.contains(.requestComplete) else { return true }
        let slot = exchanges[slot: x].session
        let upstream = exchanges[slot: x].upstream
        let buffers = reactor.buffers
        let held = sessions[slot: slot].transport.received.bytes
        let step = exchanges[slot: x].request.move(
            from: &sessions[slot: slot].transport.received,
            to: &upstreams[slot: upstream].transport.waiting, in: buffers,
            bytesMax: policy(ofClient: slot).bodyBytesMax ?? .max)
        exchanges[slot: x].meter.bytesIn &+= UInt64(
            held - sessions[slot: slot].transport.received.bytes)
        if upstreams[slot: upstream].transport.flags.contains(.discarding) {
            upstreams[slot: upstream].transport.waiting.discard(in: buffers)
        }
        switch step {
        case .refused(let refusal):
            reactor.counters[.requestsRefused] &+= 1
            fail(x, LocalReply(badBody: refusal), on: &reactor)
            return false
        case .tooLarge:
            fail(x, .bodyTooLarge, on: &reactor)
            return false
        case .noBuffer:
            abandonForWantOfBuffers(slot, on: &reactor)
            return false
        case .moved: break
        }
        if exchanges[slot: x].request.isFinished {
            exchanges[slot: x].flags.insert(.requestComplete)
            watch(slot)
        }
        return true
    }
}
