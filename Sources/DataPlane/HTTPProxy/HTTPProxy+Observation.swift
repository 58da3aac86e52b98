// What the engine counts and tells of its exchanges: where each of them began, whose turn it was,
// how it ended.

internal import Protocols

// MARK: Whose turn it is

extension HTTPProxy {
    /// Something is done for an exchange in this turn.
    @inline(__always)
    mutating func touch<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) {
        guard exchanges[slot: x].meter.ownSinceNs == 0 else { return }
        exchanges[slot: x].meter.ownSinceNs = nowNs
        noteTouched(x, on: &reactor)
    }

    /// An exchange whose turn it is: that ends with this turn, unless it stands in line.
    mutating func noteTouched<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) {
        if notes.isFull { settleEarly(on: &reactor) }
        notes.append(exchanges.index(ofSlot: x))
    }

    /// The turn's work is done, and what is to be sent goes to the kernel: how long that took is
    /// known now.
    mutating func settle(endNs: UInt64) {
        for position in 0..<notes.touchedCount {
            let index = notes.touched(position)
            guard exchanges.contains(index) else { continue }
            handOn(index.slot, endNs)
        }
        for position in 0..<notes.endedCount {
            let ended = notes.ended(position)
            let totalNs = endNs &- ended.beganNs
            let ownNs = ended.ownNs &+ (endNs &- ended.ownSinceNs)
            site.value.metrics.record(totalNs, .total)
            site.value.metrics.recordTotal(totalNs, ofRoute: ended.route)
            site.value.metrics.record(ownNs, .own)
            if ended.record >= 0 {
                access?.setTimes(totalNs: totalNs, ownNs: ownNs, at: ended.record)
            }
        }
        notes.removeAll()
    }

    /// There is no room for more notes: the rest of the turn counts as one of its own.
    private mutating func settleEarly<R: Reactor & ~Copyable>(on reactor: inout R) {
        nowNs = reactor.clockNs
        settle(endNs: nowNs)
    }

    /// From here on somebody else is waited for.
    private mutating func handOn(_ x: UInt32, _ endNs: UInt64) {
        let flags = exchanges[slot: x].flags
        let sinceNs = exchanges[slot: x].meter.ownSinceNs
        guard !flags.contains(.waits), sinceNs > 0 else { return }
        exchanges[slot: x].meter.ownNs &+= endNs &- sinceNs
        exchanges[slot: x].meter.ownSinceNs = 0
        let isSent = exchanges[slot: x].upstream != .max || exchanges[slot: x].leader != .max
        if exchanges[slot: x].meter.sentNs == 0, isSent, !flags.contains(.connecting) {
            exchanges[slot: x].meter.sentNs = endNs
            trace(.sent, x, atNs: endNs)
        }
    }
}

// MARK: Stages

extension HTTPProxy {
    /// The first byte of an endpoint's answer came.
    mutating func noteFirstByte(_ x: UInt32) {
        let sentNs = exchanges[slot: x].meter.sentNs
        let firstByteNs = nowNs &- (sentNs > 0 ? sentNs : exchanges[slot: x].meter.beganNs)
        exchanges[slot: x].meter.firstByteNs = firstByteNs
        trace(.firstByte, x, id: exchanges[slot: x].endpoint)
        site.value.metrics.record(firstByteNs, .firstByte)
        site.value.metrics.recordFirstByte(
            firstByteNs, ofUpstream: destination(ofExchange: x).id)
    }

    /// The connection that an exchange waits for is there.
    mutating func noteConnected(_ x: UInt32) {
        let connectNs = nowNs &- exchanges[slot: x].meter.connectSinceNs
        exchanges[slot: x].meter.connectNs = connectNs
        trace(.connected, x, id: exchanges[slot: x].endpoint)
        site.value.metrics.record(connectNs, .connect)
        site.value.metrics.recordConnect(connectNs, ofUpstream: destination(ofExchange: x).id)
    }

    /// An exchange stands in line for its upstream from now on.
    mutating func noteQueued(_ x: UInt32) {
        exchanges[slot: x].meter.queue.begin(nowNs: nowNs)
        trace(.queued, x)
    }

    /// It does not any more.
    mutating func noteUnqueued(_ x: UInt32) {
        guard let waitedNs = exchanges[slot: x].meter.queue.end(nowNs: nowNs) else { return }
        site.value.metrics.record(waitedNs, .queue)
        trace(.unqueued, x)
    }

