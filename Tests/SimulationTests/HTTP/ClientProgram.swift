// A simulated client: sends its requests as planned and reads the answers strictly.

import TestSupport

final class ClientProgram: PeerProgram {
    private let ledger: HTTPLedger
    private let record: ClientRecord
    private var reader: WireReader?
    /// Whole final answers so far.
    private var answered = 0
    private var isFaulty = false
    /// No request is begun any more.
    private var isStopped = false
    /// The request whose body waits for a 100.
    private var awaitsContinue: Int?
    /// Bytes that may still be sent before the client breaks off.
    private var budget = Int.max

    private var plan: ClientPlan { record.plan }

    private static let abortAlarm = -1

    init(ledger: HTTPLedger, record: ClientRecord) {
        self.ledger = ledger
        self.record = record
    }

    func begin(_ peer: ProgramPeer) {
        record.connection = peer.number
        reader = WireReader(
            framing: { [unowned self, unowned peer] in try framing($0, peer) },
            handle: { [unowned self, unowned peer] in try handle($0, peer) })
        switch plan.ending {
        case .resetsAfterSending(let bytes), .closesAfterSending(let bytes),
            .halfClosesAfterSending(let bytes), .vanishesAfterSending(let bytes):
            budget = bytes
        case .resetsAfter(let ns): peer.setAlarm(Self.abortAlarm, afterNs: ns)
        default: break
        }
        sendMore(peer)
    }

    // MARK: Sending

    private func sendMore(_ peer: ProgramPeer) {
        while !isStopped, awaitsContinue == nil, record.times.count < plan.requests.count,
            record.times.count - answered < plan.depth
        {
            sendRequest(record.times.count, peer)
        }
    }

    private func sendRequest(_ position: Int, _ peer: ProgramPeer) {
        let request = plan.requests[position]
        record.times.append(RequestTimes())
        if plan.beatNs > 0 { peer.pause(ns: plan.beatNs - peer.nowNs % plan.beatNs) }
        if plan.thinkNs[position] > 0 { peer.pause(ns: plan.thinkNs[position]) }
        record.times[position].start = record.sent.count
        peer.mark(3 * position)
        send(request.head, at: 0, position, peer)
        record.times[position].headEnd = record.sent.count
        peer.mark(3 * position + 1)
        if request.expectsContinue, !request.isFlawed || request.flaw?.isInBody == true {
            awaitsContinue = position
        } else {
            sendBody(position, peer)
        }
    }

    private func sendBody(_ position: Int, _ peer: ProgramPeer) {
        let request = plan.requests[position]
        send(request.wireBody, at: request.head.count, position, peer)
        record.times[position].end = record.sent.count
        peer.mark(3 * position + 2)
        if position == plan.requests.count - 1, plan.ending == .halfClosesWhenSent, !isStopped {
            peer.end()
        }
    }

    /// Sends a part of a request, with the pause that is planned for it.
    private func send(
        _ bytes: [UInt8], at start: Int, _ position: Int, _ peer: ProgramPeer
    ) {
        if let pause = plan.pauses[position], (start..<start + bytes.count).contains(pause.position)
        {
            send(bytes[..<(pause.position - start)], peer)
            if !isStopped { peer.pause(ns: pause.ns) }
            send(bytes[(pause.position - start)...], peer)
        } else {
            send(bytes[...], peer)
        }
    }

    private func send(_ bytes: ArraySlice<UInt8>, _ peer: ProgramPeer) {
        guard !isStopped else { return }
        let part = bytes.prefix(budget)
        record.sent += part
        peer.send(Array(part))
        guard budget != .max else { return }
        budget -= part.count
        guard budget == 0 else { return }
        isStopped = true
        peer.mark(Self.abortAlarm)
        switch plan.ending {
        case .resetsAfterSending: peer.reset()
        case .closesAfterSending: peer.close()
        case .halfClosesAfterSending: peer.end()
        default: break
        }
    }

    func reached(_ mark: Int, _ peer: ProgramPeer) {
        guard mark >= 0 else {
            record.brokeOffNs = peer.nowNs
            if case .vanishesAfterSending = plan.ending { peer.stopReading() }
            return
        }
        let position = mark / 3
        switch mark % 3 {
        case 0: record.times[position].startedNs = peer.nowNs
        case 1:
            record.times[position].headSentNs = peer.nowNs
            if awaitsContinue == position { peer.setAlarm(position, afterNs: plan.continueWaitNs) }
        default: record.times[position].sentNs = peer.nowNs
        }
    }

    func alarm(_ number: Int, _ peer: ProgramPeer) {
        guard number >= 0 else { return breakOff(peer, byReset: true) }
        continueSending(number, peer)
    }

    /// The body that was held back for a 100 is sent.
    private func continueSending(_ position: Int, _ peer: ProgramPeer) {
        guard awaitsContinue == position else { return }
        awaitsContinue = nil
        guard !isStopped else { return }
        sendBody(position, peer)
        sendMore(peer)
    }

