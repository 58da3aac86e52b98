// The beginning of a flow: accepted client, endpoint chosen, connection attempts.

internal import Glibc
internal import Protocols

extension TCPForwarder {
    /// - Parameter listener: the id of the one by which the client came.
    mutating func accepted<R: Reactor & ~Copyable>(
        _ completion: Completion, listener: UInt32, on reactor: inout R
    ) {
        guard completion.result >= 0 else {
            pauseAccepting(-completion.result, on: &reactor)
            return
        }
        reactor.counters[.accepted] &+= 1
        site.value.metrics.count(.accepted, ofListener: listener)
        let number = UInt32(truncatingIfNeeded: reactor.counters[.accepted])
        let flow = makeFlow(listener, number)
        let descriptor = Descriptor(raw: completion.result)
        guard let index = flows.insert(flow) else {
            refuse(descriptor, on: &reactor)
            return
        }
        let side = FlowSideID.downstream(index.slot)
        do {
            let socket = try reactor.adopt(descriptor, owner: side.raw)
            let verdict = site.value.admit(socket, by: listener, nowMs: nowMs, on: &reactor)
            guard case .admitted = verdict else {
                site.value.metrics.countEnd(
                    verdict == .tooMany ? .tooManyConnections : .rateLimited)
                reactor.turnAway(socket)
                flows.remove(index)
                return
            }
            open(side, socket)
            self[side].flags.insert(.connected)
        } catch {
            flows.remove(index)
            return
        }
        site.value.hold(flow.snapshot)
        learnClient(index.slot, on: &reactor)
        if site.value.listeners[slot: listener].record.proxies.count > 0 {
            meetClient(index.slot, on: &reactor)
        } else {
            startConnecting(index.slot, from: nil, on: &reactor)
        }
    }

    /// The client's bytes are the endpoint's from here on.
    ///
    /// - Parameter source: where the client is, if that is known already.
    mutating func startConnecting<R: Reactor & ~Copyable>(
        _ slot: UInt32, from source: IPBytes?, on reactor: inout R
    ) {
        if let source { noteClient(slot, source) }
        noteSource(slot, source, on: &reactor)
        // Read ahead of the connection: bytes are ready when it is, and a client that gives up
        // is noticed. Splicing has nothing to read into before, and when buffers are short those
        // that are connected need them more.
        let copiesFirst = flows[slot: slot].relay == .auto || flows[slot: slot].relay == .copy
        if copiesFirst && !isShortOfBuffers(reactor) {
            armReceive(.downstream(slot), on: &reactor)
        }
        admit(slot, on: &reactor)
    }

    private func makeFlow(_ listener: UInt32, _ number: UInt32) -> Flow {
        let state = site.value.listeners[slot: listener]
        let policy = state.record.tcp
        var flow = Flow(
            activeAtMs: nowMs, listener: listener, number: number,
            meter: FlowMeter(nowNs: nowNs, isLogged: policy.isLogged), relay: policy.relay,
            idleTimeoutMs: policy.idleTimeoutMs
        )
        flow.snapshot = state.snapshot
        flow.upstream = state.record.upstream
        flow.upstreamID = site.value.view(state.snapshot).upstreams[Int(flow.upstream)].id
        return flow
    }

    /// Learns what a flow is balanced by, where that is asked for.
    private mutating func noteSource<R: Reactor & ~Copyable>(
        _ slot: UInt32, _ source: IPBytes?, on reactor: inout R
    ) {
        guard destination(slot).balancesBy != .none else { return }
        let address =
            source ?? address(ofClient: slot, on: &reactor) ?? IPBytes(high: 0, low: 0)
        flows[slot: slot].key = BalanceKey.hash(address)
    }

    /// The upstream of a flow whose endpoint is being chosen.
    func destination(_ slot: UInt32) -> UpstreamRecord {
        site.value.view(flows[slot: slot].snapshot).upstreams[Int(flows[slot: slot].upstream)]
    }

    /// What came of choosing an endpoint.
    private enum EndpointChoice {
        case chosen
        /// There is none left.
        case exhausted
        /// Every connection that its upstream may have is there.
        case starves
    }

    /// Chooses the next endpoint to try.
    private mutating func chooseEndpoint(_ slot: UInt32) -> EndpointChoice {
        let upstream = destination(slot)
        let view = site.value.view(flows[slot: slot].snapshot)
        let target = site.value.pick(
            upstream, in: view, key: flows[slot: slot].key,
            without: flows[slot: slot].attempted, nowMs: nowMs)
        guard flows[slot: slot].attempts < upstream.endpoints.count, let target else {
            return .exhausted
        }
        letEndpointGo(slot)
        let endpoint = view.endpoints[Int(target)].id
        guard site.value.connectionCame(endpoint, of: upstream) else { return .starves }
        flows[slot: slot].attempts += 1
        flows[slot: slot].attempted.append(Int(target - upstream.endpoints.start))
        flows[slot: slot].target = target
        flows[slot: slot].endpoint = endpoint
        site.value.workCame(endpoint)
        trace(.chosen, slot, id: endpoint, code: UInt16(clamping: flows[slot: slot].attempts))
        return .chosen
    }

    /// A flow is over, or goes to another endpoint.
    mutating func letEndpointGo(_ slot: UInt32) {
        let endpoint = flows[slot: slot].endpoint
        guard endpoint != .max else { return }
        flows[slot: slot].endpoint = .max
        site.value.workWent(endpoint)
        // Against its upstream's limit it counts until its socket is gone.
        site.value.noteConnections(endpoint, by: -1)
    }

