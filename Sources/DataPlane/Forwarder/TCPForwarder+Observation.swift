// What the forwarder counts and tells of its flows, traces included: how they came to be connected,
// how they ended.

internal import Protocols

extension TCPForwarder {
    /// Learns where a client is, if anybody is told.
    mutating func learnClient<R: Reactor & ~Copyable>(_ slot: UInt32, on reactor: inout R) {
        let isWatched = tracer?.filter.wantsClients == true
        guard access != nil && flows[slot: slot].meter.isLogged || isWatched else { return }
        _ = address(ofClient: slot, on: &reactor)
    }

    /// Where a flow's client is, asked for once; `nil` when it has gone already.
    mutating func address<R: Reactor & ~Copyable>(
        ofClient slot: UInt32, on reactor: inout R
    ) -> IPBytes? {
        let known = flows[slot: slot].meter.client
        if !known.isNowhere { return known }
        let socket = self[FlowSideID.downstream(slot)].socket
        guard let address = reactor.peerAddress(of: socket) else { return nil }
        noteClient(slot, address)
        return address
    }

    /// A flow's client is at `address`: the peer, or whom the peer's PROXY header names.
    mutating func noteClient(_ slot: UInt32, _ address: IPBytes) {
        flows[slot: slot].meter.client = address
        guard let tracer, tracer.filter.wantsClients else { return }
        guard tracer.filter.matches(client: address) else {
            flows[slot: slot].meter.traced = 0
            return
        }
        guard flows[slot: slot].meter.traced == 0 else { return }
        flows[slot: slot].meter.traced = tracer.filter.number
        trace(.accepted, slot, id: flows[slot: slot].listener)
    }

    /// Tells of a flow, if somebody watches it.
    @inline(__always)
    func trace(
        _ kind: TraceEvent.Kind, _ slot: UInt32, id: UInt32 = .max, code: UInt16 = 0,
        end: EndReason = .done, value: UInt64 = 0
    ) {
        let traced = flows[slot: slot].meter.traced
        guard traced != 0 else { return }
        tracer?.post(
            TraceEvent(
                kind, connection: flows[slot: slot].number, id: id, code: code, end: end,
                value: value, atNs: nowNs), of: traced)
    }

    /// The flow's endpoint is there.
    mutating func noteConnected(_ slot: UInt32) {
        let connectNs = nowNs &- flows[slot: slot].meter.connectSinceNs
        flows[slot: slot].meter.connectNs = connectNs
        flows[slot: slot].meter.end = .done
        trace(.connected, slot, id: flows[slot: slot].endpoint)
        site.value.metrics.record(connectNs, .connect)
        site.value.metrics.recordConnect(connectNs, ofUpstream: flows[slot: slot].upstreamID)
        site.value.metrics.count(.flows, ofEndpoint: flows[slot: slot].endpoint)
    }

    /// An endpoint could not be connected: the last one's reason is the flow's.
    mutating func noteConnectFailure(_ slot: UInt32, _ cause: HealthCause, _ code: Int32) {
        trace(
            .connectFailed, slot, id: flows[slot: slot].endpoint, code: UInt16(clamping: code))
        site.value.countFailure(flows[slot: slot].endpoint, cause)
        noteReason(slot, cause == .connectTimedOut ? .connectTimeout : .connectFailed)
    }

    mutating func noteQueued(_ slot: UInt32) {
        trace(.queued, slot)
        flows[slot: slot].meter.queue.begin(nowNs: nowNs)
    }

    mutating func noteUnqueued(_ slot: UInt32) {
        guard let waitedNs = flows[slot: slot].meter.queue.end(nowNs: nowNs) else { return }
        site.value.metrics.record(waitedNs, .queue)
        trace(.unqueued, slot)
    }

    /// Says why a flow is about to end.
    mutating func noteReason(_ slot: UInt32, _ reason: EndReason) {
        flows[slot: slot].meter.end = reason
    }

    /// A side was reset, or takes nothing any more. What comes of that later is no other reason.
    mutating func noteGone(_ side: FlowSideID) {
        guard flows[slot: side.slot].meter.end == .done else { return }
        let isClient = side == .downstream(side.slot)
        noteReason(side.slot, isClient ? .clientClosed : .upstreamReset)
    }

    /// A flow ends: counts it and tells of it.
    mutating func noteEnd(_ slot: UInt32) {
        let flow = flows[slot: slot]
        let meter = flow.meter
        let metrics = site.value.metrics
        let totalNs = nowNs &- meter.beganNs
        trace(.ended, slot, end: meter.end, value: meter.bytes(1))
        metrics.countEnd(meter.end)
        metrics.record(totalNs, .flow)
        metrics.count(.flows, ofListener: flow.listener)
        metrics.add(meter.bytes(0), .bytesIn, ofListener: flow.listener)
        metrics.add(meter.bytes(1), .bytesOut, ofListener: flow.listener)
        if flow.endpoint != .max {
            metrics.add(meter.bytes(0), .bytesIn, ofEndpoint: flow.endpoint)
            metrics.add(meter.bytes(1), .bytesOut, ofEndpoint: flow.endpoint)
        }
        if meter.isTunnel { metrics.countTunnelEnd(ofRoute: meter.route) }
        guard let access, meter.isLogged else { return }
        var record = AccessRecord()
        record.kind = meter.isTunnel ? .tunnel : .flow
        record.end = meter.end
        record.tries = UInt16(clamping: flow.attempts)
        record.listener = flow.listener
        record.route = meter.route
        record.upstream = flow.upstreamID
        record.endpoint = flow.endpoint
        record.connection = UInt64(flow.number)
        record.client = meter.client
        record.beganNs = meter.beganNs
        record.totalNs = totalNs
        record.connectNs = meter.connectNs
        record.queueNs = meter.queue.totalNs
        record.bytesIn = meter.bytes(0)
        record.bytesOut = meter.bytes(1)
        record.bodyBytesOut = meter.bytes(1)
        _ = access.append(&record, texts: Span(), draw: random.next())
    }
}
