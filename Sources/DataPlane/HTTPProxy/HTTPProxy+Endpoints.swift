// Which endpoint a request goes to, what is learnt about endpoints from how they answer, and when a
// request is sent to another one.

internal import Protocols

// MARK: Choosing

extension HTTPProxy {
    /// Learns what the request in `requestHead` is balanced by, and leads it to where its client's
    /// cookie says.
    ///
    /// - Returns: false when there is no endpoint for it.
    mutating func chooseFirstEndpoint<R: Reactor & ~Copyable>(
        _ x: UInt32, _ head: Span<UInt8>, on reactor: inout R
    ) -> Bool {
        let upstream = destination(ofExchange: x)
        site.value.requestCame(
            upstream.id, budgetPercent: route(ofExchange: x).retries.budgetPercent, nowMs: nowMs)
        if upstream.balancesBy != .none { noteKey(x, upstream, head, on: &reactor) }
        if !upstream.stickyName.isEmpty {
            if follow(x, cookieOf: upstream, head) { return true }
            exchanges[slot: x].flags.insert(.setsCookie)
        }
        return stay(x) || chooseEndpoint(x)
    }

    private mutating func noteKey<R: Reactor & ~Copyable>(
        _ x: UInt32, _ upstream: UpstreamRecord, _ head: Span<UInt8>, on reactor: inout R
    ) {
        let view = view(ofExchange: x)
        let name = view.bytes(upstream.keyName)
        switch upstream.balancesBy {
        case .path:
            let paths = paths
            if let path = try? paths.value.path(of: requestHead, in: head) {
                exchanges[slot: x].key = BalanceKey.hash(path, 0..<path.count)
                return
            }
        case .field:
            if let place = requestHead.fields.place(of: name, in: head, from: 0) {
                let value = requestHead.fields[place].value
                exchanges[slot: x].key = BalanceKey.hash(head, Int(value.start)..<value.end)
                return
            }
        case .cookie:
            if let value = requestHead.fields.cookie(name, in: head) {
                exchanges[slot: x].key = BalanceKey.hash(head, value)
                return
            }
        case .none, .source: break
        }
        let slot = exchanges[slot: x].session
        exchanges[slot: x].key = BalanceKey.hash(address(ofClient: slot, on: &reactor))
    }

    /// - Returns: whether the cookie names an endpoint that may get the request.
    private mutating func follow(
        _ x: UInt32, cookieOf upstream: UpstreamRecord, _ head: Span<UInt8>
    ) -> Bool {
        let view = view(ofExchange: x)
        guard
            let value = requestHead.fields.cookie(view.bytes(upstream.stickyName), in: head),
            let place = upstream.balancer.value.position(ofSticky: head, value)
        else { return false }
        let target = upstream.endpoints.start + UInt32(place)
        guard site.value.health.isUsable(view.endpoints[Int(target)].id) else { return false }
        choose(target, x)
        return true
    }

    /// Chooses the next endpoint to try.
    ///
    /// - Returns: false when there is none left.
    mutating func chooseEndpoint(_ x: UInt32) -> Bool {
        let upstream = destination(ofExchange: x)
        guard exchanges[slot: x].attempts < upstream.endpoints.count,
            let target = site.value.pick(
                upstream, in: view(ofExchange: x), key: exchanges[slot: x].key,
                without: exchanges[slot: x].attempted, nowMs: nowMs)
        else { return false }
        choose(target, x)
        return true
    }

    /// Makes the endpoint at a position in the exchange's snapshot the one to use.
    mutating func choose(_ target: UInt32, _ x: UInt32) {
        let start = destination(ofExchange: x).endpoints.start
        exchanges[slot: x].attempts += 1
        exchanges[slot: x].attempted.append(Int(target - start))
        letEndpointGo(x)
        let endpoint = view(ofExchange: x).endpoints[Int(target)].id
        exchanges[slot: x].target = target
        exchanges[slot: x].endpoint = endpoint
        site.value.workCame(endpoint)
        trace(.chosen, x, id: endpoint, code: UInt16(clamping: exchanges[slot: x].attempts))
    }

    /// An exchange is over, or goes to another endpoint.
    mutating func letEndpointGo(_ x: UInt32) {
        let endpoint = exchanges[slot: x].endpoint
        guard endpoint != .max else { return }
        noteLeft(x)
        exchanges[slot: x].endpoint = .max
        site.value.workWent(endpoint)
    }

