// Why a request was not answered by an origin, or not to the end: each of Gyre's own answers, each
// cut response and each silence has a cause that the plan, or the clock, explains.

import DataPlane
import Glibc
import TestSupport

extension HTTPVerdict {
    private static func milliseconds(_ count: UInt64) -> UInt64 { count * 1_000_000 }

    private var deadlines: HTTPDeadlines { plan.policy.deadlines }

    /// How long Gyre reads on behind its last answer.
    private static let lingerMs: UInt64 = 5_000

    /// Whether a deadline of so many milliseconds can have passed in a time.
    private func canPass(_ deadlineMs: UInt64, in elapsedNs: UInt64) -> Bool {
        elapsedNs + Self.slackNs >= Self.milliseconds(deadlineMs)
    }

    private func since(_ startNs: UInt64, to endNs: UInt64) -> UInt64 {
        endNs > startNs ? endNs - startNs : 0
    }

    // MARK: Gyre's own answers

    func checkLocal(_ client: ClientRecord, _ position: Int, _ label: String) {
        let receipt = client.receipts[position]
        let request = client.plan.requests[position]
        guard let head = receipt.head else { return }
        expect(
            head.values("date").count == 1 && head.values("x-answer").isEmpty,
            "\(label): \(head.fields)")
        let text = head.values("proxy-status").first ?? ""
        let error = text.split(separator: ";").dropFirst().first.map {
            $0.dropFirst(" error=".count)
        }
        let told = "\(receipt.status) \(error.map(String.init) ?? "-")"
        let refusal = refusal(of: request)
        if let refusal {
            expect(
                told == refusal || cameTooLate(client, position, told),
                "\(label): told \(told), was to be refused with \(refusal) for"
                    + " '\(request.flaw?.description ?? request.method)'")
            noteRefusal(request)
            return
        }
        let isExplained: Bool
        switch told {
        case "400 http_request_error":
            isExplained = request.isFlawed
            marks[.refusedBody] += 1
        case "408 http_request_error": isExplained = cameTooLate(client, position, told)
        case "413 http_request_error":
            isExplained = isTooLarge(request)
            marks[.bodyTooLarge] += 1
        case "502 connection_refused", "502 destination_ip_unroutable", "504 connection_timeout",
            "503 destination_unavailable":
            isExplained = didConnectFail(client, position, told)
        case "502 connection_terminated":
            marks[.closedUnanswered] += 1
            isExplained = wasClosedUnanswered(client, position)
        case "502 http_protocol_error", "502 http_response_header_section_size":
            isExplained = wasAnsweredBadly(request)
        case "502 http_upgrade_failed":
            marks[.unaskedSwitch] += 1
            isExplained = ledger.sightings(of: request.number).contains {
                $0.answer?.fault == .unaskedSwitch
            }
        case "503 proxy_internal_error": isExplained = plan.mayStarve
        case "503 connection_limit_reached": isExplained = plan.site.hasLimits
        case "504 http_response_timeout", "504 connection_write_timeout":
            isExplained = wasOriginSilent(client, position, told)
        default: isExplained = false
        }
        expect(isExplained, "\(label): told \(told) without a cause")
    }

    private func isTooLarge(_ request: RequestPlan) -> Bool {
        plan.policy.bodyBytesMax.map { UInt64(request.body.content.count) > $0 } ?? false
    }

    /// What a request has to be answered with, whatever else happens.
    private func refusal(of request: RequestPlan) -> String? {
        if let flaw = request.flaw, !flaw.isInBody { return "\(flaw.status) http_request_error" }
        if request.method == "CONNECT", !plan.policy.allowsConnect {
            return "405 http_request_denied"
        }
        if request.body.manner == .length, isTooLarge(request) { return "413 http_request_error" }
        if request.maxForwards == 0 { return request.method == "OPTIONS" ? "200 -" : "405 -" }
        return nil
    }

    private func noteRefusal(_ request: RequestPlan) {
        if request.isFlawed {
            marks[.refusedHead] += 1
        } else if request.method == "CONNECT" {
            marks[.connectRefused] += 1
        } else if request.maxForwards == 0 {
            marks[.noForwardsLeft] += 1
        } else {
            marks[.bodyTooLarge] += 1
        }
    }

