// The beginning of a flow: accepted client, endpoint chosen, connection attempts.

internal import Glibc

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
        let flow = makeFlow(listener)
        let descriptor = Descriptor(raw: completion.result)
        guard let index = flows.insert(flow) else {
            refuse(descriptor, on: &reactor)
            return
        }
        let side = FlowSideID.downstream(index.slot)
        do {
            let socket = try reactor.adopt(descriptor, owner: side.raw)
            open(side, socket)
            self[side].flags.insert(.connected)
        } catch {
            flows.remove(index)
            return
        }
        site.value.clientCame(listener)
        site.value.hold(flow.snapshot)
        if site.value.listeners[slot: listener].record.proxies.count > 0 {
            meetClient(index.slot, on: &reactor)
        } else {
            startConnecting(index.slot, on: &reactor)
        }
    }

    mutating func startConnecting<R: Reactor & ~Copyable>(_ slot: UInt32, on reactor: inout R) {
        // Read ahead of the connection: bytes are ready when it is, and a client that gives up
        // is noticed. Splicing has nothing to read into before, and when buffers are short those
        // that are connected need them more.
        let copiesFirst = flows[slot: slot].relay == .auto || flows[slot: slot].relay == .copy
        if copiesFirst && !isShortOfBuffers(reactor) {
            armReceive(.downstream(slot), on: &reactor)
        }
        connect(slot, on: &reactor)
    }

    private func makeFlow(_ listener: UInt32) -> Flow {
        let state = site.value.listeners[slot: listener]
        let policy = state.record.tcp
        var flow = Flow(
            activeAtMs: nowMs, listener: listener, relay: policy.relay,
            idleTimeoutMs: policy.idleTimeoutMs)
        let view = site.value.view(state.snapshot)
        let upstream = view.upstreams[Int(state.record.upstream)]
        flow.snapshot = state.snapshot
        flow.upstream = state.record.upstream
        flow.target = site.value.pick(upstream)
        flow.endpoint = view.endpoints[Int(flow.target)].id
        flow.attemptsLeft = upstream.endpoints.count
        return flow
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
        let connectMs = view.upstreams[Int(flows[slot: slot].upstream)].policy.connectMs
        while flows[slot: slot].attemptsLeft > 0 {
            flows[slot: slot].attemptsLeft -= 1
            let address = view.endpoints[Int(flows[slot: slot].target)].address
            do {
                let socket = try reactor.connect(to: address, owner: side.raw)
                self[side] = FlowSide()
                open(side, socket)
                if address.isUnix { self[side].flags.insert(.unix) }
                timers.set(slot, atMs: nowMs + connectMs)
                return
            } catch {
                reactor.counters[.connectFailures] &+= 1
                report(.connectFailed, slot: slot, code: error.code, on: &reactor)
                if error.isShortage { pauseAccepting(error.code, on: &reactor) }
                moveToNextEndpoint(slot)
            }
        }
        report(.noEndpoint, slot: slot, on: &reactor)
        end(slot, reset: true, on: &reactor)
    }

    private mutating func moveToNextEndpoint(_ slot: UInt32) {
        let view = site.value.view(flows[slot: slot].snapshot)
        let next = site.value.successor(
            of: flows[slot: slot].target, in: view.upstreams[Int(flows[slot: slot].upstream)])
        flows[slot: slot].target = next
        flows[slot: slot].endpoint = view.endpoints[Int(next)].id
    }

    mutating func connected<R: Reactor & ~Copyable>(
        _ side: FlowSideID, _ result: Int32, on reactor: inout R
    ) {
        guard result >= 0 else {
            reactor.counters[.connectFailures] &+= 1
            report(.connectFailed, slot: side.slot, code: -result, on: &reactor)
            abandonAttempt(side.slot, on: &reactor)
            return
        }
        self[side].flags.insert(.connected)
        flows[slot: side.slot].phase = .relaying
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
        moveToNextEndpoint(slot)
        connect(slot, on: &reactor)
    }
}
