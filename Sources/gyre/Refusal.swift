// How a refused command line is reported.

internal import ArgumentParser

/// The one line that says what was wrong and where to read on.
enum Refusal {
    /// - Parameters:
    ///   - message: what the parser or a check found; maybe of several lines, maybe empty.
    ///   - arguments: of the process, its own name first.
    /// - Returns: `nil` when there is nothing to say.
    static func line(_ message: String, _ arguments: [String]) -> String? {
        let words = message.split(whereSeparator: \.isNewline)
            .map { $0.drop(while: \.isWhitespace) }
        guard !words.isEmpty else { return nil }
        let names = Gyre.configuration.subcommands.compactMap { $0.configuration.commandName }
        let command = arguments.dropFirst().first { names.contains($0) }.map { " " + $0 } ?? ""
        return "gyre\(command): \(words.joined(separator: " ")) (see gyre\(command) --help)"
    }
}