    /// Whether the head, or more of the body, can have taken too long.
    private func cameTooLate(_ client: ClientRecord, _ position: Int, _ told: String) -> Bool {
        guard told == "408 http_request_error" else { return false }
        if plan.mayStarve { return true }
        let receipt = client.receipts[position]
        let times = client.times[position]
        let begun = times.startedNs ?? receipt.headNs
        let headSentNs = times.headSentNs ?? .max
        if canPass(deadlines.headMs, in: since(begun, to: min(receipt.headNs, headSentNs))) {
            marks[.headTimeout] += 1
            return true
        }
        marks[.bodyTimeout] += 1
        let pauseNs = client.plan.pauses[position]?.ns ?? 0
        let isHalted = client.brokeOffNs != nil
        return canPass(deadlines.bodyMs, in: pauseNs)
            || isHalted && canPass(deadlines.bodyMs, in: since(begun, to: receipt.headNs))
    }

    /// Whether an attempt to connect failed in that way while the request waited.
    private func didConnectFail(_ client: ClientRecord, _ position: Int, _ told: String) -> Bool {
        let receipt = client.receipts[position]
        let begun = client.times[position].startedNs ?? receipt.headNs
        let manners = world.connectFailureLog
            .filter { $0.timeNs >= begun && $0.timeNs <= receipt.headNs }.map(\.manner)
        switch told {
        case "503 destination_unavailable":
            marks[.noEndpoint] += 1
            return manners.contains(.threw) || wereEndpointsOut(from: begun, to: receipt.headNs)
        case "504 connection_timeout":
            marks[.connectTimeout] += 1
            return manners.contains(.givenUp) || manners.contains(.failed(ETIMEDOUT))
        case "502 connection_refused":
            marks[.connectFailed] += 1
            return manners.contains(.failed(ECONNREFUSED))
        default:
            return manners.contains {
                if case .failed(let code) = $0 {
                    code != ECONNREFUSED && code != ETIMEDOUT
                } else {
                    false
                }
            }
        }
    }

    /// Whether the origin can have closed without a final head, or just as the request came.
    private func wasClosedUnanswered(_ client: ClientRecord, _ position: Int) -> Bool {
        let receipt = client.receipts[position]
        let request = client.plan.requests[position]
        let sightings = ledger.sightings(of: request.number)
        let isSeenEnding = sightings.contains { sighting in
            let connection = world.connections[sighting.connection]
            let leftNs = min(connection.endedNs ?? .max, connection.resetNs ?? .max)
            // Nothing of a final head may have come to its end.
            let headBytes = sighting.answer?.head.count ?? 0
            let isHeadWhole =
                sighting.finalStart != .max && connection.sent >= sighting.finalStart + headBytes
            return leftNs <= receipt.headNs && !isHeadWhole
        }
        // One that shared a connection may have got no further than another one's answer.
        if isSeenEnding || !sightings.isEmpty && !plan.pipelines { return isSeenEnding }
        let begun = client.times[position].startedNs ?? receipt.headNs
        return world.connections.contains { connection in
            guard !connection.isClient else { return false }
            let leftNs = min(connection.endedNs ?? .max, connection.resetNs ?? .max)
            return leftNs <= receipt.headNs && leftNs + Self.slackNs >= begun
        }
    }

    /// Whether what the origin sent is no response, or it had sent something unasked before.
    private func wasAnsweredBadly(_ request: RequestPlan) -> Bool {
        let sightings = ledger.sightings(of: request.number)
        // It was not read any more on a connection whose origin had said too much.
        if sightings.isEmpty || plan.pipelines, ledger.sightings.contains(where: \.babbled) {
            return true
        }
        return sightings.contains { sighting in
            switch sighting.answer?.fault {
            case .flawedHead:
                marks[.badResponse] += 1
                return true
            case .chatty:
                marks[.tooManyInterims] += 1
                return true
            default:
                return ledger.sightings.contains {
                    $0.connection == sighting.connection && $0.order < sighting.order
                        && $0.babbled
                }
            }
        }
    }

