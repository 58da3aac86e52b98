// What one configuration would change against another. Pure: both are given as neutral parts, and
// how many connections a part has is asked of whoever knows.

/// Something of a configuration that has a name of its own.
package struct PlanPart: Sendable {
    package enum Kind: String, Codable, CaseIterable, Sendable {
        case process
        case listener
        case route
        case upstream
        case endpoint
    }

    package var kind: Kind
    /// Unique among those of its kind, the same over reloads while the part stays the same.
    package var name: String
    /// What it is, to be compared with what another one is; `nil`: its settings are compared.
    private let value: (any Equatable & Sendable)?
    private let read: @Sendable () -> [(key: String, value: String)]

    /// - Parameter settings: see `settings`.
    package init(_ kind: Kind, _ name: String, _ settings: [(key: String, value: String)] = []) {
        self.kind = kind
        self.name = name
        value = nil
        read = { settings }
    }

    /// - Parameters:
    ///   - value: what is equal when nothing is to be told.
    ///   - settings: reads them from the value.
    package init(
        _ kind: Kind, _ name: String, of value: some Equatable & Sendable,
        settings: @escaping @Sendable () -> [(key: String, value: String)]
    ) {
        self.kind = kind
        self.name = name
        self.value = value
        read = settings
    }

    /// Values by the keys of the configuration file, in its order. Read from the part each time:
    /// of most parts nobody wants to know them.
    package var settings: [(key: String, value: String)] { read() }

    /// Whether nothing can differ.
    func isSame(as other: PlanPart) -> Bool {
        guard let value, let theirs = other.value else { return false }
        return Self.areEqual(value, theirs)
    }

    private static func areEqual<Value: Equatable>(_ one: Value, _ other: any Equatable) -> Bool {
        other as? Value == one
    }
}

/// A part that is not what it was.
package struct PlanChange: Codable, Equatable, Sendable {
    package enum Action: String, Codable, Sendable {
        case added
        case removed
        case changed
        /// The same, but at another place among others, where that decides which one is taken.
        case moved
    }

    package struct Setting: Codable, Equatable, Sendable {
        package var key: String
        /// `nil`: it was not set.
        package var from: String?
        /// `nil`: it is not set any more.
        package var to: String?

        package init(_ key: String, from: String?, to: String?) {
            self.key = key
            self.from = from
            self.to = to
        }
    }

    package var action: Action
    package var kind: PlanPart.Kind
    package var name: String
    /// Of `changed`: every setting that differs.
    package var settings: [Setting] = []
    /// Connections or requests that are under way there now; `nil` when they are not counted.
    package var connections: UInt64?

    package init(
        action: Action, kind: PlanPart.Kind, name: String, settings: [Setting] = [],
        connections: UInt64? = nil
    ) {
        self.action = action
        self.kind = kind
        self.name = name
        self.settings = settings
        self.connections = connections
    }
}

/// The comparison of two configurations.
package enum Plan {
    /// Settings whose values are nobody's business who may see the plan.
    private static let secrets: Set<String> = ["admin.token"]
    private static let hidden = "(hidden)"

    /// - Parameters:
    ///   - old: parts in the order of their configuration.
    ///   - new: the same.
    ///   - connections: how many a part of the old one has; `nil` for what is not counted.
    /// - Returns: changes by kind; of each kind first what goes, then what is there afterwards, in
    ///   the new order.
    package static func between(
        _ old: [PlanPart], _ new: [PlanPart],
        connections: (PlanPart.Kind, String) -> UInt64? = { _, _ in nil }
    ) -> [PlanChange] {
        PlanPart.Kind.allCases.flatMap { kind in
            changes(
                kind, old.filter { $0.kind == kind }, new.filter { $0.kind == kind }, connections)
        }
    }

    private static func changes(
        _ kind: PlanPart.Kind, _ old: [PlanPart], _ new: [PlanPart],
        _ connections: (PlanPart.Kind, String) -> UInt64?
    ) -> [PlanChange] {
        let before = Dictionary(old.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let after = Set(new.map(\.name))
        var changes = old.filter { !after.contains($0.name) }.map { part in
            PlanChange(
                action: .removed, kind: kind, name: part.name,
                connections: connections(kind, part.name))
        }
        let moved = kind == .route ? Self.moved(old.map(\.name), new.map(\.name)) : []
        for part in new {
            guard let previous = before[part.name] else {
                changes.append(PlanChange(action: .added, kind: kind, name: part.name))
                continue
            }
            let settings = previous.isSame(as: part) ? [] : differences(previous, part)
            guard !settings.isEmpty || moved.contains(part.name) else { continue }
            changes.append(
                PlanChange(
                    action: settings.isEmpty ? .moved : .changed, kind: kind, name: part.name,
                    settings: settings, connections: connections(kind, part.name)))
        }
        return changes
    }

    private static func differences(_ old: PlanPart, _ new: PlanPart) -> [PlanChange.Setting] {
        let (olds, news) = (old.settings, new.settings)
        let before = Dictionary(olds.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        let after = Dictionary(news.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        let gone = olds.filter { after[$0.key] == nil }
        let others = news.filter { before[$0.key] != $0.value }
        return (gone + others).map { key, _ in
            let hides = secrets.contains(key)
            return PlanChange.Setting(
                key, from: before[key].map { hides ? hidden : $0 },
                to: after[key].map { hides ? hidden : $0 })
        }
    }

    /// The fewest names that have to be taken out so that the rest, which both lists have, is in
    /// the same order: all but a longest increasing run of old places (patience sorting).
    private static func moved(_ old: [String], _ new: [String]) -> Set<String> {
        let places = Dictionary(
            old.enumerated().map { ($0.element, $0.offset) },
            uniquingKeysWith: { first, _ in first })
        let common = new.filter { places[$0] != nil }
        let sequence = common.map { places[$0] ?? 0 }
        // The last item of the best run of each length, and each item's forerunner in its run.
        var ends: [Int] = []
        var forerunners: [Int?] = []
        for (index, place) in sequence.enumerated() {
            var low = 0
            var high = ends.count
            while low < high {
                let middle = (low + high) / 2
                if sequence[ends[middle]] < place { low = middle + 1 } else { high = middle }
            }
            forerunners.append(low > 0 ? ends[low - 1] : nil)
            if low == ends.count { ends.append(index) } else { ends[low] = index }
        }
        var kept: Set<String> = []
        var next = ends.last
        while let index = next {
            kept.insert(common[index])
            next = forerunners[index]
        }
        return Set(common).subtracting(kept)
    }
}
