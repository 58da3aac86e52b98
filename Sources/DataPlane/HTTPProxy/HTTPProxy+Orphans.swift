// Answers that nobody waits for any more: their clients left while their requests stood behind
// others on a connection. They are read to their ends, because others' answers come behind them,
// and dropped; where that would take long, the connection is closed instead.

internal import Protocols

/// What came of reading a head that nobody gets.
private enum DroppedHead {
    case passed, incomplete
    /// It is no response.
    case bad
    /// What follows it is not worth reading, or is the connection's end.
    case unwanted
}

extension HTTPProxy {
    /// The client of a follower has left it: what is to come of its answer is nobody's.
    mutating func orphan<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) {
        let upstream = exchanges[slot: x].leader
        precondition(!exchanges[slot: x].flags.contains(.isOrphan), "orphaned twice")
        exchanges[slot: x].flags.insert(.isOrphan)
        // Nothing may be done for a client in its name.
        exchanges[slot: x].session = .max
        pipelining.orphans += 1
        guard pipelining.orphans > pipelining.orphansMax else { return }
        cutFollowers(upstream, on: &reactor)
    }

    /// Frees the record of an orphan that stands in no order any more.
    mutating func removeOrphan(_ x: UInt32) {
        precondition(exchanges[slot: x].flags.contains(.isOrphan), "a client waits for this")
        pipelining.orphans -= 1
        freeExchange(x)
    }

    /// Reads what has come of an answer to an orphan.
    mutating func dropAnswer<R: Reactor & ~Copyable>(
        _ upstream: UInt32, on reactor: inout R
    ) {
        let x = upstreams[slot: upstream].exchange
        while !exchanges[slot: x].flags.contains(.responseStarted) {
            switch dropHead(x, upstream, on: &reactor) {
            case .passed: break
            case .incomplete:
                receiveFromUpstream(upstream, on: &reactor)
                return
            case .bad:
                noteFailure(upstream)
                closeUpstream(upstream, on: &reactor)
                return
            case .unwanted:
                closeUpstream(upstream, on: &reactor)
                return
            }
        }
        var dropped = BufferChain()
        let step = exchanges[slot: x].response.move(
            from: &upstreams[slot: upstream].transport.received, to: &dropped,
            in: reactor.buffers, bytesMax: HTTPLimits.pipelinedBodyBytesMax)
        dropped.discard(in: reactor.buffers)
        guard case .moved = step else {
            closeUpstream(upstream, on: &reactor)
            return
        }
        guard exchanges[slot: x].response.isFinished else {
            receiveFromUpstream(upstream, on: &reactor)
            return
        }
        reactor.counters[.answersDropped] &+= 1
        removeOrphan(x)
        upstreams[slot: upstream].phase = .leased
        upstreams[slot: upstream].exchange = .max
        passTurn(upstream, isReusable: true, on: &reactor)
    }

    /// Reads a head that nobody gets.
    private mutating func dropHead<R: Reactor & ~Copyable>(
        _ x: UInt32, _ upstream: UInt32, on reactor: inout R
    ) -> DroppedHead {
        guard !upstreams[slot: upstream].transport.received.isEmpty else { return .incomplete }
        switch parseResponseHead(x, upstream, in: reactor.buffers) {
        case .incomplete: return .incomplete
        case .refused: return .bad
        case .complete: break
        }
        exchanges[slot: x].progress = HeadProgress()
        upstreams[slot: upstream].transport.received.consume(
            responseHead.length, in: reactor.buffers)
        if responseHead.isInterim {
            exchanges[slot: x].interimResponses += 1
            let count = exchanges[slot: x].interimResponses
            return count > HTTPLimits.interimResponsesMax ? .bad : .passed
        }
        guard responseHead.status != 101, responseHead.isPersistent,
            responseHead.version == .http11
        else { return .unwanted }
        if case .length(let count) = responseHead.framing,
            count > HTTPLimits.pipelinedBodyBytesMax
        {
            return .unwanted
        }
        exchanges[slot: x].response = BodyProgress(
            responseHead.framing, policy(ofExchange: x).chunks)
        exchanges[slot: x].flags.insert(.responseStarted)
        return .passed
    }

    /// Closes a connection that reads what nobody waits for, if there is one.
    mutating func closeDropping<R: Reactor & ~Copyable>(on reactor: inout R) {
        for _ in 0..<pipelining.watched.count {
            guard let index = pipelining.watched.popFirst(), upstreams.contains(index) else {
                continue
            }
            guard upstreams[slot: index.slot].phase == .dropping else {
                pipelining.watched.append(index, of: upstreams)
                continue
            }
            closeUpstream(index.slot, on: &reactor)
            return
        }
    }
}
