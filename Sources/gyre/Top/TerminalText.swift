// Text for terminals. Names come from configurations and messages from peers, so they may hold
// anything; what is shown holds nothing that a terminal obeys, and its width is known. Pure.

/// Cleaning, measuring and cutting of text.
enum TerminalText {
    /// Stands at the end of what was cut.
    static let cutMark = "~"

    /// Combining marks that one character may have.
    private static let marksMax = 2

    /// The text with a `?` in the place of everything that is not seen as itself: control
    /// characters, marks of direction, line ends, joiners, what Unicode does not define.
    static func clean(_ text: String) -> String {
        var result = ""
        var marks = 0
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
                .unassigned:
                result.append("?")
                marks = 0
            case .nonspacingMark, .enclosingMark:
                marks += 1
                if marks <= marksMax && !result.isEmpty { result.unicodeScalars.append(scalar) }
            default:
                result.unicodeScalars.append(scalar)
                marks = 0
            }
        }
        return result
    }

    /// Columns that a clean text takes.
    static func width(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + width($1) }
    }

    /// The text, or as much of its beginning as fits, with a mark behind it.
    static func cut(_ text: String, to columns: Int) -> String {
        guard width(text) > columns else { return text }
        guard columns > 0 else { return "" }
        var result = ""
        var taken = 0
        for scalar in text.unicodeScalars {
            let next = width(scalar)
            guard taken + next <= columns - 1 else { break }
            result.unicodeScalars.append(scalar)
            taken += next
        }
        return result + cutMark
    }

    /// The text with spaces up to a width; not cut.
    static func padded(_ text: String, to columns: Int, isLeft: Bool) -> String {
        let spaces = String(repeating: " ", count: max(0, columns - width(text)))
        return isLeft ? text + spaces : spaces + text
    }

    /// 2 for what East Asian Width (Unicode Standard Annex 11) calls wide, by blocks, and for
    /// emoji.
    private static func width(_ scalar: Unicode.Scalar) -> Int {
        if scalar.isASCII { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: break
        }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
            0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
            0x1F680...0x1F6FF, 0x1F900...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default:
            return scalar.properties.isEmojiPresentation ? 2 : 1
        }
    }
}
