// Response bodies on their way to the client. A slow client slows its endpoint and nothing else.

internal import Protocols

extension HTTPProxy {
    /// Moves what has come of the response's body on to the client.
    mutating func moveResponseBody<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) {
        let slot = exchanges[slot: x].session
        let waiting = sessions[slot: slot].transport.waiting.bytes
        let step = moveResponseBytes(x, on: &reactor)
        exchanges[slot: x].meter.bytesOut &+= UInt64(
            sessions[slot: slot].transport.waiting.bytes - waiting)
        switch step {
        case .noBuffer:
            abandonForWantOfBuffers(slot, on: &reactor)
            return
        case .refused, .tooLarge:
            reactor.counters[.upstreamFailures] &+= 1
            noteFailure(exchanges[slot: x].upstream)
            cut(x, because: .badResponse, on: &reactor)
            return
        case .moved: break
        }
        if exchanges[slot: x].response.isFinished {
            finish(x, on: &reactor)
            return
        }
        let upstream = exchanges[slot: x].upstream
        limitWaiting(behind: x, upstream, on: &reactor)
        receiveFromUpstream(upstream, on: &reactor)
        flushLater(client: slot)
        watch(slot)
    }

    /// Has a client's bytes sent at the end of the turn: until then more may come for the same
    /// send, and nothing leaves before it anyway.
    mutating func flushLater(client slot: UInt32) {
        guard !sessions[slot: slot].flags.contains(.flushesLater) else { return }
        sessions[slot: slot].flags.insert(.flushesLater)
        sessionsToFlush.append(sessions.index(ofSlot: slot), of: sessions)
    }

    /// The same for an endpoint's.
    mutating func flushLater(upstream: UInt32) {
        guard !upstreams[slot: upstream].flushesLater else { return }
        upstreams[slot: upstream].flushesLater = true
        upstreamsToFlush.append(upstreams.index(ofSlot: upstream), of: upstreams)
    }

    /// The turn is over: sends what was put off.
    mutating func endTurn<R: Reactor & ~Copyable>(on reactor: inout R) {
        resend(on: &reactor)
        admitWaiting(on: &reactor)
        while let index = sessionsToFlush.popFirst() {
            guard sessions.contains(index) else { continue }
            let slot = index.slot
            sessions[slot: slot].flags.remove(.flushesLater)
            guard isReading(slot) else { continue }
            // While its endpoint goes on sending there is other news to wait for than this.
            let x = sessions[slot: slot].exchange
            let upstream = x == .max ? .max : exchanges[slot: x].upstream
            let goesOn =
                upstream != .max && upstreams[slot: upstream].transport.flags.contains(.receiving)
            sessions[slot: slot].transport.flush(isAwaited: !goesOn, on: &reactor)
        }
        while let index = upstreamsToFlush.popFirst() {
            guard upstreams.contains(index) else { continue }
            let upstream = index.slot
            upstreams[slot: upstream].flushesLater = false
            endCollecting(upstream)
            guard upstreams[slot: upstream].phase == .leased else { continue }
            let slot = exchanges[slot: upstreams[slot: upstream].exchange].session
            let goesOn = sessions[slot: slot].transport.flags.contains(.receiving)
            upstreams[slot: upstream].transport.flush(isAwaited: !goesOn, on: &reactor)
        }
    }

    private mutating func moveResponseBytes<R: Reactor & ~Copyable>(
        _ x: UInt32, on reactor: inout R
    ) -> BodyStep {
        let slot = exchanges[slot: x].session
        let upstream = exchanges[slot: x].upstream
        let flags = exchanges[slot: x].flags
        let buffers = reactor.buffers
        if flags.contains(.chunksResponse) {
            return Self.moveAsChunk(
                from: &upstreams[slot: upstream].transport.received,
                to: &sessions[slot: slot].transport.waiting, in: buffers)
        }
        if flags.contains(.unchunks) {
            return exchanges[slot: x].response.moveUnchunked(
                from: &upstreams[slot: upstream].transport.received,
                to: &sessions[slot: slot].transport.waiting, in: buffers)
        }
        return exchanges[slot: x].response.move(
            from: &upstreams[slot: upstream].transport.received,
            to: &sessions[slot: slot].transport.waiting, in: buffers)
    }

    /// A response that ends with its connection gets chunks, so that the client can tell its end
    /// from a failure and keep its own connection (RFC 9112 section 7.1).
    private static func moveAsChunk(
        from source: inout BufferChain, to target: inout BufferChain, in pool: BufferPool
    ) -> BodyStep {
        let count = Int(source.bytes)
        guard count > 0 else { return .moved }
        guard let line = pool.take() else { return .noBuffer }
        var writer = pool.writer(line)
        writer.appendHex(UInt64(count))
        writer.append("\r\n")
        pool.setCount(line, writer.count)
        target.append(line, in: pool)
        guard source.moveFirst(count, to: &target, in: pool), let end = pool.take() else {
            return .noBuffer
        }
        writer = pool.writer(end)
        writer.append("\r\n")
        pool.setCount(end, writer.count)
        target.append(end, in: pool)
        return .moved
    }

    /// The endpoint ended its connection within a response.
    mutating func responseEnded<R: Reactor & ~Copyable>(
        _ x: UInt32, failed: Bool, on reactor: inout R
    ) {
        guard case .untilClose = exchanges[slot: x].response, !failed else {
            reactor.counters[.upstreamFailures] &+= 1
            cut(x, because: .upstreamReset, on: &reactor)
            return
        }
        if exchanges[slot: x].flags.contains(.chunksResponse) {
            guard let end = reactor.buffers.take() else {
                abandonForWantOfBuffers(exchanges[slot: x].session, on: &reactor)
                return
            }
            var writer = reactor.buffers.writer(end)
            writer.append("0\r\n\r\n")
            reactor.buffers.setCount(end, writer.count)
            exchanges[slot: x].meter.bytesOut &+= UInt64(writer.count)
            let slot = exchanges[slot: x].session
            sessions[slot: slot].transport.waiting.append(end, in: reactor.buffers)
        }
        exchanges[slot: x].response = .finished
        finish(x, on: &reactor)
    }

    /// The client took bytes: there is room for more.
    mutating func responseWasTaken<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) {
        let upstream = exchanges[slot: x].upstream
        guard upstream != .max, upstreams[slot: upstream].phase == .leased else { return }
        receiveFromUpstream(upstream, on: &reactor)
    }

    /// A response that has begun cannot be completed: the client gets what there was, and an end
    /// that it cannot take for a good one.
    mutating func cut<R: Reactor & ~Copyable>(
        _ x: UInt32, because reason: EndReason, on reactor: inout R
    ) {
        noteReason(x, reason)
        let slot = exchanges[slot: x].session
        let isUnframed: Bool
        switch exchanges[slot: x].response {
        case .untilClose: isUnframed = !exchanges[slot: x].flags.contains(.chunksResponse)
        case .chunked: isUnframed = exchanges[slot: x].flags.contains(.unchunks)
        case .finished, .length: isUnframed = false
        }
        reactor.counters[.responsesCut] &+= 1
        if isUnframed { sessions[slot: slot].flags.insert(.closesWithReset) }
        noteWhatMayCome(slot, exchanges[slot: x].flags)
        removeExchange(x, on: &reactor)
        sessions[slot: slot].activeAtMs = nowMs
        closeWhenSent(slot, on: &reactor)
        watch(slot)
    }

    /// The rest of a request will not come. Nobody can answer it, but answers to those before it
    /// may still be on their way.
    mutating func requestBrokeOff<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) {
        guard !exchanges[slot: x].flags.contains(.responseStarted) else {
            cut(x, because: .clientClosed, on: &reactor)
            return
        }
        let slot = exchanges[slot: x].session
        removeExchange(x, on: &reactor)
        closeWhenSent(slot, on: &reactor)
        watch(slot)
    }

    /// The exchange came to nothing: the client is told if it can still be.
    mutating func fail<R: Reactor & ~Copyable>(
        _ x: UInt32, _ reply: LocalReply, on reactor: inout R
    ) {
        if exchanges[slot: x].flags.contains(.responseStarted) {
            cut(x, because: reply.end, on: &reactor)
        } else {
            answer(exchanges[slot: x].session, reply, on: &reactor)
        }
    }
}
