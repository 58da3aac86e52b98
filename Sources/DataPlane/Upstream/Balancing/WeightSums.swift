// Draws in proportion to weights: a number below the sum of all weights falls into one member's
// stretch of the line.

/// Running sums of weights. A draw is a binary search, O(log n).
struct WeightSums: ~Copyable, Sendable {
    /// The end of each member's stretch.
    private var ends: MutableTable<UInt64>

    /// - Parameter count: members, none of which has any weight yet.
    init(count: Int) {
        ends = MutableTable(zeroed: count)
    }

    /// - Parameter weights: by member.
    init(_ weights: [UInt64]) {
        ends = MutableTable(zeroed: weights.count)
        for (member, weight) in weights.enumerated() { set(member, weight) }
    }

    var count: Int { ends.count }

    var total: UInt64 { count == 0 ? 0 : ends[count - 1] }

    /// Sets a member's weight; those behind it must be set after it.
    mutating func set(_ member: Int, _ weight: UInt64) {
        ends[member] = start(of: member) + weight
    }

    func start(of member: Int) -> UInt64 { member == 0 ? 0 : ends[member - 1] }

    func weight(of member: Int) -> UInt64 { ends[member] - start(of: member) }

    /// The member whose stretch a number falls into.
    ///
    /// - Parameter point: less than `total`.
    func member(at point: UInt64) -> Int {
        var first = 0
        var left = count
        // The answer is among the `left` from `first` on.
        while left > 1 {
            let half = left / 2
            if ends[first + half - 1] <= point { first += half }
            left -= half
        }
        return first
    }
}
