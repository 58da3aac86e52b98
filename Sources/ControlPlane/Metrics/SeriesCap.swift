// A bound on label sets: so many routes and endpoints have series of their own, the others share
// one for each listener or upstream.

internal import DataPlane

/// Which ids are shown by name. By id and not by rank: an id's thing keeps its series for as long
/// as it is there, and what the others share never falls.
struct SeriesCap: Sendable {
    /// Routes, and endpoints, that have series of their own.
    static let seriesMax: UInt32 = 1_000
    // No name begins like these.
    /// The value of the label of those that share one.
    static let others = "_other"
    /// The value of the label for what is there no more.
    static let removed = "(removed)"

    /// A route's or an endpoint's share of the text.
    struct Series<Value: Tally> {
        /// Of a listener or an upstream.
        let group: String
        let name: String
        var value: Value
    }

    let max: UInt32

    init(max: UInt32 = seriesMax) {
        self.max = max
    }

    /// - Parameters:
    ///   - things: all that there are.
    ///   - gone: what is there no more.
    func series<Value: Tally>(
        _ things: some Sequence<(id: UInt32, group: String, name: String, value: Value)>,
        gone: [IDLedger<Value>.Group: Value]
    ) -> [Series<Value>] {
        var shown: [Series<Value>] = []
        var hidden: [String: Value] = [:]
        for (id, group, name, value) in things {
            if id < max {
                shown.append(Series(group: group, name: name, value: value))
            } else {
                hidden[group, default: Value()].add(value)
            }
        }
        var removed: [String: Value] = [:]
        for (group, value) in gone {
            let name = group.name.isEmpty ? Self.removed : group.name
            if group.isHidden {
                hidden[name, default: Value()].add(value)
            } else {
                removed[name, default: Value()].add(value)
            }
        }
        shown += removed.sorted { $0.key < $1.key }
            .map { Series(group: $0.key, name: Self.removed, value: $0.value) }
        shown += hidden.sorted { $0.key < $1.key }
            .map { Series(group: $0.key, name: Self.others, value: $0.value) }
        return shown
    }
}
