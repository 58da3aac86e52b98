// `gyre trace`: the life of connections, event by event, as it happens.

internal import ArgumentParser
internal import ControlPlane
internal import Glibc
internal import Protocols

struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Show what happens to a client's connections or a route's requests.",
        discussion: """
            A line for each event: the time (UTC), the worker and the connection, how long after \
            the event before, and what it was. It goes on until Ctrl-C. What is not watched costs \
            nothing, and what is watched is told from a bounded buffer: when more happens than can \
            be told, events are missing. One trace at a time.

            \(ControlArguments.discussion)

            Examples:
              gyre trace --client 192.0.2.7
              gyre trace --client 10.0.0.0/8 --count 100
              gyre trace --route api --json
            """)

    @OptionGroup var control: ControlArguments

    @Option(
        help: ArgumentHelp("An address, or a block of them.", valueName: "ADDRESS"),
        transform: Values.block)
    var client: IPBlock?

    @Option(
        help: ArgumentHelp(
            "A route, or the upstream of a listener that has no routes.", valueName: "NAME"))
    var route: String?

    @Option(
        help: ArgumentHelp(
            "Its listener, where several have a route of that name.", valueName: "NAME"))
    var listener: String?

    @Option(help: ArgumentHelp("End after so many events.", valueName: "N"))
    var count: Int?

    @Flag(help: "One JSON object for each event.")
    var json = false

    func validate() throws {
        guard (client == nil) != (route == nil) else {
            throw ValidationError("expected one of --client and --route")
        }
        guard listener == nil || route != nil else {
            throw ValidationError("--listener is only of use with --route")
        }
        if let count, count < 1 {
            throw ValidationError("--count is \(count); expected at least 1")
        }
    }

    func run() throws {
        let order = client.map(TraceOrder.client) ?? .route(route ?? "", listener: listener)
        var seen: [Place: UInt64] = [:]
        var left = count ?? .max
        try control.follow(.trace, query: order.query) { data in
            guard let report = try? AdminJSON.decode(TraceReport.self, Array(data.utf8)) else {
                return true
            }
            let place = Place(worker: report.worker, connection: report.connection)
            print(json ? String(data) : report.line(sinceUs: seen[place]))
            fflush(nil)
            seen[place] = report.event == "closed" ? nil : report.atUs
            left -= 1
            return left > 0
        }
    }

    private struct Place: Hashable {
        let worker: Int
        let connection: UInt32
    }
}
