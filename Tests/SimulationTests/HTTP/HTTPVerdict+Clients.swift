// The clients' side: answers in order, each to its request, and a reason for each that is missing.

import DataPlane
import Protocols
import TestSupport

extension HTTPVerdict {
    func checkClient(_ client: ClientRecord) {
        let name = "client \(client.connection)"
        for (position, receipt) in client.receipts.enumerated() {
            let request = client.plan.requests[position]
            let label = "\(name), request \(request.number)"
            checkInterims(receipt, request, label)
            if receipt.head != nil {
                if receipt.isLocal {
                    checkLocal(client, position, label)
                } else {
                    checkOrigins(client, position, label)
                }
                checkPersistence(client, position, label)
            }
            if let started = client.times[position].startedNs {
                expect(receipt.startedNs >= started, "\(label): answered before it was sent")
            } else {
                expect(false, "\(label): answered without having been sent")
            }
        }
        checkOrder(client, name)
        let unanswered = client.answered
        if unanswered < client.times.count, client.tunnel == nil {
            checkUnanswered(client, unanswered, name)
        }
        checkLeaving(client, name)
        checkTimes(client, name)
    }

    /// Interim responses come from the origin that answers, in its order; HTTP/1.0 knows none.
    private func checkInterims(_ receipt: Receipt, _ request: RequestPlan, _ label: String) {
        guard let first = receipt.interims.first else { return }
        marks[.interim] += 1
        expect(!request.isHTTP10, "\(label): an interim response")
        let names = Set(receipt.interims.flatMap { $0.values("x-answer") })
        guard names.count == 1, let name = names.first, let sighting = ledger.answers[name],
            sighting.number == request.number, let answer = sighting.answer
        else { return expect(false, "\(label): interim responses of \(names)") }
        let statuses = receipt.interims.compactMap { try? $0.status() }
        expect(
            answer.interims.starts(with: statuses),
            "\(label): interim responses \(statuses) of \(answer.interims)")
        if !receipt.isLocal, receipt.head != nil {
            expect(statuses == answer.interims, "\(label): an interim response is missing")
        }
        expect(first.values("link").count == 1, "\(label): an interim response lost a field")
    }

    // MARK: Answers of origins

    private func checkOrigins(_ client: ClientRecord, _ position: Int, _ label: String) {
        let receipt = client.receipts[position]
        let request = client.plan.requests[position]
        guard let head = receipt.head, let name = head.values("x-answer").first,
            let sighting = ledger.answers[name], let answer = sighting.answer,
            sighting.number == request.number
        else {
            return expect(
                false, "\(label): got the answer \(receipt.head?.values("x-answer") ?? [])")
        }
        expect(receipt.status == answer.status, "\(label): \(receipt.status) for \(answer.status)")
        let reason = answer.status == 404 ? "Not F\u{F6}und" : "Fine"
        expect(
            head.startLine == "HTTP/1.1 \(answer.status) \(reason)",
            "\(label): status line '\(head.startLine)'")
        let expected = ExpectedHead(
            answer, to: request, as: receipt.framing, dated: head.values("date"), plan,
            by: state(of: sighting))
        if let difference = expected.difference(from: head) {
            expect(false, "\(label): \(difference)")
        }
        expect(
            receipt.framing == framing(answer, request),
            "\(label): framed \(receipt.framing) for \(framing(answer, request))")
        let content = answer.wireBody.isEmpty ? [] : answer.body.content
        let isSound = if case .flawedBody = answer.fault { false } else { true }
        if isSound {
            expect(content.starts(with: receipt.body), "\(label): another body")
        }
        if receipt.isComplete, answer.fault == nil || !isSound {
            expect(
                isSound && receipt.body.count == content.count,
                "\(label): taken for whole with \(receipt.body.count) of \(content.count) bytes")
            let keepsTrailers = receipt.framing == .chunked && answer.body.manner == .chunked
            expect(
                receipt.trailers == (keepsTrailers ? answer.body.trailers : []),
                "\(label): trailers \(receipt.trailers)")
        }
        expect(
            !receipt.isComplete || wasSentWhole(sighting, answer),
            "\(label): taken for whole although the origin did not send it all")
        if receipt.isComplete {
            note(client, position, sighting, answer)
        } else {
            checkCut(client, position, sighting, label)
        }
    }

    /// Whether the origin sent its answer to its end, which an orderly close may be.
    private func wasSentWhole(_ sighting: Sighting, _ answer: AnswerPlan) -> Bool {
        let connection = world.connections[sighting.connection]
        guard connection.sent >= sighting.answerEnd else { return false }
        return !answer.endsWithConnection || connection.isEnded
    }

    private func framing(_ answer: AnswerPlan, _ request: RequestPlan) -> WireFraming {
        if answer.opensTunnel { return .tunnel }
        if request.method == "HEAD" || answer.status == 204 || answer.status == 304 {
            return .none
        }
        if answer.body.manner == .length {
            return answer.body.content.isEmpty ? .none : .length(answer.body.content.count)
        }
        return request.isHTTP10 ? .untilClose : .chunked
    }

