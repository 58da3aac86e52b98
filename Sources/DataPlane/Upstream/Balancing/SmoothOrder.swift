// Smooth weighted round robin: the sequence of nginx (since 1.3.1, 2012) in less time. In
// nginx each pick adds every endpoint's weight to its score, takes the one with the highest score,
// the first among equals, and subtracts the sum of all weights from that: O(n). Here a score is a
// straight line over time, and who leads is kept in a tree of comparisons that know until when
// they hold (a kinetic tournament: Basch, Guibas and Hershberger, SODA 1997).

/// Who is next. A pick works upwards from one leaf, O(log n); with different weights also the
/// comparisons that have run out are made anew, a few for each pick on average.
struct SmoothOrder: ~Copyable {
    struct Line: BitwiseCopyable {
        /// At time 0.
        var score: Int64
        /// What is added in each step; at 0 the endpoint is out and its score waits.
        var weight: Int64
    }

    /// A comparison of the leaders of two halves. The children of node i are 2i and 2i + 1; from
    /// `count` on they are endpoints.
    struct Match: BitwiseCopyable {
        /// The last time for which all comparisons here and below hold.
        var untilTime: Int64
        var leader: Int
    }

    /// Scores stay below 2^36 and grow by less than 2^24 in a step, so they cannot overflow
    /// before the clock is set back.
    private static let timeMax: Int64 = 1 << 32

    private var lines: MutableTable<Line>
    private var matches: MutableTable<Match>
    /// Of the pick that comes next, from 1 on.
    private var time: Int64 = 1
    private var total: Int64 = 0

    /// - Parameter count: endpoints, all of them out.
    init(count: Int) {
        lines = MutableTable(zeroed: count)
        matches = MutableTable(zeroed: count)
    }

    private var count: Int { lines.count }

    /// Sets all weights; scores stay.
    ///
    /// - Parameter weights: one for each endpoint, less than 2^24; 0 takes it out.
    mutating func setWeights(_ weights: borrowing MutableTable<UInt32>) {
        setClockBack()
        total = 0
        for position in 0..<count {
            lines[position].weight = Int64(weights[position])
            total += Int64(weights[position])
        }
        for node in stride(from: count - 1, to: 0, by: -1) { play(node) }
    }

    /// Begins to count time anew.
    private mutating func setClockBack() {
        for position in 0..<count {
            lines[position].score += lines[position].weight * (time - 1)
        }
        time = 1
    }

    /// The next endpoint; `nil` when all are out or in `attempted`.
    mutating func pick(without attempted: AttemptedEndpoints) -> Int? {
        guard total > 0 else { return nil }
        if time == Self.timeMax {
            setClockBack()
            for node in stride(from: count - 1, to: 0, by: -1) { play(node) }
        }
        var picked = leader(of: 1)
        if attempted.contains(picked) {
            guard let other = best(under: 1, without: attempted) else { return nil }
            picked = other
        }
        lines[picked].score -= total
        time += 1
        var node = count + picked
        while node > 1 {
            refresh(node ^ 1)
            node /= 2
            play(node)
        }
        return picked
    }

    private func leader(of node: Int) -> Int {
        node < count ? matches[node].leader : node - count
    }

    /// Makes comparisons anew that do not hold any more.
    private mutating func refresh(_ node: Int) {
        guard node < count, matches[node].untilTime < time else { return }
        refresh(2 * node)
        refresh(2 * node + 1)
        play(node)
    }

    /// Compares the leaders of two halves that hold now.
    @inline(__always)
    private mutating func play(_ node: Int) {
        let (left, right) = (2 * node, 2 * node + 1)
        let (first, second) = (leader(of: left), leader(of: right))
        let isFirst = isAhead(first, of: second)
        let leader = isFirst ? first : second
        var untilTime = lastTime(leader, isAheadOf: isFirst ? second : first)
        if left < count { untilTime = min(untilTime, matches[left].untilTime) }
        if right < count { untilTime = min(untilTime, matches[right].untilTime) }
        matches[node] = Match(untilTime: untilTime, leader: leader)
    }

    @inline(__always)
    private func isAhead(_ one: Int, of other: Int) -> Bool {
        guard lines[one].weight > 0 else { return false }
        guard lines[other].weight > 0 else { return true }
        let lead = score(one) - score(other)
        return lead > 0 || lead == 0 && one < other
    }

    private func score(_ position: Int) -> Int64 {
        lines[position].score + lines[position].weight * time
    }

    /// Until when an endpoint that is ahead of another stays so if neither is picked.
    @inline(__always)
    private func lastTime(_ leader: Int, isAheadOf other: Int) -> Int64 {
        let gain = lines[other].weight - lines[leader].weight
        guard gain > 0 else { return .max }
        let lead = score(leader) - score(other)
        // The first among equals has its turn when it has caught up, any other one step later.
        return time + (other < leader ? lead - 1 : lead) / gain
    }

    /// The best of those under a node that were not tried.
    private func best(under node: Int, without attempted: AttemptedEndpoints) -> Int? {
        let leader = leader(of: node)
        guard lines[leader].weight > 0 else { return nil }
        guard attempted.contains(leader) else { return leader }
        guard node < count else { return nil }
        let first = best(under: 2 * node, without: attempted)
        let second = best(under: 2 * node + 1, without: attempted)
        guard let first, let second else { return first ?? second }
        return isAhead(first, of: second) ? first : second
    }
}
