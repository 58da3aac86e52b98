// From an exchange to a tunnel: after a 101, or a 2xx to CONNECT, the two connections become a flow
// of the TCP forwarder, with every byte that is still on its way.

internal import Protocols

/// Two connections whose bytes are no longer messages.
struct Tunnel: BitwiseCopyable {
    var client: Transport
    var upstream: Transport
    /// The owner tags under which completions of this turn may still come.
    var clientOwner: UInt32
    var upstreamOwner: UInt32
    var endpoint: UInt32
    /// The id of the endpoint's upstream.
    var upstreamID: UInt32
    /// The listener by which the client came.
    var listener: UInt32
    /// Of the client's connection, and where the client is.
    var number: UInt32
    var address: IPBytes
    /// As metrics count it.
    var route: UInt32
    /// Its exchange was told to the access log, and so it is.
    var isLogged: Bool
    /// The trace that it belongs to; 0 for none.
    var traced: UInt8
    /// It has a permit of its upstream's.
    var holdsPermit: Bool
}

extension HTTPProxy {
    /// The endpoint agreed: takes both connections out of this engine. The worker hands them on
    /// before it looks at the next completion.
    mutating func beginTunnel<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) {
        reactor.counters[.tunnels] &+= 1
        let slot = exchanges[slot: x].session
        let upstream = exchanges[slot: x].upstream
        tunnel = Tunnel(
            client: sessions[slot: slot].transport, upstream: upstreams[slot: upstream].transport,
            clientOwner: HTTPOwner.client(slot).raw,
            upstreamOwner: HTTPOwner.upstream(upstream).raw,
            endpoint: exchanges[slot: x].endpoint,
            upstreamID: upstreams[slot: upstream].upstreamID,
            listener: sessions[slot: slot].listener, number: sessions[slot: slot].number,
            address: sessions[slot: slot].address,
            route: route(ofExchange: x).id,
            isLogged: route(ofExchange: x).isLogged && policy(ofExchange: x).isLogged,
            traced: exchanges[slot: x].meter.traced,
            holdsPermit: exchanges[slot: x].flags.contains(.holdsPermit))
        exchanges[slot: x].flags.remove(.holdsPermit)
        noteReason(x, .upgraded)
        exchanges[slot: x].upstream = .max
        removeExchange(x, on: &reactor)
        upstreams.remove(upstreams.index(ofSlot: upstream))
        timers.clear(slot)
        forget(slot, on: &reactor)
        sessions.remove(sessions.index(ofSlot: slot))
    }
}

extension TCPForwarder {
    /// Takes over two connected sockets as a flow and begins to relay.
    ///
    /// - Returns: the flow's slot. There is one: the client's session has just given up its share.
    mutating func adopt<R: Reactor & ~Copyable>(_ tunnel: Tunnel, on reactor: inout R) -> UInt32 {
        let policy = site.value.listeners[slot: tunnel.listener].record.http
        var flow = Flow(
            activeAtMs: nowMs, listener: tunnel.listener, number: tunnel.number,
            meter: FlowMeter(tunnel, nowNs: nowNs),
            relay: configuration.filesMax == nil ? policy.relay : .copy,
            idleTimeoutMs: policy.deadlines.tunnelMs)
        flow.endpoint = tunnel.endpoint
        flow.upstreamID = tunnel.upstreamID
        flow.holdsPermit = tunnel.holdsPermit
        flow.phase = .relaying
        flow.sockets = 2
        flow.sides[0] = Self.side(tunnel.client, toward: tunnel.upstream, in: reactor.buffers)
        flow.sides[1] = Self.side(tunnel.upstream, toward: tunnel.client, in: reactor.buffers)
        guard let index = flows.insert(flow) else {
            preconditionFailure("more tunnels and sessions than clients")
        }
        site.value.workCame(tunnel.endpoint)
        site.value.metrics.countTunnel(ofRoute: tunnel.route)
        timers.set(index.slot, atMs: nowMs + flow.idleTimeoutMs)
        return index.slot
    }

    /// Moves on what came with a tunnel.
    mutating func startTunnel<R: Reactor & ~Copyable>(_ slot: UInt32, on reactor: inout R) {
        pump(.downstream(slot), on: &reactor)
        guard flows[slot: slot].phase == .relaying else { return }
        pump(.upstream(slot), on: &reactor)
    }

    private static func side(
        _ transport: Transport, toward target: Transport, in pool: BufferPool
    ) -> FlowSide {
        var side = FlowSide()
        side.socket = transport.socket
        side.flags = [.open, .connected]
        if transport.flags.contains(.receiving) { side.flags.insert(.receiving) }
        if transport.flags.contains(.sending) { side.flags.insert(.sending) }
        if transport.flags.contains(.ended) { side.flags.insert(.ended) }
        if transport.flags.contains(.unix) { side.flags.insert(.unix) }
        if target.flags.contains(.discarding) { side.flags.insert(.discarding) }
        // What waits for the target came before what was received for it.
        side.pending = target.waiting
        side.sendingBytes = target.sendingBytes
        var received = transport.received
        let isMoved = received.moveFirst(Int(received.bytes), to: &side.pending, in: pool)
        precondition(isMoved, "whole buffers change hands without another one")
        return side
    }
}
