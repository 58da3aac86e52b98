// `gyre drain`: takes an endpoint or a listener out of service, and back.

internal import ArgumentParser
internal import ControlPlane

/// What can be drained.
enum DrainKind: String, CaseIterable, ExpressibleByArgument {
    case endpoint
    case listener
}

struct DrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Take an endpoint or a listener of a running gyre out of service, or back.",
        discussion: """
            Nothing new is sent to a drained endpoint and nobody new is accepted at a drained \
            listener; what is under way finishes. Names are those of gyre status.

            \(ControlArguments.discussion)

            Examples:
              gyre drain endpoint 10.0.0.7:8080
              gyre drain endpoint 10.0.0.7:8080 --undo
              gyre drain listener web
            """)

    @Argument(help: ArgumentHelp("What kind of thing it is.", valueName: "kind"))
    var kind: DrainKind

    @Argument(help: ArgumentHelp("Its name.", valueName: "name"))
    var name: String

    @Flag(help: "Take it back into service.")
    var undo = false

    @OptionGroup var control: ControlArguments

    var order: DrainOrder {
        DrainOrder(
            listener: kind == .listener ? name : nil, endpoint: kind == .endpoint ? name : nil,
            undrain: undo)
    }

    func run() throws {
        let body = try AdminJSON.encode(order)
        let outcome = try control.report(DrainOutcome.self, .drain, body: body)
        switch outcome.verdict {
        case .done, .unchanged: print(line(outcome))
        case .unknown, .refused: throw StartError(outcome.reason ?? "refused without a reason")
        }
    }

    func line(_ outcome: DrainOutcome) -> String {
        let state = undo ? "in service" : "draining"
        let already = outcome.verdict == .unchanged ? "already " : ""
        let remaining = outcome.remaining.map { ", \($0) under way" } ?? ""
        return "\(kind.rawValue) \(name) is \(already)\(state)\(remaining)"
    }
}
