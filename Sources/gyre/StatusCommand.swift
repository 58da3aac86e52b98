// `gyre status`: what a running process does.

internal import ArgumentParser
internal import ControlPlane

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what a running gyre does: listeners, endpoints, workers, connections.",
        discussion: """
            \(ControlArguments.discussion)

            Examples:
              gyre status
              gyre status --json --socket /run/gyre/web/gyre.sock
            """)

    @OptionGroup var control: ControlArguments

    @Flag(help: "One line of JSON instead of tables.")
    var json = false

    func run() throws {
        let status = try control.report(StatusReport.self, .status)
        let endpoints = try control.report([EndpointReport].self, .endpoints)
        if json {
            let report = StatusAndEndpoints(endpoints: endpoints, status: status)
            print(String(decoding: try AdminJSON.encode(report), as: UTF8.self))
        } else {
            print(StatusText.lines(status, endpoints).joined(separator: "\n"))
        }
    }
}

private struct StatusAndEndpoints: Encodable {
    let endpoints: [EndpointReport]
    let status: StatusReport
}

/// The report for people.
enum StatusText {
    static func lines(_ status: StatusReport, _ endpoints: [EndpointReport]) -> [String] {
        var listeners = TextTable(["LISTENER", "PROTOCOL", "ADDRESS", "STATE", "CONNECTIONS"])
        for listener in status.listeners {
            listeners.append([
                listener.name, listener.protocolName, listener.address, listener.state.rawValue,
                count(listener.connections),
            ])
        }
        var upstreams = TextTable([
            "UPSTREAM", "ENDPOINT", "STATE", "WEIGHT", "CONNECTIONS", "REASON",
        ])
        for endpoint in endpoints {
            upstreams.append([
                endpoint.upstream, endpoint.name, endpoint.state.rawValue, "\(endpoint.weight)",
                count(endpoint.connections), endpoint.reason ?? "",
            ])
        }
        var workers = TextTable(["WORKER", "CONNECTIONS", "CPU TIME"])
        for (index, worker) in status.workers.enumerated() {
            let milliseconds = worker.processorTimeNs / 1_000_000
            workers.append([
                "\(index)", "\(worker.connectionsActive)", duration(milliseconds),
            ])
        }
        let tables = [listeners, upstreams, workers].filter { !$0.isEmpty }
        return summary(status) + tables.flatMap { [""] + $0.lines }
    }

    private static func summary(_ status: StatusReport) -> [String] {
        [
            "gyre \(status.version), pid \(status.pid), \(status.state.rawValue) for"
                + " \(duration(status.uptimeMs)) on \(status.backend) (\(status.backendReason))",
            "configuration  \(status.configuration), number \(status.generation)",
            "connections    \(status.connectionsActive) of at most \(status.connectionsMax),"
                + " \(status.accepted) so far",
            "requests       \(status.requests) so far",
        ]
    }

    /// What is not counted apart is a dash.
    private static func count(_ number: UInt64?) -> String { number.map { "\($0)" } ?? "-" }

    /// Two units at most: `3d 4h`, `5m 6s`, `7.8s`.
    static func duration(_ milliseconds: UInt64) -> String {
        let seconds = milliseconds / 1_000
        switch seconds {
        case 86_400...: return "\(seconds / 86_400)d \(seconds % 86_400 / 3_600)h"
        case 3_600...: return "\(seconds / 3_600)h \(seconds % 3_600 / 60)m"
        case 60...: return "\(seconds / 60)m \(seconds % 60)s"
        default: return "\(seconds).\(milliseconds % 1_000 / 100)s"
        }
    }
}
