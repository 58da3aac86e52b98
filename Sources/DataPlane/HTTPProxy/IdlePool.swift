// The idle connections of one worker, kept for reuse: newest first per endpoint, because the one
// used last is the least likely to have been closed by its peer, and oldest first over all of them
// for time-outs and for making room. The links live in the connections' own records.

/// Lists of idle connections. The records belong to the slab that every call is given.
struct IdlePool: ~Copyable {
    private struct List: BitwiseCopyable {
        var newest = UInt32.max
        var oldest = UInt32.max
        var count: UInt32 = 0
    }

    private var lists = Slab<List>(capacity: SiteLimits.endpointsMax)
    private var newest = UInt32.max

    /// The connection that has been idle longest; `.max` when there is none.
    private(set) var oldest = UInt32.max
    /// Idle connections.
    private(set) var count = 0

    /// Endpoints have ids below this number.
    var endpoints: UInt32 { UInt32(lists.count) }

    /// Has room for endpoints with ids below `count`.
    mutating func grow(endpoints count: Int) {
        // A slab hands out its slots in order: they are the ids.
        while lists.count < count { _ = lists.insert(List()) }
    }

    /// The connection of one endpoint that has been idle longest.
    func oldest(ofEndpoint endpoint: UInt32) -> UInt32? {
        let slot = lists[slot: endpoint].oldest
        return slot == .max ? nil : slot
    }

    /// Idle connections of one endpoint.
    func count(ofEndpoint endpoint: UInt32) -> UInt32 { lists[slot: endpoint].count }

    /// Puts a connection in as the newest.
    mutating func insert(_ slot: UInt32, in connections: inout Slab<UpstreamConnection>) {
        let endpoint = connections[slot: slot].endpoint
        let next = lists[slot: endpoint].newest
        connections[slot: slot].sameEndpoint = PoolLinks(newer: .max, older: next)
        if next != .max {
            connections[slot: next].sameEndpoint.newer = slot
        } else {
            lists[slot: endpoint].oldest = slot
        }
        lists[slot: endpoint].newest = slot
        lists[slot: endpoint].count += 1
        connections[slot: slot].sameAge = PoolLinks(newer: .max, older: newest)
        if newest != .max { connections[slot: newest].sameAge.newer = slot } else { oldest = slot }
        newest = slot
        count += 1
    }

    /// Takes the newest connection of an endpoint out, unless that is for one client only.
    mutating func take(
        endpoint: UInt32, in connections: inout Slab<UpstreamConnection>
    ) -> UInt32? {
        let slot = lists[slot: endpoint].newest
        guard slot != .max, connections[slot: slot].client == .max else { return nil }
        remove(slot, in: &connections)
        return slot
    }

    /// Takes a connection out that is known to be in.
    mutating func remove(_ slot: UInt32, in connections: inout Slab<UpstreamConnection>) {
        let endpoint = connections[slot: slot].endpoint
        let same = connections[slot: slot].sameEndpoint
        if same.older != .max {
            connections[slot: same.older].sameEndpoint.newer = same.newer
        } else {
            lists[slot: endpoint].oldest = same.newer
        }
        if same.newer != .max {
            connections[slot: same.newer].sameEndpoint.older = same.older
        } else {
            lists[slot: endpoint].newest = same.older
        }
        lists[slot: endpoint].count -= 1
        let age = connections[slot: slot].sameAge
        if age.older != .max {
            connections[slot: age.older].sameAge.newer = age.newer
        } else {
            oldest = age.newer
        }
        if age.newer != .max {
            connections[slot: age.newer].sameAge.older = age.older
        } else {
            newest = age.older
        }
        count -= 1
    }
}