    /// Whether the origin did not answer, or not take the request, for that long.
    private func wasOriginSilent(
        _ client: ClientRecord, _ position: Int, _ told: String
    ) -> Bool {
        let receipt = client.receipts[position]
        let request = client.plan.requests[position]
        let sightings = ledger.sightings(of: request.number)
        guard !sightings.isEmpty else {
            // A connection that nobody reads from does not even see the head.
            return told == "504 connection_write_timeout"
        }
        if told == "504 connection_write_timeout" {
            marks[.requestNotTaken] += 1
            return sightings.contains {
                canPass(plan.upstream.silenceMs, in: since($0.startedNs, to: receipt.headNs))
            }
        }
        marks[.responseTimeout] += 1
        let responseMs = plan.upstream.responseMs
        return sightings.contains { sighting in
            // It may be read long after the socket has taken it.
            let begun = sighting.completedNs.map { min($0, receipt.headNs) } ?? receipt.headNs
            return canPass(responseMs, in: since(begun, to: receipt.headNs))
                || canPass(responseMs, in: since(sighting.startedNs, to: receipt.headNs))
        }
    }

    // MARK: Cut answers and silence

    /// A response that stopped: its client can tell, and something made it stop.
    func checkCut(
        _ client: ClientRecord, _ position: Int, _ sighting: Sighting, _ label: String
    ) {
        let connection = world.connections[client.connection]
        let receipt = client.receipts[position]
        expect(
            receipt.framing != .untilClose || connection.isDead || client.plan.ending.breaksOff
                || connection.program?.isDeaf == true,
            "\(label): a cut response looks whole")
        let request = client.plan.requests[position]
        let length = request.head.count + request.wireBody.count
        let isBrokenOff =
            connection.isEnded && connection.sent - client.times[position].start < length
        if isClientToBlame(client) || isOver(client) || isBrokenOff || request.isFlawed
            || isTooLarge(request)
        {
            return
        }
        let origin = world.connections[sighting.connection]
        switch sighting.answer?.fault {
        case .stops(_, .close): marks[.cutByClose] += 1
        case .stops(_, .reset): marks[.cutByReset] += 1
        case .stops(_, .silence):
            marks[.cutBySilence] += 1
            expectSilence(client, sighting, label)
        case .flawedBody: marks[.cutByChunk] += 1
        default:
            let pauseNs = sighting.answer?.pause?.ns ?? 0
            expect(
                origin.resetNs != nil || canPass(plan.upstream.silenceMs, in: pauseNs),
                "\(label): cut after \(receipt.body.count) bytes without a cause")
        }
    }

    private func expectSilence(_ client: ClientRecord, _ sighting: Sighting, _ label: String) {
        let endNs = client.brokenNs ?? world.connections[client.connection].sawEndNs
        expect(
            canPass(plan.upstream.silenceMs, in: since(sighting.answeredNs ?? 0, to: endNs)),
            "\(label): cut before the origin was silent for long")
    }

    /// Whether the client left, or did not read, before its answers were through.
    private func isClientToBlame(_ client: ClientRecord) -> Bool {
        let connection = world.connections[client.connection]
        if connection.resetNs != nil || plan.mayStarve { return true }
        if client.brokeOffNs != nil, !client.plan.ending.isHalfClose { return true }
        guard let brokenNs = client.brokenNs else { return false }
        // One that goes on after having said that it would not meets a closed socket.
        let isPushy = zip(client.plan.requests, client.times.dropFirst()).contains {
            !$0.persists && $1.startedNs != nil
        }
        if isPushy { return true }
        guard connection.taken > connection.peerRead else { return false }
        // One that reads late may find that its own bytes have met a closed socket meanwhile.
        let pauseNs = max(
            since(max(connection.lastReadNs, connection.boundNs), to: brokenNs),
            connection.plan.stallsNs)
        if canPass(min(deadlines.bodyMs, Self.lingerMs), in: pauseNs) {
            marks[.clientTooSlow] += 1
            return true
        }
        return connection.plan.stallsNs > 0 && brokenNs >= leavingNs(client)
    }

    /// Whether the worker was told to end before this client's connection did.
    private func isOver(_ client: ClientRecord) -> Bool {
        guard let terminateNs = plan.terminateNs else { return false }
        let connection = world.connections[client.connection]
        let leftNs = client.brokenNs ?? connection.sawEndNs
        return leftNs >= startNs + terminateNs
    }

