// Judges a run by the books of its world: every byte accounted for, every end and reset passed on,
// everything given back.

import DataPlane
import TestSupport

final class Verdict {
    private(set) var failures: [String] = []
    private let world: SimulatedWorld
    private let plan: RunPlan
    private let counters: CounterSet
    /// When each state of the site came into force.
    private let appliedNs: [UInt64]
    private let mayStarve: Bool

    init(
        world: SimulatedWorld, plan: RunPlan, counters: CounterSet, appliedNs: [UInt64],
        books: AccessBooks
    ) {
        self.world = world
        self.plan = plan
        self.counters = counters
        self.appliedNs = appliedNs
        mayStarve = plan.mayStarve(world.connections)
        checkLate(world.settle())
        failures += world.violations
        checkEverythingIsBack()
        checkCounters()
        for (client, upstream) in pairs() {
            checkPair(client, upstream)
            checkRecord(of: client, upstream, books)
        }
        let ended = counters[.flowsFinished] + counters[.flowsReset]
        expect(
            books.records.count == ended && books.records.allSatisfy { $0.kind == .flow },
            "\(ended) flows ended, \(books.records.count) are told")
        checkOutcomes()
        checkService()
    }

    private func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
        if !condition { failures.append(message()) }
    }

    // MARK: Things

    /// After the end only sockets without a flow, closed as soon as accepted, may still report.
    private func checkLate(_ completions: [Completion]) {
        for completion in completions where completion.operation != .wake {
            expect(
                completion.operation == .close && completion.owner == .max,
                "the worker was finished before \(completion)")
        }
    }

    private func checkEverythingIsBack() {
        expect(world.socketsUsed == 0, "\(world.socketsUsed) sockets are not closed")
        expect(world.buffersUsed == 0, "\(world.buffersUsed) buffers are not back")
        expect(world.pipesUsed == 0, "\(world.pipesUsed) pipes are not back")
        expect(world.descriptorsUnadopted == 0, "an accepted descriptor was forgotten")
        for listener in world.listeners where listener.isAdded {
            expect(listener.isRemoved && listener.queue.isEmpty, "a listener is still open")
        }
    }

    private func checkCounters() {
        expect(
            counters[.accepted] == UInt64(world.acceptedCount),
            "counted \(counters[.accepted]) accepted of \(world.acceptedCount)")
        expect(counters[.flowsActive] == 0, "flows are still counted as active")
        let ended = counters[.flowsFinished] + counters[.flowsReset] + counters[.flowsRefused]
        expect(
            ended == UInt64(world.acceptedCount),
            "\(ended) flows ended of \(world.acceptedCount)")
        let moved = counters[.bytesCopied] + counters[.bytesSpliced] + counters[.bytesRingSpliced]
        let taken = UInt64(world.connections.reduce(0) { $0 + $1.taken })
        // A send that fails in the middle counts nothing, though some of it was taken.
        let isExact = !world.connections.contains { $0.isDead }
        expect(
            isExact ? moved == taken : moved <= taken, "counted \(moved) bytes of \(taken)")
    }

    // MARK: Flows

    /// The two connections of each flow. The worker's tags of one flow differ in their lowest bit;
    /// a tag is used again, so the client is the last one with it before the upstream's connect.
    private func pairs() -> [(Int, Int)] {
        var upstreams: [Int: Int] = [:]
        for (number, upstream) in world.connections.enumerated() where !upstream.isClient {
            guard let owner = upstream.owner else { continue }
            let client = world.connections.indices.filter {
                world.connections[$0].isClient && world.connections[$0].owner == owner ^ 1
                    && world.connections[$0].order < upstream.order
            }.max { world.connections[$0].order < world.connections[$1].order }
            // An attempt that succeeded just as it was given up is followed by another.
            if let client { upstreams[client] = number }
        }
        return upstreams.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func checkPair(_ client: Int, _ upstream: Int) {
        let (down, up) = (world.connections[client], world.connections[upstream])
        let state = plan.site.state(ofSocket: down.place, atNs: down.boundNs, appliedNs)
        expect(
            plan.site.states[state].endpoints.contains(up.place),
            "\(client) came in state \(state) and went to endpoint \(up.place)")
        checkDirection(from: client, to: upstream)
        checkDirection(from: upstream, to: client)
    }

    /// What is told of a flow is what its peers took; of one that broke off, no more than that.
    private func checkRecord(of client: Int, _ upstream: Int, _ books: AccessBooks) {
        let (down, up) = (world.connections[client], world.connections[upstream])
        let own = books.records.filter { $0.client == down.peerAddress }
        // The address of a client that has gone can not be asked for.
        guard let record = own.first else {
            return expect(down.isDead, "\(client) is not told of")
        }
        expect(own.count == 1, "\(client) is told of \(own.count) times")
        expect(record.endpoint == up.place, "\(client) is told to be at \(record.endpoint)")
        let isWhole = record.end == .done
        let bytes = (record.bytesIn, record.bytesOut)
        expect(
            isWhole
                ? bytes == (UInt64(up.taken), UInt64(down.taken))
                : bytes.0 <= up.taken && bytes.1 <= down.taken,
            "\(client) ended as \(record.end.word) with \(bytes) of \(up.taken), \(down.taken)")
    }

    private func checkDirection(from source: Int, to target: Int) {
        let (sender, receiver) = (world.connections[source], world.connections[target])
        if let incoming = receiver.incoming {
            expect(
                Int(incoming.number) == source,
                "\(target) got the stream of \(incoming.number) and belongs to \(source)")
        }
        expect(
            receiver.taken <= sender.sent,
            "\(target) got \(receiver.taken) bytes of \(sender.sent) that \(source) sent")
        let isDisturbed =
            sender.resetNs != nil || receiver.resetNs != nil || plan.terminateNs != nil
            || mayTimeOut(sender, receiver)
        if isDisturbed {
            checkReset(of: source, reaches: target)
            return
        }
        expect(
            receiver.peerRead == sender.plan.sendBytes && receiver.taken == receiver.peerRead,
            "\(target) got \(receiver.peerRead) of the \(sender.plan.sendBytes) bytes of \(source)")
        expect(receiver.sawEnd, "\(target) did not see the end of \(source)'s stream")
        checkEndCameInTime(from: source, to: target)
        expect(!receiver.sawReset, "\(target) was reset although nothing went wrong")
    }

    /// An end is passed on when the last byte is through, not when the flow times out.
    private func checkEndCameInTime(from source: Int, to target: Int) {
        let (sender, receiver) = (world.connections[source], world.connections[target])
        guard !receiver.isPeerClosed, let endedNs = sender.endedNs else { return }
        let possibleNs = max(endedNs, receiver.lastReadNs, sender.boundNs, receiver.boundNs)
        let pausesNs =
            plan.mayExhaustBuffers
            ? world.connections.reduce(0) { $0 + $1.plan.stallsNs } : receiver.plan.stallsNs
        let allowedNs = possibleNs + pausesNs + 3_000_000_000
        expect(
            receiver.sawEndNs <= allowedNs,
            "\(target) saw the end of \(source)'s stream at \(receiver.sawEndNs), past \(allowedNs)"
        )
    }

    /// Whether a timeout may end this flow: a side that never ends, two that wait for each other,
    /// or pauses that add up.
    private func mayTimeOut(_ one: SimulatedConnection, _ two: SimulatedConnection) -> Bool {
        if one.plan.ending == .vanish || two.plan.ending == .vanish || mayStarve { return true }
        if waitsForEnd(one) && waitsForEnd(two) { return true }
        let stallsNs = one.plan.stallsNs + two.plan.stallsNs
        return stallsNs + 2_000_000_000 > plan.idleTimeoutMs * 1_000_000
    }

    private func waitsForEnd(_ connection: SimulatedConnection) -> Bool {
        switch connection.plan.ending {
        case .closeAfterEnd, .resetAfterReading: true
        default: false
        }
    }

    /// A reset is passed on as a reset.
    private func checkReset(of source: Int, reaches target: Int) {
        let (sender, receiver) = (world.connections[source], world.connections[target])
        guard let resetNs = sender.resetNs, plan.terminateNs == nil, receiver.resetNs == nil,
            !mayTimeOut(sender, receiver)
        else { return }
        // Of one that waited in the queue nobody knew before.
        let noticedNs = max(resetNs, sender.boundNs, receiver.boundNs)
        if sender.isEnded {
            // After its end only a socket that something is still to be sent to can tell, and
            // within a second the other side's end may have crossed the reset.
            if let endedNs = receiver.endedNs, endedNs < noticedNs + 1_000_000_000 { return }
        }
        // The kernel tells of a reset once. When a write to the socket is told, a read of it that
        // is handled first finds an orderly end; the reset then follows the end by a moment, and a
        // peer that has ended its own stream too is gone by then.
        if sender.wasResetTakenByWrite, let endedNs = receiver.endedNs,
            endedNs < noticedNs + 1_000_000_000
        {
            return
        }
        let seen = receiver.sawEnd ? "an end" : "nothing"
        expect(receiver.sawReset, "\(source) reset the connection and \(target) saw \(seen)")
    }

    /// Who came in good time is let in, and tries are not wasted on one endpoint.
    private func checkService() {
        let hasRoom = plan.flowsMax >= plan.clients.count
        if hasRoom, plan.terminateNs == nil {
            for (number, client) in plan.clients.enumerated()
            where isInGoodTime(client) {
                expect(world.connections[number].isEstablished, "client \(number) was kept out")
            }
        }
        let attempts = world.endpoints.reduce(0) { $0 + $1.attempts }
        expect(
            attempts <= world.acceptedCount * plan.endpoints.count,
            "\(attempts) connects for \(world.acceptedCount) clients")
    }

    /// Whether a client comes while its socket is open, and long before it is closed.
    private func isInGoodTime(_ client: RunPlan.Client) -> Bool {
        let life = plan.site.life(ofSocket: client.socket)
        let endNs = min(plan.drainNs, life.upperBound)
        let openedNs = life.lowerBound == 0 ? 0 : life.lowerBound + 1_000_000_000
        return client.arrivalNs >= openedNs && client.arrivalNs + 5_000_000_000 < endNs
    }

    /// The fewest endpoints that any client had.
    private var endpointsMin: Int { plan.site.states.map(\.endpoints.count).min() ?? 0 }

    /// Whether every client must reach an endpoint: one accepts, and nothing else gets in the way.
    private var isServiceSure: Bool {
        plan.site.states.allSatisfy { state in
            state.endpoints.contains {
                plan.endpoints[$0] == .accepts && plan.site.outages[$0].isEmpty
            }
        }
            && plan.faults.connectThrowsPerMille == 0
            && plan.faults.connectFailsPerMille == 0 && plan.faults.connectHangsPerMille == 0
            && plan.connectTimeoutMs == 5_000 && world.connections.count < 250
    }

    private func checkOutcomes() {
        let upstreams = Dictionary(uniqueKeysWithValues: pairs())
        var sentAway = 0
        for (number, connection) in world.connections.enumerated() where connection.isEstablished {
            expect(
                connection.isDead || connection.sawEnd || connection.isPeerClosed,
                "\(number) was left alone")
            guard connection.isClient, upstreams[number] == nil else { continue }
            expect(connection.taken == 0, "\(number) got bytes from nowhere")
            if connection.resetNs == nil, plan.terminateNs == nil, connection.owner != .max {
                let isUnlucky =
                    connection.sawReset && world.connectFailures >= endpointsMin && !isServiceSure
                if !isUnlucky { sentAway += 1 }
                expect(
                    isUnlucky || connection.sawReset && plan.site.hasLimits,
                    "client \(number) was not served: \(world.connectFailures) failed connects")
            }
        }
        expect(
            sentAway <= counters[.upstreamOverflows],
            "\(sentAway) were sent away, \(counters[.upstreamOverflows]) had to be")
    }
}