    private func note(
        _ client: ClientRecord, _ position: Int, _ sighting: Sighting, _ answer: AnswerPlan
    ) {
        let receipt = client.receipts[position]
        let request = client.plan.requests[position]
        let connection = world.connections[client.connection]
        marks[.answered] += 1
        if let completed = sighting.completedNs, let answered = sighting.answeredNs {
            if answered < completed { marks[.answeredEarly] += 1 }
        } else {
            marks[.answeredEarly] += 1
        }
        if let ended = connection.endedNs, ended < receipt.headNs, receipt.framing != .tunnel {
            marks[.answeredHalfClosed] += 1
        }
        if !receipt.trailers.isEmpty { marks[.trailers] += 1 }
        if answer.endsWithConnection, receipt.framing == .chunked { marks[.chunkedForClient] += 1 }
        if answer.body.manner == .chunked, receipt.framing == .untilClose {
            marks[.unchunkedForClient] += 1
        }
        if receipt.framing == .none, !answer.body.content.isEmpty { marks[.bodiless] += 1 }
        if receipt.body.count > 100_000 { marks[.largeBody] += 1 }
        if position > 0, let sent = client.times[position].headSentNs,
            sent < client.receipts[position - 1].startedNs
        {
            marks[.pipelined] += 1
        }
        if request.method == "CONNECT", receipt.framing == .tunnel { marks[.connectTunnel] += 1 }
    }

    // MARK: Connections

    /// Whether the answer says that the connection goes on, and should.
    private func checkPersistence(_ client: ClientRecord, _ position: Int, _ label: String) {
        let receipt = client.receipts[position]
        let request = client.plan.requests[position]
        guard receipt.framing != .tunnel, let head = receipt.head else { return }
        let options = head.elements("connection")
        let closes = receipt.closes(forHTTP10: request.isHTTP10)
        expect(
            !options.contains("keep-alive") || request.isHTTP10 && !closes,
            "\(label): Connection \(options)")
        let isLast = position + 1 >= Int(plan.policy.requestsMax)
        if isLast { marks[.lastOfConnection] += 1 }
        let mustClose = !request.persists || isLast || request.isFlawed
        if mustClose { expect(closes, "\(label): the connection was to end") }
        guard closes, !mustClose else { return }
        let leavingNs = leavingNs(client)
        let mayClose =
            receipt.isLocal && (400..<500).contains(receipt.status)
            || receipt.framing == .untilClose || receipt.headNs >= leavingNs
            || wasAnsweredEarly(client, position)
        expect(mayClose, "\(label): the connection was to go on after \(receipt.status)")
        if receipt.headNs >= leavingNs { noteLeaving(client) }
    }

    /// Whether the answer may have been on its way before the request was through.
    private func wasAnsweredEarly(_ client: ClientRecord, _ position: Int) -> Bool {
        let request = client.plan.requests[position]
        let sightings = ledger.sightings(of: request.number)
        guard !sightings.isEmpty else {
            return request.wireBody.count > 0 || client.times[position].sentNs == nil
        }
        return sightings.contains { sighting in
            guard let completed = sighting.completedNs, let answered = sighting.answeredNs else {
                return true
            }
            return answered < completed
        }
    }

    /// After an answer that ends the connection there is no other, and requests behind it are not
    /// passed on; those that are, are passed on in their order.
    private func checkOrder(_ client: ClientRecord, _ name: String) {
        var lastOrder = -1
        var isOver = false
        for (position, request) in client.plan.requests.enumerated() {
            let sightings = ledger.sightings(of: request.number)
            let receipt =
                client.receipts.indices.contains(position) ? client.receipts[position] : nil
            if var first = sightings.first {
                expect(!isOver, "\(name): request \(request.number) was passed on after the end")
                // What was cut off from its connection may be found there when all is over.
                if plan.pipelines, request.mayPipeline {
                    guard let answer = receipt?.head?.values("x-answer").first,
                        let sighting = ledger.answers[answer]
                    else { continue }
                    first = sighting
                }
                expect(
                    first.order > lastOrder, "\(name): request \(request.number) was passed by")
                lastOrder =
                    plan.pipelines ? first.order : sightings.last?.order ?? lastOrder
            }
            guard let receipt else { continue }
            expect(!isOver, "\(name): request \(request.number) was answered after the end")
            if receipt.closes(forHTTP10: request.isHTTP10) || receipt.framing == .tunnel {
                isOver = true
            }
        }
    }

    /// The connection ends when it should, and not before.
    private func checkLeaving(_ client: ClientRecord, _ name: String) {
        let connection = world.connections[client.connection]
        guard let last = client.receipts.last, let endedNs = last.endedNs, client.tunnel == nil,
            client.brokeOffNs == nil, connection.resetNs == nil, !plan.mayStarve,
            connection.plan.readStalls.isEmpty
        else { return }
        let position = client.receipts.count - 1
        let closes = last.closes(forHTTP10: client.plan.requests[position].isHTTP10)
        let leftNs = connection.sawEnd ? connection.sawEndNs : client.brokenNs
        guard let leftNs, !connection.isPeerClosed || connection.sawEndNs > 0 else { return }
        if closes {
            expect(
                leftNs <= endedNs + 2 * Self.slackNs,
                "\(name): closed \((leftNs - endedNs) / 1_000_000) ms after its last answer")
        }
    }
}