    /// The endpoint in use is asked, or a connection to it is made for that.
    mutating func noteTry(_ x: UInt32) {
        exchanges[slot: x].meter.isTried = true
        if exchanges[slot: x].meter.tries < .max { exchanges[slot: x].meter.tries += 1 }
    }

    /// The endpoint in use is done with an exchange, or is given up.
    mutating func noteLeft(_ x: UInt32) {
        guard exchanges[slot: x].meter.isTried else { return }
        let status = StatusClass(exchanges[slot: x].meter.endpointStatus)
        site.value.metrics.countRequest(ofEndpoint: exchanges[slot: x].endpoint, status)
        exchanges[slot: x].meter.isTried = false
        exchanges[slot: x].meter.endpointStatus = 0
        exchanges[slot: x].meter.sentNs = 0
    }
}

// MARK: Ends

extension HTTPProxy {
    /// Says why an exchange is about to end.
    @inline(__always)
    mutating func noteReason(_ x: UInt32, _ reason: EndReason) {
        exchanges[slot: x].meter.end = reason
    }

    /// A client is answered by us; its exchange, if it has one, ends with that.
    ///
    /// - Parameters:
    ///   - head: bytes of the answer's head.
    ///   - content: and of what follows it.
    mutating func noteReply<R: Reactor & ~Copyable>(
        _ slot: UInt32, _ reply: LocalReply, head: Int, content: Int, on reactor: inout R
    ) {
        guard sessions[slot: slot].phase == .exchange else {
            noteRefused(
                slot, reply.end, status: reply.status, head: head, content: content, on: &reactor)
            return
        }
        let x = sessions[slot: slot].exchange
        noteReason(x, reply.end)
        noteReply(x, reply.status, head: head, content: content)
    }

    /// The answer of an exchange is made here.
    mutating func noteReply(_ x: UInt32, _ status: UInt16, head: Int, content: Int) {
        exchanges[slot: x].meter.status = status
        exchanges[slot: x].meter.headBytesOut &+= UInt64(head)
        exchanges[slot: x].meter.bytesOut &+= UInt64(head + content)
    }

