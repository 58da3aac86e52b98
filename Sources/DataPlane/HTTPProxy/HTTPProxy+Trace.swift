// Events of exchanges and clients that somebody watches. While nobody does, each of these calls is
// a test of a flag that the exchange has anyway.

internal import Protocols

extension HTTPProxy {
    /// Somebody watches clients: looks whether this one, which was just accepted, is one of them.
    mutating func traceClient<R: Reactor & ~Copyable>(_ slot: UInt32, on reactor: inout R) {
        let address = address(ofClient: slot, on: &reactor)
        guard let tracer, tracer.filter.matches(client: address) else { return }
        sessions[slot: slot].traced = tracer.filter.number
        post(.accepted, ofClient: slot)
    }

    /// Somebody watches something: looks whether the request in `requestHead` belongs to it.
    mutating func traceRequest<R: Reactor & ~Copyable>(
        _ x: UInt32, _ head: Span<UInt8>, on reactor: inout R
    ) {
        guard let tracer else { return }
        let slot = exchanges[slot: x].session
        let route =
            exchanges[slot: x].route == .max
            ? MetricLimits.noRoute(ofListener: exchanges[slot: x].listener)
            : route(ofExchange: x).id
        if tracer.filter.wantsClients {
            guard tracer.filter.matches(client: address(ofClient: slot, on: &reactor)) else {
                return
            }
            // It may have come before anybody watched.
            sessions[slot: slot].traced = tracer.filter.number
        } else if !tracer.filter.matches(route: route) {
            return
        }
        exchanges[slot: x].meter.traced = tracer.filter.number
        var event = TraceEvent(
            .head, connection: sessions[slot: slot].number, id: route, atNs: nowNs)
        event.append(head, requestHead.methodBytes.range)
        let space: InlineArray<1, UInt8> = [0x20]
        event.append(space.span, 0..<1)
        event.append(head, requestHead.target.range)
        tracer.post(event, of: exchanges[slot: x].meter.traced)
    }

    /// Tells of an exchange, if somebody watches it.
    ///
    /// - Parameter atNs: when it happened; when the turn began, if that is not said.
    @inline(__always)
    func trace(
        _ kind: TraceEvent.Kind, _ x: UInt32, id: UInt32 = .max, code: UInt16 = 0,
        end: EndReason = .done, value: UInt64 = 0, atNs: UInt64 = 0
    ) {
        guard exchanges[slot: x].meter.traced != 0 else { return }
        post(kind, x, id, code, end, value, atNs)
    }

    @inline(never)
    private func post(
        _ kind: TraceEvent.Kind, _ x: UInt32, _ id: UInt32, _ code: UInt16, _ end: EndReason,
        _ value: UInt64, _ atNs: UInt64
    ) {
        let slot = exchanges[slot: x].session
        guard let tracer, slot != .max else { return }
        tracer.post(
            TraceEvent(
                kind, connection: sessions[slot: slot].number, id: id, code: code, end: end,
                value: value, atNs: atNs > 0 ? atNs : nowNs),
            of: exchanges[slot: x].meter.traced)
    }

    /// Tells of a client that somebody watches.
    func post(_ kind: TraceEvent.Kind, ofClient slot: UInt32) {
        tracer?.post(
            TraceEvent(
                kind, connection: sessions[slot: slot].number,
                id: sessions[slot: slot].listener, atNs: nowNs), of: sessions[slot: slot].traced)
    }
}
