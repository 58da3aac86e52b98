// Small numbers for things that have names: the ids by which workers know listeners, upstreams and
// endpoints. A thing keeps its number as long as it is there; a number of something that is gone
// is not given to another before no worker has anything of it left.

/// Gives out ids below a limit.
struct IDPool<Key: Hashable & Sendable>: Sendable {
    /// Ids below this number are given out.
    let capacity: Int
    private(set) var ids: [Key: UInt32] = [:]
    /// Of things that are gone and may still be at work somewhere, with the change that took them
    /// away.
    private var leaving: [(id: UInt32, change: UInt64)] = []
    private var free: [UInt32] = []
    private var unused: UInt32 = 0

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// The id of a thing, a new one if it has none; `nil` when there is none left.
    mutating func id(of key: Key) -> UInt32? {
        if let id = ids[key] { return id }
        guard let id = free.popLast() ?? nextUnused() else { return nil }
        ids[key] = id
        return id
    }

    private mutating func nextUnused() -> UInt32? {
        guard Int(unused) < capacity else { return nil }
        defer { unused += 1 }
        return unused
    }

    /// Only these are still there.
    ///
    /// - Parameter change: the number of the change that takes the others away.
    /// - Returns: the ids of the others.
    mutating func keep(only keys: Set<Key>, change: UInt64) -> [UInt32] {
        let gone = ids.filter { !keys.contains($0.key) }
        for key in gone.keys { ids[key] = nil }
        // In an order that does not change from run to run.
        let retired = gone.values.sorted()
        leaving += retired.map { ($0, change) }
        return retired
    }

    /// Makes ids free that nobody has anything of any more.
    ///
    /// - Parameter oldest: nobody looks at what was there before this change.
    mutating func reclaim(before oldest: UInt64, where isUnused: (UInt32) -> Bool) {
        let isFree = { (id: UInt32, change: UInt64) in change <= oldest && isUnused(id) }
        free += leaving.filter(isFree).map(\.id)
        leaving.removeAll(where: isFree)
    }
}