    /// - Returns: false when there is no other endpoint, or no buffer to name it in the head.
    mutating func moveToNextEndpoint(
        _ x: UInt32, _ head: inout BufferChain, in buffers: BufferPool
    ) -> Bool {
        guard chooseEndpoint(x) else { return false }
        if !destination(ofExchange: x).stickyName.isEmpty {
            exchanges[slot: x].flags.insert(.setsCookie)
        }
        guard exchanges[slot: x].hostEnd > 0 else { return true }
        return renameHost(x, in: &head, buffers)
    }
}

// MARK: Health

extension HTTPProxy {
    /// An exchange's endpoint failed it.
    mutating func noteFailure(_ x: UInt32, _ cause: HealthCause, code: Int32 = 0) {
        site.value.countFailure(exchanges[slot: x].endpoint, cause)
        if cause == .connectFailed || cause == .connectTimedOut {
            trace(.connectFailed, x, id: exchanges[slot: x].endpoint, code: UInt16(clamping: code))
        }
        site.value.health.noteFailure(
            exchanges[slot: x].endpoint, cause, code: code,
            destination(ofExchange: x).policy.ejection, nowMs: nowMs)
    }

    /// An exchange's endpoint has answered, with the head in `responseHead`.
    mutating func noteAnswer(_ x: UInt32) {
        exchanges[slot: x].meter.endpointStatus = responseHead.status
        trace(.response, x, id: exchanges[slot: x].endpoint, code: responseHead.status)
        if responseHead.status < 500 {
            site.value.health.noteSuccess(exchanges[slot: x].endpoint)
        } else {
            noteFailure(x, .badStatus, code: Int32(responseHead.status))
        }
    }
}

// MARK: Trying again

extension HTTPProxy {
    /// Whether a copy of a request is worth keeping until its answer is known.
    func mayBeRetried(_ x: UInt32) -> Bool {
        route(ofExchange: x).retries.attemptsMax > exchanges[slot: x].tries
    }

    /// Whether a response with a status that asks for another try may be waited for.
    func retriesByStatus(_ x: UInt32) -> Bool {
        route(ofExchange: x).retries.statuses != StatusSet()
    }

    /// How long the response head of this try may take, when there may be another one.
    func tryLimitMs(_ x: UInt32) -> UInt64 {
        let upstream = destination(ofExchange: x)
        let policy = route(ofExchange: x).retries
        let isLimited =
            policy.perTryMs > 0 && policy.causes.contains(.timeout) && mayBeRetried(x)
            && exchanges[slot: x].attempts < upstream.endpoints.count
            && !exchanges[slot: x].replay.isEmpty && exchanges[slot: x].leader == .max
        return isLimited ? policy.perTryMs : .max
    }

    /// Sends a request that failed to another endpoint, if that may be done.
    ///
    /// - Returns: false when it may not: its connection is what it was then.
    mutating func retryElsewhere<R: Reactor & ~Copyable>(
        _ x: UInt32, on reactor: inout R
    ) -> Bool {
        let upstream = destination(ofExchange: x)
        guard mayBeRetried(x), !exchanges[slot: x].replay.isEmpty,
            exchanges[slot: x].attempts < upstream.endpoints.count,
            route(ofExchange: x).retries.budgetPercent > 0,
            site.value.takeRetry(upstream.id, nowMs: nowMs)
        else { return false }
        var request = exchanges[slot: x].replay.take()
        // Before anything is given up: a response that asks for another try is handed on when there
        // is nobody to try.
        guard moveToNextEndpoint(x, &request, in: reactor.buffers) else {
            request.discard(in: reactor.buffers)
            return false
        }
        let connection = exchanges[slot: x].upstream
        exchanges[slot: x].upstream = .max
        if connection != .max { closeUpstream(connection, on: &reactor) }
        reactor.counters[.retries] &+= 1
        site.value.metrics.count(.retries, ofEndpoint: exchanges[slot: x].endpoint)
        trace(.retried, x)
        exchanges[slot: x].tries += 1
        exchanges[slot: x].flags.subtract([.responseSeen, .connecting, .isReused, .mayPipeline])
        exchanges[slot: x].progress = HeadProgress()
        exchanges[slot: x].interimResponses = 0
        let slot = exchanges[slot: x].session
        sessions[slot: slot].activeAtMs = nowMs
        lease(x, carrying: request, on: &reactor)
        watch(slot)
        return true
    }
}
