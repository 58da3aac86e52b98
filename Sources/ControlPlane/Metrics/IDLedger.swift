// Whose counts are whose: words of an id count for ever, and ids are given to one thing after the
// other. Pure, apart from the words, which are read by whoever calls.

/// The books of ids of one kind.
struct IDLedger<Value: Tally>: Sendable {
    /// What an id that has no thing any more counts for.
    struct Group: Hashable, Sendable {
        /// Of the listener or the upstream that the thing was of, as long as that is there; else
        /// empty.
        var name: String
        /// Whether the id is one of those that have no series of their own.
        var isHidden: Bool
    }

    private var present: [UInt32: String] = [:]
    private var leaving: [UInt32: String] = [:]
    /// What ids that were given out again had counted until then.
    private var baselines: [UInt32: Value] = [:]
    /// What was counted of things that are gone, and whose ids others have.
    private var settled: [Group: Value] = [:]
    /// Ids from this one on are hidden.
    private let hiddenFrom: UInt32

    init(hiddenFrom: UInt32 = SeriesCap.seriesMax) {
        self.hiddenFrom = hiddenFrom
    }

    private func group(_ id: UInt32, _ name: String) -> Group {
        Group(name: name, isHidden: id >= hiddenFrom)
    }

    /// Takes down which ids have things from now on. Of an id that had none before nobody counts
    /// any more: its words are final.
    ///
    /// - Parameters:
    ///   - now: the groups of things by their ids.
    ///   - groups: those that are there; of none when groups do not matter.
    ///   - read: the words of an id.
    mutating func update(
        to now: [UInt32: String], groups: Set<String> = [], read: (UInt32) -> Value
    ) {
        for (id, name) in present where now[id] == nil { leaving[id] = name }
        for id in now.keys where present[id] == nil {
            guard let name = leaving.removeValue(forKey: id) else { continue }
            let words = read(id)
            settled[group(id, name), default: Value()].add(value(of: id, words))
            baselines[id] = words
        }
        present = now
        for (id, name) in leaving where !groups.contains(name) { leaving[id] = "" }
        for group in settled.keys where group.name != "" && !groups.contains(group.name) {
            guard let value = settled.removeValue(forKey: group) else { continue }
            settled[Group(name: "", isHidden: group.isHidden), default: Value()].add(value)
        }
    }

    /// What was counted of the thing that has an id.
    func value(of id: UInt32, _ words: Value) -> Value {
        baselines[id].map(words.since) ?? words
    }

    /// What was counted of things that are gone, by their groups.
    func removed(read: (UInt32) -> Value) -> [Group: Value] {
        leaving.reduce(into: settled) { sums, gone in
            let group = group(gone.key, gone.value)
            sums[group, default: Value()].add(value(of: gone.key, read(gone.key)))
        }
    }
}
