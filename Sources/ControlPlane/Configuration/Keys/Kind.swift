// Kinds of values: how one is read, written and described. `Kind+Scalars` has those of one word.

/// How a value stands in a file.
struct Kind<Value: Equatable & Sendable>: Sendable {
    /// What is said when something else stands there.
    let expected: String
    let shape: Shape
    /// `nil` after telling a mistake.
    let read: @Sendable (YAMLNode, inout Reading) -> Value?
    /// `nil` for a value that is said by leaving the key out.
    let write: @Sendable (Value) -> YAMLNode?
}

extension Kind {
    /// A value that is there or not.
    static func optional<Wrapped>(_ kind: Kind<Wrapped>) -> Kind where Value == Wrapped? {
        Kind(
            expected: kind.expected, shape: kind.shape,
            read: { node, reading in kind.read(node, &reading).map(Optional.some) },
            write: { value in value.flatMap(kind.write) })
    }

    /// A value, or a word for none.
    static func word<Wrapped>(
        _ word: String, or kind: Kind<Wrapped>
    ) -> Kind where Value == Wrapped? {
        Kind(
            expected: "\(kind.expected), or '\(word)'",
            shape: .either([.words([word]), kind.shape]),
            read: { node, reading in
                if node.scalar == word { return .some(nil) }
                let count = reading.mistakes.count
                let value = kind.read(node, &reading)
                reading.alsoExpected(word, since: count, for: node)
                return value.map(Optional.some)
            },
            write: { value in
                guard let value else { return .word(word) }
                return kind.write(value)
            })
    }

    /// The same text for another value.
    func map<Other>(
        _ to: @escaping @Sendable (Value) -> Other, back: @escaping @Sendable (Other) -> Value?
    ) -> Kind<Other> {
        Kind<Other>(
            expected: expected, shape: shape,
            read: { node, reading in read(node, &reading).map(to) },
            write: { other in back(other).flatMap(write) })
    }

    /// A sequence.
    ///
    /// - Parameters:
    ///   - what: items, in the plural.
    ///   - counts: how many there may be.
    static func list<Item>(
        of kind: Kind<Item>, _ what: String, counts: ClosedRange<Int>
    ) -> Kind where Value == [Item] {
        let expected = "a list of \(what)"
        return Kind(
            expected: expected, shape: .list(kind.shape, counts: counts),
            read: { node, reading in
                guard reading.visit(node) else { return nil }
                guard case .sequence(let items) = node.content else {
                    let hint = node.isNothing ? nil : node.scalar.map { "'[\($0)]'" }
                    reading.refuse(node, expected: expected, hint: hint)
                    return nil
                }
                if items.count < counts.lowerBound {
                    reading.refuse(node.place, "an empty list; expected at least one item")
                } else if items.count > counts.upperBound {
                    reading.refuse(
                        items[counts.upperBound].place,
                        "one of \(items.count) \(what); expected at most \(counts.upperBound)")
                }
                var texts: Set<String> = []
                return items.prefix(counts.upperBound).compactMap { item in
                    if let text = item.scalar, !texts.insert(text).inserted {
                        reading.refuse(item.place, "\(item.description) again; expected it once")
                    }
                    return kind.read(item, &reading)
                }
            },
            write: { value in YAMLNode(.sequence(value.compactMap(kind.write))) })
    }
}

extension Kind where Value: Keyed {
    /// A mapping.
    static var object: Kind {
        Kind(
            expected: Value.title, shape: .object { Value.shape },
            read: { node, reading in Value.read(node, &reading) },
            write: { value in value.written })
    }

    /// A mapping, or one word for what is usual.
    static func object(or short: Kind) -> Kind {
        let expected = "\(short.expected), or \(Value.title) (keys and values)"
        return Kind(
            expected: expected, shape: .either([short.shape, .object { Value.shape }]),
            read: { node, reading in
                switch node.content {
                case .mapping: return Value.read(node, &reading)
                case .scalar: return short.read(node, &reading)
                case .sequence:
                    reading.refuse(node, expected: expected)
                    return nil
                }
            },
            write: { value in short.write(value) ?? value.written })
    }
}

extension Kind where Value == [Configuration.HeaderValue] {
    /// Names of header fields, each with its value.
    static var headerValues: Kind {
        let expected = "a mapping of header fields to values"
        let value = Kind<String>.headerValue
        return Kind(
            expected: expected, shape: .map(value.shape),
            read: { node, reading in
                guard reading.visit(node) else { return nil }
                guard case .mapping(let pairs) = node.content else {
                    reading.refuse(node, expected: expected)
                    return nil
                }
                var names: Set<String> = []
                return pairs.prefix(Configuration.Limits.itemsMax).compactMap { pair in
                    guard let name = Kind<String>.writtenHeaderName.read(pair.key, &reading),
                        let text = value.read(pair.value, &reading)
                    else { return nil }
                    if !names.insert(name.lowercased()).inserted {
                        reading.refuse(pair.key.place, "'\(name)' again; expected it once")
                    }
                    return Configuration.HeaderValue(name, text)
                }
            },
            write: { fields in
                YAMLNode(.mapping(fields.map { YAMLPair(.text($0.name), .text($0.value)) }))
            })
    }
}
