// That things happen when they can, or when they must: answers come when they were sent, waits end
// with their deadlines and not before.

import DataPlane
import TestSupport

extension HTTPVerdict {
    /// What pieces, gaps and delays may add up to.
    private static let patienceNs: UInt64 = 4_000_000_000

    func checkTimes(_ client: ClientRecord, _ name: String) {
        let connection = world.connections[client.connection]
        // One that does not read, or has left, is told nothing in time.
        guard !plan.mayStarve, connection.plan.readStalls.isEmpty, connection.resetNs == nil,
            plan.terminateNs == nil, connection.program?.isDeaf == false,
            client.brokeOffNs == nil || client.plan.ending.isHalfClose
        else { return }
        for (position, receipt) in client.receipts.enumerated() {
            checkPromptness(client, position, receipt, name)
            checkSlowHead(client, position, receipt, name)
        }
        for position in client.times.indices { checkWait(client, position, name) }
        checkIdleness(client, name)
    }

    /// An answer arrives when it was sent, interim responses before it.
    private func checkPromptness(
        _ client: ClientRecord, _ position: Int, _ receipt: Receipt, _ name: String
    ) {
        let request = client.plan.requests[position]
        guard !receipt.isLocal, let name = receipt.head?.values("x-answer").first,
            let sighting = ledger.answers[name]
        else { return }
        if let sentNs = sighting.sentNs, let endedNs = receipt.endedNs {
            expect(
                endedNs <= sentNs + Self.patienceNs,
                "\(name), request \(request.number): whole \(endedNs - sentNs) ns after it was sent"
            )
        }
        guard !receipt.interims.isEmpty, sighting.answer?.pause == nil,
            world.connections[sighting.connection].plan.sendGapNs.upperBound <= 1_000_000
        else { return }
        expect(
            receipt.startedNs <= sighting.headNs + Self.patienceNs,
            "\(name), request \(request.number): an interim response was held back")
    }

    /// A head that takes too long is not waited for, and not passed on.
    private func checkSlowHead(
        _ client: ClientRecord, _ position: Int, _ receipt: Receipt, _ name: String
    ) {
        let times = client.times[position]
        let previousNs = position > 0 ? client.receipts[position - 1].endedNs ?? .max : 0
        guard let begunNs = times.startedNs, begunNs >= previousNs,
            let headSentNs = times.headSentNs
        else { return }
        let startedNs = max(begunNs, world.connections[client.connection].boundNs)
        guard headSentNs > startedNs else { return }
        let limitNs = plan.policy.deadlines.headMs * 1_000_000 + Self.slackNs
        guard headSentNs - startedNs > limitNs else { return }
        let request = client.plan.requests[position]
        expect(
            receipt.isLocal && (400..<500).contains(receipt.status)
                && ledger.sightings(of: request.number).isEmpty,
            "\(name), request \(request.number): a head of \(headSentNs - startedNs) ns was taken")
    }

    /// Whatever an exchange waits for, it does not wait for ever.
    private func checkWait(_ client: ClientRecord, _ position: Int, _ name: String) {
        let connection = world.connections[client.connection]
        let request = client.plan.requests[position]
        let times = client.times[position]
        let receipt =
            client.receipts.indices.contains(position) ? client.receipts[position] : nil
        guard receipt?.framing != .tunnel, let headSentNs = times.headSentNs,
            position <= client.answered, client.tunnel == nil || position < client.answered
        else { return }
        let leftNs = client.brokenNs ?? (connection.sawEnd ? connection.sawEndNs : world.nowNs)
        let doneNs = min(receipt?.endedNs ?? leftNs, leftNs)
        let previousNs = position > 0 ? client.receipts[position - 1].endedNs ?? 0 : 0
        let begunNs = max(headSentNs, previousNs, connection.boundNs)
        let deadlines = plan.policy.deadlines
        var limitMs = max(plan.site.longest(\.responseMs), plan.site.longest(\.silenceMs))
        var sinceNs = begunNs
        let sightings = ledger.sightings(of: request.number)
        if let sighting = sightings.last {
            let origin = world.connections[sighting.connection]
            guard let completedNs = sighting.completedNs else { return }
            // Others may have been answered on the connections that it was first sent on.
            sinceNs = sightings.reduce(completedNs) {
                max($0, world.connections[$1.connection].lastSentNs)
            }
            // An end behind more than is read ahead is not seen yet.
            let isSeen = connection.sent - times.end < 16_384
            if isSeen, origin.sent <= sighting.answerStart, let endedNs = connection.endedNs {
                // Nothing has begun for a client that may be gone.
                limitMs = min(deadlines.halfCloseMs, plan.site.longest(\.responseMs))
                sinceNs = max(completedNs, endedNs)
            }
        } else {
            guard !ledger.sightings.contains(where: { $0.number == nil }) else { return }
            limitMs = plan.site.longest(\.connectMs) * UInt64(plan.endpoints.count)
        }
        limitMs += detoursMs
        expect(
            doneNs <= sinceNs + limitMs * 1_000_000 + Self.patienceNs,
            "\(name), request \(request.number): waited until \(doneNs), since \(sinceNs)")
    }

    /// An idle connection lives as long as it may.
    private func checkIdleness(_ client: ClientRecord, _ name: String) {
        let connection = world.connections[client.connection]
        let leavingNs = leavingNs(client)
        guard client.plan.ending == .waits, client.answered == client.plan.requests.count,
            client.tunnel == nil, let last = client.receipts.last, let endedNs = last.endedNs,
            let request = client.plan.requests.last, !last.closes(forHTTP10: request.isHTTP10)
        else { return }
        let leftNs = connection.sawEndNs
        guard leftNs < leavingNs else { return }
        marks[.idleClientClosed] += 1
        let limitNs = plan.policy.deadlines.keepAliveMs * 1_000_000
        expect(
            leftNs + Self.slackNs >= connection.lastTakenNs + limitNs,
            "\(name): idle for \(leftNs - connection.lastTakenNs) ns only")
        expect(
            leftNs <= endedNs + limitNs + Self.patienceNs,
            "\(name): idle for \(leftNs - endedNs) ns")
    }
}
