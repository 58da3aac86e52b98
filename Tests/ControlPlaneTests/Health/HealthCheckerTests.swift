// The running checks, against real sockets.

import DataPlane
import Glibc
import IntegrationSupport
import Synchronization
import Testing

@testable import ControlPlane

/// A health table, a checker on it, and what has changed so far.
private final class Checks: Sendable {
    let health = EndpointHealth()
    private let checker: HealthChecker
    private let taken = Mutex<[HealthChange]>([])

    init(endpoints: Int) throws {
        for id in 0..<UInt32(endpoints) { health.assign(id, toUpstream: 0, nowMs: 0) }
        checker = try HealthChecker.start(reportingTo: health)
    }

    deinit { checker.stop() }

    func update(_ targets: [HealthTarget]) { checker.update(targets) }

    var changes: [HealthChange] {
        taken.withLock { taken in
            taken += health.takeChanges().changes
            return taken
        }
    }

    func state(_ endpoint: UInt32) -> EndpointState.Checked {
        health.state(of: endpoint).checked
    }

    /// Waits for what is known of an endpoint.
    func becomes(_ checked: EndpointState.Checked, _ endpoint: UInt32 = 0) -> Bool {
        eventually { state(endpoint) == checked }
    }
}

@Suite struct HealthCheckerTests {
    private static let http = HealthCheck.Kind.http(
        path: "/healthz", host: nil, statuses: [200...299])

    private static func target(
        _ endpoint: UInt32, _ address: PeerAddress, _ kind: HealthCheck.Kind,
        intervalMs: UInt64 = 20, timeoutMs: UInt64 = 5_000, rise: Int = 1, fall: Int = 1
    ) throws -> HealthTarget {
        let socketAddress =
            switch address {
            case .loopback4(let port):
                try HostResolver.listenAddresses(.host("127.0.0.1", port: port))[0]
            case .loopback6(let port):
                try HostResolver.listenAddresses(.ipv6("::1", port: port))[0]
            case .unix(let path): try #require(SocketAddress(unixPath: path))
            }
        return HealthTarget(
            endpoint: endpoint, address: AddressReference(keeping: socketAddress), host: "h",
            check: HealthCheck(
                kind, intervalMs: intervalMs, jitterPercent: 10, timeoutMs: timeoutMs, rise: rise,
                fall: fall))
    }

    @Test func aListenerIsUpAndARefusedPortIsDown() throws {
        let checks = try Checks(endpoints: 2)
        let listening = try Listener()
        let refusing = try Listener(refuses: true)
        checks.update([
            try Self.target(0, listening.address, .tcp),
            try Self.target(1, refusing.address, .tcp),
        ])
        #expect(checks.becomes(.up, 0))
        #expect(checks.becomes(.down, 1))
        let down = checks.changes.first { $0.kind == .wentDown }
        #expect(down?.cause == .connectFailed)
        #expect(down?.code == UInt16(ECONNREFUSED))
        #expect(down?.endpoint == 1)
    }

