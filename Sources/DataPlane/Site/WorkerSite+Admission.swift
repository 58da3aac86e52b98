// What one worker takes of an upstream's limits and gives back, and who has to wait for it.

extension WorkerSite {
    /// Connections that an upstream may have: what was so when work for it began, or more if there
    /// may be more by now.
    private func connectionsMax(_ upstream: UpstreamRecord) -> UInt32 {
        max(upstream.policy.connectionsMax, upstreams[slot: upstream.id].connectionsMax)
    }

    /// A connection to an endpoint of an upstream is being made.
    ///
    /// - Returns: false when there are as many as may be.
    mutating func connectionCame(_ endpoint: UInt32, of upstream: UpstreamRecord) -> Bool {
        guard breakers.connectionCame(upstream.id, limit: connectionsMax(upstream)) else {
            return false
        }
        noteConnections(endpoint, by: 1)
        return true
    }

    /// A connection to an endpoint is gone.
    ///
    /// - Parameter upstream: the id of that which it was made for.
    mutating func connectionWent(_ endpoint: UInt32, of upstream: UInt32) {
        noteConnections(endpoint, by: -1)
        connectionEnded(upstream)
    }

    /// Whether a connection to an upstream is being closed: there will be room when it is.
    func isAnyEnding(_ upstream: UInt32) -> Bool { upstreams[slot: upstream].ending > 0 }

    /// Nothing is left of a connection to an upstream, whose endpoint was let go before.
    func connectionEnded(_ upstream: UInt32) { breakers.connectionWent(upstream, worker: worker) }

    /// Takes a permit, or a place among those who wait for one.
    func enter(_ upstream: UpstreamRecord) -> BreakerVerdict {
        breakers.enter(
            upstream.id, worker: worker, limit: connectionsMax(upstream),
            waitingMax: upstream.policy.pendingMax)
    }

    /// Takes a permit for the first of those who wait; false when there is none.
    func takeTurn(_ upstream: UpstreamRecord) -> Bool {
        breakers.takeTurn(upstream.id, worker: worker, limit: connectionsMax(upstream))
    }

    /// One waits no more for a permit.
    func leaveLine(_ upstream: UpstreamRecord) { breakers.leave(upstream.id, worker: worker) }

    func givePermit(_ upstream: UInt32) { breakers.give(upstream, worker: worker) }

    /// One with a permit waits for an idle connection to end, wherever it is.
    func starve(_ upstream: UpstreamRecord) { breakers.starve(upstream.id, worker: worker) }

    /// Whether one with a permit can go on.
    func hasRoom(_ upstream: UpstreamRecord) -> Bool {
        breakers.hasRoom(upstream.id, limit: connectionsMax(upstream))
    }
}
