// What one worker takes of an upstream's limits and gives back, and who has to wait for it.

extension WorkerSite {
    /// A connection to an endpoint is being made.
    ///
    /// - Parameter limit: connections to its upstream, of all workers; `.max` for none.
    /// - Returns: false when there are as many as may be.
    mutating func connectionCame(_ endpoint: UInt32, limit: UInt32) -> Bool {
        guard breakers.connectionCame(endpoints[slot: endpoint].upstream, limit: limit) else {
            return false
        }
        noteConnections(endpoint, by: 1)
        return true
    }

    /// A connection to an endpoint is gone.
    mutating func connectionWent(_ endpoint: UInt32) {
        noteConnections(endpoint, by: -1)
        connectionEnded(endpoints[slot: endpoint].upstream)
    }

    /// Whether a connection to an upstream is being closed: there will be room when it is.
    func isAnyEnding(_ upstream: UInt32) -> Bool { upstreams[slot: upstream].ending > 0 }

    /// Nothing is left of a connection to an upstream, whose endpoint was let go before.
    func connectionEnded(_ upstream: UInt32) { breakers.connectionWent(upstream, worker: worker) }

    /// Takes a permit, or a place among those who wait for one.
    func enter(_ upstream: UpstreamRecord) -> BreakerVerdict {
        breakers.enter(
            upstream.id, worker: worker, limit: upstream.policy.permitsMax,
            waitingMax: upstream.policy.pendingMax)
    }

    /// Takes a permit for the first of those who wait; false when there is none.
    func takeTurn(_ upstream: UpstreamRecord) -> Bool {
        breakers.takeTurn(upstream.id, worker: worker, limit: upstream.policy.permitsMax)
    }

    /// One waits no more for a permit.
    func leaveLine(_ upstream: UpstreamRecord) { breakers.leave(upstream.id, worker: worker) }

    func givePermit(_ upstream: UInt32) { breakers.give(upstream, worker: worker) }

    /// One with a permit waits for an idle connection to end, wherever it is.
    func starve(_ upstream: UpstreamRecord) { breakers.starve(upstream.id, worker: worker) }

    /// Whether one with a permit can go on.
    func hasRoom(_ upstream: UpstreamRecord) -> Bool {
        breakers.hasRoom(upstream.id, limit: upstream.policy.connectionsMax)
    }
}
