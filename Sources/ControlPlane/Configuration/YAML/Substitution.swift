// Environment variables in values: `${NAME}`, `${NAME:-default}`, and `$$` for a dollar sign.

/// Puts environment variables into a text. What comes out is not looked at again.
struct Substitution {
    private(set) var text = ""
    /// Whether a variable was put in.
    private(set) var isChanged = false
    private(set) var complaints: [Complaint] = []

    static func apply(_ environment: [String: String], to text: String) -> Substitution {
        var result = Substitution()
        var rest = Substring(text)
        while let dollar = rest.firstIndex(of: "$") {
            result.text += rest[..<dollar]
            rest = result.value(rest[rest.index(after: dollar)...], environment)
        }
        result.text += rest
        return result
    }

    /// - Parameter rest: what is behind a dollar sign.
    /// - Returns: what is behind the variable.
    private mutating func value(
        _ rest: Substring, _ environment: [String: String]
    ) -> Substring {
        if rest.first == "$" {
            text += "$"
            return rest.dropFirst()
        }
        guard rest.first == "{", let end = rest.firstIndex(of: "}") else {
            // Within braces or brackets an unquoted value ends before the next one.
            let place = rest.isEmpty ? " (in quotes within { } or [ ])" : ""
            let read = "$\(rest.prefix(20))"
            complain("'\(read)' is not a variable; expected ${NAME}\(place), or $$ for a '$'")
            return rest
        }
        let inside = rest[rest.index(after: rest.startIndex)..<end]
        let name = inside.prefix { $0 != ":" }
        let fallback = inside.dropFirst(name.count)
        let behind = rest[rest.index(after: end)...]
        guard Self.isName(name), fallback.isEmpty || fallback.hasPrefix(":-") else {
            complain("'${\(inside.prefix(40))}'; expected ${NAME} or ${NAME:-default}")
            return behind
        }
        isChanged = true
        if let value = environment[String(name)] {
            text += value
        } else if !fallback.isEmpty {
            text += fallback.dropFirst(2)
        } else {
            complain(
                "the environment has no '\(name)'; expected it to be set, or ${\(name):-default}",
                hint: Suggestion.nearest(to: String(name), among: environment.keys)
                    .map { "'\($0)'" })
        }
        return behind
    }

    private mutating func complain(_ text: String, hint: String? = nil) {
        complaints.append(Complaint(text, hint: hint))
    }

    private static func isName(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, first < 0x30 || first > 0x39 else { return false }
        return text.utf8.allSatisfy { byte in
            let lower = byte | 0x20
            return byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower)
        }
    }
}