    /// An exchange ends: counts it and tells of it.
    mutating func noteEnd<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) {
        noteUnqueued(x)
        let meter = exchanges[slot: x].meter
        let listener = exchanges[slot: x].listener
        let endpoint = exchanges[slot: x].endpoint
        let metrics = site.value.metrics
        let route = countedRoute(x)
        trace(.ended, x, code: meter.status, end: meter.end, value: meter.bytesOut)
        metrics.countRequest(ofRoute: route, meter.method, StatusClass(meter.status))
        metrics.countEnd(meter.end)
        metrics.add(meter.bytesIn, .bytesIn, ofListener: listener)
        metrics.add(meter.bytesOut, .bytesOut, ofListener: listener)
        if endpoint != .max {
            metrics.add(meter.bytesIn, .bytesIn, ofEndpoint: endpoint)
            metrics.add(meter.bytesOut, .bytesOut, ofEndpoint: endpoint)
        }
        if notes.isFull { settleEarly(on: &reactor) }
        notes.append(
            EndedExchange(
                beganNs: meter.beganNs, ownNs: meter.ownNs,
                ownSinceNs: meter.ownSinceNs > 0 ? meter.ownSinceNs : nowNs, route: route,
                record: tell(x, route)))
    }

    /// By which the requests of an exchange's route are counted.
    private func countedRoute(_ x: UInt32) -> UInt32 {
        exchanges[slot: x].route == .max
            ? MetricLimits.noRoute(ofListener: exchanges[slot: x].listener)
            : route(ofExchange: x).id
    }

    /// Tells the access log of an exchange that ends.
    ///
    /// - Returns: where its record is; negative for none.
    private mutating func tell(_ x: UInt32, _ route: UInt32) -> Int32 {
        guard let access else { return -1 }
        let exchange = exchanges[slot: x]
        let meter = exchange.meter
        var record = AccessRecord()
        record.end = meter.end
        record.minorVersion = exchange.flags.contains(.clientIsHTTP10) ? 0 : 1
        record.status = meter.status
        record.tries = meter.tries
        record.route = route
        if exchange.destination != .max {
            record.upstream = destination(ofExchange: x).id
            record.endpoint = exchange.endpoint
        }
        describe(&record, exchange.session)
        record.beganNs = meter.beganNs
        record.connectNs = meter.connectNs
        record.firstByteNs = meter.firstByteNs
        record.queueNs = meter.queue.totalNs
        record.bytesIn = meter.bytesIn
        record.bytesOut = meter.bytesOut
        record.bodyBytesOut = meter.bytesOut &- meter.headBytesOut
        let draw = random.next()
        return texts.finish(x, &record) { record, texts in
            access.append(&record, texts: texts, draw: draw)
        }
    }

    private func describe(_ record: inout AccessRecord, _ slot: UInt32) {
        record.listener = sessions[slot: slot].listener
        record.client = sessions[slot: slot].address
        record.connection = UInt64(sessions[slot: slot].number)
    }

    /// A client goes, or has to go, within the head of a request. While its connection waits for
    /// no more than to be closed, that was told before.
    mutating func noteBrokenHead<R: Reactor & ~Copyable>(
        _ slot: UInt32, _ reason: EndReason, on reactor: inout R
    ) {
        guard sessions[slot: slot].phase == .head,
            !sessions[slot: slot].flags.contains(.closesWhenSent)
        else { return }
        noteRefused(slot, reason, on: &reactor)
    }

    /// A client is sent away before a request of it could be begun.
    ///
    /// - Parameters:
    ///   - status: what it is told; 0 for nothing.
    ///   - head: bytes of the answer's head.
    ///   - content: and of what follows it.
    mutating func noteRefused<R: Reactor & ~Copyable>(
        _ slot: UInt32, _ reason: EndReason, status: UInt16 = 0, head: Int = 0, content: Int = 0,
        on reactor: inout R
    ) {
        let metrics = site.value.metrics
        let listener = sessions[slot: slot].listener
        let route = MetricLimits.noRoute(ofListener: listener)
        let received = UInt64(sessions[slot: slot].transport.received.bytes)
        if status > 0 { metrics.countRequest(ofRoute: route, .other, StatusClass(status)) }
        metrics.countEnd(reason)
        metrics.add(received, .bytesIn, ofListener: listener)
        metrics.add(UInt64(head + content), .bytesOut, ofListener: listener)
        guard let access, policy(ofClient: slot).isLogged else { return }
        _ = address(ofClient: slot, on: &reactor)
        var record = AccessRecord()
        record.end = reason
        record.status = status
        record.route = route
        describe(&record, slot)
        record.beganNs = nowNs
        record.totalNs = 0
        record.bytesIn = received
        record.bytesOut = UInt64(head + content)
        record.bodyBytesOut = UInt64(content)
        _ = access.append(&record, texts: Span(), draw: random.next())
    }
}

// MARK: Texts

extension HTTPProxy {
    /// Whether anything is told to an access log.
    var logs: Bool { access != nil }

    /// Keeps what the log says of the request in `requestHead`.
    mutating func noteTexts(_ x: UInt32, _ head: Span<UInt8>) {
        let slot = exchanges[slot: x].session
        let route = exchanges[slot: x].route
        let isWanted =
            policy(ofClient: slot).isLogged
            && (route == .max || view(ofExchange: x).routes[Int(route)].isLogged)
        texts.begin(x, isWanted: isWanted)
        guard isWanted else { return }
        texts.add(.method, x, head, requestHead.methodBytes.range)
        texts.add(.target, x, head, requestHead.target.range)
        texts.add(.host, x, head, requestHead.authority.range)
        noteField(.userAgent, x, LoggedField.userAgent.span, head)
        noteField(.referer, x, LoggedField.referer.span, head)
        let scratch = scratch
        var writer = scratch.writer
        writeID(head, to: &writer)
        let id = writer.count
        writeTrace(head, to: &writer)
        texts.add(.requestID, x, scratch.written(writer.count), 0..<id)
        texts.add(.traceparent, x, scratch.written(writer.count), id..<writer.count)
    }

    private func noteField(
        _ text: AccessText, _ x: UInt32, _ name: Span<UInt8>, _ head: Span<UInt8>
    ) {
        guard let place = requestHead.fields.place(of: name, in: head, from: 0) else { return }
        texts.add(text, x, head, requestHead.fields[place].value.range)
    }
}

/// Names of fields that the log tells.
private enum LoggedField {
    /// `user-agent`
    static let userAgent: InlineArray<10, UInt8> = [
        0x75, 0x73, 0x65, 0x72, 0x2D, 0x61, 0x67, 0x65, 0x6E, 0x74,
    ]
    /// `referer`
    static let referer: InlineArray<7, UInt8> = [0x72, 0x65, 0x66, 0x65, 0x72, 0x65, 0x72]
}
