// The command lines as configuration files, and what cannot be served from a file.

import ControlPlane
import Testing

@testable import gyre

@Suite struct ConfigurationTests {
    private func read(_ text: String) throws -> Configuration {
        try ConfigurationFile.parse(Array(text.utf8), environment: [:])
    }

    static let lines: [[String]] = [
        [],
        ["--backend", "epoll", "--workers", "3", "--no-pin", "--max-connections", "9"],
        ["--wait", "latency", "--busy-poll", "50us", "--drain-timeout", "0s"],
        ["--relay", "copy", "--connect-timeout", "1s", "--log-level", "debug"],
        ["--direct-descriptors", "--backend", "io_uring"],
        ["--accept-proxy-from", "10.0.0.0/8,::1", "--accept-proxy-timeout", "2s"],
        ["--accept-proxy-from", "127.0.0.1", "--send-proxy", "v1"],
    ]

    @Test(arguments: lines)
    func whatIsPrintedIsTheSame(options: [String]) throws {
        let addresses = ["--listen", ":1", "--listen", "[::1]:2", "--to", ":3,unix:/run/a.sock"]
        let http = try HTTPCommand.parse(
            addresses + options + ["--print-config", "--max-body", "1m", "--trust", "::1", "--via"])
        #expect(http.service.printConfig)
        #expect(try read(http.asked.yaml) == http.asked)
        let tcp = try TCPCommand.parse(addresses + options + ["--idle-timeout", "7ms"])
        #expect(try read(tcp.asked.yaml) == tcp.asked)
        #expect(tcp.asked.listeners[0].timeouts.idleMs == 7)
    }

    @Test func theSummaryCounts() throws {
        let configuration = try read(
            """
            listeners: [{name: a, protocol: http, address: ":1", upstream: b}]
            upstreams: [{name: b, endpoints: [":2", ":3"]}]
            """)
        #expect(configuration.summary == "1 listener, 0 routes, 1 upstream, 2 endpoints")
    }
}
