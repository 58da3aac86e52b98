// Who waits for room at an upstream, first come first served: a line for each upstream, in the
// records of those who wait. Worker thread only.

/// Neighbours in a line.
struct LineLinks: BitwiseCopyable {
    var ahead = UInt32.max
    var behind = UInt32.max
}

/// A record that can stand in a line.
protocol Waiting: BitwiseCopyable {
    var line: LineLinks { get set }
}

/// The lines of one worker in front of all upstreams. The records belong to the slab that every
/// call is given. All operations are O(1).
struct WaitingLines<Record: Waiting>: ~Copyable {
    private struct Line: BitwiseCopyable {
        var first = UInt32.max
        var last = UInt32.max
        var lastInFront = UInt32.max
    }

    private var lines = Slab<Line>(capacity: SiteLimits.upstreamsMax)

    /// How many stand in all lines together.
    private(set) var count = 0

    /// Upstreams have ids below this number.
    var upstreams: UInt32 { UInt32(lines.count) }

    var isEmpty: Bool { count == 0 }

    /// The one whose turn it is next; `nil` when nobody waits.
    func first(of upstream: UInt32) -> UInt32? {
        guard upstream < upstreams else { return nil }
        let slot = lines[slot: upstream].first
        return slot == .max ? nil : slot
    }

    /// Puts one at the end.
    mutating func append(_ slot: UInt32, to upstream: UInt32, in records: inout Slab<Record>) {
        grow(upstream)
        insert(slot, behind: lines[slot: upstream].last, of: upstream, in: &records)
    }

    /// Puts one in front of all but those that were put there before: it had its turn and could not
    /// use it.
    mutating func putInFront(_ slot: UInt32, of upstream: UInt32, in records: inout Slab<Record>) {
        grow(upstream)
        insert(slot, behind: lines[slot: upstream].lastInFront, of: upstream, in: &records)
        lines[slot: upstream].lastInFront = slot
    }

    /// - Parameter ahead: who is to stand right before it; `.max` for nobody.
    private mutating func insert(
        _ slot: UInt32, behind ahead: UInt32, of upstream: UInt32, in records: inout Slab<Record>
    ) {
        let behind = ahead == .max ? lines[slot: upstream].first : records[slot: ahead].line.behind
        records[slot: slot].line = LineLinks(ahead: ahead, behind: behind)
        if ahead != .max {
            records[slot: ahead].line.behind = slot
        } else {
            lines[slot: upstream].first = slot
        }
        if behind != .max {
            records[slot: behind].line.ahead = slot
        } else {
            lines[slot: upstream].last = slot
        }
        count += 1
    }

    /// Takes one out, wherever it stands.
    mutating func remove(_ slot: UInt32, from upstream: UInt32, in records: inout Slab<Record>) {
        let links = records[slot: slot].line
        if lines[slot: upstream].lastInFront == slot {
            lines[slot: upstream].lastInFront = links.ahead
        }
        if links.ahead != .max {
            records[slot: links.ahead].line.behind = links.behind
        } else {
            lines[slot: upstream].first = links.behind
        }
        if links.behind != .max {
            records[slot: links.behind].line.ahead = links.ahead
        } else {
            lines[slot: upstream].last = links.ahead
        }
        count -= 1
    }

    private mutating func grow(_ upstream: UInt32) {
        // A slab hands out its slots in order: they are the ids.
        while lines.count <= Int(upstream) { _ = lines.insert(Line()) }
    }
}
