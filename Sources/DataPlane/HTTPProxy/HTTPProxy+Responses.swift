// From an endpoint's bytes to the client: interim responses, the final head, the end.

internal import Protocols

extension HTTPProxy {
    /// Reads what has come on a connection: the answer of its exchange, and of those that follow.
    mutating func readAnswers<R: Reactor & ~Copyable>(_ upstream: UInt32, on reactor: inout R) {
        var answered: UInt32
        repeat {
            answered = upstreams[slot: upstream].answered
            if upstreams[slot: upstream].phase == .dropping {
                dropAnswer(upstream, on: &reactor)
            } else {
                let x = upstreams[slot: upstream].exchange
                precondition(exchanges[slot: x].upstream == upstream, "an answer for nobody")
                touch(x, on: &reactor)
                if !exchanges[slot: x].flags.contains(.responseSeen) {
                    exchanges[slot: x].flags.insert(.responseSeen)
                    noteFirstByte(x)
                    if !retriesByStatus(x) {
                        exchanges[slot: x].replay.discard(in: reactor.buffers)
                    }
                }
                sessions[slot: exchanges[slot: x].session].activeAtMs = nowMs
                readResponse(x, on: &reactor)
            }
        } while upstreams[slot: upstream].answered != answered
            && !upstreams[slot: upstream].transport.received.isEmpty
    }

