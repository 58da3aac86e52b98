// The options of the admin address, and what its clients print.

import ArgumentParser
import ControlPlane
import Protocols
import Testing

@testable import gyre

@Suite struct AdminCommandTests {
    private static let secret = "0123456789abcdef"

    private func options(_ arguments: String...) throws -> Configuration.Admin {
        try TCPCommand.parse(["--listen", ":1", "--to", ":2"] + arguments).admin.asked
    }

    @Test func theControlAPIIsOffUnlessAskedFor() throws {
        #expect(try options().isOff)
        #expect(try options("--admin-socket", "off").isOff)
    }

    @Test func optionsReachTheirPlaces() throws {
        #expect(try options("--admin-socket", "auto").socket == .automatic)
        #expect(try options("--admin-socket", "/a/b").socket == .path("/a/b"))
        let options = try options("--admin", "[::1]:9901", "--admin-token", Self.secret)
        #expect(options.address == .ipv6("::1", port: 9901))
        #expect(options.token == Self.secret)
        let http = try HTTPCommand.parse(["--listen", ":1", "--to", ":2", "--admin", ":0"])
        #expect(http.admin.asked.address == .anyHost(port: 0))
    }

    @Test(arguments: [
        ["--admin-socket", "relative"], ["--admin-socket", ""], ["--admin-socket", "/"],
        ["--admin", "unix:/a"], ["--admin", "9901"], ["--admin", ""],
        ["--admin-token", "short"], ["--admin-token", "0123456789abcde!"],
    ])
    func wrongValuesAreTold(arguments: [String]) {
        let error = #expect(throws: (any Error).self) {
            try TCPCommand.parse(["--listen", ":1", "--to", ":2"] + arguments)
        }
        guard let error else { return }
        #expect(TCPCommand.exitCode(for: error).rawValue == 64)
        #expect(TCPCommand.message(for: error).contains(arguments[0]))
    }

    @Test func clientsAreToldWhereToAsk() throws {
        let command = try StatusCommand.parse(["--socket", "/a", "--json"])
        #expect(command.control.socket == "/a" && command.json)
        let other = try ReloadCommand.parse(["--address", ":9901", "--token", Self.secret])
        #expect(other.control.address == .anyHost(port: 9901))
        #expect(throws: (any Error).self) {
            try StatusCommand.parse(["--socket", "/a", "--address", ":1"])
        }
        #expect(throws: (any Error).self) { try StatusCommand.parse(["--socket", "a"]) }
        #expect(throws: (any Error).self) { try PlanCommand.parse([]) }
        #expect(try PlanCommand.parse(["a.yaml"]).file == "a.yaml")
    }

    @Test func drainsNameWhatTheyAreFor() throws {
        let endpoint = try DrainCommand.parse(["endpoint", "10.0.0.1:80", "--undo"])
        #expect(endpoint.order == DrainOrder(endpoint: "10.0.0.1:80", undrain: true))
        #expect(endpoint.line(DrainOutcome(.done)) == "endpoint 10.0.0.1:80 is in service")
        let listener = try DrainCommand.parse(["listener", "web"])
        #expect(listener.order == DrainOrder(listener: "web", undrain: false))
        #expect(
            listener.line(DrainOutcome(.unchanged, remaining: 3))
                == "listener web is already draining, 3 under way")
        for arguments in [[], ["endpoint"], ["upstream", "a"], ["endpoint", "a", "b"]] {
            #expect(throws: (any Error).self) { try DrainCommand.parse(arguments) }
        }
    }

    @Test func statusIsReadable() {
        let status = StatusReport(
            version: "1.2", pid: 7, state: .serving, uptimeMs: 65_000, backend: "epoll",
            backendReason: "asked for", configuration: "command line", generation: 1,
            connectionsActive: 2, connectionsMax: 100, accepted: 30, requests: 400,
            listeners: [
                StatusReport.Listener(
                    name: "web", protocolName: "http", address: "127.0.0.1:8080", state: .serving,
                    connections: 2)
            ],
            workers: [StatusReport.Worker(connectionsActive: 2, processorTimeNs: 1_250_000_000)])
        let endpoints = [
            EndpointReport(upstream: "default", name: "a:1", address: "a:1", state: .usable),
            EndpointReport(
                upstream: "default", name: "b:1", address: "b:1", state: .ejected,
                reason: "connection was refused", weight: 3, connections: 0),
        ]
        let text = """
            gyre 1.2, pid 7, serving for 1m 5s on epoll (asked for)
            configuration  command line, number 1
            connections    2 of at most 100, 30 so far
            requests       400 so far

            LISTENER  PROTOCOL  ADDRESS         STATE    CONNECTIONS
            web       http      127.0.0.1:8080  serving  2

            UPSTREAM  ENDPOINT  STATE    WEIGHT  CONNECTIONS  REASON
            default   a:1       usable   1       -
            default   b:1       ejected  3       0            connection was refused

            WORKER  CONNECTIONS  CPU TIME
            0       2            1.2s
            """
        #expect(StatusText.lines(status, endpoints).joined(separator: "\n") == text)
    }

    @Test func durationsHaveTwoUnits() {
        let texts = [0, 7_890, 60_000, 3_661_000, 90_000_000].map { StatusText.duration($0) }
        #expect(texts == ["0.0s", "7.8s", "1m 0s", "1h 1m", "1d 1h"])
    }

    @Test func changesAreReadable() {
        let changes = [
            PlanChange(action: .removed, kind: .listener, name: "db", connections: 12),
            PlanChange(
                action: .changed, kind: .route, name: "web/api",
                settings: [
                    PlanChange.Setting("path", from: "/a", to: "/b"),
                    PlanChange.Setting("rewrite", from: nil, to: "/c"),
                ]),
        ]
        let text = """
            reloaded in 4 ms: 2 changes

            CHANGE   KIND      NAME     CONNECTIONS  SETTING
            removed  listener  db       12
            changed  route     web/api  -            path: /a -> /b
                                                     rewrite: not set -> /c
            """
        let outcome = ConfigurationOutcome.accepted(changes, tookMs: 4)
        #expect(OutcomeText.lines(outcome, done: "reloaded").joined(separator: "\n") == text)
        #expect(
            OutcomeText.lines(.accepted([]), done: "would take it") == [
                "would take it: no changes"
            ])
    }
}
