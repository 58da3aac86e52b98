// Large bodies of known length go from socket to socket through a pipe, once what was received with
// their heads has been sent. How many bytes there are is known, so none of the next message can
// get into the pipe.

internal import Glibc
internal import Protocols

/// A direction in which a body moves.
enum BodyDirection {
    case request
    case response
}

extension HTTPProxy {
    /// Goes over to splicing a response's body when it is worth it and nothing is in the way.
    ///
    /// - Returns: whether the body is spliced, or will be when the client has taken what it has.
    mutating func splicesResponse<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) -> Bool
    {
        let flags = exchanges[slot: x].flags
        if flags.contains(.splicesResponse) { return true }
        guard flags.contains(.responseStarted), isBulk(exchanges[slot: x].response, x) else {
            return false
        }
        let upstream = exchanges[slot: x].upstream
        guard sessions[slot: exchanges[slot: x].session].transport.unsentBytes == 0 else {
            return true
        }
        exchanges[slot: x].flags.insert(.splicesResponse)
        upstreams[slot: upstream].transport.awaitReadable(on: &reactor)
        return true
    }

    /// The same for a request's body.
    mutating func splicesRequest<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) -> Bool {
        let flags = exchanges[slot: x].flags
        if flags.contains(.splicesRequest) { return true }
        guard !flags.contains(.connecting), isBulk(exchanges[slot: x].request, x) else {
            return false
        }
        let transport = upstreams[slot: exchanges[slot: x].upstream].transport
        if transport.flags.contains(.discarding) { return false }
        guard transport.unsentBytes == 0 else { return true }
        exchanges[slot: x].flags.insert(.splicesRequest)
        exchanges[slot: x].replay.discard(in: reactor.buffers)
        sessions[slot: exchanges[slot: x].session].transport.awaitReadable(on: &reactor)
        return true
    }

    /// Splicing needs descriptors of the process.
    private func isBulk(_ body: BodyProgress, _ x: UInt32) -> Bool {
        guard configuration.filesMax == nil, policy(ofExchange: x).relay != .copy,
            case .length(let left) = body
        else { return false }
        return left >= HTTPLimits.spliceBytesMin
    }

    mutating func clientReadable<R: Reactor & ~Copyable>(_ slot: UInt32, on reactor: inout R) {
        sessions[slot: slot].transport.flags.remove(.awaitsReadable)
        let x = sessions[slot: slot].exchange
        if sessions[slot: slot].phase == .exchange,
            exchanges[slot: x].flags.contains(.splicesRequest)
        {
            spliceRequest(x, on: &reactor)
        } else {
            // What it was waited for is over: these bytes are for whatever came after it.
            receiveFromClient(slot, on: &reactor)
        }
    }

    mutating func clientWritable<R: Reactor & ~Copyable>(_ slot: UInt32, on reactor: inout R) {
        let x = sessions[slot: slot].exchange
        if sessions[slot: slot].phase == .exchange,
            exchanges[slot: x].flags.contains(.splicesResponse)
        {
            spliceResponse(x, on: &reactor)
        }
    }

    /// Only bodies are waited for in this way, and a connection does not outlive one that it did
    /// not get to the end of.
    mutating func upstreamReadable<R: Reactor & ~Copyable>(
        _ upstream: UInt32, on reactor: inout R
    ) {
        upstreams[slot: upstream].transport.flags.remove(.awaitsReadable)
        spliceResponse(upstreams[slot: upstream].exchange, on: &reactor)
    }

    mutating func upstreamWritable<R: Reactor & ~Copyable>(
        _ upstream: UInt32, on reactor: inout R
    ) {
        spliceRequest(upstreams[slot: upstream].exchange, on: &reactor)
    }

    /// The endpoint has more of a body that is spliced, or the client takes more of it.
    mutating func spliceResponse<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) {
        let slot = exchanges[slot: x].session
        let upstream = exchanges[slot: x].upstream
        guard let outcome = splice(.response, x, on: &reactor) else {
            exchanges[slot: x].flags.remove(.splicesResponse)
            let window = window(reactor)
            upstreams[slot: upstream].transport.receive(credit: window, on: &reactor)
            return
        }
        switch outcome {
        case .complete:
            exchanges[slot: x].response = .finished
            finish(x, on: &reactor)
        case .drained: upstreams[slot: upstream].transport.awaitReadable(on: &reactor)
        case .blocked: reactor.awaitWritable(sessions[slot: slot].transport.socket)
        case .targetFailed: abandon(slot, reset: true, on: &reactor)
        case .sourceEnded:
            reactor.counters[.upstreamFailures] &+= 1
            cut(x, because: .upstreamReset, on: &reactor)
        }
    }

    /// The client has more of a body that is spliced, or the endpoint takes more of it.
    mutating func spliceRequest<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) {
        let slot = exchanges[slot: x].session
        let upstream = exchanges[slot: x].upstream
        guard let outcome = splice(.request, x, on: &reactor) else {
            exchanges[slot: x].flags.remove(.splicesRequest)
            let window = window(reactor)
            sessions[slot: slot].transport.receive(credit: window, on: &reactor)
            return
        }
        switch outcome {
        case .complete:
            exchanges[slot: x].request = .finished
            exchanges[slot: x].flags.remove(.splicesRequest)
            exchanges[slot: x].flags.insert(.requestComplete)
            receiveFromClient(slot, on: &reactor)
            watch(slot)
        case .drained: sessions[slot: slot].transport.awaitReadable(on: &reactor)
        case .blocked: reactor.awaitWritable(upstreams[slot: upstream].transport.socket)
        case .sourceEnded(0):
            sessions[slot: slot].transport.flags.insert(.ended)
            requestBrokeOff(x, on: &reactor)
        case .sourceEnded: abandon(slot, reset: true, on: &reactor)
        case .targetFailed:
            // It may still have a response to give. What it does not take is dropped.
            exchanges[slot: x].flags.remove(.splicesRequest)
            upstreams[slot: upstream].transport.flags.insert(.discarding)
            receiveFromClient(slot, on: &reactor)
        }
    }

    /// Moves what is there in one direction.
    ///
    /// - Returns: `nil` when no pipe can be had.
    private mutating func splice<R: Reactor & ~Copyable>(
        _ direction: BodyDirection, _ x: UInt32, on reactor: inout R
    ) -> PipeOutcome? {
        let client = sessions[slot: exchanges[slot: x].session].transport.socket
        let endpoint = upstreams[slot: exchanges[slot: x].upstream].transport.socket
        let isRequest = direction == .request
        var body = isRequest ? exchanges[slot: x].request : exchanges[slot: x].response
        var pipe = isRequest ? exchanges[slot: x].requestPipe : exchanges[slot: x].responsePipe
        guard case .length(var left) = body, pipe.take(on: &reactor) else { return nil }
        touch(x, on: &reactor)
        let leftBefore = left
        let outcome = pipe.move(
            from: isRequest ? client : endpoint, to: isRequest ? endpoint : client, limit: &left,
            on: &reactor)
        body = .length(left)
        if isRequest {
            exchanges[slot: x].meter.bytesIn &+= leftBefore - left
        } else {
            exchanges[slot: x].meter.bytesOut &+= leftBefore - left
        }
        if outcome != .blocked {
            pipe.giveBack(on: &reactor)
            _ = pipe.takeBurst()
        }
        if isRequest {
            exchanges[slot: x].request = body
            exchanges[slot: x].requestPipe = pipe
        } else {
            exchanges[slot: x].response = body
            exchanges[slot: x].responsePipe = pipe
        }
        sessions[slot: exchanges[slot: x].session].activeAtMs = nowMs
        return outcome
    }
}
