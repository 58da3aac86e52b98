// What a line looks like: JSON, nginx's and Apache's "combined", or a template of the operator's.

/// The format of an access log, checked.
package struct AccessFormat: Equatable, Sendable, CustomStringConvertible {
    /// A stretch of literal text, and the value behind it.
    struct Piece: Equatable, Sendable {
        /// Within the literals.
        var text: Range<Int>
        /// `nil` behind the last value.
        var field: AccessField?
    }

    /// A template's bytes, and its values.
    static let textBytesMax = 4096
    static let fieldsMax = 64

    /// As it is written in a configuration.
    package let description: String
    let style: AccessStyle
    let pieces: [Piece]
    let literals: [UInt8]

    /// One object a line; a value that there is none of has no member.
    package static let json = AccessFormat()
    private static let combined = """
        $client - - [$time_common] "$request" $status $body_bytes_out "$referer" "$user_agent"
        """

    private init() {
        var parts = Parts()
        for (index, field) in AccessField.ofJSON.enumerated() {
            let opening = "\(index == 0 ? "{" : ",")\"\(field.rawValue)\":"
            parts.add(opening, field)
        }
        parts.add("}", nil)
        description = "json"
        style = .json
        (pieces, literals) = (parts.pieces, parts.literals)
    }

    /// Reads `json`, `combined` or a template: `$name` and `${name}` stand for values, `$$` for a
    /// dollar sign.
    package init(parsing text: String) throws(AccessFormatError) {
        if text == Self.json.description {
            self = .json
            return
        }
        let parts = try Parts(template: text == "combined" ? Self.combined : text)
        description = text
        style = .plain
        (pieces, literals) = (parts.pieces, parts.literals)
    }

    package static func == (one: AccessFormat, other: AccessFormat) -> Bool {
        one.description == other.description
    }
}

/// Why a text is no format.
package struct AccessFormatError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was read and what was expected.
    package let description: String
    /// What may have been meant.
    package let hint: String?

    /// All of it, in one line.
    package var text: String { description + (hint.map { "; did you mean \($0)?" } ?? "") }

    init(_ description: String, hint: String? = nil) {
        self.description = description
        self.hint = hint
    }
}

/// A format that is being put together.
private struct Parts {
    var pieces: [AccessFormat.Piece] = []
    var literals: [UInt8] = []

    init() {}

    init(template text: String) throws(AccessFormatError) {
        let read = text.utf8.count > 40 ? "\(text.prefix(40))..." : text
        guard text.utf8.count <= AccessFormat.textBytesMax else {
            throw AccessFormatError(
                "a template of \(text.utf8.count) bytes; expected at most"
                    + " \(AccessFormat.textBytesMax)")
        }
        guard
            text.unicodeScalars.allSatisfy({
                $0.properties.generalCategory != .control || $0 == "\t"
            })
        else {
            throw AccessFormatError(
                "a template of several lines; expected one without control characters")
        }
        var rest = Substring(text)
        var literal = ""
        while let dollar = rest.firstIndex(of: "$") {
            literal += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                literal += "$"
                rest = rest.dropFirst()
                continue
            }
            add(literal, try Self.field(&rest))
            literal = ""
        }
        guard !pieces.isEmpty else {
            throw AccessFormatError(
                "'\(read)'; expected 'json', 'combined' or a template with $names",
                hint: Suggestion.nearest(to: text, among: ["json", "combined"]).map { "'\($0)'" })
        }
        guard pieces.count <= AccessFormat.fieldsMax else {
            throw AccessFormatError(
                "a template with \(pieces.count) values; expected at most"
                    + " \(AccessFormat.fieldsMax)")
        }
        add(literal + rest, nil)
    }

    mutating func add(_ literal: String, _ field: AccessField?) {
        let start = literals.count
        literals += literal.utf8
        pieces.append(AccessFormat.Piece(text: start..<literals.count, field: field))
    }

    /// Takes a name off the beginning of `rest`, which is behind a dollar sign.
    private static func field(_ rest: inout Substring) throws(AccessFormatError) -> AccessField {
        var name = rest.prefix { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
        var behind = rest[name.endIndex...]
        if rest.first == "{", let end = rest.firstIndex(of: "}") {
            name = rest[rest.index(after: rest.startIndex)..<end]
            behind = rest[rest.index(after: end)...]
        }
        guard let field = AccessField(rawValue: String(name)) else {
            let names = AccessField.allCases.map(\.rawValue)
            let meant = Suggestion.nearest(to: String(name), among: names)
            let expected =
                meant == nil ? "one of \(names.joined(separator: ", "))" : "the name of a value"
            throw AccessFormatError(
                "'$\(name.prefix(40))' stands for nothing; expected \(expected)",
                hint: meant.map { "'$\($0)'" })
        }
        rest = behind
        return field
    }
}