    /// Reads what has come of a response.
    private mutating func readResponse<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) {
        while !exchanges[slot: x].flags.contains(.responseStarted) {
            let upstream = exchanges[slot: x].upstream
            guard !upstreams[slot: upstream].transport.received.isEmpty else {
                awaitResponse(x, on: &reactor)
                return
            }
            guard readResponseHead(x, on: &reactor) else { return }
        }
        moveResponseBody(x, on: &reactor)
    }

    /// More of a response is needed. What an interim response said must not wait for it.
    private mutating func awaitResponse<R: Reactor & ~Copyable>(
        _ x: UInt32, on reactor: inout R
    ) {
        sessions[slot: exchanges[slot: x].session].transport.flush(on: &reactor)
        receiveFromUpstream(exchanges[slot: x].upstream, on: &reactor)
    }

    /// - Returns: whether a head was complete and the exchange goes on.
    private mutating func readResponseHead<R: Reactor & ~Copyable>(
        _ x: UInt32, on reactor: inout R
    ) -> Bool {
        let upstream = exchanges[slot: x].upstream
        switch parseResponseHead(x, upstream, in: reactor.buffers) {
        case .incomplete:
            awaitResponse(x, on: &reactor)
            return false
        case .refused(let refusal):
            reactor.counters[.upstreamFailures] &+= 1
            report(
                .badResponse, endpoint: upstreams[slot: upstream].endpoint, on: &reactor)
            noteFailure(upstream)
            noteFailure(x, .badResponse)
            fail(x, LocalReply(badResponse: refusal), on: &reactor)
            return false
        case .complete:
            exchanges[slot: x].progress = HeadProgress()
            let buffers = reactor.buffers
            let first = upstreams[slot: upstream].transport.received.head
            let head = buffers.bytes(first)
            guard responseHead.length > head.count else {
                return passOnHead(x, head, on: &reactor)
            }
            let received = upstreams[slot: upstream].transport.received
            let scratch = scratch
            return passOnHead(x, scratch.bytes(of: received, in: buffers), on: &reactor)
        }
    }

    /// Parses what has come of a head to `responseHead`. The first buffer mostly has all of it;
    /// others that are there may be full of what follows.
    @inline(__always)
    mutating func parseResponseHead(
        _ x: UInt32, _ upstream: UInt32, in buffers: BufferPool
    ) -> HeadVerdict {
        let received = upstreams[slot: upstream].transport.received
        let flags = exchanges[slot: x].flags
        let kind: RequestKind =
            flags.contains(.isHead) ? .head : flags.contains(.isConnect) ? .connect : .other
        if received.buffers == 1 || exchanges[slot: x].progress.isAtStart {
            let verdict = responseHead.parse(
                buffers.bytes(received.head), limits: policy(ofExchange: x).heads, answering: kind,
                progress: &exchanges[slot: x].progress)
            guard case .incomplete = verdict, received.buffers > 1 else { return verdict }
        }
        let scratch = scratch
        return responseHead.parse(
            scratch.bytes(of: received, in: buffers), limits: policy(ofExchange: x).heads,
            answering: kind,
            progress: &exchanges[slot: x].progress)
    }

    /// Passes on the head that is in `responseHead`.
    private mutating func passOnHead<R: Reactor & ~Copyable>(
        _ x: UInt32, _ head: Span<UInt8>, on reactor: inout R
    ) -> Bool {
        let upstream = exchanges[slot: x].upstream
        let slot = exchanges[slot: x].session
        let flags = exchanges[slot: x].flags
        let length = responseHead.length
        if responseHead.isInterim {
            guard exchanges[slot: x].interimResponses < HTTPLimits.interimResponsesMax else {
                fail(x, .tooManyInterimResponses, on: &reactor)
                return false
            }
            exchanges[slot: x].interimResponses += 1
            // RFC 9110 section 15.2: a client of HTTP/1.0 cannot understand it.
            if !flags.contains(.clientIsHTTP10) {
                guard appendResponseHead(x, head, on: &reactor) else { return false }
                // Its client has a part of this origin's answer: no other one's can follow.
                exchanges[slot: x].replay.discard(in: reactor.buffers)
            }
            upstreams[slot: upstream].transport.received.consume(length, in: reactor.buffers)
            return true
        }
        noteAnswer(x)
        if route(ofExchange: x).retries.statuses.contains(responseHead.status),
            retryElsewhere(x, on: &reactor)
        {
            return false
        }
        exchanges[slot: x].replay.discard(in: reactor.buffers)
        let isTunnel = isTunnelAccepted(flags)
        // RFC 9110 section 7.8: not before the request has been read to its end.
        let mayTunnel =
            flags.contains(.requestComplete)
            && (responseHead.status != 101 || flags.contains(.upgrades))
        if isTunnel && !mayTunnel {
            fail(x, .unexpectedUpgrade, on: &reactor)
            return false
        }
        if !isTunnel {
            startResponse(x)
            if pipelines {
                judgePipelining(upstream, isReused: flags.contains(.isReused), on: &reactor)
            }
        }
        exchanges[slot: x].meter.status = responseHead.status
        guard appendResponseHead(x, head, on: &reactor) else { return false }
        upstreams[slot: upstream].transport.received.consume(length, in: reactor.buffers)
        sessions[slot: slot].flags.insert(.hasServed)
        if isTunnel {
            beginTunnel(x, on: &reactor)
            return false
        }
        return true
    }

    /// Whether what follows the head in `responseHead` are no longer messages.
    private func isTunnelAccepted(_ flags: ExchangeFlags) -> Bool {
        responseHead.status == 101
            || flags.contains(.isConnect) && (200..<300).contains(responseHead.status)
    }

    /// Decides how the final response is framed for the client, and what comes after it.
    private mutating func startResponse(_ x: UInt32) {
        var flags = exchanges[slot: x].flags
        exchanges[slot: x].response = BodyProgress(
            responseHead.framing, policy(ofExchange: x).chunks)
        flags.insert(.responseStarted)
        if responseHead.isPersistent { flags.insert(.upstreamPersists) }
        // Whether the rest of a request will come is not known: its connection cannot be promised
        // to go on (RFC 9112 section 9.6).
        if !flags.contains(.requestComplete) || isLeaving(exchanges[slot: x].session) {
            flags.remove(.clientPersists)
        }
        switch responseHead.framing {
        case .chunked:
            if flags.contains(.clientIsHTTP10) {
                flags.insert(.unchunks)
                flags.remove(.clientPersists)
            }
        case .untilClose:
            if flags.contains(.clientIsHTTP10) {
                flags.remove(.clientPersists)
            } else {
                flags.insert(.chunksResponse)
            }
        case .none, .length: break
        }
        exchanges[slot: x].flags = flags
    }

    /// Writes the head in `responseHead` as the client gets it.
    ///
    /// - Returns: whether the exchange goes on.
    private mutating func appendResponseHead<R: Reactor & ~Copyable>(
        _ x: UInt32, _ head: Span<UInt8>, on reactor: inout R
    ) -> Bool {
        let slot = exchanges[slot: x].session
        guard let chain = makeResponseHead(x, head, in: reactor.buffers) else {
            abandonForWantOfBuffers(slot, on: &reactor)
            return false
        }
        exchanges[slot: x].meter.bytesOut &+= UInt64(chain.bytes)
        exchanges[slot: x].meter.headBytesOut &+= UInt64(chain.bytes)
        var rest = chain
        let isMoved = rest.moveFirst(
            Int(rest.bytes), to: &sessions[slot: slot].transport.waiting, in: reactor.buffers)
        precondition(isMoved, "whole buffers change hands without another one")
        return true
    }

    /// The response is over: the client goes on to its next request, the connection into the pool.
    mutating func finish<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) {
        let flags = exchanges[slot: x].flags
        let slot = exchanges[slot: x].session
        let upstream = exchanges[slot: x].upstream
        exchanges[slot: x].upstream = .max
        noteReason(x, .done)
        let isComplete = flags.contains(.requestComplete)
        passTurn(
            upstream, isReusable: isComplete && flags.contains(.upstreamPersists), on: &reactor)
        removeExchange(x, on: &reactor)
        reactor.counters[.responses] &+= 1
        sessions[slot: slot].activeAtMs = nowMs
        // A promise to go on that was given before the end was decided binds only to what has come.
        let isOver = isLeaving(slot) && sessions[slot: slot].transport.received.isEmpty
        if flags.contains(.clientPersists) && !isOver {
            sessions[slot: slot].transport.flush(on: &reactor)
            watch(slot)
            serve(slot, on: &reactor)
        } else {
            noteWhatMayCome(slot, flags)
            closeWhenSent(slot, on: &reactor)
        }
    }

    /// The client's connection ends with this exchange, and not because the client wants it to: it
    /// may be sending still. Its bytes must not meet a closed socket before it has read the answer
    /// (RFC 9112 section 9.6).
    mutating func noteWhatMayCome(_ slot: UInt32, _ flags: ExchangeFlags) {
        guard flags.contains(.mayBeFollowed) || !flags.contains(.requestComplete) else { return }
        sessions[slot: slot].flags.insert(.lingersAfterwards)
    }

    /// Ends an exchange; its connection, if it still has one, is closed.
    mutating func removeExchange<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) {
        noteEnd(x, on: &reactor)
        let upstream = exchanges[slot: x].upstream
        if upstream != .max { closeUpstream(upstream, on: &reactor) }
        exchanges[slot: x].replay.discard(in: reactor.buffers)
        exchanges[slot: x].requestPipe.giveBack(on: &reactor)
        exchanges[slot: x].responsePipe.giveBack(on: &reactor)
        let slot = exchanges[slot: x].session
        sessions[slot: slot].exchange = .max
        sessions[slot: slot].phase = .idle
        if exchanges[slot: x].leader != .max {
            orphan(x, on: &reactor)
        } else {
            freeExchange(x)
        }
    }

    /// Frees the record of an exchange that nothing refers to.
    mutating func freeExchange(_ x: UInt32) {
        giveBackLimits(x)
        letEndpointGo(x)
        site.value.release(exchanges[slot: x].snapshot)
        exchanges.remove(exchanges.index(ofSlot: x))
    }
}
