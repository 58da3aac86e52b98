// A simulated origin's side of one connection: reads requests strictly and answers each as planned.

import TestSupport

final class OriginProgram: PeerProgram {
    private let ledger: HTTPLedger
    private let endpoint: Int
    private var reader: WireReader?
    private var current: Sighting?
    private var lastAnswer: AnswerPlan?
    private var served = 0
    /// Bytes that were given to the peer to be sent.
    private var queued = 0
    private var isFaulty = false
    /// How long after the present answer the connection is left, and how.
    private var sequel: (ns: UInt64, isReset: Bool)?

    init(ledger: HTTPLedger, endpoint: Int) {
        self.ledger = ledger
        self.endpoint = endpoint
    }

    func begin(_ peer: ProgramPeer) {
        reader = WireReader(
            framing: { try $0.requestFraming() },
            handle: { [unowned self, unowned peer] in try handle($0, peer) })
    }

    func received(_ bytes: [UInt8], _ peer: ProgramPeer) {
        guard !isFaulty else { return }
        do {
            try reader?.feed(bytes)
        } catch {
            isFaulty = true
            ledger.note("origin connection \(peer.number): \(error)")
        }
    }

    private func handle(_ event: WireEvent, _ peer: ProgramPeer) throws {
        switch event {
        case .began: try began(peer)
        case .head(let head, let framing): try headCame(head, framing, peer)
        case .body(let bytes):
            current?.body.append(contentsOf: bytes)
            if case .body(let count) = current?.answer?.moment, let current,
                current.body.count >= count
            {
                answer(peer)
            }
        case .ended(let trailers):
            current?.trailers = trailers
            current?.completedNs = peer.nowNs
            answer(peer)
            if current?.answer?.opensTunnel == true {
                reader?.openTunnel()
            } else {
                // Requests may be sent ahead; they are answered one after the other.
                reader?.isHeld = ledger.plan.pipelines && current?.sentNs == nil
            }
        case .tunnel(let bytes):
            guard let current, peer.connection.sent >= current.answerEnd else {
                throw WireFault("bytes before the tunnel was agreed to")
            }
            current.tunnel.append(contentsOf: bytes)
        }
    }

    private func began(_ peer: ProgramPeer) throws {
        if let current {
            guard peer.connection.sent >= current.answerEnd else {
                throw WireFault("a request before the answer to the one before it")
            }
            served += 1
            sequel = nil
        }
        let sighting = Sighting(
            connection: peer.number, endpoint: endpoint, served: served,
            order: ledger.sightings.count, startedNs: peer.nowNs)
        ledger.sightings.append(sighting)
        current = sighting
    }

    private func headCame(
        _ head: WireHead, _ framing: WireFraming, _ peer: ProgramPeer
    ) throws {
        guard let current, let text = try head.value("x-request"), let number = Int(text),
            let request = ledger.requests[number]
        else { throw WireFault("a request that nobody sent: \(head.startLine)") }
        let attempt = ledger.sightings(of: number).count
        current.number = number
        current.head = head
        current.headNs = peer.nowNs
        current.framing = framing
        let seed = SeededRandom.mix(ledger.plan.seed &+ UInt64(number) << 8 &+ UInt64(attempt))
        var random = SeededRandom(seed: seed)
        var answer = AnswerPlan(
            to: request, attempt: attempt, in: ledger.plan.answers, by: &random)
        ledger.answers[answer.name] = current
        if ledger.swapsAnswers, let last = lastAnswer { answer = last }
        lastAnswer = answer
        current.answer = answer
        if case .silent(isDeaf: true) = answer.fault {
            current.answeredNs = peer.nowNs
            peer.stopReading()
        }
        let isSpeaking: Bool
        switch answer.fault {
        case .silent, .closesUnanswered, .resetsUnanswered: isSpeaking = false
        default: isSpeaking = true
        }
        current.answerStart = queued
        if isSpeaking {
            for status in answer.interims { send(interim(status, answer), peer) }
        }
        switch answer.moment {
        case .head, .body(0): self.answer(peer)
        case .body, .end: break
        }
    }

