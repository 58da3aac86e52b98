// The running resolver, against a DNS server that can be told to misbehave.

import DataPlane
import IntegrationSupport
import Synchronization
import Testing

@testable import ControlPlane

extension DNSZone {
    /// Patient with a busy machine, impatient with silence.
    fileprivate func servers(timeoutMs: Int32 = 400) -> NameServers {
        NameServers(servers: ["\(address)"], timeoutMs: timeoutMs, tries: 2)
    }
}

/// A resolver and what it has told.
private final class Names: Sendable {
    private let told = Mutex<[(NameQuestion, NameEvent)]>([])
    private let resolver = Mutex<NameResolver?>(nil)

    init(_ servers: NameServers) throws {
        let started = try NameResolver.start(servers) { [weak self] question, event in
            self?.told.withLock { $0.append((question, event)) }
        }
        resolver.withLock { $0 = started }
    }

    deinit { stop() }

    func update(_ questions: Set<NameQuestion>) {
        resolver.withLock { $0?.update(questions) }
    }

    func stop() {
        resolver.withLock { $0.take() }?.stop()
    }

    func events(_ question: NameQuestion) -> [NameEvent] {
        told.withLock { $0.filter { $0.0 == question }.map(\.1) }
    }

    func tells(_ count: Int, of question: NameQuestion, within seconds: Double = 10) -> Bool {
        eventually(within: seconds) { events(question).count >= count }
    }
}

@Suite struct NameResolverTests {
    private static let question = NameQuestion.host("a.test", port: 80)

    private static func changed(_ hosts: UInt8..., port: UInt16 = 80) -> NameEvent {
        .changed(hosts.map { NamedAddress(address: address($0, port)) })
    }

    @Test func changesFollowTheLifetimeAndTheOrderIsNone() throws {
        let zone = try DNSZone(["a.test A": DNSZone.entry(1, "127.0.0.3", "127.0.0.2")])
        let names = try Names(zone.servers())
        names.update([Self.question])
        #expect(names.tells(1, of: Self.question))
        try zone.set(["a.test A": DNSZone.entry(1, "127.0.0.2", "127.0.0.3")])
        let asked = zone.queries.count
        #expect(eventually(within: 10) { zone.queries.count >= asked + 4 })
        #expect(names.events(Self.question) == [Self.changed(2, 3)])
        try zone.set(["a.test A": DNSZone.entry(3_000, "127.0.0.4")])
        #expect(names.tells(2, of: Self.question))
        #expect(names.events(Self.question) == [Self.changed(2, 3), Self.changed(4)])
        // Good for longer now.
        let last = zone.queries.count
        pause(1.5)
        #expect(zone.queries.count == last)
    }

