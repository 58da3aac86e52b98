// What came of one simulated HTTP run, and its story for who replays a seed.

import DataPlane
import TestSupport

/// What came of one run.
struct HTTPSimulationOutcome {
    /// What was wrong; empty when all was well.
    let failures: [String]
    /// Equal for equal runs.
    let traceHash: UInt64
    let turns: Int
    let marks: HTTPMarks
    let counters: CounterSet
    let ledger: HTTPLedger
    let connections: [SimulatedConnection]
}

extension HTTPSimulationOutcome: CustomStringConvertible {
    var description: String {
        let counts = Counter.allCases.filter { counters[$0] != 0 }
            .map { "\($0) \(counters[$0])" }
        let clients = ledger.clients.filter { $0.connection >= 0 }.flatMap(story)
        return (["\(turns) turns, " + counts.joined(separator: ", ")] + clients)
            .joined(separator: "\n")
    }

    private func milliseconds(_ ns: UInt64?) -> String {
        guard let ns else { return "never" }
        let micros = (ns &- 1_000_000_000) / 1_000
        return ns == 0 ? "-" : "\(micros / 1_000).\(micros % 1_000)"
    }

    private func story(_ connection: Int) -> String {
        let books = connections[connection]
        return """
            sent \(books.sent) until \(milliseconds(books.lastSentNs)), read \(books.read), \
            taken \(books.taken), \
            peer read \(books.peerRead) until \(milliseconds(books.lastReadNs)), \
            bound \(milliseconds(books.boundNs)), ended \(milliseconds(books.endedNs)), \
            reset \(milliseconds(books.resetNs)), saw \
            \(books.sawReset ? "reset" : books.sawEnd ? "end" : "nothing") \
            \(milliseconds(books.sawEndNs))
            """
    }

    private func story(_ client: ClientRecord) -> [String] {
        let plan = client.plan
        var lines = [
            """
            client \(client.connection): \(plan.requests.count) requests, depth \(plan.depth), \
            \(plan.ending), broke off \(milliseconds(client.brokeOffNs)), \
            broken \(milliseconds(client.brokenNs)), stalls \(plan.peer.readStalls)
              \(story(client.connection))
            """
        ]
        for (position, request) in plan.requests.enumerated() {
            let times = client.times.indices.contains(position) ? client.times[position] : nil
            lines.append(
                """
                  \(request.number) \(request.method) 1.\(request.isHTTP10 ? 0 : 1) \
                \(request.flaw.map { "flaw '\($0)' " } ?? "")head \(request.head.count), body \
                \(request.body.manner) \(request.body.content.count)\
                \(request.expectsContinue ? ", expects" : "")\
                \(request.persists ? "" : ", closes")\
                \(request.upgrade == nil ? "" : ", upgrades"): started \
                \(milliseconds(times?.startedNs)), head \(milliseconds(times?.headSentNs)), sent \
                \(milliseconds(times?.sentNs)) [\(times?.start ?? -1)...\(times?.end ?? -1)], \
                think \(plan.thinkNs[position]), pause \(plan.pauses[position]?.ns ?? 0)
                """)
            lines += ledger.sightings(of: request.number).map(story)
            guard client.receipts.indices.contains(position) else { continue }
            let receipt = client.receipts[position]
            lines.append(
                """
                    got \(receipt.interims.count) interim, \(receipt.head?.startLine ?? "nothing") \
                \(receipt.framing), \(receipt.body.count) bytes, \
                \(milliseconds(receipt.startedNs))...\(milliseconds(receipt.endedNs)), \
                \(receipt.head?.values("connection") ?? []) \
                \(receipt.head?.values("proxy-status") ?? [])
                """)
        }
        return lines
    }

    private func story(_ sighting: Sighting) -> String {
        """
            at \(sighting.connection) (\(sighting.served) before) \
        \(milliseconds(sighting.startedNs))...\(milliseconds(sighting.completedNs)), \
        body \(sighting.body.count), answered \(milliseconds(sighting.answeredNs)) \
        \(sighting.answer.map { "\($0.status) \($0.body.manner) \($0.wire.count)" } ?? "") \
        \(sighting.answer?.fault.map { "\($0)" } ?? "soundly"), \
        \(sighting.answer.map { "\($0.sequel), \($0.moment), delay \($0.delayNs)" } ?? "") \
        pause \(sighting.answer?.pause?.ns ?? 0) \
        [\(sighting.answerStart)...\(sighting.answerEnd)]
              \(story(sighting.connection))
        """
    }
}
