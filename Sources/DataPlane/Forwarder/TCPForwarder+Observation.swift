// What the forwarder counts and tells of its flows: how they came to be connected, how they ended.

internal import Protocols

extension TCPForwarder {
    /// Learns where a client is, if its flow is told to the access log.
    mutating func learnClient<R: Reactor & ~Copyable>(_ slot: UInt32, on reactor: inout R) {
        let listener = flows[slot: slot].listener
        guard access != nil, site.value.listeners[slot: listener].record.tcp.isLogged else { return }
        let socket = self[FlowSideID.downstream(slot)].socket
        if let address = reactor.peerAddress(of: socket) {
            flows[slot: slot].meter.client = address
        }
    }

    /// The flow's endpoint is there.
    mutating func noteConnected(_ slot: UInt32) {
        let connectNs = nowNs &- flows[slot: slot].meter.connectSinceNs
        flows[slot: slot].meter.connectNs = connectNs
        flows[slot: slot].meter.end = .done
        site.value.metrics.record(connectNs, .connect)
        site.value.metrics.recordConnect(connectNs, ofUpstream: flows[slot: slot].upstreamID)
        site.value.metrics.count(.flows, ofEndpoint: flows[slot: slot].endpoint)
    }

    /// An endpoint could not be connected: the last one's reason is the flow's.
    mutating func noteConnectFailure(_ slot: UInt32, _ cause: HealthCause) {
        site.value.countFailure(flows[slot: slot].endpoint, cause)
        noteReason(slot, cause == .connectTimedOut ? .connectTimeout : .connectFailed)
    }

    mutating func noteQueued(_ slot: UInt32) {
        flows[slot: slot].meter.queueSinceNs = nowNs
    }

    mutating func noteUnqueued(_ slot: UInt32) {
        let waitedNs = nowNs &- flows[slot: slot].meter.queueSinceNs
        let before = flows[slot: slot].meter.queueNs
        flows[slot: slot].meter.queueNs = (before == AccessRecord.noTime ? 0 : before) &+ waitedNs
        site.value.metrics.record(waitedNs, .queue)
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
        metrics.countEnd(meter.end)
        metrics.record(totalNs, .flow)
        metrics.count(.flows, ofListener: flow.listener)
        metrics.add(meter.bytes[0], .bytesIn, ofListener: flow.listener)
        metrics.add(meter.bytes[1], .bytesOut, ofListener: flow.listener)
        if flow.endpoint != .max {
            metrics.add(meter.bytes[0], .bytesIn, ofEndpoint: flow.endpoint)
            metrics.add(meter.bytes[1], .bytesOut, ofEndpoint: flow.endpoint)
        }
        guard let access else { return }
        let listener = site.value.listeners[slot: flow.listener].record
        guard listener.isHTTP ? listener.http.isLogged : listener.tcp.isLogged else { return }
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
        record.queueNs = meter.queueNs
        record.bytesIn = meter.bytes[0]
        record.bytesOut = meter.bytes[1]
        record.bodyBytesOut = meter.bytes[1]
        _ = access.append(&record, texts: Span(), draw: random.next())
    }
}
