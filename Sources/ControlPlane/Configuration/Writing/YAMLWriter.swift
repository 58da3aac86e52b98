// From a tree to text that reads back as the same tree.

extension YAMLNode {
    /// The text of a mapping, with a newline at its end.
    var yaml: String {
        lines(indent: 0).map { $0 + "\n" }.joined()
    }

    /// Lines of a collection, indented.
    private func lines(indent: Int) -> [String] {
        let space = String(repeating: " ", count: indent)
        switch content {
        case .scalar: return [space + inline]
        case .sequence(let items):
            return items.flatMap { item in
                var lines = item.lines(indent: indent + 2)
                lines[0] = "\(space)- \(lines[0].dropFirst(indent + 2))"
                return lines
            }
        case .mapping(let pairs):
            guard !pairs.isEmpty else { return [space + inline] }
            return pairs.flatMap { pair in
                let key = "\(space)\(pair.key.inline):"
                if pair.value.isShort { return ["\(key) \(pair.value.inline)"] }
                return [key] + pair.value.lines(indent: indent + 2)
            }
        }
    }

    /// Whether it goes on its key's line.
    private var isShort: Bool {
        switch content {
        case .scalar: return true
        case .sequence(let items):
            return items.allSatisfy { $0.scalar != nil } && inline.utf8.count <= 72
        case .mapping(let pairs): return pairs.isEmpty
        }
    }

    /// On one line; of mappings only an empty one.
    var inline: String {
        switch content {
        case .scalar(let text, isPlain: true): text
        case .scalar(let text, isPlain: false): Self.quotedIfNeeded(text)
        case .sequence(let items): "[\(items.map(\.inline).joined(separator: ", "))]"
        case .mapping(let pairs):
            "{\(pairs.map { "\($0.key.inline): \($0.value.inline)" }.joined(separator: ", "))}"
        }
    }

    /// A text that nobody takes for something else: no number, flag or nothing, and no variable.
    private static func quotedIfNeeded(_ text: String) -> String {
        let text = text.replacing("$", with: "$$")
        let first = text.utf8.first ?? 0
        let isPlain =
            text.utf8.allSatisfy { HTTPText.isAlphanumeric($0) || "_-./:@+".utf8.contains($0) }
            && (HTTPText.isAlphanumeric(first) || first == UInt8(ascii: "/"))
            && text.utf8.last != UInt8(ascii: ":")
            && !looksLikeOther(text)
        return isPlain ? text : quoted(text)
    }

    /// Words that YAML 1.1 or 1.2 has other values for, and all that could be a number to either.
    private static func looksLikeOther(_ text: String) -> Bool {
        let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        let isNumeric =
            text.utf8.first.map { (0x30...0x39).contains($0) } == true
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || "abcdefxo".utf8.contains($0 | 0x20)
                    || "_-.:+".utf8.contains($0)
            }
        return words.contains(text.lowercased()) || isNumeric && !isIPv4WithPort(text)
    }

    /// `127.0.0.1:80`: a number to nobody, and what is written most.
    private static func isIPv4WithPort(_ text: String) -> Bool {
        text.utf8.count { $0 == UInt8(ascii: ".") } == 3
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case " "..."~": result.unicodeScalars.append(scalar)
            case _ where scalar.properties.isAlphabetic: result.unicodeScalars.append(scalar)
            default:
                let hex = String(scalar.value, radix: 16)
                result += "\\U" + String(repeating: "0", count: 8 - hex.count) + hex
            }
        }
        return result + "\""
    }
}

extension Configuration {
    /// The file that says the same: all that has no default, and what differs from it.
    package var yaml: String { written.yaml }
}
