// Client connections: accepted, read from, answered, closed. What is read here are request heads;
// bodies are moved on by +Bodies.

internal import Glibc
internal import Protocols

extension HTTPProxy {
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
        let descriptor = Descriptor(raw: completion.result)
        let session = ClientSession(
            listener: listener, number: UInt32(truncatingIfNeeded: reactor.counters[.accepted]),
            nowMs: nowMs,
            requestsMax: site.value.listeners[slot: listener].record.http.requestsMax)
        guard let index = sessions.insert(session) else {
            reactor.counters[.flowsRefused] &+= 1
            if let socket = try? reactor.adopt(descriptor, owner: TCPForwarder.noFlow) {
                reactor.close(socket, reset: true)
            }
            return
        }
        let slot = index.slot
        do {
            let owner = HTTPOwner.client(slot).raw
            sessions[slot: slot].transport.socket = try reactor.adopt(descriptor, owner: owner)
        } catch {
            sessions.remove(index)
            return
        }
        sessions[slot: slot].transport.flags = .connected
        if tracer?.filter.wantsClients == true { traceClient(slot, on: &reactor) }
        guard admitClient(slot, on: &reactor), meetClient(slot, on: &reactor) else { return }
        receiveFromClient(slot, on: &reactor)
        watch(slot)
    }

    /// Accepting found no descriptor or memory: clients wait in the kernel's queue for a while.
    mutating func pauseAccepting<R: Reactor & ~Copyable>(_ code: Int32, on reactor: inout R) {
        guard acceptPausedUntilMs == nil else { return }
        report(.acceptPaused, code: code, on: &reactor)
        reactor.counters[.acceptPauses] &+= 1
        let until = nowMs + HTTPLimits.acceptPauseMs
        acceptPausedUntilMs = until
        timers.set(acceptTimer, atMs: until)
    }

    mutating func resumeAccepting() {
        acceptPausedUntilMs = nil
        timers.clear(acceptTimer)
    }

    /// Bytes arrived from a client, or it ended or failed.
    mutating func clientReceived<R: Reactor & ~Copyable>(
        _ slot: UInt32, _ completion: Completion, on reactor: inout R
    ) {
        if !completion.more { sessions[slot: slot].transport.flags.remove(.receiving) }
        guard completion.result > 0 else {
            if completion.result == 0 {
                sessions[slot: slot].transport.flags.insert(.ended)
                // What came before may still be waiting for its turn.
                serve(slot, on: &reactor)
            } else {
                noteBrokenHead(slot, .clientClosed, on: &reactor)
                abandon(slot, reset: true, on: &reactor)
            }
            return
        }
        if sessions[slot: slot].phase == .lingering {
            reactor.buffers.release(completion.buffer)
            receiveFromClient(slot, on: &reactor)
            return
        }
        sessions[slot: slot].transport.received.append(completion.buffer, in: reactor.buffers)
        if sessions[slot: slot].phase == .exchange {
            requestBytesCame(sessions[slot: slot].exchange, on: &reactor)
        } else {
            serve(slot, on: &reactor)
        }
    }

    /// Begins as many requests as have come, which is one unless it is answered on the spot.
    mutating func serve<R: Reactor & ~Copyable>(_ slot: UInt32, on reactor: inout R) {
        if sessions[slot: slot].phase == .proxyHeader {
            guard readProxyHeader(slot, on: &reactor) else { return }
        }
        while canServe(slot), readRequestHead(slot, on: &reactor) {}
        guard isReading(slot) else { return }
        if sessions[slot: slot].transport.flags.contains(.ended) { clientEnded(slot, on: &reactor) }
        guard isReading(slot) else { return }
        receiveFromClient(slot, on: &reactor)
    }

    func isReading(_ slot: UInt32) -> Bool {
        sessions[slot: slot].phase != .closing && sessions[slot: slot].phase != .ending
    }

    /// Whether a request may be begun: one at a time, and not while a client lets its answers
    /// pile up.
    private func canServe(_ slot: UInt32) -> Bool {
        let phase = sessions[slot: slot].phase
        return (phase == .idle || phase == .head)
            && !sessions[slot: slot].transport.received.isEmpty
            && !sessions[slot: slot].flags.contains(.closesWhenSent)
            && sessions[slot: slot].answersQueued < policy(ofClient: slot).pipelineDepthMax
            && sessions[slot: slot].transport.unsentBytes <= ForwarderLimits.windowBytes
    }

    /// - Returns: whether a request head was complete and its exchange has begun.
    private mutating func readRequestHead<R: Reactor & ~Copyable>(
        _ slot: UInt32, on reactor: inout R
    ) -> Bool {
        let buffers = reactor.buffers
        let scratch = scratch
        let received = sessions[slot: slot].transport.received
        let head =
            received.buffers == 1
            ? buffers.bytes(received.head) : scratch.bytes(of: received, in: buffers)
        let verdict = requestHead.parse(
            head, limits: policy(ofClient: slot).heads, progress: &sessions[slot: slot].progress)
        switch verdict {
        case .complete:
            sessions[slot: slot].progress = HeadProgress()
            begin(slot, head, on: &reactor)
            return true
        case .incomplete:
            if sessions[slot: slot].phase == .idle {
                sessions[slot: slot].phase = .head
                sessions[slot: slot].activeAtMs = nowMs
                watch(slot)
            }
            return false
        case .refused(let refusal):
            reactor.counters[.requestsRefused] &+= 1
            site.value.metrics.countRefusal(refusal)
            answer(slot, LocalReply(refusal), on: &reactor)
            return false
        }
    }

    /// Arms the client's receive for what may be held of it now.
    mutating func receiveFromClient<R: Reactor & ~Copyable>(
        _ slot: UInt32, on reactor: inout R
    ) {
        guard !sessions[slot: slot].transport.flags.contains(.receiving) else { return }
        var held = sessions[slot: slot].transport.received.bytes
        var limit = window(reactor)
        var atLeast = ForwarderLimits.rearmBytes
        if sessions[slot: slot].phase == .exchange {
            let x = sessions[slot: slot].exchange
            let upstream = exchanges[slot: x].upstream
            if upstream != .max && splicesRequest(x, on: &reactor) { return }
            if upstream != .max { held += upstreams[slot: upstream].transport.unsentBytes }
        } else {
            // A head is held until it is whole, and then there may be one byte left to receive.
            limit = max(limit, UInt32(policy(ofClient: slot).heads.headBytesMax) + 1)
            atLeast = 1
        }
        guard held == 0 || held + atLeast <= limit else { return }
        sessions[slot: slot].transport.receive(credit: limit - held, on: &reactor)
    }

    /// Bytes that may be held of one direction: less when most of the pool is in use, so that
    /// stalled messages cannot take the last buffers from all others.
    func window<R: Reactor & ~Copyable>(_ reactor: borrowing R) -> UInt32 {
        let pool = reactor.buffers
        return pool.usedCount > pool.capacity / 2
            ? UInt32(BufferPool.bufferBytes) : ForwarderLimits.windowBytes
    }

    /// A send to a client is through.
    mutating func clientSent<R: Reactor & ~Copyable>(
        _ slot: UInt32, _ result: Int32, on reactor: inout R
    ) {
        guard sessions[slot: slot].transport.sent(result, on: &reactor) else {
            // It takes nothing any more: whatever it still wants is in vain.
            noteBrokenHead(slot, .clientClosed, on: &reactor)
            abandon(slot, reset: true, on: &reactor)
            return
        }
        reactor.counters[.bytesCopied] &+= UInt64(result)
        sessions[slot: slot].activeAtMs = nowMs
        let isAllSent = sessions[slot: slot].transport.unsentBytes == 0
        if isAllSent {
            sessions[slot: slot].answersQueued = 0
            if sessions[slot: slot].flags.contains(.closesWhenSent) {
                endClient(slot, on: &reactor)
                return
            }
        }
        if sessions[slot: slot].phase == .exchange {
            responseWasTaken(sessions[slot: slot].exchange, on: &reactor)
        } else if isAllSent {
            // Requests may have waited for this, or the end of a client that has no more.
            let transport = sessions[slot: slot].transport
            if !transport.received.isEmpty || transport.flags.contains(.ended) {
                serve(slot, on: &reactor)
            }
        }
        watch(slot)
    }

    /// The client sent its last byte, and what can be begun of its requests was. It may still be
    /// reading: what it asked for is answered.
    private mutating func clientEnded<R: Reactor & ~Copyable>(
        _ slot: UInt32, on reactor: inout R
    ) {
        switch sessions[slot: slot].phase {
        case .exchange:
            let exchange = sessions[slot: slot].exchange
            // What came of a body is looked at when there is somebody to send it to.
            if !exchanges[slot: exchange].flags.isDisjoint(with: [.requestComplete, .waits]) {
                // How long it is waited for depends on whether an answer has begun.
                noteClient(exchange)
                watch(slot)
            } else {
                requestBrokeOff(exchange, on: &reactor)
            }
        case .idle, .head:
            // Requests that wait for earlier answers to be taken are still served.
            guard sessions[slot: slot].transport.received.isEmpty || canServe(slot) else { return }
            noteBrokenHead(slot, .clientClosed, on: &reactor)
            closeWhenSent(slot, on: &reactor)
        case .lingering:
            abandon(slot, reset: false, on: &reactor)
        case .proxyHeader, .ending, .closing: break
        }
    }

    /// No request will be answered any more on this connection: sends what waits and ends it.
    mutating func closeWhenSent<R: Reactor & ~Copyable>(_ slot: UInt32, on reactor: inout R) {
        let transport = sessions[slot: slot].transport
        let mayTakeMore: SessionFlags = [.lingersAfterwards, .closesWithReset]
        if !transport.waiting.isEmpty && transport.received.isEmpty
            && transport.flags.isDisjoint(with: [.sending, .discarding])
            && sessions[slot: slot].flags.isDisjoint(with: mayTakeMore)
        {
            sessions[slot: slot].phase = .ending
            sessions[slot: slot].activeAtMs = nowMs
            reactor.counters[.bytesCopied] &+= UInt64(transport.waiting.bytes)
            let last = sessions[slot: slot].transport.waiting.take()
            reactor.sendLast(transport.socket, last)
            watch(slot)
            return
        }
        sessions[slot: slot].transport.flush(isAwaited: true, on: &reactor)
        if sessions[slot: slot].transport.unsentBytes == 0 {
            endClient(slot, on: &reactor)
        } else {
            sessions[slot: slot].flags.insert(.closesWhenSent)
        }
    }

    /// Everything was answered and sent: ends the connection so that the client still gets it.
    mutating func endClient<R: Reactor & ~Copyable>(_ slot: UInt32, on reactor: inout R) {
        let flags = sessions[slot: slot].flags
        let transport = sessions[slot: slot].transport
        let isSending = flags.contains(.lingersAfterwards) || !transport.received.isEmpty
        guard isSending, !transport.flags.contains(.ended), !flags.contains(.closesWithReset)
        else {
            abandon(slot, reset: flags.contains(.closesWithReset), on: &reactor)
            return
        }
        sessions[slot: slot].phase = .lingering
        sessions[slot: slot].flags.remove(.closesWhenSent)
        sessions[slot: slot].transport.received.discard(in: reactor.buffers)
        sessions[slot: slot].activeAtMs = nowMs
        reactor.shutdownWrite(transport.socket)
        receiveFromClient(slot, on: &reactor)
        watch(slot)
    }

    /// Closes a client's connection and whatever was done for it.
    mutating func abandon<R: Reactor & ~Copyable>(
        _ slot: UInt32, reset: Bool, on reactor: inout R
    ) {
        if sessions[slot: slot].phase == .exchange {
            removeExchange(sessions[slot: slot].exchange, on: &reactor)
        }
        sessions[slot: slot].phase = .closing
        timers.clear(slot)
        sessions[slot: slot].transport.discard(in: reactor.buffers)
        reactor.close(sessions[slot: slot].transport.socket, reset: reset)
    }

    /// Nothing refers to a client's socket any more.
    mutating func clientClosed<R: Reactor & ~Copyable>(_ slot: UInt32, on reactor: inout R) {
        timers.clear(slot)
        if sessions[slot: slot].traced != 0 { post(.closed, ofClient: slot) }
        forget(slot, on: &reactor)
        if sessions[slot: slot].flags.contains(.isSurplus) {
            surplusClients -= 1
        } else {
            site.value.clientWent(sessions[slot: slot].listener)
        }
        sessions.remove(sessions.index(ofSlot: slot))
        if acceptPausedUntilMs != nil { resumeAccepting() }
    }
}
