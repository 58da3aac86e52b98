// Just enough reading of Swift for the rules: what is code, what is a word, where functions end.

enum CodeText {
    /// The lines without comments and without the contents of string literals. Interpolated code
    /// counts as contents.
    static func strip(_ lines: [Substring]) -> [String] {
        var isInText = false
        var isInComment = false
        return lines.map { line in
            var code = ""
            var rest = line
            var isInString = false
            while let character = rest.first {
                if isInComment {
                    if rest.hasPrefix("*/") { isInComment = false }
                } else if rest.hasPrefix("\"\"\"") && !isInString {
                    isInText.toggle()
                    rest = rest.dropFirst(2)
                } else if isInText {
                    if character == "\\" { rest = rest.dropFirst() }
                } else if isInString {
                    if character == "\\" { rest = rest.dropFirst() }
                    if character == "\"" { isInString = false }
                } else if character == "\"" {
                    isInString = true
                } else if rest.hasPrefix("//") {
                    break
                } else if rest.hasPrefix("/*") {
                    isInComment = true
                } else {
                    code.append(character)
                }
                rest = rest.dropFirst()
            }
            return code
        }
    }

    /// The identifiers and keywords of a line.
    static func words(_ line: String) -> [Substring] {
        line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
    }

    /// From the line with the keyword to the line of the closing brace, for every function,
    /// initialiser and deinitialiser with a body; inner ones count in the outer one, too.
    static func functions(in code: [String]) -> [Range<Int>] {
        code.indices.compactMap { start in
            let words = words(code[start])
            let isFunction =
                words.contains("func") || words.contains("deinit")
                || words.contains("init") && (code[start].contains("init(") || words.count < 4)
                    && !code[start].contains(".init") && !code[start].contains("=")
            return isFunction ? body(from: start, in: code) : nil
        }
    }

    private static func body(from start: Int, in code: [String]) -> Range<Int>? {
        var depth = 0
        for index in start..<code.count {
            // A requirement of a protocol has no body: its lines end before any brace.
            if depth == 0 && code[index].allSatisfy(\.isWhitespace) { return nil }
            for character in code[index] {
                if character == "{" { depth += 1 }
                if character == "}" { depth -= 1 }
                // The last requirement of a protocol.
                if depth < 0 { return nil }
                if character == "}" && depth == 0 { return start..<index + 1 }
            }
        }
        return nil
    }
}
