// PROXY headers in HTTP: the one that a client's connection may have to begin with, and the one
// that an endpoint's connection begins with. Such a connection speaks for one client only: it is
// kept for that client's next request and never for another's.

internal import Protocols

extension HTTPProxy {
    /// Where some clients have to begin with a header, learns whether this one has to.
    ///
    /// - Returns: false when it has gone already. What it left may be a header or not: it is not
    ///   read.
    mutating func meetClient<R: Reactor & ~Copyable>(
        _ slot: UInt32, on reactor: inout R
    ) -> Bool {
        let listener = sessions[slot: slot].listener
        guard site.value.listeners[slot: listener].record.proxies.count > 0 else { return true }
        let socket = sessions[slot: slot].transport.socket
        guard let address = reactor.peerAddress(of: socket) else {
            abandon(slot, reset: true, on: &reactor)
            return false
        }
        noteAddress(slot, address)
        if site.value.isProxy(address, listener: listener) {
            sessions[slot: slot].phase = .proxyHeader
        }
        return true
    }

    /// More of a client's bytes came, or their end.
    ///
    /// - Returns: whether requests can be read from here on.
    mutating func readProxyHeader<R: Reactor & ~Copyable>(
        _ slot: UInt32, on reactor: inout R
    ) -> Bool {
        let buffers = reactor.buffers
        let received = sessions[slot: slot].transport.received
        // Buffers are filled up in their order, so the first one has all of it that has come.
        let verdict =
            received.isEmpty ? .incomplete : ProxyHeader.parse(buffers.bytes(received.head))
        switch verdict {
        case .complete(let header):
            reactor.counters[.proxyHeaders] &+= 1
            let listener = sessions[slot: slot].listener
            if let source = header.addresses?.source,
                !site.value.mayConnect(source, by: listener, nowMs: nowMs, on: &reactor)
            {
                noteRefused(slot, .rateLimited, on: &reactor)
                abandon(slot, reset: true, on: &reactor)
                return false
            }
            sessions[slot: slot].transport.received.consume(header.length, in: buffers)
            sessions[slot: slot].phase = .idle
            sessions[slot: slot].activeAtMs = nowMs
            if let addresses = header.addresses { convey(slot, addresses) }
            watch(slot)
            return true
        case .incomplete:
            if sessions[slot: slot].transport.flags.contains(.ended) {
                abandon(slot, reset: false, on: &reactor)
            } else {
                receiveFromClient(slot, on: &reactor)
            }
        case .refused(let refusal):
            reactor.counters[.proxyHeadersRefused] &+= 1
            report(.proxyHeaderRefused, code: Int32(refusal.rawValue), on: &reactor)
            noteRefused(slot, .badProxyHeader, on: &reactor)
            abandon(slot, reset: true, on: &reactor)
        }
        return false
    }

    /// The header did not come in time.
    mutating func proxyHeaderTimedOut<R: Reactor & ~Copyable>(
        _ slot: UInt32, on reactor: inout R
    ) {
        reactor.counters[.proxyHeaderTimeouts] &+= 1
        report(.proxyHeaderLate, on: &reactor)
        noteRefused(slot, .proxyHeaderTimeout, on: &reactor)
        abandon(slot, reset: true, on: &reactor)
    }

    /// The client is where its header says.
    private mutating func convey(_ slot: UInt32, _ addresses: ProxyAddresses) {
        noteAddress(slot, addresses.source)
        guard let index = conveyed.insert(addresses) else {
            preconditionFailure("more headers than sessions")
        }
        sessions[slot: slot].conveyed = index.slot
    }

    /// A session's slot is to be free: so is what was kept for it.
    mutating func forget<R: Reactor & ~Copyable>(_ slot: UInt32, on reactor: inout R) {
        let kept = sessions[slot: slot].kept
        if kept != .max { closeUpstream(kept, on: &reactor) }
        let index = sessions[slot: slot].conveyed
        if index != .max { conveyed.remove(conveyed.index(ofSlot: index)) }
    }

    // MARK: Towards endpoints

    /// Puts a header ahead of the first bytes of a connection, if its endpoint is to get one.
    ///
    /// - Returns: false when there is no buffer for it; the client's connection is closed then.
    mutating func introduce<R: Reactor & ~Copyable>(
        _ upstream: UInt32, on reactor: inout R
    ) -> Bool {
        let x = upstreams[slot: upstream].exchange
        guard let version = destination(ofExchange: x).policy.sendsProxy else { return true }
        let slot = upstreams[slot: upstream].client
        let index = sessions[slot: slot].conveyed
        let addresses =
            index == .max
            ? reactor.addresses(of: sessions[slot: slot].transport.socket)
            : conveyed[slot: index]
        let buffers = reactor.buffers
        if upstreams[slot: upstream].transport.waiting.prepend(version, addresses, in: buffers) {
            return true
        }
        abandonForWantOfBuffers(slot, on: &reactor)
        return false
    }

    /// Leads an exchange to the endpoint that a connection is kept to for its client, unless it is
    /// balanced by something that the next request of the same client may have another one of.
    ///
    /// - Returns: false when there is no such endpoint.
    mutating func stay(_ x: UInt32) -> Bool {
        let kept = sessions[slot: exchanges[slot: x].session].kept
        guard kept != .max else { return false }
        let upstream = destination(ofExchange: x)
        let endpoint = upstreams[slot: kept].endpoint
        let isOfClient = upstream.balancesBy == .none || upstream.balancesBy == .source
        guard upstream.policy.sendsProxy != nil, isOfClient, site.value.health.isUsable(endpoint)
        else { return false }
        let view = view(ofExchange: x)
        for position in upstream.endpoints.range where view.endpoints[position].id == endpoint {
            choose(UInt32(position), x)
            return true
        }
        return false
    }

    /// Takes an idle connection that an exchange may use; `nil` when there is none.
    mutating func takeIdle<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) -> UInt32? {
        let endpoint = exchanges[slot: x].endpoint
        guard destination(ofExchange: x).policy.sendsProxy != nil else {
            return pool.take(endpoint: endpoint, in: &upstreams)
        }
        let slot = exchanges[slot: x].session
        let kept = sessions[slot: slot].kept
        guard kept != .max else { return nil }
        guard upstreams[slot: kept].endpoint == endpoint else {
            closeUpstream(kept, on: &reactor)
            return nil
        }
        pool.remove(kept, in: &upstreams)
        sessions[slot: slot].kept = .max
        return kept
    }

    /// A connection has gone into the pool, or is to be closed out of it.
    mutating func noteKept(_ upstream: UInt32, isKept: Bool) {
        let slot = upstreams[slot: upstream].client
        if slot != .max { sessions[slot: slot].kept = isKept ? upstream : .max }
    }
}
