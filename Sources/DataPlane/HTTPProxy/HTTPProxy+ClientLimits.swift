// Limits of listeners, as HTTP clients meet them: a 503 or a reset for a connection, a 429 for a
// request.

internal import Protocols

extension HTTPProxy {
    /// Counts a client in that was just accepted, or tells it that it cannot be.
    ///
    /// - Returns: whether it is served.
    mutating func admitClient<R: Reactor & ~Copyable>(_ slot: UInt32, on reactor: inout R) -> Bool {
        let socket = sessions[slot: slot].transport.socket
        let listener = sessions[slot: slot].listener
        let verdict = site.value.admit(socket, by: listener, nowMs: nowMs, on: &reactor)
        switch verdict {
        case .admitted: return true
        case .tooMany where surplusClients < HTTPLimits.surplusClientsMax:
            surplusClients += 1
            sessions[slot: slot].flags.insert(.isSurplus)
            answer(slot, .tooManyClients, on: &reactor)
        case .tooMany, .tooOften:
            let reason = verdict == .tooMany ? EndReason.tooManyConnections : .rateLimited
            noteRefused(slot, reason, on: &reactor)
            reactor.turnAway(socket)
            sessions.remove(sessions.index(ofSlot: slot))
        }
        return false
    }

    /// Takes a token for the request in `requestHead`.
    ///
    /// - Parameter head: what it was parsed from.
    /// - Returns: 0 when there was one; else in how many milliseconds there may be one again.
    mutating func requestWaitMs<R: Reactor & ~Copyable>(
        _ slot: UInt32, _ head: Span<UInt8>, on reactor: inout R
    ) -> UInt64 {
        let listener = sessions[slot: slot].listener
        guard let buckets = site.value.listeners[slot: listener].record.gate.requests else {
            return 0
        }
        let source = source(ofClient: slot, head, on: &reactor)
        guard !source.isNowhere else { return 0 }
        let waitMs = buckets.value.take(source, nowMs: nowMs)
        if waitMs > 0 { reactor.counters[.requestsOverRate] &+= 1 }
        return waitMs
    }

    /// Who sent the request in `requestHead`, as far as it is believed: the peer; or if that one is
    /// trusted, whom it names.
    private mutating func source<R: Reactor & ~Copyable>(
        ofClient slot: UInt32, _ head: Span<UInt8>, on reactor: inout R
    ) -> IPBytes {
        let peer = address(ofClient: slot, on: &reactor)
        guard sessions[slot: slot].flags.contains(.isTrusted) else { return peer }
        let state = site.value.listeners[slot: sessions[slot: slot].listener]
        let blocks = site.value.view(state.snapshot).blocks
        let trusted = state.record.trusted.range
        return requestHead.forwardedFor(in: head) { address in
            trusted.contains { blocks[$0].contains(address) }
        } ?? peer
    }

    /// Drops what has come of the body of a request that is answered here. When that was all of it,
    /// the connection goes on.
    mutating func dropRequestBody<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) {
        guard !exchanges[slot: x].flags.contains(.requestComplete) else { return }
        let slot = exchanges[slot: x].session
        var dropped = BufferChain()
        let held = sessions[slot: slot].transport.received.bytes
        let step = exchanges[slot: x].request.move(
            from: &sessions[slot: slot].transport.received, to: &dropped, in: reactor.buffers,
            bytesMax: policy(ofClient: slot).bodyBytesMax ?? .max)
        dropped.discard(in: reactor.buffers)
        exchanges[slot: x].meter.bytesIn &+= UInt64(
            held - sessions[slot: slot].transport.received.bytes)
        if case .moved = step, exchanges[slot: x].request.isFinished {
            exchanges[slot: x].flags.insert(.requestComplete)
        }
    }
}
