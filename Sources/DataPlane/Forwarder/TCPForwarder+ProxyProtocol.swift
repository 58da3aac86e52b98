// PROXY headers of a flow: the one that its client may have to begin with, and the one that its
// endpoint is told first. A header stays in the flow's first buffer until the endpoint is there, so
// that a flow has no other memory for it.

internal import Protocols

extension TCPForwarder {
    /// Some clients have to begin with a header: goes on with this one as it has to.
    mutating func meetClient<R: Reactor & ~Copyable>(_ slot: UInt32, on reactor: inout R) {
        let side = FlowSideID.downstream(slot)
        guard let address = address(ofClient: slot, on: &reactor) else {
            // It has gone already. What it left may be a header or not: it is not read.
            noteReason(slot, .clientClosed)
            end(slot, reset: true, on: &reactor)
            return
        }
        let listener = flows[slot: slot].listener
        guard site.value.isProxy(address, listener: listener) else {
            startConnecting(slot, from: address, on: &reactor)
            return
        }
        flows[slot: slot].phase = .proxyHeader
        let timeoutMs = site.value.listeners[slot: listener].record.proxyTimeoutMs
        timers.set(slot, atMs: nowMs + timeoutMs)
        armReceive(side, on: &reactor)
    }

    /// More of the client's bytes came, or their end.
    mutating func readHeader<R: Reactor & ~Copyable>(_ slot: UInt32, on reactor: inout R) {
        let side = FlowSideID.downstream(slot)
        switch parseHeader(side, in: reactor.buffers) {
        case .complete(let header):
            reactor.counters[.proxyHeaders] &+= 1
            guard mayConnect(slot, header.addresses, on: &reactor) else {
                noteReason(slot, .rateLimited)
                end(slot, reset: true, on: &reactor)
                return
            }
            self[side].flags.insert(.beginsWithHeader)
            flows[slot: slot].phase = .connecting
            startConnecting(slot, from: header.addresses?.source, on: &reactor)
        case .incomplete:
            if self[side].flags.contains(.ended) {
                noteReason(slot, .clientClosed)
                end(slot, reset: false, on: &reactor)
            } else {
                armReceive(side, on: &reactor)
            }
        case .refused(let refusal):
            reactor.counters[.proxyHeadersRefused] &+= 1
            report(.proxyHeaderRefused, code: Int32(refusal.rawValue), on: &reactor)
            noteReason(slot, .badProxyHeader)
            end(slot, reset: true, on: &reactor)
        }
    }

    private func mayConnect<R: Reactor & ~Copyable>(
        _ slot: UInt32, _ addresses: ProxyAddresses?, on reactor: inout R
    ) -> Bool {
        guard let source = addresses?.source else { return true }
        let listener = flows[slot: slot].listener
        return site.value.mayConnect(source, by: listener, nowMs: nowMs, on: &reactor)
    }

    /// The header did not come in time.
    mutating func headerTimedOut<R: Reactor & ~Copyable>(_ slot: UInt32, on reactor: inout R) {
        reactor.counters[.proxyHeaderTimeouts] &+= 1
        report(.proxyHeaderLate, on: &reactor)
        site.value.metrics.countPast(.proxyHeader)
        noteReason(slot, .proxyHeaderTimeout)
        end(slot, reset: true, on: &reactor)
    }

    /// The endpoint is there: takes the client's header off its bytes, and puts ours ahead of them
    /// if the endpoint is to get one.
    ///
    /// - Returns: false when there is no buffer for it; the flow is over then.
    mutating func changeHeaders<R: Reactor & ~Copyable>(
        _ slot: UInt32, on reactor: inout R
    ) -> Bool {
        let side = FlowSideID.downstream(slot)
        var conveyed: ProxyAddresses?
        if self[side].flags.contains(.beginsWithHeader) {
            guard case .complete(let header) = parseHeader(side, in: reactor.buffers) else {
                preconditionFailure("a header that was whole is no more")
            }
            self[side].flags.remove(.beginsWithHeader)
            self[side].pending.consume(header.length, in: reactor.buffers)
            conveyed = header.addresses
        }
        let view = site.value.view(flows[slot: slot].snapshot)
        let upstream = view.upstreams[Int(flows[slot: slot].upstream)]
        guard let version = upstream.policy.sendsProxy else { return true }
        let addresses = conveyed ?? reactor.addresses(of: self[side].socket)
        if self[side].pending.prepend(version, addresses, in: reactor.buffers) { return true }
        reactor.counters[.starvedWaits] &+= 1
        noteReason(slot, .noBuffer)
        end(slot, reset: true, on: &reactor)
        return false
    }

    /// Buffers are filled up in their order, so the first one has all of a header that has come.
    private func parseHeader(_ side: FlowSideID, in buffers: BufferPool) -> ProxyVerdict {
        let pending = self[side].pending
        return pending.isEmpty ? .incomplete : ProxyHeader.parse(buffers.bytes(pending.head))
    }
}
