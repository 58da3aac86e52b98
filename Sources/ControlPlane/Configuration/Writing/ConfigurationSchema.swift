// The format as a JSON Schema (2020-12), for editors: made of the tables of keys. It sees what can
// be said of one value; names that have no upstream and the like it does not.

/// Writes `Config/gyre.schema.json`.
package enum ConfigurationSchema {
    /// The file's text.
    package static var text: String {
        var definitions = Definitions()
        let root = definitions.object(Configuration.shape)
        let all = [("variable", Self.variable)] + definitions.schemas
        return JSONText.object(
            [
                ("$schema", .string("https://json-schema.org/draft/2020-12/schema")),
                ("title", .string("Gyre's configuration file")),
            ] + root + [("$defs", .object(all))]
        ).indented + "\n"
    }

    /// A value of the environment may become anything.
    private static let variable = JSONText.object([
        ("description", .string("A value with a variable of the environment in it.")),
        ("type", .string("string")), ("pattern", .string(#"\$\{"#)),
    ])
}

/// Mappings by their names.
private struct Definitions {
    private(set) var schemas: [(String, JSONText)] = []

    /// What is required of a value.
    private mutating func schema(_ shape: Shape) -> [(String, JSONText)] {
        switch shape {
        case .object(let shape): return [("$ref", .string(reference(shape())))]
        case .list(let item, let counts): return list(item, counts)
        case .map(let value):
            return [
                ("type", .string("object")), ("additionalProperties", .object(schema(value))),
            ]
        case .either(let shapes):
            let variable = shapes.contains(where: \.isScalar) ? [Self.variable] : []
            return [("anyOf", .array(shapes.map { plain($0) } + variable))]
        case .flag, .number, .text, .anyText, .words:
            return [("anyOf", .array([plain(shape), Self.variable]))]
        }
    }

    private static let variable = JSONText.object([("$ref", .string("#/$defs/variable"))])

    /// Without variables.
    private mutating func plain(_ shape: Shape) -> JSONText {
        switch shape {
        case .flag: return .object([("type", .string("boolean"))])
        case .number(let range):
            return .object([
                ("type", .string("integer")), ("minimum", .number(range.lowerBound)),
                ("maximum", .number(range.upperBound)),
            ])
        case .text(let pattern):
            return .object([("type", .string("string")), ("pattern", .string(pattern))])
        case .anyText:
            return .object([("type", .array(["string", "number", "boolean"].map(JSONText.string)))])
        case .words(let words):
            return .object([("enum", .array(words.map { YAMLNode.word($0).json }))])
        case .either(let shapes):
            return .object([("anyOf", .array(shapes.map { plain($0) }))])
        case .list, .map, .object: return .object(schema(shape))
        }
    }

    private mutating func list(
        _ item: Shape, _ counts: ClosedRange<Int>
    ) -> [(String, JSONText)] {
        var members: [(String, JSONText)] = [
            ("type", .string("array")), ("items", .object(schema(item))),
            ("maxItems", .number(UInt64(counts.upperBound))),
        ]
        if counts.lowerBound > 0 {
            members.append(("minItems", .number(UInt64(counts.lowerBound))))
        }
        if item.isScalar { members.append(("uniqueItems", .bool(true))) }
        return members
    }

    /// The place of a mapping's schema, which is added when it is new.
    private mutating func reference(_ shape: ObjectShape) -> String {
        let name = shape.title.split(separator: " ").drop { ["a", "an", "the"].contains($0) }
            .joined(separator: "_")
        if !schemas.contains(where: { $0.0 == name }) {
            let place = schemas.count
            schemas.append((name, .null))
            schemas[place].1 = .object(object(shape))
        }
        return "#/$defs/\(name)"
    }

    mutating func object(_ shape: ObjectShape) -> [(String, JSONText)] {
        let properties = shape.keys.map { key in
            let fallback = key.fallback.map { [("default", $0.json)] } ?? []
            return (
                key.name,
                JSONText.object([("description", .string(key.doc))] + fallback + schema(key.shape))
            )
        }
        let required = shape.keys.filter(\.isRequired).map { JSONText.string($0.name) }
        var members: [(String, JSONText)] = [
            ("type", .string("object")), ("additionalProperties", .bool(false)),
            ("properties", .object(properties)),
        ]
        if !required.isEmpty { members.append(("required", .array(required))) }
        let rules = shape.groups.flatMap(Self.rules) + Self.variants(of: shape)
        if !rules.isEmpty { members.append(("allOf", .array(rules))) }
        return members
    }

    private static func rules(_ group: KeyGroup) -> [JSONText] {
        let has = { (names: [String]) in
            JSONText.object([("required", .array(names.map(JSONText.string)))])
        }
        if group.isRequired { return [.object([("oneOf", .array(group.names.map { has([$0]) }))])] }
        return group.names.indices.flatMap { index in
            group.names[(index + 1)...].map { other in
                .object([("not", has([group.names[index], other]))])
            }
        }
    }

    /// Which keys a variant does not have.
    private static func variants(of shape: ObjectShape) -> [JSONText] {
        guard let name = shape.variantKey, let key = shape.keys.first(where: { $0.name == name }),
            case .words(let words) = key.shape
        else { return [] }
        return words.compactMap { word in
            guard let foreign = foreign(to: word, in: shape) else { return nil }
            let isIt = JSONText.object([
                ("properties", .object([(name, .object([("const", .string(word))]))])),
                ("required", .array([.string(name)])),
            ])
            return .object([("if", isIt), ("then", foreign)])
        }
    }

    private static func foreign(to variant: String, in shape: ObjectShape) -> JSONText? {
        let properties = shape.keys.compactMap { key -> (String, JSONText)? in
            if let only = key.only, only != variant { return (key.name, .bool(false)) }
            guard case .object(let inner) = key.shape, inner().variantKey == nil,
                let foreign = foreign(to: variant, in: inner())
            else { return nil }
            return (key.name, foreign)
        }
        return properties.isEmpty ? nil : .object([("properties", .object(properties))])
    }
}

extension Shape {
    /// Whether it is written as one word.
    var isScalar: Bool {
        switch self {
        case .flag, .number, .text, .anyText, .words: true
        case .list, .map, .object: false
        case .either(let shapes): shapes.contains(where: \.isScalar)
        }
    }
}

extension YAMLNode {
    /// As a reader of YAML 1.2 understands it (core schema).
    package var json: JSONText {
        switch content {
        case .scalar(let text, isPlain: false): .string(text)
        case .scalar where isNothing: .null
        case .scalar("true", _): .bool(true)
        case .scalar("false", _): .bool(false)
        case .scalar(let text, isPlain: true): UInt64(text).map(JSONText.number) ?? .string(text)
        case .sequence(let items): .array(items.map(\.json))
        case .mapping(let pairs):
            .object(pairs.map { ($0.key.scalar ?? $0.key.inline, $0.value.json) })
        }
    }
}
