// Smooth weighted round robin: the sequence of nginx (since 1.3.1, 2012) in less time. In
// nginx each pick adds every endpoint's weight to its score, takes the one with the highest score,
// the first among equals, and subtracts the sum of all weights from that: O(n). Here a score is a
// straight line over time, and who leads is kept in a tree of comparisons that know until when
// they hold (a kinetic tournament: Basch, Guibas and Hershberger, SODA 1997).

/// Who is next. A pick works upwards from one leaf, O(log n); with different weights also the
/// comparisons that have run out are made anew, a few for each pick on average.
struct SmoothOrder: ~Copyable {
    /// An endpoint, or the better one of two halves of them. It is copied on the way up, so that a
    /// comparison looks at two neighbours in memory and nothing else.
    struct Leader: BitwiseCopyable {
        /// At time 0.
        var score: Int64
        /// What is added to it in each step; at 0 the endpoint is out and its score waits.
        var weight: Int64
        /// The last time for which all comparisons here and below hold.
        var untilTime: Int64
        var position: Int

        /// Scores stay below 2^36 and grow by less than 2^24 in each of 2^32 steps.
        @inline(__always)
        func score(at time: Int64) -> Int64 {
            weight == 0 ? .min : score &+ weight &* time
        }

        /// Among equals the first one is ahead.
        @inline(__always)
        func isAhead(of other: Leader, at time: Int64) -> Bool {
            let (mine, its) = (score(at: time), other.score(at: time))
            return mine > its || mine == its && position < other.position
        }

        /// Until when it stays ahead of another if neither is picked.
        @inline(__always)
        func lastTimeAhead(of other: Leader, at time: Int64) -> Int64 {
            let gain = other.weight &- weight
            guard gain > 0 else { return .max }
            let lead = score(at: time) &- other.score(at: time)
            // One before it has its turn when it has caught up, any other one step later.
            return time &+ (other.position < position ? lead &- 1 : lead) / gain
        }
    }

    private static let timeMax: Int64 = 1 << 32

    private let count: Int
    /// The children of node i are 2i and 2i + 1; from `count` on they are endpoints.
    private var leaders: MutableTable<Leader>
    /// Of the pick that comes next, from 1 on.
    private var time: Int64 = 1
    private var total: Int64 = 0

    /// - Parameter count: endpoints, all of them out.
    init(count: Int) {
        self.count = count
        leaders = MutableTable(zeroed: 2 * count)
        for position in 0..<count {
            leaders[count + position].untilTime = .max
            leaders[count + position].position = position
        }
    }

    /// Sets all weights; scores stay.
    ///
    /// - Parameter weights: one for each endpoint, less than 2^24; 0 takes it out.
    mutating func setWeights(_ weights: borrowing MutableTable<UInt32>) {
        setClockBack()
        total = 0
        for position in 0..<count {
            leaders[count + position].weight = Int64(weights[position])
            total += Int64(weights[position])
        }
        playAll()
    }

    /// Begins to count time anew.
    private mutating func setClockBack() {
        for node in count..<2 * count { leaders[node].score += leaders[node].weight * (time - 1) }
        time = 1
    }

    private mutating func playAll() {
        for node in stride(from: count - 1, to: 0, by: -1) { play(node) }
    }

    /// The next endpoint; `nil` when all are out or in `attempted`.
    mutating func pick(without attempted: AttemptedEndpoints) -> Int? {
        guard total > 0 else { return nil }
        if time == Self.timeMax {
            setClockBack()
            playAll()
        }
        var picked = leaders[1].position
        if attempted.contains(picked) {
            guard let other = best(under: 1, without: attempted) else { return nil }
            picked = other.position
        }
        var node = count + picked
        leaders[node].score -= total
        time += 1
        while node > 1 {
            if leaders[node ^ 1].untilTime < time { refresh(node ^ 1) }
            node /= 2
            play(node)
        }
        return picked
    }

    /// Makes comparisons anew that do not hold any more.
    private mutating func refresh(_ node: Int) {
        if leaders[2 * node].untilTime < time { refresh(2 * node) }
        if leaders[2 * node + 1].untilTime < time { refresh(2 * node + 1) }
        play(node)
    }

    /// Compares two halves whose leaders hold now.
    @inline(__always)
    private mutating func play(_ node: Int) {
        let (first, second) = (leaders[2 * node], leaders[2 * node + 1])
        let isFirst = first.isAhead(of: second, at: time)
        var leader = isFirst ? first : second
        let untilTime = leader.lastTimeAhead(of: isFirst ? second : first, at: time)
        leader.untilTime = min(untilTime, first.untilTime, second.untilTime)
        leaders[node] = leader
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
        return first.isAhead(of: second, at: time) ? first : second
    }
}
