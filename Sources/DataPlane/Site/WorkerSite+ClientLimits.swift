// Who may come in: what a listener's limits say about a client that was accepted, for both engines.

internal import Protocols

/// What becomes of a client.
enum ClientVerdict {
    case admitted
    /// Its source has connected too often.
    case tooOften
    /// The listener has as many clients as it may.
    case tooMany
}

extension WorkerSite {
    /// Counts a client in, if its listener's limits let it.
    ///
    /// - Parameters:
    ///   - socket: of the client.
    ///   - listener: the id of the one by which it came.
    mutating func admit<R: Reactor & ~Copyable>(
        _ socket: SocketID, by listener: UInt32, nowMs: UInt64, on reactor: inout R
    ) -> ClientVerdict {
        clientCame(listener)
        if hasTooManyClients(listener) {
            clientWent(listener)
            reactor.counters[.connectionsOverLimit] &+= 1
            return .tooMany
        }
        guard listeners[slot: listener].record.gate.connections != nil,
            let source = reactor.peerAddress(of: socket),
            // One that speaks for others says first for whom.
            !isProxy(source, listener: listener),
            !mayConnect(source, by: listener, nowMs: nowMs, on: &reactor)
        else { return .admitted }
        clientWent(listener)
        return .tooOften
    }

    /// Takes a token for a connection.
    ///
    /// - Parameter source: where the client is.
    func mayConnect<R: Reactor & ~Copyable>(
        _ source: IPBytes, by listener: UInt32, nowMs: UInt64, on reactor: inout R
    ) -> Bool {
        guard let buckets = listeners[slot: listener].record.gate.connections,
            !source.isNowhere, buckets.value.take(source, nowMs: nowMs) > 0
        else { return true }
        reactor.counters[.connectionsOverRate] &+= 1
        return false
    }
}

extension IPBytes {
    /// All zero: of a Unix socket, or of a peer that was gone before it could be asked for.
    var isNowhere: Bool { self == IPBytes(high: 0, low: 0) }
}
