// What a simulation met, counted over all runs: whatever is planned to happen has to happen in
// some of them, or the simulation has stopped covering it.

import DataPlane

/// Something that should be met now and then.
enum HTTPMark: Int, CaseIterable {
    // Answers.
    case answered, answeredEarly, answeredHalfClosed, interim, trailers, chunkedForClient
    case unchunkedForClient, bodiless, largeBody, lastOfConnection, pipelined
    // Answers that were cut, by what cut them.
    case cutByClose, cutByReset, cutBySilence, cutByChunk
    // Gyre's own answers.
    case refusedHead, refusedBody, bodyTooLarge, connectRefused, noForwardsLeft
    case headTimeout, bodyTimeout, responseTimeout, requestNotTaken, connectTimeout, connectFailed
    case noEndpoint, closedUnanswered, badResponse, tooManyInterims, unaskedSwitch
    // Connections.
    case reused, repeated, evicted, keptTooLong, idleClientClosed, abandonedByClient
    case halfCloseTimeout, clientTooSlow, drained, terminated, starved, spliced
    // Requests that share a connection.
    case followed, cutOff, orphaned
    // What is served changes, and the listener of a client goes.
    case changed, listenerClosed
    // Requests that wait for their turn, or are sent away.
    case waited, overflowed, shed
    // Endpoints that come and go.
    case retriedElsewhere, ejected
    // Tunnels.
    case tunnel, tunnelWithBytesAhead, tunnelComplete, connectTunnel
    // Access log: clients of whom all is known, and those that went within a head.
    case toldToTheEnd, brokenHead
}

struct HTTPMarks {
    private var counts = [Int](repeating: 0, count: HTTPMark.allCases.count)

    subscript(mark: HTTPMark) -> Int {
        get { counts[mark.rawValue] }
        set { counts[mark.rawValue] = newValue }
    }

    mutating func add(_ other: HTTPMarks) {
        for index in counts.indices { counts[index] += other.counts[index] }
    }

    /// What the engine counts itself.
    mutating func count(_ counters: CounterSet) {
        self[.reused] += Int(counters[.upstreamsReused])
        self[.spliced] += Int(counters[.bytesSpliced])
        self[.followed] += Int(counters[.requestsPipelined])
        self[.cutOff] += Int(counters[.requestsResent])
        self[.orphaned] += Int(counters[.answersDropped])
        self[.starved] += Int(counters[.starvedWaits])
        self[.waited] += Int(counters[.upstreamWaits])
        self[.overflowed] += Int(counters[.upstreamOverflows])
        self[.shed] += Int(counters[.requestsShed])
    }

    /// Those that were never met.
    var missing: [HTTPMark] { HTTPMark.allCases.filter { self[$0] == 0 } }
}

extension HTTPMarks: CustomStringConvertible {
    var description: String {
        HTTPMark.allCases.map { "\($0) \(self[$0])" }.joined(separator: ", ")
    }
}
