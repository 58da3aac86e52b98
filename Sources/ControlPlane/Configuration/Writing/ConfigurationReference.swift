// Every key with its default and its meaning, as a file that can be read: made of the tables.

/// Writes `Config/reference.yaml`.
package enum ConfigurationReference {
    private static let columnsMax = 84

    /// The file's text.
    package static var text: String {
        let opening = """
            # Every key of a configuration file, with its default and its meaning. What is
            # commented out is absent by default, or stands in place of something else. This file
            # is made of the program's own tables (gyre format --reference).
            #
            # Durations have a unit: ms, s, m or h. Sizes are in bytes, or have one: KiB, MiB or
            # GiB. In values, ${NAME} and ${NAME:-default} stand for variables of the environment,
            # $$ for one $.

            """
        let lines = keys(of: Configuration.shape, variant: nil, isRoot: true)
        return opening + lines.map { $0 + "\n" }.joined()
    }

    /// Lines without indentation, one key after the other.
    ///
    /// - Parameters:
    ///   - variant: what the nearest mapping around is.
    ///   - isRoot: whether lists have an item although they may be empty.
    private static func keys(
        of shape: ObjectShape, variant: String?, isRoot: Bool = false
    ) -> [String] {
        let variant = shape.variantKey == nil ? variant : Self.variant(of: shape)
        let groups = shape.groups.filter(\.isRequired).compactMap(\.names.first)
        return shape.keys.flatMap { key in
            let isForeign = key.only != nil && variant != nil && key.only != variant
            let isActive =
                !isForeign
                && (key.fallback != nil || key.isRequired || groups.contains(key.name))
            return [""] + doc(key)
                + lines(
                    of: key, variant: variant, isActive: isActive, isRoot: isRoot)
        }
    }

    /// The variant that is shown: the key's default.
    private static func variant(of shape: ObjectShape) -> String? {
        shape.keys.first { $0.name == shape.variantKey }?.fallback?.scalar
    }

    private static func doc(_ key: KeyFacts) -> [String] {
        let only = key.only.map { " Only \($0)." } ?? ""
        let isTold =
            key.shape.isScalar && !key.shape.isFlag && key.expected != Kind<UInt64>.usualDuration
        let expected = isTold ? " Expected: \(key.expected)." : ""
        var lines: [String] = []
        for word in "\(key.doc)\(only)\(expected)".split(separator: " ") {
            if let last = lines.last, last.utf8.count + word.utf8.count < columnsMax {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append("# \(word)")
            }
        }
        return lines
    }

    private static func lines(
        of key: KeyFacts, variant: String?, isActive: Bool, isRoot: Bool
    ) -> [String] {
        let value = key.fallback?.inline ?? key.example ?? ""
        let short = ["\(key.name): \(value)"]
        guard let inner = key.shape.object else { return prefixed(short, isActive) }
        let nested = keys(of: inner.shape, variant: variant)
        let long = ["\(key.name):"] + indented(nested, isItem: inner.isItem)
        guard inner.isAlone, isRoot || value != "[]" else {
            return prefixed(short, isActive) + prefixed(long, false)
        }
        // A mapping of which nothing is said would be no mapping.
        let saysSomething = nested.contains { !$0.isEmpty && !$0.hasPrefix("#") }
        return prefixed(long, isActive && saysSomething)
    }

    private static func prefixed(_ lines: [String], _ isActive: Bool) -> [String] {
        isActive ? lines : lines.map { $0.isEmpty ? "#" : "# \($0)" }
    }

    /// Within a mapping, or as the item of a list: its first key has the dash.
    private static func indented(_ lines: [String], isItem: Bool) -> [String] {
        var isFirst = isItem
        return lines.drop(while: \.isEmpty).map { line in
            guard !line.isEmpty else { return "" }
            guard isFirst, !line.hasPrefix("#") else {
                return (isItem ? "    " : "  ") + line
            }
            isFirst = false
            return "  - " + line
        }
    }
}

extension Shape {
    fileprivate var isFlag: Bool {
        if case .flag = self { return true }
        return false
    }

    /// The mapping in it: whether it is an item of a list, and whether there is no other form.
    fileprivate var object: (shape: ObjectShape, isItem: Bool, isAlone: Bool)? {
        switch self {
        case .object(let shape): return (shape(), false, true)
        case .list(let item, _):
            return item.object.map { ($0.shape, true, $0.isAlone) }
        case .either(let shapes):
            return shapes.lazy.compactMap(\.object).first.map { ($0.shape, $0.isItem, false) }
        case .flag, .number, .text, .anyText, .words, .map: return nil
        }
    }
}
