// What is known while a tree becomes a configuration.

/// Collects mistakes; nothing stops at the first one.
struct Reading {
    /// Values that are looked at, what aliases repeat included: a few lines of aliases of aliases
    /// stand for more than any memory holds.
    static let visitsMax = 1_000_000

    private(set) var mistakes: [Mistake] = []
    /// What the nearest mapping around says that its kind is (`http`), when it says so.
    var variant: String?
    private var visits = 0

    /// Whether not everything was read.
    var isExhausted: Bool { visits > Self.visitsMax }

    mutating func refuse(_ place: TextPlace, _ text: String, hint: String? = nil) {
        mistakes.append(Mistake(place, text, hint: hint))
    }

    mutating func refuse(_ node: YAMLNode, expected: String, hint: String? = nil) {
        refuse(node.place, "\(node.description); expected \(expected)", hint: hint)
    }

    /// To be called for every value.
    ///
    /// - Returns: false when there were too many of them.
    mutating func visit(_ node: YAMLNode) -> Bool {
        visits += 1
        if visits == Self.visitsMax + 1 {
            refuse(
                node.place,
                "aliases that stand for too much; expected at most \(Self.visitsMax) values")
        }
        return visits <= Self.visitsMax
    }

    /// Says of the mistakes since there were `count` that a word could have stood there too.
    mutating func alsoExpected(_ word: String, since count: Int, for node: YAMLNode) {
        for index in mistakes.indices.dropFirst(count) {
            let mistake = mistakes[index]
            let hint =
                mistake.hint
                ?? node.scalar.flatMap {
                    Suggestion.nearest(to: $0, among: [word]).map { "'\($0)'" }
                }
            mistakes[index] = Mistake(mistake.place, "\(mistake.text), or '\(word)'", hint: hint)
        }
    }
}