    @Test func statusesRiseAndFallAsTheyShould() throws {
        let isGood = Atomic(true)
        let origin = try HTTPOrigin { _ in
            isGood.load(ordering: .relaxed)
                ? .end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                : .end("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
        }
        let checks = try Checks(endpoints: 1)
        checks.update([try Self.target(0, origin.address, Self.http, rise: 2, fall: 3)])
        #expect(checks.becomes(.up))
        isGood.store(false, ordering: .relaxed)
        #expect(checks.becomes(.down))
        isGood.store(true, ordering: .relaxed)
        #expect(checks.becomes(.up))
        #expect(checks.health.admittedAtMs(0) > 0)
        let changes = checks.changes
        #expect(changes.map(\.kind) == [.wentUp, .wentDown, .wentUp])
        #expect(changes.map(\.count) == [1, 3, 2])
        #expect(changes.map(\.cause) == [nil, .badStatus, nil])
        #expect(changes[1].code == 500)
        #expect(origin.failures.isEmpty)
        #expect(Set(origin.targets) == ["/healthz"])
    }

    @Test func silenceRunsIntoTheTimeout() throws {
        let mute = try RecordingOrigin()
        let hanging = try SilentEndpoint()
        let checks = try Checks(endpoints: 2)
        checks.update([
            try Self.target(0, mute.address, Self.http, timeoutMs: 80),
            try Self.target(1, hanging.address, Self.http, timeoutMs: 80),
        ])
        #expect(checks.becomes(.down, 0))
        #expect(checks.becomes(.down, 1))
        let changes = checks.changes
        #expect(changes.first { $0.endpoint == 0 }?.cause == .timedOut)
        #expect(changes.first { $0.endpoint == 1 }?.cause == .connectTimedOut)
        // Timed-out checks give their connections back.
        #expect(eventually { mute.endedCount >= 2 })
    }

    @Test(arguments: [
        ("", HealthCause.reset), ("HTTP/1.1 200", .reset), ("220 mail ready\r\n", .badResponse),
    ])
    func whatIsNoAnswerIsAFailure(text: String, cause: HealthCause) throws {
        let origin = try HTTPOrigin { _ in .end(text) }
        let checks = try Checks(endpoints: 1)
        checks.update([try Self.target(0, origin.address, Self.http)])
        #expect(checks.becomes(.down))
        #expect(checks.changes.first?.cause == cause)
    }

    @Test func aLongBodyIsReadToItsEndAndAnEndlessOneIsNot() throws {
        let whole = String(repeating: "x", count: 50_000)
        let endless = String(repeating: "x", count: 3_000_000)
        let origin = try HTTPOrigin { received in
            let body = received.connection % 2 == 0 ? whole : endless
            return .end("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }
        let checks = try Checks(endpoints: 1)
        checks.update([try Self.target(0, origin.address, Self.http)])
        #expect(eventually { origin.accepted >= 6 })
        #expect(checks.state(0) == .up)
    }

    @Test func endpointsThatStayKeepTheirStateAndThoseThatGoAreUnknown() throws {
        let origin = try SwarmOrigin()
        let other = try SwarmOrigin()
        let checks = try Checks(endpoints: 2)
        let slow = try Self.target(0, origin.address, .tcp, intervalMs: 3_600_000)
        let fast = try Self.target(1, other.address, .tcp)
        checks.update([slow, fast])
        #expect(checks.becomes(.up, 0))
        #expect(checks.becomes(.up, 1))
        checks.update([slow])
        #expect(checks.becomes(.unknown, 1))
        #expect(checks.state(0) == .up)
        #expect(checks.changes.count == 2)
        // What was checked often is not any more.
        #expect(
            eventually {
                let accepted = other.accepted
                pause(0.2)
                return other.accepted == accepted
            })
        // The slow one goes on where it was.
        #expect(origin.accepted == 1)
        // Other rules hold at once.
        checks.update([try Self.target(0, origin.address, .tcp, intervalMs: 20)])
        #expect(eventually { origin.accepted >= 4 })
    }

    @Test func anIdWithANewAddressBeginsAnew() throws {
        let good = try SwarmOrigin()
        let bad = try Listener(refuses: true)
        let checks = try Checks(endpoints: 1)
        checks.update([try Self.target(0, good.address, .tcp, fall: 100)])
        #expect(checks.becomes(.up))
        checks.health.assign(0, toUpstream: 0, nowMs: 0)
        checks.update([try Self.target(0, bad.address, .tcp, fall: 100)])
        // The first check of a new endpoint decides, whatever `fall` says.
        #expect(checks.becomes(.down))
    }

    @Test func anIdGivenOutAnewIsToldAgain() throws {
        let origin = try SwarmOrigin()
        let checks = try Checks(endpoints: 1)
        checks.update([try Self.target(0, origin.address, .tcp)])
        #expect(checks.becomes(.up))
        checks.health.assign(0, toUpstream: 0, nowMs: 0)
        #expect(checks.becomes(.up))
    }

    /// More endpoints than may be checked at once: each gets its turn, and no connection stays.
    @Test func manyEndpointsGetTheirTurns() throws {
        let origin = try SwarmOrigin()
        let count = 2_000
        let checks = try Checks(endpoints: count)
        // The swarm echoes, and an echoed request is no response.
        checks.update(
            try (0..<UInt32(count)).map {
                try Self.target($0, origin.address, Self.http, intervalMs: 60_000)
            })
        #expect(eventually(within: 20) { checks.health.counts(ofUpstream: 0).usable == 0 })
        #expect(origin.accepted == count)
        #expect(eventually { origin.open == 0 })
    }

    @Test func checksUnderWayAreBounded() throws {
        let mute = try RecordingOrigin()
        let checks = try Checks(endpoints: 300)
        checks.update(
            try (0..<300).map {
                try Self.target($0, mute.address, Self.http, timeoutMs: 60_000)
            })
        #expect(eventually { mute.connections.count == CheckLoop.checksMax })
        pause(0.2)
        #expect(mute.connections.count == CheckLoop.checksMax)
        checks.update([])
        #expect(eventually { mute.endedCount == CheckLoop.checksMax })
    }

    @Test func stoppingDoesNotWaitForChecks() throws {
        let mute = try RecordingOrigin()
        let health = EndpointHealth()
        health.assign(0, toUpstream: 0, nowMs: 0)
        let checker = try HealthChecker.start(reportingTo: health)
        checker.update([try Self.target(0, mute.address, Self.http, timeoutMs: 60_000)])
        #expect(eventually { !mute.connections.isEmpty })
        let begin = ContinuousClock.now
        checker.stop()
        #expect(begin.duration(to: .now) < .seconds(5))
        #expect(eventually { mute.endedCount == 1 })
        #expect(health.state(of: 0).checked == .unknown)
    }
}