    private func interim(_ status: Int, _ answer: AnswerPlan) -> [UInt8] {
        Latin1.bytes(
            "HTTP/1.1 \(status) Wait\r\nX-Answer: \(answer.name)\r\nLink: <\(status)>\r\n\r\n")
    }

    private func send(_ bytes: [UInt8], _ peer: ProgramPeer) {
        queued += bytes.count
        peer.send(bytes)
    }

    /// Begins the final answer, once.
    private func answer(_ peer: ProgramPeer) {
        guard let current, let answer = current.answer, current.answeredNs == nil else { return }
        current.answeredNs = peer.nowNs
        if answer.delayNs > 0 { peer.pause(ns: answer.delayNs) }
        switch answer.fault {
        case .silent: return
        case .closesUnanswered: return peer.close()
        case .resetsUnanswered: return peer.reset()
        default: break
        }
        current.finalStart = queued
        var wire = answer.wire[...]
        var stop: BrokenOff?
        if case .stops(let count, let how) = answer.fault {
            wire = wire.prefix(count)
            stop = how
        }
        if let pause = answer.pause, pause.position < wire.count {
            send(Array(wire.prefix(pause.position)), peer)
            peer.pause(ns: pause.ns)
            wire = wire.dropFirst(pause.position)
        }
        send(Array(wire), peer)
        switch stop {
        case .close: peer.close()
        case .reset: peer.reset()
        case .silence: break
        case nil: finish(current, answer, peer)
        }
    }

    private func finish(_ sighting: Sighting, _ answer: AnswerPlan, _ peer: ProgramPeer) {
        switch answer.fault {
        case nil: break
        // What these have sent is not to be taken for an answer; nothing else comes.
        default: return
        }
        sighting.answerEnd = queued
        if answer.opensTunnel { return beginTunnel(sighting, answer, peer) }
        peer.mark(served)
        if answer.endsWithConnection || !answer.persists { return peer.end() }
        switch answer.sequel {
        case .keeps: break
        case .closes(let ns): sequel = (ns, false)
        case .resets(let ns): sequel = (ns, true)
        case .babbles:
            sighting.babbled = true
            send(Latin1.bytes("what else is there to say\r\n\r\n"), peer)
        }
    }

    private func beginTunnel(_ sighting: Sighting, _ answer: AnswerPlan, _ peer: ProgramPeer) {
        var random = answer.random
        let plan = TunnelPlan(
            peer.number, bytesMax: ledger.plan.answers.bodyBytesMax, by: &random)
        sighting.tunnelPlan = plan
        send(plan.bytes, peer)
        if !plan.waitsForEnd { peer.end() }
    }

    /// An answer was sent to its end.
    func reached(_ mark: Int, _ peer: ProgramPeer) {
        guard mark == served else { return }
        current?.sentNs = peer.nowNs
        if let sequel {
            if sequel.ns == 0 { return leave(mark, peer) }
            peer.setAlarm(mark, afterNs: sequel.ns)
        }
        guard let answer = current?.answer, answer.persists, !answer.endsWithConnection else {
            return
        }
        reader?.isHeld = false
        received([], peer)
    }

    func alarm(_ number: Int, _ peer: ProgramPeer) { leave(number, peer) }

    /// Leaves unless another request has begun.
    private func leave(_ turn: Int, _ peer: ProgramPeer) {
        guard turn == served, current?.isComplete == true, let sequel else { return }
        if sequel.isReset { peer.reset() } else { peer.close() }
    }

    func ended(_ peer: ProgramPeer) {
        if let current, let plan = current.tunnelPlan,
            peer.connection.sent >= current.answerEnd
        {
            if plan.waitsForEnd { peer.end() }
            return
        }
        peer.cancel()
        peer.close()
    }

    func broken(_ peer: ProgramPeer) {}
}