    @Test(arguments: ["servfail", "silent", "garbage", "cut", "other"])
    func failuresKeepTheLastAddresses(mode: String) throws {
        let zone = try DNSZone(["a.test A": DNSZone.entry(1, "127.0.0.2")])
        let names = try Names(zone.servers())
        names.update([Self.question])
        #expect(names.tells(1, of: Self.question))
        try zone.set(["a.test A": DNSZone.misbehaving(mode)])
        #expect(names.tells(2, of: Self.question, within: 20))
        guard case .failing(let reason) = names.events(Self.question).last else {
            Issue.record("told \(names.events(Self.question))")
            return
        }
        #expect(!reason.isEmpty)
        try zone.set(["a.test A": DNSZone.entry(1, "127.0.0.2")])
        #expect(names.tells(3, of: Self.question, within: 20))
        #expect(
            names.events(Self.question) == [Self.changed(2), .failing(reason), .recovered])
    }

    @Test func aNameThatIsGoneKeepsItsAddresses() throws {
        let zone = try DNSZone(["a.test A": DNSZone.entry(1, "127.0.0.2")])
        let names = try Names(zone.servers())
        names.update([Self.question])
        #expect(names.tells(1, of: Self.question))
        try zone.set([:])
        #expect(names.tells(2, of: Self.question))
        #expect(names.events(Self.question).last == .failing("no addresses"))
    }

    @Test func aTruncatedAnswerIsAskedForAgainOverTCP() throws {
        let zone = try DNSZone(["a.test A": DNSZone.misbehaving("truncate")])
        let names = try Names(zone.servers())
        names.update([Self.question])
        #expect(names.tells(1, of: Self.question))
        #expect(names.events(Self.question) == [Self.changed(9)])
        #expect(zone.queries.contains("tcp a.test A"))
    }

    @Test func anAliasIsFollowedForItsOwnLifetime() throws {
        let zone = try DNSZone([
            "a.test CNAME": DNSZone.entry(1, "b.test"),
            "b.test A": DNSZone.entry(3_000, "127.0.0.2"),
        ])
        let names = try Names(zone.servers())
        names.update([Self.question])
        #expect(names.tells(1, of: Self.question))
        try zone.set([
            "a.test CNAME": DNSZone.entry(1, "c.test"),
            "c.test A": DNSZone.entry(3_000, "127.0.0.3"),
        ])
        #expect(names.tells(2, of: Self.question))
        #expect(names.events(Self.question) == [Self.changed(2), Self.changed(3)])
    }

    @Test func aServiceHasPortsAndWeights() throws {
        let zone = try DNSZone([
            "_s._tcp.test SRV": DNSZone.entry(
                1, "10 3 8001 a.test", "10 1 8002 b.test", "20 9 8003 spare.test"),
            "a.test A": DNSZone.entry(60, "127.0.0.2"), "b.test A": DNSZone.entry(60, "127.0.0.3"),
            "spare.test A": DNSZone.entry(60, "127.0.0.4"),
        ])
        let service = NameQuestion.service("_s._tcp.test")
        let names = try Names(zone.servers())
        names.update([service])
        #expect(names.tells(1, of: service))
        let first = NamedAddress(address: address(2, 8001), weight: 3)
        let second = NamedAddress(address: address(3, 8002), weight: 1)
        #expect(names.events(service) == [.changed([first, second])])
        #expect(!zone.queries.contains("udp spare.test A"))
        try zone.set([
            "_s._tcp.test SRV": DNSZone.entry(1, "20 9 8003 spare.test"),
            "spare.test A": DNSZone.entry(60, "127.0.0.4"),
        ])
        #expect(names.tells(2, of: service))
        let spare = NamedAddress(address: address(4, 8003), weight: 9)
        #expect(names.events(service).last == .changed([spare]))
    }

    @Test func namesThatStayAreNotToldAgainAndThoseThatGoAreNotAsked() throws {
        let zone = try DNSZone([
            "a.test A": DNSZone.entry(1, "127.0.0.2"), "b.test A": DNSZone.entry(1, "127.0.0.3"),
        ])
        let other = NameQuestion.host("b.test", port: 80)
        let names = try Names(zone.servers())
        names.update([Self.question, other])
        #expect(names.tells(1, of: Self.question))
        #expect(names.tells(1, of: other))
        names.update([Self.question])
        let asked = { zone.queries.count { $0 == "udp a.test A" } }
        let before = asked()
        #expect(eventually(within: 10) { asked() >= before + 2 })
        let others = zone.queries.count { $0 == "udp b.test A" }
        #expect(eventually(within: 10) { asked() >= before + 4 })
        #expect(zone.queries.count { $0 == "udp b.test A" } == others)
        #expect(names.events(Self.question) == [Self.changed(2)])
        // One that comes back is told anew.
        names.update([Self.question, other])
        #expect(names.tells(2, of: other))
    }

    @Test func manyNamesAreAllAnswered() throws {
        let hosts = (0..<300).map { "n\($0).test" }
        let entries = hosts.map { ("\($0) A", DNSZone.entry(3_000, "127.0.0.2")) }
        let zone = try DNSZone(Dictionary(uniqueKeysWithValues: entries))
        let names = try Names(zone.servers(timeoutMs: 5_000))
        let questions = Set(hosts.map { NameQuestion.host($0, port: 1) })
        names.update(questions)
        #expect(
            eventually(within: 30) {
                questions.allSatisfy { names.events($0) == [Self.changed(2, port: 1)] }
            })
    }

    @Test func stoppingDoesNotWaitForAnswers() throws {
        let zone = try DNSZone(["a.test A": DNSZone.misbehaving("silent")])
        let names = try Names(zone.servers(timeoutMs: 60_000))
        names.update([Self.question])
        #expect(eventually { zone.queries.contains("udp a.test A") })
        let begin = ContinuousClock.now
        names.stop()
        #expect(begin.duration(to: .now) < .seconds(5))
        #expect(names.events(Self.question).isEmpty)
    }

    @Test func localhostAndNowhereNeedNoServer() throws {
        let zone = try DNSZone([:])
        let here = NameQuestion.host("localhost", port: 7)
        let nowhere = NameQuestion.host("nowhere.invalid", port: 7)
        let answers = NameResolver.ask([here, nowhere], zone.servers())
        #expect(answers[here]?.addresses?.contains(NamedAddress(address: address(1, 7))) == true)
        #expect(answers[nowhere] == .failed("no addresses"))
        #expect(zone.queries.allSatisfy { !$0.contains("invalid") && !$0.contains("localhost A") })
    }

    @Test func askingOnceWaitsForEveryAnswer() throws {
        let hosts = (0..<200).map { "n\($0).test" }
        var entries = [
            "_s._tcp.test SRV": DNSZone.entry(1, "10 3 8001 a.test"),
            "a.test A": DNSZone.entry(60, "127.0.0.2"),
        ]
        for host in hosts { entries["\(host) A"] = DNSZone.entry(60, "127.0.0.3") }
        let zone = try DNSZone(entries)
        let service = NameQuestion.service("_s._tcp.test")
        let missing = NameQuestion.host("missing.test", port: 1)
        let others = Set(hosts.map { NameQuestion.host($0, port: 1) })
        let answers = NameResolver.ask(
            others.union([service, missing]), zone.servers(timeoutMs: 5_000))
        #expect(
            answers[service]?.addresses == [NamedAddress(address: address(2, 8001), weight: 3)])
        #expect(answers[missing]?.addresses == nil)
        let third = NamedAddress(address: address(3, 1))
        #expect(others.allSatisfy { answers[$0]?.addresses == [third] })
    }

    @Test func askingOnceHasAnEnd() throws {
        let zone = try DNSZone(["a.test A": DNSZone.misbehaving("silent")])
        let begin = ContinuousClock.now
        let answers = NameResolver.ask(
            [Self.question], zone.servers(timeoutMs: 60_000), withinMs: 100)
        #expect(answers == [Self.question: .failed("no answer in time")])
        #expect(begin.duration(to: .now) < .seconds(10))
    }

    @Test func badServersAreAReason() {
        let answers = NameResolver.ask(
            [Self.question], NameServers(servers: ["not an address"]))
        #expect(answers[Self.question]?.addresses == nil)
    }
}

extension NameAnswer {
    fileprivate var addresses: [NamedAddress]? {
        if case .found(let addresses, _) = self { addresses } else { nil }
    }
}
