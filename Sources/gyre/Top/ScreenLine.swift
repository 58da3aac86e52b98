// A line of the screen: pieces of clean text, each with what it means. How that looks is the
// terminal's matter. Pure.

/// What a piece of text means.
enum ScreenStyle: Equatable, Sendable {
    case plain
    case strong
    case faint
    case good
    case warning
    case bad
    /// Of a table.
    case heading
    /// Of the column that a table is sorted by.
    case sortedHeading
    /// Of the table that keys are for.
    case focus
}

/// Text for one line, without control characters.
struct ScreenLine: Equatable, Sendable {
    struct Piece: Equatable, Sendable {
        var text: String
        var style: ScreenStyle
    }

    private(set) var pieces: [Piece] = []

    init() {}

    init(_ text: String, _ style: ScreenStyle = .plain) {
        append(text, style)
    }

    /// Adds a text, which is cleaned.
    mutating func append(_ text: String, _ style: ScreenStyle = .plain) {
        pieces.append(Piece(text: TerminalText.clean(text), style: style))
    }

    var width: Int { pieces.reduce(0) { $0 + TerminalText.width($1.text) } }

    /// Without styles and without spaces at the end.
    var text: String {
        let text = pieces.map(\.text).joined()
        return String(text.reversed().drop { $0 == " " }.reversed())
    }

    /// The line, no wider than a screen.
    func cut(to columns: Int) -> ScreenLine {
        guard width > columns else { return self }
        var line = ScreenLine()
        var left = columns
        for piece in pieces where left > 0 {
            let width = TerminalText.width(piece.text)
            // The mark belongs to the last piece that has room for it.
            let text = width < left ? piece.text : TerminalText.cut(piece.text + " ", to: left)
            line.pieces.append(Piece(text: text, style: piece.style))
            left -= TerminalText.width(text)
        }
        return line
    }
}