    /// A request without a whole answer, the first of its connection.
    func checkUnanswered(_ client: ClientRecord, _ position: Int, _ name: String) {
        let connection = world.connections[client.connection]
        let request = client.plan.requests[position]
        let times = client.times[position]
        // A cut response has been looked at.
        if client.receipts.indices.contains(position), client.receipts[position].head != nil {
            return
        }
        guard connection.sent > times.start, connection.isEstablished else { return }
        if position > 0,
            client.receipts[position - 1].closes(
                forHTTP10: client.plan.requests[position - 1].isHTTP10)
        {
            return
        }
        if isClientToBlame(client) {
            marks[.abandonedByClient] += 1
            return
        }
        if isOver(client) {
            marks[.terminated] += 1
            return
        }
        let leftNs = client.brokenNs ?? (connection.sawEnd ? connection.sawEndNs : UInt64.max)
        let label = "\(name), request \(request.number)"
        let leavingNs = leavingNs(client)
        let headSentNs = times.headSentNs ?? leavingNs
        if headSentNs + Self.slackNs >= leavingNs, leftNs >= leavingNs {
            noteLeaving(client)
            return
        }
        if let endedNs = connection.endedNs {
            // It was not sent to its end, or its client may have gone.
            let length = request.head.count + request.wireBody.count
            if connection.sent - times.start < length { return }
            if canPass(deadlines.halfCloseMs, in: since(endedNs, to: leftNs)) {
                marks[.halfCloseTimeout] += 1
                return
            }
        }
        let idleSinceNs =
            position > 0 ? client.receipts[position - 1].endedNs ?? 0 : connection.boundNs
        let idleMs = position > 0 ? deadlines.keepAliveMs : deadlines.headMs
        if canPass(idleMs, in: since(idleSinceNs, to: times.startedNs ?? leftNs)) { return }
        // Only a reset tells a client of HTTP/1.0 that its answer is cut, and a reset may overtake
        // the head.
        if request.isHTTP10, client.brokenNs != nil,
            ledger.sightings(of: request.number).contains(where: wasCutUnframed)
        {
            return
        }
        expect(
            false,
            "\(label): not answered; sent \(connection.sent) of \(times.end), left at \(leftNs),"
                + " started \(times.startedNs ?? 0), head sent \(times.headSentNs ?? 0)")
    }

    private func wasCutUnframed(_ sighting: Sighting) -> Bool {
        guard let answer = sighting.answer, answer.body.manner != .length else { return false }
        switch answer.fault {
        case .stops, .flawedBody: return true
        default:
            return canPass(plan.upstream.silenceMs, in: answer.pause?.ns ?? 0)
                || world.connections[sighting.connection].resetNs != nil
        }
    }

    // MARK: Tunnels

    /// Bytes of a tunnel arrive as they were sent, all of them unless something went wrong.
    func checkTunnel(_ sighting: Sighting) {
        guard let number = sighting.number, let client = client(of: number),
            let origin = sighting.tunnelPlan
        else { return }
        let (down, up) = (
            world.connections[client.connection], world.connections[sighting.connection]
        )
        let label = "tunnel of request \(number)"
        let position = (number - 1) % HTTPRunPlan.numbersPerClient
        let sent = client.sent[
            client.times[position].end..<max(down.sent, client.times[position].end)]
        expect(sent.starts(with: sighting.tunnel), "\(label): wrong bytes for the origin")
        // The origin of an earlier try may have agreed when nobody listened any more.
        guard client.receipts.indices.contains(position),
            client.receipts[position].framing == .tunnel, let received = client.tunnel,
            client.receipts[position].head?.values("x-answer") == sighting.answer.map({ [$0.name] })
        else { return }
        marks[.tunnel] += 1
        expect(origin.bytes.starts(with: received), "\(label): wrong bytes for the client")
        if sent.count > client.plan.tunnel.bytes.count { marks[.tunnelWithBytesAhead] += 1 }
        let bothWait = origin.waitsForEnd && client.plan.tunnel.waitsForEnd
        let stallNs = down.plan.stallsNs + client.plan.pauses.reduce(0) { $0 + ($1?.ns ?? 0) }
        let isDisturbed =
            down.isDead || up.isDead || bothWait || client.brokeOffNs != nil || plan.mayStarve
            || plan.terminateNs != nil || canPass(deadlines.tunnelMs, in: stallNs)
        guard !isDisturbed else { return }
        marks[.tunnelComplete] += 1
        expect(received.count == origin.bytes.count, "\(label): \(received.count) bytes came down")
        expect(
            sighting.tunnel.count == sent.count, "\(label): \(sighting.tunnel.count) bytes came up")
        expect(down.sawEnd && up.sawEnd, "\(label): an end was not passed on")
    }
}
