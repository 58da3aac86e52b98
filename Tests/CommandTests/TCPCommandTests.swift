// The options of `gyre tcp` that `gyre http` does not have, and what only HTTP understands.

import ArgumentParser
import ControlPlane
import DataPlane
import Protocols
import Testing

@testable import gyre

@Suite struct TCPCommandTests {
    private func parse(_ arguments: String...) throws -> TCPCommand {
        try TCPCommand.parse(["--listen", ":1", "--to", ":2,:3"] + arguments)
    }

    @Test func optionsReachTheirPlaces() throws {
        let command = try parse("--idle-timeout", "7ms", "--relay", "splice-ring")
        #expect(command.idleTimeout == 7)
        #expect(command.service.relay == .spliceRing)
        let asked = command.asked
        let endpoints = [2, 3].map { Configuration.Endpoint(.anyHost(port: $0)) }
        #expect(asked.upstreams[0].endpoints == endpoints)
        #expect(asked.listeners[0].timeouts.idleMs == 7)
        #expect(try parse().idleTimeout == 3_600_000)
    }

    @Test(arguments: ["--head-timeout", "--max-body", "--via", "--trust", "--upstream-idle-max"])
    func whatIsOfHTTPIsNotUnderstood(option: String) {
        #expect(throws: (any Error).self) { try parse(option, "1s") }
    }

    @Test func directDescriptorsNeedTheRing() throws {
        #expect(try parse("--direct-descriptors").service.directDescriptors)
        #expect(try !parse().service.directDescriptors)
        _ = try parse("--direct-descriptors", "--relay", "splice-ring", "--backend", "io_uring")
        for (option, value) in [("--backend", "epoll"), ("--relay", "splice")] {
            #expect(throws: (any Error).self) { try parse("--direct-descriptors", option, value) }
        }
    }

    @Test func proxyProtocolReachesItsPlaces() throws {
        let nothing = try parse().asked
        #expect(nothing.listeners[0].proxyProtocol == nil)
        #expect(nothing.upstreams[0].proxyProtocol == nil)
        let all = try parse(
            "--accept-proxy-from", "10.0.0.0/8,::1", "--accept-proxy-from", "192.0.2.7",
            "--accept-proxy-timeout", "7ms", "--send-proxy", "v2"
        ).asked
        let blocks = try ["10.0.0.0/8", "::1", "192.0.2.7"].map { try IPBlock(parsing: $0) }
        #expect(all.listeners[0].proxyProtocol?.from == blocks)
        #expect(all.listeners[0].proxyProtocol?.timeoutMs == 7)
        #expect(all.upstreams[0].proxyProtocol == .v2)
        #expect(try parse("--send-proxy", "v1").asked.upstreams[0].proxyProtocol == .v1)
        let some = try parse("--accept-proxy-from", "::1").asked
        #expect(some.listeners[0].proxyProtocol?.timeoutMs == 5_000)
        for wrong in [
            ["--accept-proxy-from", "10.0.0.1/8"], ["--accept-proxy-from", ""],
            ["--accept-proxy-from", "::1", "--accept-proxy-timeout", "0s"],
            ["--accept-proxy-timeout", "1s"], ["--send-proxy", "v3"], ["--send-proxy", ""],
            ["--send-proxy", "v1", "--direct-descriptors"],
        ] {
            #expect(throws: (any Error).self, "\(wrong)") {
                try TCPCommand.parse(["--listen", ":1", "--to", ":2"] + wrong)
            }
            #expect(throws: (any Error).self, "\(wrong)") {
                try HTTPCommand.parse(["--listen", ":1", "--to", ":2"] + wrong)
            }
        }
        _ = try parse("--accept-proxy-from", "::1", "--direct-descriptors")
    }

    @Test func waitsReachTheirPlaces() throws {
        #expect(try waits() == WaitPolicy())
        #expect(
            try waits("--wait", "latency", "--busy-poll", "50us")
                == WaitPolicy(mode: .latency, busyPollNs: 50_000))
        #expect(try waits("--busy-poll", "100ms").busyPollNs == 100_000_000)
        #expect(try waits("--busy-poll", "off").busyPollNs == 0)
        for text in ["0us", "101ms", "1s", "50", ""] {
            #expect(throws: (any Error).self) { try parse("--busy-poll", text) }
        }
        #expect(throws: (any Error).self) { try parse("--wait", "never") }
    }

    private func waits(_ arguments: String...) throws -> WaitPolicy {
        let command = try TCPCommand.parse(["--listen", ":1", "--to", ":2"] + arguments)
        let process = command.asked.process
        return WaitPolicy(mode: process.wait, busyPollNs: process.busyPollUs * 1_000)
    }

    @Test func accessLogsReachTheirPlaces() throws {
        let plain = ["--listen", ":1", "--to", ":2"]
        #expect(try TCPCommand.parse(plain).asked.process.log.access == nil)
        for target in ["stdout", "/var/log/a.log", "syslog:/dev/log"] {
            let asked = try TCPCommand.parse(plain + ["--access-log", target]).asked
            #expect(asked.process.log.access?.to == AccessTarget(parsing: target))
            #expect(asked.process.log.access?.format == .json)
        }
        let asked = try HTTPCommand.parse(
            plain + ["--access-log", "stdout", "--access-log-format", "$client $$"]
        ).asked
        #expect(asked.process.log.access?.format.description == "$client $$")
        #expect(asked.process.log.access?.samplePercent == 100)
        for wrong in [
            ["--access-log", "stderr"], ["--access-log", "a.log"], ["--access-log", ""],
            ["--access-log-format", "json"],
            ["--access-log", "stdout", "--access-log-format", "$statsu"],
        ] {
            let error = #expect(throws: (any Error).self) { try TCPCommand.parse(plain + wrong) }
            guard let error else { continue }
            #expect(TCPCommand.exitCode(for: error).rawValue == 64)
            #expect(
                !wrong.contains("$statsu") || TCPCommand.message(for: error).contains("'$status'"))
        }
    }

    @Test func ringSpliceNeedsTheRing() {
        #expect(throws: (any Error).self) {
            try parse("--relay", "splice-ring", "--backend", "epoll")
        }
    }
}
