// Every option of `gyre http`: its default, where its value ends up, and what is refused.

import ArgumentParser
import ControlPlane
import DataPlane
import Protocols
import Testing

@testable import gyre

private let addresses = ["--listen", ":1", "--to", ":2"]

private func options(_ arguments: String...) throws -> ServiceOptions {
    try ServiceOptions(HTTPCommand.parse(addresses + arguments).asked)
}

private func policy(_ arguments: String...) throws -> HTTPPolicy {
    let options = try ServiceOptions(HTTPCommand.parse(addresses + arguments).asked)
    guard case .http(let policy, _) = options.protocols else { throw ExitCode.failure }
    return policy
}

@Suite struct HTTPCommandTests {
    @Test func nothingAskedForIsTheDefault() throws {
        let policy = try policy()
        let expected = HTTPPolicy()
        #expect("\(policy)" == "\(expected)")
        #expect("\(try options().upstreamPolicy)" == "\(UpstreamPolicy())")
    }

    @Test func everyTimeoutReachesItsDeadline() throws {
        let options = try options(
            "--head-timeout", "1ms", "--body-timeout", "2ms", "--response-timeout", "3ms",
            "--upstream-timeout", "4ms", "--keep-alive-timeout", "5ms",
            "--upstream-keep-alive-timeout", "6ms", "--tunnel-timeout", "7ms",
            "--half-close-timeout", "8ms")
        guard case .http(let policy, _) = options.protocols else {
            Issue.record("not a proxy")
            return
        }
        let deadlines = policy.deadlines
        #expect(deadlines.headMs == 1)
        #expect(deadlines.bodyMs == 2)
        #expect(options.upstreamPolicy.responseMs == 3)
        #expect(options.upstreamPolicy.silenceMs == 4)
        #expect(deadlines.keepAliveMs == 5)
        #expect(options.upstreamPolicy.keepAliveMs == 6)
        #expect(deadlines.tunnelMs == 7)
        #expect(deadlines.halfCloseMs == 8)
    }

    @Test func everyLimitReachesItsPlace() throws {
        let policy = try policy(
            "--max-head", "1k", "--max-fields", "2", "--max-target", "300", "--max-chunk-line",
            "40", "--max-trailers", "50", "--max-body", "6m", "--max-requests", "7",
            "--pipeline-depth", "8")
        #expect(policy.heads.headBytesMax == 1024)
        #expect(policy.heads.fieldsMax == 2)
        #expect(policy.heads.targetBytesMax == 300)
        #expect(policy.chunks.lineBytesMax == 40)
        #expect(policy.chunks.trailerBytesMax == 50)
        #expect(policy.bodyBytesMax == 6 << 20)
        #expect(policy.requestsMax == 7)
        #expect(policy.pipelineDepthMax == 8)
        let upstream = try options("--upstream-idle-max", "0", "--upstream-pipeline", "9")
        #expect(upstream.upstreamPolicy.idleMax == 0)
        #expect(upstream.upstreamPolicy.pipelineMax == 9)
    }

    @Test func theLargestHeadIsOneByteBelow64KiB() throws {
        #expect(try policy("--max-head", "64k").heads.headBytesMax == 65_535)
        #expect(try policy("--max-head", "65535").heads.headBytesMax == 65_535)
        #expect(try policy("--max-target", "64k").heads.targetBytesMax == 65_535)
    }

    @Test func aBodyLimitCanBeSwitchedOff() throws {
        #expect(try policy("--max-body", "off").bodyBytesMax == nil)
    }

    @Test(
        arguments: [
            ("x-forwarded", .xForwarded), ("forwarded", .forwarded), ("none", []),
            ("both", [.xForwarded, .forwarded]),
        ] as [(String, ForwardedFields)])
    func fieldsAddedAreChosen(choice: String, fields: ForwardedFields) throws {
        #expect(try policy("--forwarded", choice).forwarded == fields)
        #expect(try policy("--forwarded", choice, "--via").forwarded == fields.union(.via))
    }

    @Test func requestOptionsReachTheirPlaces() throws {
        let options = try options(
            "--host-header", "upstream", "--allow-connect", "--trust", "10.0.0.0/8,::1",
            "--trust", "192.0.2.7")
        guard case .http(let policy, let trusted) = options.protocols else {
            Issue.record("not a proxy")
            return
        }
        #expect(options.upstreamPolicy.host == .upstream)
        #expect(policy.allowsConnect)
        let blocks = try ["10.0.0.0/8", "::1", "192.0.2.7"].map { try IPBlock(parsing: $0) }
        #expect(trusted == blocks)
    }

    @Test func sharedOptionsReachTheirPlaces() throws {
        let command = try HTTPCommand.parse(
            addresses + [
                "--backend", "epoll", "--workers", "3", "--relay", "copy", "--max-connections",
                "4", "--connect-timeout", "5ms", "--drain-timeout", "0s", "--no-pin",
                "--log-level", "error",
            ])
        let options = try ServiceOptions(command.asked)
        #expect(options.listen == [.anyHost(port: 1)])
        #expect(options.upstream == [.anyHost(port: 2)])
        #expect(options.backend == .epoll)
        #expect(options.workers == 3)
        #expect(options.relay == .copy)
        #expect(options.connectionsMax == 4)
        #expect(options.upstreamPolicy.connectMs == 5)
        #expect(options.drainTimeoutMs == 0)
        #expect(!options.pinsWorkers)
        #expect(command.service.logLevel == .error)
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
