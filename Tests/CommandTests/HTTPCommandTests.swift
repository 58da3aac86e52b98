// Every option of `gyre http`: its default, where its value ends up, and what is refused.

import ArgumentParser
import ControlPlane
import DataPlane
import Protocols
import Testing

@testable import gyre

private let addresses = ["--listen", ":1", "--to", ":2"]

private func asked(_ arguments: [String]) throws -> Configuration {
    try HTTPCommand.parse(addresses + arguments).asked
}

private func listener(_ arguments: String...) throws -> Configuration.Listener {
    try asked(arguments).listeners[0]
}

private func upstream(_ arguments: String...) throws -> Configuration.Upstream {
    try asked(arguments).upstreams[0]
}

@Suite struct HTTPCommandTests {
    @Test func nothingAskedForIsTheDefault() throws {
        var expected = Configuration.Listener()
        expected.name = "http"
        expected.addresses = [.anyHost(port: 1)]
        expected.upstream = "endpoints"
        #expect(try listener() == expected)
        var endpoints = Configuration.Upstream()
        endpoints.name = "endpoints"
        endpoints.endpoints = [Configuration.Endpoint(.anyHost(port: 2))]
        #expect(try upstream() == endpoints)
    }

    @Test func everyTimeoutReachesItsDeadline() throws {
        let asked = try asked([
            "--head-timeout", "1ms", "--body-timeout", "2ms", "--response-timeout", "3ms",
            "--upstream-timeout", "4ms", "--keep-alive-timeout", "5ms",
            "--upstream-keep-alive-timeout", "6ms", "--tunnel-timeout", "7ms",
            "--half-close-timeout", "8ms",
        ])
        let client = asked.listeners[0].timeouts
        let origin = asked.upstreams[0].timeouts
        #expect(client.headMs == 1)
        #expect(client.bodyMs == 2)
        #expect(origin.responseMs == 3)
        #expect(origin.upstreamMs == 4)
        #expect(client.keepAliveMs == 5)
        #expect(origin.keepAliveMs == 6)
        #expect(client.tunnelMs == 7)
        #expect(client.halfCloseMs == 8)
    }

    @Test func everyLimitReachesItsPlace() throws {
        let limits = try listener(
            "--max-head", "1k", "--max-fields", "2", "--max-target", "300", "--max-chunk-line",
            "40", "--max-trailers", "50", "--max-body", "6m", "--max-requests", "7",
            "--pipeline-depth", "8"
        ).limits
        #expect(limits.headBytesMax == 1024)
        #expect(limits.fieldsMax == 2)
        #expect(limits.targetBytesMax == 300)
        #expect(limits.chunkLineBytesMax == 40)
        #expect(limits.trailerBytesMax == 50)
        #expect(limits.bodyBytesMax == 6 << 20)
        #expect(limits.requestsMax == 7)
        #expect(limits.pipelineDepthMax == 8)
        let connections = try upstream(
            "--upstream-idle-max", "0", "--upstream-pipeline", "9"
        ).connections
        #expect(connections.idleMax == 0)
        #expect(connections.pipelineMax == 9)
    }

    @Test func aBodyLimitCanBeSwitchedOff() throws {
        #expect(try listener("--max-body", "off").limits.bodyBytesMax == nil)
    }

    @Test(
        arguments: [
            ("x-forwarded", .xForwarded), ("forwarded", .forwarded), ("none", []),
            ("both", [.xForwarded, .forwarded]),
        ] as [(String, ForwardedFields)])
    func fieldsAddedAreChosen(choice: String, fields: ForwardedFields) throws {
        #expect(try listener("--forwarded", choice).forwarded == fields)
        #expect(try listener("--forwarded", choice, "--via").forwarded == fields.union(.via))
    }

    @Test func requestOptionsReachTheirPlaces() throws {
        let asked = try asked([
            "--host-header", "upstream", "--allow-connect", "--trust", "10.0.0.0/8,::1",
            "--trust", "192.0.2.7",
        ])
        #expect(asked.upstreams[0].host == .upstream)
        #expect(asked.listeners[0].allowsConnect)
        let blocks = try ["10.0.0.0/8", "::1", "192.0.2.7"].map { try IPBlock(parsing: $0) }
        #expect(asked.listeners[0].trusted == blocks)
    }

