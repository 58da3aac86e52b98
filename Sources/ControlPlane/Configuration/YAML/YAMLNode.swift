// A YAML document as a tree with positions, between its text and the tables of keys.

/// Where something begins in a text: lines and columns from 1, columns in Unicode scalars.
package struct TextPlace: Comparable, Hashable, Sendable {
    package var line: Int
    package var column: Int

    package init(_ line: Int, _ column: Int) {
        self.line = line
        self.column = column
    }

    package static func < (a: TextPlace, b: TextPlace) -> Bool {
        (a.line, a.column) < (b.line, b.column)
    }
}

/// A node. What an alias stands for is shared with its anchor, and has the anchor's place.
package struct YAMLNode: Sendable {
    package enum Content: Sendable {
        /// Without quotes and escapes. Plain is what may be a number, a flag or nothing; a text
        /// that comes from the environment counts as plain.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([YAMLPair])
    }

    package var content: Content
    package var place: TextPlace

    package init(_ content: Content, at place: TextPlace = TextPlace(1, 1)) {
        self.content = content
        self.place = place
    }

    /// A plain scalar.
    static func word(_ text: String) -> YAMLNode { YAMLNode(.scalar(text, isPlain: true)) }

    /// A scalar that is a text whatever it looks like.
    static func text(_ text: String) -> YAMLNode { YAMLNode(.scalar(text, isPlain: false)) }

    /// The text of a scalar.
    var scalar: String? {
        if case .scalar(let text, _) = content { return text }
        return nil
    }

    /// Whether nothing was written where a value belongs (or `null`, or `~`).
    var isNothing: Bool {
        if case .scalar(let text, isPlain: true) = content {
            return ["", "~", "null"].contains(text)
        }
        return false
    }

    /// The value of a mapping's key.
    subscript(key: String) -> YAMLNode? {
        guard case .mapping(let pairs) = content else { return nil }
        return pairs.first { $0.key.scalar == key }?.value
    }

    /// The items of a sequence; none of anything else.
    var items: [YAMLNode] {
        if case .sequence(let items) = content { return items }
        return []
    }

    /// What it is, for whoever wrote it.
    var description: String {
        switch content {
        case .scalar where isNothing: return "nothing"
        case .scalar(let text, _):
            let line = text.unicodeScalars.prefix(40).map { scalar in
                scalar.properties.generalCategory == .control ? "?" : String(scalar)
            }
            return "'\(line.joined())\(text.unicodeScalars.count > 40 ? "..." : "")'"
        case .sequence: return "a list"
        case .mapping: return "a mapping"
        }
    }
}

/// A key and its value.
package struct YAMLPair: Sendable {
    package var key: YAMLNode
    package var value: YAMLNode

    package init(_ key: YAMLNode, _ value: YAMLNode) {
        self.key = key
        self.value = value
    }
}
