// `gyre reload` and `gyre plan`: a configuration takes the place of the running one, or is only
// compared with it.

internal import ArgumentParser
internal import ControlPlane

struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Make a running gyre read its configuration file again.",
        discussion: """
            A file with mistakes changes nothing; they are listed. What was changed is listed \
            otherwise.

            \(ControlArguments.discussion)
            """)

    @OptionGroup var control: ControlArguments

    func run() throws {
        let outcome = try control.report(ConfigurationOutcome.self, .reload)
        try OutcomeText.tell(outcome, done: "reloaded", file: nil)
    }
}

struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what a configuration file would change in a running gyre.",
        discussion: """
            Nothing is changed. The running process reads the file's text with its own \
            environment and says which listeners, routes, upstreams and endpoints would be added, \
            removed or changed, and how many connections each change touches.

            \(ControlArguments.discussion)

            Example:
              gyre plan /etc/gyre/gyre.yaml && gyre reload
            """)

    @Argument(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var file: String

    @OptionGroup var control: ControlArguments

    func run() throws {
        let bytes = try FileBytes.read(file, bytesMax: AdminLimits().fileBytesMax)
        let outcome = try control.report(ConfigurationOutcome.self, .plan, body: bytes)
        try OutcomeText.tell(outcome, done: "would take it", file: file)
    }
}

/// What came of a configuration, for people.
enum OutcomeText {
    /// - Throws: a failure when it was not accepted.
    static func tell(_ outcome: ConfigurationOutcome, done: String, file: String?) throws {
        switch outcome.verdict {
        case .accepted:
            print(lines(outcome, done: done).joined(separator: "\n"))
        case .mistaken:
            for mistake in outcome.mistakes { ErrorOutput.write(line: mistake.text(file: file)) }
            throw ExitCode.failure
        case .refused:
            throw StartError(outcome.reason ?? "refused without a reason")
        }
    }

    static func lines(_ outcome: ConfigurationOutcome, done: String) -> [String] {
        let took = outcome.tookMs.map { " in \($0) ms" } ?? ""
        let number = outcome.changes.count
        let count = number == 0 ? "no changes" : "\(number) change\(number == 1 ? "" : "s")"
        var table = TextTable(["CHANGE", "KIND", "NAME", "CONNECTIONS", "SETTING"])
        for change in outcome.changes {
            let settings = change.settings.map { setting in
                "\(setting.key): \(setting.from ?? "not set") -> \(setting.to ?? "not set")"
            }
            let head = [
                change.action.rawValue, change.kind.rawValue, change.name,
                change.connections.map { "\($0)" } ?? "-",
            ]
            table.append(head + [settings.first ?? ""])
            for setting in settings.dropFirst() { table.append(["", "", "", "", setting]) }
        }
        return ["\(done)\(took): \(count)"] + (table.isEmpty ? [] : [""] + table.lines)
    }
}
