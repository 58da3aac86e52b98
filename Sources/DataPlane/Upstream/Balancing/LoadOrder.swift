// Least connections: the endpoint with the least in flight for its weight, kept at the root of a
// tree of comparisons.

/// Who has the least to do. O(log n) for a pick and for each change.
struct LoadOrder: ~Copyable {
    /// An endpoint, or the better one of two halves of them.
    struct Leader: BitwiseCopyable {
        /// When its turn among equals is (start-time fair queueing: Goyal, Vin and Cheng, SIGCOMM
        /// 1996). Each pick moves it on by the inverse of the weight.
        var turn: UInt64
        /// Less than 2^24; at 0 the endpoint is out.
        var weight: UInt32
        var inFlight: UInt32
        var position: Int

        /// Among equals the first one is ahead.
        @inline(__always)
        func isAhead(of other: Leader) -> Bool {
            guard weight > 0 else { return false }
            guard other.weight > 0 else { return true }
            let load = UInt64(inFlight) &* UInt64(other.weight)
            let otherLoad = UInt64(other.inFlight) &* UInt64(weight)
            if load != otherLoad { return load < otherLoad }
            return turn < other.turn || turn == other.turn && position < other.position
        }
    }

    /// One step of an endpoint with the least weight.
    private static let step: UInt64 = 1 << 32
    private static let turnMax: UInt64 = 1 << 62

    private let count: Int
    /// The children of node i are 2i and 2i + 1; from `count` on they are endpoints.
    private var leaders: MutableTable<Leader>
    /// The turn of the latest pick. Who was busy and has lagged behind gets one turn for it, not
    /// all that it missed.
    private var turn: UInt64 = 0

    /// - Parameter count: endpoints, all of them out and idle.
    init(count: Int) {
        self.count = count
        leaders = MutableTable(zeroed: 2 * count)
        for position in 0..<count { leaders[count + position].position = position }
    }

    /// Sets one endpoint; `rebuild` must follow.
    mutating func set(_ position: Int, weight: UInt32, inFlight: UInt32) {
        leaders[count + position].weight = weight
        leaders[count + position].inFlight = inFlight
    }

    mutating func rebuild() {
        for node in stride(from: count - 1, to: 0, by: -1) { play(node) }
    }

    mutating func setInFlight(_ position: Int, _ inFlight: UInt32) {
        leaders[count + position].inFlight = inFlight
        climb(from: position)
    }

    /// The endpoint with the least to do; `nil` when all are out or in `attempted`. It counts as
    /// one more in flight when `setInFlight` says so.
    mutating func pick(without attempted: AttemptedEndpoints) -> Int? {
        guard count > 0 else { return nil }
        var picked = leaders[1]
        if attempted.contains(picked.position) {
            guard let other = best(under: 1, without: attempted) else { return nil }
            picked = other
        }
        guard picked.weight > 0 else { return nil }
        turn = max(turn, picked.turn)
        leaders[count + picked.position].turn = turn + Self.step / UInt64(picked.weight)
        if turn > Self.turnMax { setTurnsBack() }
        climb(from: picked.position)
        return picked.position
    }

    private mutating func setTurnsBack() {
        for node in count..<2 * count { leaders[node].turn -= min(leaders[node].turn, turn) }
        turn = 0
        rebuild()
    }

    /// Compares anew what an endpoint has part in, up to where it neither led nor leads.
    private mutating func climb(from position: Int) {
        var node = count + position
        while node > 1 {
            node /= 2
            let didLead = leaders[node].position == position
            play(node)
            guard didLead || leaders[node].position == position else { return }
        }
    }

    @inline(__always)
    private mutating func play(_ node: Int) {
        let (first, second) = (leaders[2 * node], leaders[2 * node + 1])
        leaders[node] = first.isAhead(of: second) ? first : second
    }

    /// The best of those under a node that were not tried.
    private func best(under node: Int, without attempted: AttemptedEndpoints) -> Leader? {
        let leader = leaders[node]
        guard leader.weight > 0 else { return nil }
        guard attempted.contains(leader.position) else { return leader }
        guard node < count else { return nil }
        let first = best(under: 2 * node, without: attempted)
        let second = best(under: 2 * node + 1, without: attempted)
        guard let first, let second else { return first ?? second }
        return first.isAhead(of: second) ? first : second
    }
}
