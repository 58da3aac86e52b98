// The terminal that `gyre top` draws on: what lines look like there, and that it is as before when
// that is over. Control sequences are those of ECMA-48 and, for the screen, of xterm.

internal import CLinux
internal import ControlPlane
internal import Glibc

/// What lines look like.
struct TerminalLook: Equatable, Sendable {
    /// Whether it has colours; without them there are bold and reversed letters only.
    var hasColours: Bool

    private static let reset = "\u{1B}[0m"

    /// - Parameters:
    ///   - terminal: the value of TERM.
    ///   - noColour: that of NO_COLOR (https://no-color.org), which counts when it is not empty.
    /// - Returns: `nil` for a terminal that obeys no control sequences.
    init?(terminal: String?, noColour: String?) {
        guard let terminal, terminal != "dumb" else { return nil }
        let isPlain = ["vt1", "vt2", "vt3"].contains { terminal.hasPrefix($0) }
        hasColours = !isPlain && !terminal.hasSuffix("-m") && noColour == nil
    }

    /// A line with its styles.
    func text(_ line: ScreenLine) -> String {
        line.pieces.map { piece in
            let codes = codes(piece.style)
            return codes.isEmpty ? piece.text : "\u{1B}[\(codes)m\(piece.text)\(Self.reset)"
        }.joined()
    }

    /// Parameters of "select graphic rendition".
    private func codes(_ style: ScreenStyle) -> String {
        switch style {
        case .plain: ""
        case .strong: "1"
        case .faint: hasColours ? "2" : ""
        case .good: hasColours ? "32" : ""
        case .warning: hasColours ? "33" : ""
        case .bad: hasColours ? "1;31" : "1"
        case .heading: hasColours ? "1;36" : "1"
        case .sortedHeading: "1;4"
        case .focus: "7"
        }
    }

    /// A whole screen, drawn over the one before.
    ///
    /// - Parameter lines: no wider than the screen, and no more than it has rows.
    func frame(_ lines: [ScreenLine]) -> String {
        // Each line is erased first: behind a full line the cursor still stands on its last
        // character. Terminals that know how show all of it at once (mode 2026).
        "\u{1B}[?2026h\u{1B}[H"
            + lines.map { "\u{1B}[2K\(text($0))" }.joined(separator: "\r\n")
            + "\u{1B}[J\u{1B}[?2026l"
    }
}

/// The terminal on the standard streams.
enum TopTerminal {
    /// The other screen, no cursor, no wrapping at the margin.
    private static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l"
    private static let leave = "\u{1B}[0m\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

    /// A terminal that does not tell its size.
    private static let usual = TopScreen.Size(columns: 80, rows: 24)

    /// Whether the standard output stream is one.
    static var isThere: Bool { gyre_output_is_terminal() == 1 }

    static var size: TopScreen.Size {
        let packed = gyre_terminal_size()
        let size = TopScreen.Size(columns: Int(packed & 0xFFFF), rows: Int(packed >> 16))
        return size.columns > 0 && size.rows > 0 ? size : usual
    }

    /// Takes it.
    ///
    /// - Returns: whether keys can be read from it.
    static func begin() -> Bool {
        guard isThere, gyre_terminal_begin() == 0 else { return false }
        write(enter)
        return true
    }

    /// Gives it back as it was.
    static func end() {
        write(leave)
        gyre_terminal_end()
    }

    /// Gives it back until the shell lets this process go on.
    static func suspend() {
        end()
        kill(getpid(), SIGSTOP)
        _ = begin()
    }

    static func write(_ text: String) {
        print(text, terminator: "")
        fflush(nil)
    }
}
