// Tables of keys: an entry says a key's name, its place in the model, its kind and its meaning.
// Reading, writing, the schema, the reference and "did you mean" all follow from them.

/// A value that stands in a file as a mapping.
protocol Keyed: Equatable, Sendable {
    init()
    /// What it is, with its article.
    static var title: String { get }
    static var keys: [Key<Self>] { get }
    static var groups: [KeyGroup] { get }
    /// The key that says which variant it is: other keys may be for one of them only.
    static var variantKey: String? { get }
}

extension Keyed {
    static var groups: [KeyGroup] { [] }
    static var variantKey: String? { nil }
}

/// A key of `Owner`.
struct Key<Owner: Keyed>: Sendable {
    let facts: KeyFacts
    fileprivate let read: @Sendable (YAMLNode, inout Owner, inout Reading) -> Void
    /// `nil` when leaving the key out says the same.
    fileprivate let write: @Sendable (Owner) -> YAMLNode?

    /// - Parameters:
    ///   - path: where the value is kept; what a new `Owner` has there is the default.
    ///   - doc: a sentence: meaning, unit, what happens.
    ///   - isRequired: whether there is no default.
    ///   - only: the variant that has it.
    ///   - example: in YAML, for a key whose default cannot be written.
    init<Value>(
        _ name: String, _ path: any WritableKeyPath<Owner, Value> & Sendable, _ kind: Kind<Value>,
        _ doc: String, isRequired: Bool = false, only: String? = nil, example: String? = nil
    ) {
        let standard = Owner()[keyPath: path]
        facts = KeyFacts(
            name: name, doc: doc, expected: kind.expected, shape: kind.shape,
            isRequired: isRequired, only: only,
            fallback: example == nil ? kind.write(standard) : nil, example: example)
        read = { node, owner, reading in
            if let value = kind.read(node, &reading) { owner[keyPath: path] = value }
        }
        write = { owner in
            let value = owner[keyPath: path]
            let isImplied = value == standard && !isRequired && example == nil
            return isImplied ? nil : kind.write(value)
        }
    }
}

/// Lets each line of a table be understood by itself: quick to compile, and mistakes are told where
/// they are.
@resultBuilder enum KeyTable<Owner: Keyed> {
    static func buildExpression(_ key: Key<Owner>) -> Key<Owner> { key }
    static func buildBlock(_ keys: Key<Owner>...) -> [Key<Owner>] { keys }
}

extension Keyed {
    static func table(@KeyTable<Self> _ keys: () -> [Key<Self>]) -> [Key<Self>] { keys() }

    static var shape: ObjectShape {
        ObjectShape(
            title: title, keys: keys.map(\.facts), groups: groups, variantKey: variantKey)
    }

    /// What differs from the default, and what has none.
    var written: YAMLNode {
        YAMLNode(
            .mapping(
                Self.keys.compactMap { key in
                    key.write(self).map { YAMLPair(.word(key.facts.name), $0) }
                }))
    }

    /// Reads a mapping. Where something is wrong, the default stays.
    static func read(_ node: YAMLNode, _ reading: inout Reading) -> Self {
        var value = Self()
        guard reading.visit(node) else { return value }
        guard case .mapping(let pairs) = node.content else {
            reading.refuse(node, expected: "\(title) (keys and values)")
            return value
        }
        let outer = reading.variant
        if let key = variantKey { reading.variant = node[key]?.scalar }
        var given = GivenKeys()
        for pair in pairs {
            guard let key = key(pair.key, &given, &reading) else { continue }
            key.read(pair.value, &value, &reading)
        }
        reading.variant = outer
        tellMissing(node, given, &reading)
        return value
    }

    /// The key that a node names; `nil` after telling why it is none.
    private static func key(
        _ node: YAMLNode, _ given: inout GivenKeys, _ reading: inout Reading
    ) -> Key<Self>? {
        guard let name = node.scalar else {
            reading.refuse(node, expected: "a key of \(title)")
            return nil
        }
        if let first = given.places[name] {
            reading.refuse(
                node.place, "'\(name)' again; expected it once, it is in line \(first.line)")
            return nil
        }
        given.places[name] = node.place
        guard let key = keys.first(where: { $0.facts.name == name }) else {
            tellUnknown(node, &given, &reading)
            return nil
        }
        if let only = key.facts.only, let variant = reading.variant, only != variant {
            given.foreign.insert(name)
            reading.refuse(
                node.place, "'\(name)' is for \(only); expected a key that \(variant) has")
            return nil
        }
        return key
    }

    private static func tellUnknown(
        _ node: YAMLNode, _ given: inout GivenKeys, _ reading: inout Reading
    ) {
        let fitting = keys.map(\.facts).filter { facts in
            facts.only == nil || reading.variant == nil || facts.only == reading.variant
        }.map(\.name)
        let meant = node.scalar.flatMap { Suggestion.nearest(to: $0, among: fitting) }
        if let meant { given.meant.insert(meant) }
        if node.scalar == "<<" {
            reading.refuse(
                node.place, "'<<' merges mappings; expected keys, or an alias for a whole value")
            return
        }
        let expected =
            meant == nil ? "one of \(fitting.joined(separator: ", "))" : "a key of \(title)"
        reading.refuse(
            node.place, "unknown key \(node.description); expected \(expected)",
            hint: meant.map { "'\($0)'" })
    }

    private static func tellMissing(
        _ node: YAMLNode, _ given: GivenKeys, _ reading: inout Reading
    ) {
        for key in keys where key.facts.isRequired && !given.isThere(key.facts.name) {
            reading.refuse(node.place, "no '\(key.facts.name)'; expected it in \(title)")
        }
        for group in groups {
            let there = group.names.filter { given.isThere($0) && !given.foreign.contains($0) }
            if there.isEmpty, group.isRequired {
                reading.refuse(
                    node.place, "no \(group.text); expected one of them in \(title)")
            }
            let places = there.compactMap { name in given.places[name].map { ($0, name) } }
                .sorted { $0 < $1 }
            for (place, name) in places.dropFirst() {
                reading.refuse(
                    place, "'\(name)' beside '\(places[0].1)'; expected one of them")
            }
        }
    }
}

/// What a mapping has named.
private struct GivenKeys {
    var places: [String: TextPlace] = [:]
    /// Keys that this variant does not have.
    var foreign: Set<String> = []
    /// Keys that were spelled wrong, as they are spelled right.
    var meant: Set<String> = []

    func isThere(_ name: String) -> Bool { places[name] != nil || meant.contains(name) }
}

extension KeyGroup {
    fileprivate var text: String { names.map { "'\($0)'" }.joined(separator: ", ") }
}
