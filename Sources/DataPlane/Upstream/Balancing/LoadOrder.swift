// Least connections: the endpoint with the least in flight for its weight, kept at the root of a
// tree of comparisons.

/// Who has the least to do. O(log n) for a pick and for each change.
struct LoadOrder: ~Copyable {
    struct Load: BitwiseCopyable {
        /// When its turn among equals is (start-time fair queueing: Goyal, Vin and Cheng, SIGCOMM
        /// 1996). Each pick moves it on by the inverse of the weight.
        var turn: UInt64
        /// Less than 2^24; at 0 the endpoint is out.
        var weight: UInt32
        var inFlight: UInt32
    }

    /// One step of the endpoint with weight 1.
    private static let step: UInt64 = 1 << 32
    private static let turnMax: UInt64 = 1 << 62

    private var loads: MutableTable<Load>
    /// Leaders of two halves; the children of node i are 2i and 2i + 1, from `count` on endpoints.
    private var leaders: MutableTable<UInt16>
    /// The turn of the latest pick. Who was busy and has lagged behind gets one turn for it, not
    /// all that it missed.
    private var turn: UInt64 = 0

    /// - Parameter count: endpoints, all of them out and idle.
    init(count: Int) {
        loads = MutableTable(zeroed: count)
        leaders = MutableTable(zeroed: count)
    }

    private var count: Int { loads.count }

    /// Sets one endpoint; `rebuild` must follow.
    mutating func set(_ position: Int, weight: UInt32, inFlight: UInt32) {
        loads[position].weight = weight
        loads[position].inFlight = inFlight
    }

    mutating func rebuild() {
        for node in stride(from: count - 1, to: 0, by: -1) { play(node) }
    }

    mutating func setInFlight(_ position: Int, _ inFlight: UInt32) {
        loads[position].inFlight = inFlight
        climb(from: position)
    }

    /// The endpoint with the least to do; `nil` when all are out or in `attempted`. It counts as
    /// one more in flight when `setInFlight` says so.
    mutating func pick(without attempted: AttemptedEndpoints) -> Int? {
        guard count > 0 else { return nil }
        var picked = leader(of: 1)
        if attempted.contains(picked) {
            guard let other = best(under: 1, without: attempted) else { return nil }
            picked = other
        }
        guard loads[picked].weight > 0 else { return nil }
        turn = max(turn, loads[picked].turn)
        loads[picked].turn = turn + Self.step / UInt64(loads[picked].weight)
        if turn > Self.turnMax { setTurnsBack() }
        climb(from: picked)
        return picked
    }

    private mutating func setTurnsBack() {
        for position in 0..<count { loads[position].turn -= min(loads[position].turn, turn) }
        turn = 0
        rebuild()
    }

    private mutating func climb(from position: Int) {
        var node = count + position
        while node > 1 {
            node /= 2
            play(node)
        }
    }

    private func leader(of node: Int) -> Int {
        node < count ? Int(leaders[node]) : node - count
    }

    @inline(__always)
    private mutating func play(_ node: Int) {
        let (first, second) = (leader(of: 2 * node), leader(of: 2 * node + 1))
        leaders[node] = UInt16(truncatingIfNeeded: isAhead(first, of: second) ? first : second)
    }

    @inline(__always)
    private func isAhead(_ one: Int, of other: Int) -> Bool {
        let (mine, its) = (loads[one], loads[other])
        guard mine.weight > 0 else { return false }
        guard its.weight > 0 else { return true }
        let load = UInt64(mine.inFlight) &* UInt64(its.weight)
        let otherLoad = UInt64(its.inFlight) &* UInt64(mine.weight)
        if load != otherLoad { return load < otherLoad }
        if mine.turn != its.turn { return mine.turn < its.turn }
        return one < other
    }

    /// The best of those under a node that were not tried.
    private func best(under node: Int, without attempted: AttemptedEndpoints) -> Int? {
        let leader = leader(of: node)
        guard loads[leader].weight > 0 else { return nil }
        guard attempted.contains(leader) else { return leader }
        guard node < count else { return nil }
        let first = best(under: 2 * node, without: attempted)
        let second = best(under: 2 * node + 1, without: attempted)
        guard let first, let second else { return first ?? second }
        return isAhead(first, of: second) ? first : second
    }
}
