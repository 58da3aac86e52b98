// `gyre reopen`: for whoever has moved the access log away.

internal import ArgumentParser
internal import ControlPlane

struct ReopenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reopen",
        abstract: "Make a running gyre open its access log again.",
        discussion: """
            A file is opened by its path, and made when there is none; a syslog socket is \
            connected again. When this command ends, a file that was renamed before gets no \
            further line, and none was lost. SIGUSR1 does the same without waiting for it.

            \(ControlArguments.discussion)

            Example:
              mv access.log access.log.1 && gyre reopen && gzip access.log.1
            """)

    @OptionGroup var control: ControlArguments

    func run() throws {
        let outcome = try control.report(ReopenOutcome.self, .reopen)
        guard outcome.verdict != .refused else {
            throw StartError(outcome.reason ?? "refused without a reason")
        }
        print(Self.line(outcome))
    }

    static func line(_ outcome: ReopenOutcome) -> String {
        let reason = outcome.reason.map { ": \($0)" } ?? ""
        return outcome.verdict == .done ? "reopened" : "nothing to reopen\(reason)"
    }
}