    /// An endpoint could not be connected.
    mutating func connectFailed<R: Reactor & ~Copyable>(
        _ slot: UInt32, _ cause: HealthCause, _ code: Int32, on reactor: inout R
    ) {
        noteConnectFailure(slot, cause, code)
        report(
            cause == .connectTimedOut ? .connectTimedOut : .connectFailed,
            endpoint: flows[slot: slot].endpoint, code: code, on: &reactor)
        site.value.health.noteFailure(
            flows[slot: slot].endpoint, cause, code: code, destination(slot).policy.ejection,
            nowMs: nowMs)
    }

    /// The kernel can hand over more clients than there was credit for, when they arrive faster
    /// than a multishot accept is taken back. Those beyond the table are reset.
    private mutating func refuse<R: Reactor & ~Copyable>(
        _ descriptor: Descriptor, on reactor: inout R
    ) {
        reactor.counters[.flowsRefused] &+= 1
        if let socket = try? reactor.adopt(descriptor, owner: Self.noFlow) {
            reactor.close(socket, reset: true)
        }
    }

    private mutating func open(_ side: FlowSideID, _ socket: SocketID) {
        self[side].socket = socket
        self[side].flags.insert(.open)
        flows[slot: side.slot].sockets += 1
    }

    /// Accepting found no descriptor or memory: clients wait in the kernel's queue for a while.
    private mutating func pauseAccepting<R: Reactor & ~Copyable>(
        _ code: Int32, on reactor: inout R
    ) {
        guard acceptPausedUntilMs == nil else { return }
        report(.acceptPaused, code: code, on: &reactor)
        reactor.counters[.acceptPauses] &+= 1
        let until = nowMs + ForwarderLimits.acceptPauseMs
        acceptPausedUntilMs = until
        timers.set(acceptTimer, atMs: until)
    }

    mutating func resumeAccepting() {
        acceptPausedUntilMs = nil
        timers.clear(acceptTimer)
    }

    /// Tries endpoints from the present one on until a connection attempt is under way.
    mutating func connect<R: Reactor & ~Copyable>(_ slot: UInt32, on reactor: inout R) {
        let side = FlowSideID.upstream(slot)
        let view = site.value.view(flows[slot: slot].snapshot)
        let connectMs = destination(slot).policy.connectMs
        while true {
            switch chooseEndpoint(slot) {
            case .chosen: break
            case .exhausted:
                report(.noEndpoint, on: &reactor)
                if flows[slot: slot].attempts == 0 { noteReason(slot, .noEndpoint) }
                end(slot, reset: true, on: &reactor)
                return
            case .starves:
                starve(slot)
                return
            }
            let address = view.endpoints[Int(flows[slot: slot].target)].address
            do {
                let socket = try reactor.connect(to: address, owner: side.raw)
                self[side] = FlowSide()
                open(side, socket)
                if address.isUnix { self[side].flags.insert(.unix) }
                flows[slot: slot].meter.connectSinceNs = nowNs
                site.value.metrics.count(.connectionsOpened, ofEndpoint: flows[slot: slot].endpoint)
                timers.set(slot, atMs: nowMs + connectMs)
                return
            } catch {
                site.value.connectionEnded(flows[slot: slot].upstreamID)
                reactor.counters[.connectFailures] &+= 1
                if error.isShortage {
                    noteReason(slot, .connectFailed)
                    report(
                        .connectFailed, endpoint: flows[slot: slot].endpoint, code: error.code,
                        on: &reactor)
                    pauseAccepting(error.code, on: &reactor)
                } else {
                    connectFailed(slot, .connectFailed, error.code, on: &reactor)
                }
            }
        }
    }

    mutating func connected<R: Reactor & ~Copyable>(
        _ side: FlowSideID, _ result: Int32, on reactor: inout R
    ) {
        guard result >= 0 else {
            reactor.counters[.connectFailures] &+= 1
            connectFailed(side.slot, .connectFailed, -result, on: &reactor)
            abandonAttempt(side.slot, on: &reactor)
            return
        }
        self[side].flags.insert(.connected)
        flows[slot: side.slot].phase = .relaying
        noteConnected(side.slot)
        site.value.health.noteSuccess(flows[slot: side.slot].endpoint)
        guard changeHeaders(side.slot, on: &reactor) else { return }
        letSnapshotGo(side.slot)
        timers.set(side.slot, atMs: nowMs + flows[slot: side.slot].idleTimeoutMs)
        switch flows[slot: side.slot].relay {
        case .auto, .copy:
            armReceive(side, on: &reactor)
            pump(side.other, on: &reactor)
        case .splice, .spliceRing:
            startSplicing(side, splicePath(side.slot), on: &reactor)
            // What waits goes first: a PROXY header, and what came behind one.
            self[side.other].path = .promoting
            pump(side.other, on: &reactor)
        }
    }

    /// No further endpoint will be tried.
    mutating func letSnapshotGo(_ slot: UInt32) {
        let snapshot = flows[slot: slot].snapshot
        guard snapshot != .max else { return }
        flows[slot: slot].snapshot = .max
        site.value.release(snapshot)
    }

    /// The present endpoint failed or took too long: closes the attempt and tries the next one.
    mutating func abandonAttempt<R: Reactor & ~Copyable>(_ slot: UInt32, on reactor: inout R) {
        let side = FlowSideID.upstream(slot)
        reactor.close(self[side].socket, reset: false)
        self[side].flags.remove(.open)
        connect(slot, on: &reactor)
    }
}

extension Reactor where Self: ~Copyable {
    /// Resets a client's connection, of which nothing will be heard any more.
    mutating func turnAway(_ socket: SocketID) {
        setOwner(socket, TCPForwarder.noFlow)
        close(socket, reset: true)
    }
}
