// JSON as text (RFC 8259), for reports of a few hundred bytes.

/// A JSON value; members of objects keep their order.
package indirect enum JSONText: Sendable {
    case string(String)
    case number(UInt64)
    /// With at most three places; a value that is not finite becomes `null`.
    case decimal(Double)
    case bool(Bool)
    case null
    case array([JSONText])
    case object([(String, JSONText)])

    /// One line, without spaces.
    package var text: String {
        switch self {
        case .string(let string): Self.quoted(string)
        case .number(let number): "\(number)"
        case .decimal(let value): Self.decimal(value)
        case .bool(let bool): bool ? "true" : "false"
        case .null: "null"
        case .array(let items): "[\(items.map(\.text).joined(separator: ","))]"
        case .object(let members):
            "{"
                + members.map { name, value in "\(Self.quoted(name)):\(value.text)" }
                .joined(separator: ",") + "}"
        }
    }

    /// Several lines, for people.
    var indented: String { lines(indent: 0) }

    private func lines(indent: Int) -> String {
        let space = String(repeating: "  ", count: indent + 1)
        let end = "\n\(String(repeating: "  ", count: indent))"
        switch self {
        case .array(let items) where items.contains(where: \.isCollection):
            let lines = items.map { "\n\(space)\($0.lines(indent: indent + 1))" }
            return "[\(lines.joined(separator: ","))\(end)]"
        case .object(let members) where !members.isEmpty:
            let lines = members.map { name, value in
                "\n\(space)\(Self.quoted(name)): \(value.lines(indent: indent + 1))"
            }
            return "{\(lines.joined(separator: ","))\(end)}"
        case .array(let items):
            return "[\(items.map(\.text).joined(separator: ", "))]"
        case .string, .number, .decimal, .bool, .null, .object: return text
        }
    }

    private var isCollection: Bool {
        switch self {
        case .array, .object: true
        case .string, .number, .decimal, .bool, .null: false
        }
    }

    private static func decimal(_ value: Double) -> String {
        value.isFinite ? "\((value * 1000).rounded() / 1000)" : "null"
    }

    private static func quoted(_ string: String) -> String {
        var result = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case "\0"..<" ":
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