    @Test func sharedOptionsReachTheirPlaces() throws {
        let asked = try asked([
            "--backend", "epoll", "--workers", "3", "--relay", "copy", "--max-connections", "4",
            "--connect-timeout", "5ms", "--drain-timeout", "0s", "--no-pin", "--log-level",
            "error",
        ])
        #expect(asked.process.backend == .epoll)
        #expect(asked.process.workers == 3)
        #expect(asked.listeners[0].relay == .copy)
        #expect(asked.process.connectionsMax == 4)
        #expect(asked.upstreams[0].timeouts.connectMs == 5)
        #expect(asked.process.drainTimeoutMs == 0)
        #expect(!asked.process.pinsWorkers)
        #expect(asked.process.log.level == .error)
    }

    /// Connections that are shared cannot speak for one client each.
    @Test func proxyHeadersAndPipeliningExcludeEachOther() throws {
        let command = try HTTPCommand.parse(
            addresses + ["--send-proxy", "v2", "--upstream-pipeline", "1"])
        #expect(command.asked.upstreams[0].proxyProtocol == .v2)
        #expect(throws: (any Error).self) {
            try HTTPCommand.parse(addresses + ["--send-proxy", "v2", "--upstream-pipeline", "2"])
        }
    }

    static let refused: [(option: String, values: [String])] = [
        ("--head-timeout", ["0ms", "30", "-1s", "soon", ""]),
        ("--body-timeout", ["0s", "60"]),
        ("--response-timeout", ["0s", "1d"]),
        ("--upstream-timeout", ["0s", "1.5s"]),
        ("--keep-alive-timeout", ["0s", "8761h"]),
        ("--upstream-keep-alive-timeout", ["0s", "60"]),
        ("--tunnel-timeout", ["0s", "off"]),
        ("--half-close-timeout", ["0s", "2"]),
        ("--connect-timeout", ["0s", "5"]),
        ("--drain-timeout", ["30", "-1s"]),
        ("--max-head", ["0", "1023", "65537", "65k", "32K", "32kb", "-1", "off", ""]),
        ("--max-fields", ["0", "257", "1k", "-1", "many"]),
        ("--max-target", ["15", "65k", "8kib"]),
        ("--max-chunk-line", ["15", "65k"]),
        ("--max-trailers", ["15", "65k"]),
        ("--max-body", ["0", "0k", "1.5m", "none", "2000000g", "-1"]),
        ("--max-requests", ["0", "4294967296", "1k"]),
        ("--pipeline-depth", ["0", "1025"]),
        ("--upstream-idle-max", ["-1", "1048577", "off"]),
        ("--upstream-pipeline", ["-1", "129", "off"]),
        ("--max-connections", ["0", "1048577"]),
        ("--workers", ["0", "1025", "all"]),
        ("--host-header", ["", "origin", "example.org"]),
        ("--forwarded", ["", "via", "X-Forwarded-For", "x-forwarded,forwarded"]),
        ("--trust", ["", "10.0.0.0/33", "10.0.0/8", "::1/129", "localhost", "::1,", "10.0.0.1/"]),
        ("--relay", ["splice-ring", "magic"]),
        ("--backend", ["kqueue"]),
        ("--idle-timeout", ["1h"]),
    ]

    @Test(arguments: refused)
    func aWrongValueIsToldWithItsOption(option: String, values: [String]) {
        for value in values {
            let error = #expect(throws: (any Error).self, "\(option) \(value)") {
                try HTTPCommand.parse(addresses + [option, value])
            }
            guard let error else { continue }
            #expect(HTTPCommand.exitCode(for: error).rawValue == 64)
            let line = Refusal.line(HTTPCommand.message(for: error), ["gyre", "http"])
            #expect(line?.contains(option) == true, "\(line ?? "nothing is said")")
            #expect(line?.contains("\n") == false)
            #expect(line?.hasSuffix("(see gyre http --help)") == true)
        }
    }

    @Test(arguments: [
        [], ["--listen", ":1"], ["--to", ":2"],
        ["--listen", ":1", "--listen", ":1", "--to", ":2"],
        ["--listen", ":1", "--to", ":1"], ["--listen", ":1", "--to", ":0"],
        ["--listen", "1", "--to", ":2"], ["--listen", ":1", "--to", ""],
    ])
    func addressesAreChecked(arguments: [String]) {
        #expect(throws: (any Error).self) { try HTTPCommand.parse(arguments) }
    }
}
