// The option table of the README against the command line.

import ArgumentParser
import Foundation
import Testing

@testable import gyre

@Suite struct ReadmeTests {
    private static let readme = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "README.md")

    /// Options and defaults of the rows that begin with an option.
    private func table() throws -> [(option: String, fallback: String)] {
        try String(contentsOf: Self.readme, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("| `--") }
            .map { row in
                let cells = row.split(separator: "|").map {
                    $0.trimmingCharacters(in: .whitespaces)
                }
                return (cells[0].trimmingCharacters(in: ["`"]), cells[1])
            }
    }

    @Test func everyOptionOfHTTPAloneIsInTheTable() throws {
        let listed = Set(try table().map(\.option))
        let options = Set(HelpText(of: HTTPCommand.self).entries.map(\.option))
        let shared = Set(HelpText(of: TCPCommand.self).entries.map(\.option))
        #expect(listed == options.subtracting(shared))
    }

    @Test func everyDefaultIsThatOfTheHelp() throws {
        let help = HelpText(of: HTTPCommand.self)
        for row in try table() {
            let text = try #require(help.entries.first { $0.option == row.option }).text
            // A switch has no default to tell: it is off.
            let isSwitch = row.fallback == "off" && !text.contains("default:")
            #expect(isSwitch || text.contains("default: \(row.fallback))"), "\(row): \(text)")
        }
    }
}

/// What `--help` says, by option.
struct HelpText {
    let entries: [(option: String, text: String)]

    init(of command: (some ParsableCommand).Type) {
        let help = command.helpMessage(columns: 1000)
        entries = help.split(separator: "\n  --").dropFirst().map { entry in
            let name = entry.prefix { !$0.isWhitespace }
            return ("--\(name)", String(entry))
        }
    }
}