    private func breakOff(_ peer: ProgramPeer, byReset: Bool) {
        guard record.brokeOffNs == nil else { return }
        record.brokeOffNs = peer.nowNs
        isStopped = true
        peer.cancel()
        if byReset { peer.reset() } else { peer.stopReading() }
    }

    // MARK: Reading

    func received(_ bytes: [UInt8], _ peer: ProgramPeer) {
        guard !isFaulty else { return }
        record.bytesRead += bytes.count
        do {
            try reader?.feed(bytes)
        } catch {
            isFaulty = true
            if !isStrayContent { ledger.note("client connection \(peer.number): \(error)") }
        }
        switch plan.ending {
        case .resetsAfterReading(let limit) where record.bytesRead >= limit:
            breakOff(peer, byReset: true)
        case .vanishesAfterReading(let limit) where record.bytesRead >= limit:
            breakOff(peer, byReset: false)
        default: break
        }
    }

    /// Whether what comes may be content of an answer to a HEAD that was given up before it could
    /// be known to be one: a request may wait for a buffer until it is too late.
    private var isStrayContent: Bool {
        guard ledger.plan.mayStarve, answered > 0, answered == record.times.count else {
            return false
        }
        let receipt = record.receipts[answered - 1]
        return plan.requests[answered - 1].method == "HEAD" && receipt.isLocal
            && receipt.status == 408
    }

    /// How a response to the present request is framed.
    private func framing(_ head: WireHead, _ peer: ProgramPeer) throws -> WireFraming {
        let request = plan.requests[answered]
        let sent = peer.connection.sent - record.times[answered].start
        // Before the method is out it cannot be known to be one without content.
        let isTold = Latin1.text(request.head.prefix(sent)).contains("\(request.method) ")
        return try head.responseFraming(to: isTold ? request.method : "GET")
    }

    private func handle(_ event: WireEvent, _ peer: ProgramPeer) throws {
        switch event {
        case .began: try began(peer)
        case .head(let head, let framing): try headCame(head, framing, peer)
        case .body(let bytes): record.receipts[answered].body.append(contentsOf: bytes)
        case .ended(let trailers):
            guard record.receipts[answered].head != nil else { return }
            record.receipts[answered].trailers = trailers
            answerEnded(peer)
        case .tunnel(let bytes): record.tunnel?.append(contentsOf: bytes)
        }
    }

    private func began(_ peer: ProgramPeer) throws {
        guard answered < record.times.count else {
            throw WireFault("bytes of a response that nobody asked for")
        }
        guard record.receipts.count == answered else { return }
        let receipt = Receipt()
        receipt.startedNs = peer.nowNs
        record.receipts.append(receipt)
    }

    private func headCame(
        _ head: WireHead, _ framing: WireFraming, _ peer: ProgramPeer
    ) throws {
        let receipt = record.receipts[answered]
        let status = try head.status()
        if status < 200, status != 101 {
            receipt.interims.append(head)
            if status == 100 { continueSending(answered, peer) }
            return
        }
        receipt.head = head
        receipt.status = status
        receipt.framing = framing
        receipt.headNs = peer.nowNs
        if framing == .tunnel { return beginTunnel(peer) }
        if awaitsContinue == answered || record.times[answered].sentNs == nil {
            // What is left of the body may be held back; another request cannot follow then.
            if plan.stopsOnAnswer || awaitsContinue == answered {
                isStopped = true
                awaitsContinue = nil
                peer.cancel()
            }
        }
    }

    private func beginTunnel(_ peer: ProgramPeer) {
        record.receipts[answered].endedNs = peer.nowNs
        record.tunnel = []
        // Requests that were sent behind this one are bytes of the tunnel now.
        isStopped = false
        send(plan.tunnel.bytes[...], peer)
        isStopped = true
        if !plan.tunnel.waitsForEnd, budget > 0 { peer.end() }
    }

    private func answerEnded(_ peer: ProgramPeer) {
        let receipt = record.receipts[answered]
        let request = plan.requests[answered]
        receipt.endedNs = peer.nowNs
        answered += 1
        if receipt.closes(forHTTP10: request.isHTTP10) {
            isStopped = true
            if plan.stopsOnAnswer { peer.cancel() }
        }
        sendMore(peer)
        if answered == plan.requests.count, plan.ending == .closesWhenAnswered {
            isStopped = true
            peer.close()
        }
    }

    func ended(_ peer: ProgramPeer) {
        guard !isFaulty else { return }
        do {
            try reader?.end()
        } catch {
            ledger.note("client connection \(peer.number): \(error)")
        }
        if record.tunnel != nil {
            if plan.tunnel.waitsForEnd { peer.end() }
            return
        }
        isStopped = true
        peer.cancel()
        peer.close()
    }

    func broken(_ peer: ProgramPeer) { record.brokenNs = peer.nowNs }
}
