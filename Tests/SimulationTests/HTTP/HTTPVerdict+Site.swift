// What becomes of requests while what is served changes, while they wait for their turn, and when
// they are sent more than once.

import DataPlane
import TestSupport

extension HTTPVerdict {
    // MARK: States

    /// The state of the site by which a request was sent.
    func state(of sighting: Sighting) -> Int {
        guard plan.site.changes else { return 0 }
        let told = sighting.head?.values(HTTPRunPlan.stateField).first
        return told.flatMap { Int($0) } ?? 0
    }

    /// A request goes by the state that was in force when it came, with all that it says.
    func checkState(of sighting: Sighting, _ client: ClientRecord, _ place: String) {
        guard plan.site.changes, let number = sighting.number else { return }
        let state = state(of: sighting)
        guard plan.site.states.indices.contains(state), appliedNs.indices.contains(state) else {
            return expect(false, "\(place): by state \(state), which was never in force")
        }
        if state > 0 { marks[.changed] += 1 }
        expect(
            plan.site.states[state].endpoints.contains(sighting.endpoint),
            "\(place): endpoint \(sighting.endpoint) is not in state \(state)")
        let states = Set(
            ledger.sightings(of: number).filter { $0.head != nil }.map { self.state(of: $0) })
        expect(states.count == 1, "\(place): sent by states \(states)")
        let position = (number - 1) % HTTPRunPlan.numbersPerClient
        guard let startedNs = client.times[position].startedNs else { return }
        let socket = plan.socket(of: client.plan)
        let newest = plan.site.state(ofSocket: socket, atNs: startedNs, appliedNs)
        expect(
            state >= newest,
            "\(place): came at \(startedNs), by state \(state) and not \(newest)")
    }

    /// From when on a client's connection may be ended when it is idle.
    func leavingNs(_ client: ClientRecord) -> UInt64 {
        startNs + min(plan.drainNs, lifeNs(client).upperBound)
    }

    private func lifeNs(_ client: ClientRecord) -> Range<UInt64> {
        plan.site.life(ofSocket: plan.socket(of: client.plan))
    }

    func noteLeaving(_ client: ClientRecord) {
        marks[lifeNs(client).upperBound < plan.drainNs ? .listenerClosed : .drained] += 1
    }

    // MARK: Limits

    /// How long requests may take for waiting for their turn and for other endpoints, in
    /// milliseconds.
    var detoursMs: UInt64 {
        let attempts = UInt64(plan.endpoints.count)
        var milliseconds: UInt64 = 0
        if plan.site.hasLimits { milliseconds += plan.site.longest(\.pendingMs) * (attempts + 1) }
        if plan.site.policies.contains(where: { $0.retries.attemptsMax > 1 }) {
            milliseconds += plan.site.longest(\.connectMs) * attempts
        }
        return milliseconds
    }

    /// As many are told that there is no room as were sent away.
    func checkLimits() {
        let told = ledger.clients.flatMap(\.receipts).count { receipt in
            receipt.isLocal
                && receipt.head?.values("proxy-status").first?.contains("connection_limit_reached")
                    == true
        }
        expect(
            told <= counters[.upstreamOverflows],
            "\(told) were told so, \(counters[.upstreamOverflows]) were sent away")
    }

    /// Whether there was no endpoint to choose at some time.
    func wereEndpointsOut(from startNs: UInt64, to endNs: UInt64) -> Bool {
        plan.site.states.contains {
            $0.balance.panicThresholdPercent == 0
                && outages.wereAllOut($0.endpoints, fromNs: startNs, toNs: endNs)
        }
    }

    // MARK: More than once

    /// A request is tried again only when that does no harm (RFC 9110 section 9.2.2): once after
    /// a connection that was kept had been closed without a byte of an answer, and as the policy
    /// says.
    func checkRepetitions(of number: Int) {
        let sightings = ledger.sightings(of: number)
        guard let request = ledger.requests[number], sightings.count > 1 else { return }
        marks[.repeated] += 1
        let policy = plan.site.states[state(of: sightings[0])].policy
        let tries = Int(policy.retries.attemptsMax)
        if plan.pipelines, request.mayPipeline {
            // Behind others, alone, and once more if its connection was closed just then.
            expect(
                sightings.count <= 3 + tries - 1,
                "request \(number) was sent \(sightings.count) times")
            return
        }
        expect(request.isIdempotent, "\(request.method) \(number) was sent again")
        expect(sightings.count <= tries + 1, "request \(number) was sent \(sightings.count) times")
        for (sighting, next) in zip(sightings, sightings.dropFirst()) {
            let connection = world.connections[sighting.connection]
            let isUnanswered = connection.sent <= sighting.answerStart
            let isLost = connection.isEnded || connection.resetNs != nil
            // Elsewhere, if the same endpoint could not be connected anew.
            if sighting.served > 0, isUnanswered, isLost, next.served == 0 { continue }
            marks[.retriedElsewhere] += 1
            expect(
                tries > 1 && sighting.endpoint != next.endpoint
                    && mayBeTriedAgain(sighting, until: next.startedNs, policy.retries),
                "request \(number) was sent again without a reason")
        }
    }

    /// Whether the policy lets a request be sent to another endpoint after this.
    private func mayBeTriedAgain(
        _ sighting: Sighting, until nextNs: UInt64, _ retries: RetryPolicy
    ) -> Bool {
        let connection = world.connections[sighting.connection]
        let isStarted = sighting.finalStart != .max && connection.sent > sighting.finalStart
        if isStarted, let answer = sighting.answer,
            retries.statuses.contains(UInt16(answer.status))
        {
            return true
        }
        if retries.causes.contains(.reset), connection.sent <= sighting.answerStart,
            connection.isEnded || connection.resetNs != nil
        {
            return true
        }
        // Nobody has seen anything of a head that is not whole.
        let headBytes = sighting.answer?.head.count ?? 0
        if isStarted, connection.sent >= sighting.finalStart + headBytes,
            connection.lastSentNs + Self.slackNs < nextNs, !plan.mayStarve
        {
            return false
        }
        let patienceMs =
            retries.perTryMs > 0
            ? min(retries.perTryMs, plan.upstream.responseMs) : plan.upstream.responseMs
        return retries.causes.contains(.timeout)
            && nextNs + Self.slackNs >= sighting.startedNs + patienceMs * 1_000_000
    }
}
