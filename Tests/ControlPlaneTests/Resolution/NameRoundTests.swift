// The rules of names that need no server: what is asked because of what, what is kept, and when it
// is asked again.

import DataPlane
import Protocols
import TestSupport
import Testing

@testable import ControlPlane

/// An IPv4 address and port.
func address(_ host: UInt8, _ port: UInt16 = 0) -> SocketAddress {
    let bytes: [UInt8] = [2, 0, UInt8(port >> 8), UInt8(port & 255), 127, 0, 0, host]
    guard let address = SocketAddress(copying: (bytes + [UInt8](repeating: 0, count: 8)).span)
    else { preconditionFailure("sixteen bytes are a sockaddr_in") }
    return address
}

@Suite struct NameRoundTests {
    private static func service(_ records: [ServiceRecord], ttl: UInt32 = 100) -> LookupOutcome {
        .services(ServiceRecords(records: records, ttlSeconds: ttl))
    }

    @Test func aHostIsAskedForBothKindsOfAddresses() {
        var round = NameRound(.host("a", port: 80))
        let asked = round.begin()
        #expect(asked == [.ipv4("a"), .ipv6("a")])
        #expect(!round.isComplete)
        _ = round.take(.ipv4("a"), .addresses([address(2), address(1)], lifetimeMs: 9_000))
        #expect(!round.isComplete)
        _ = round.take(.ipv6("a"), .nothing)
        #expect(round.isComplete)
        let expected = [address(1, 80), address(2, 80)].map { NamedAddress(address: $0) }
        #expect(round.answer() == .found(expected, lifetimeMs: 9_000))
    }

    @Test func theOrderOfAnAnswerIsNoChange() {
        let addresses = (1...9).map { address(UInt8($0)) }
        var random = SeededRandom(seed: 3)
        var state = NameState()
        for turn in 0..<50 {
            var round = NameRound(.host("a", port: 80))
            _ = round.begin()
            let shuffled = addresses.shuffled(using: &random) + [addresses[turn % 9]]
            _ = round.take(.ipv4("a"), .addresses(shuffled, lifetimeMs: 5_000))
            _ = round.take(.ipv6("a"), .nothing)
            let (events, pauseMs) = state.take(round.answer())
            #expect(events.count == (turn == 0 ? 1 : 0))
            #expect(pauseMs == 5_000)
        }
        #expect(state.addresses.count == 9)
    }

    @Test func halfAnAnswerKeepsTheOtherHalf() {
        var round = NameRound(.host("a", port: 1))
        _ = round.begin()
        _ = round.take(.ipv4("a"), .addresses([address(1)], lifetimeMs: 50))
        _ = round.take(.ipv6("a"), .addresses([address(2)], lifetimeMs: 70))
        let both = [address(1, 1), address(2, 1)].map { NamedAddress(address: $0) }
        #expect(round.answer() == .found(both, lifetimeMs: 50))
        _ = round.begin()
        _ = round.take(.ipv4("a"), .failed("timeout"))
        _ = round.take(.ipv6("a"), .addresses([address(2)], lifetimeMs: 70))
        #expect(round.answer() == .found(both, lifetimeMs: 70))
        // A decided answer is believed.
        _ = round.begin()
        _ = round.take(.ipv4("a"), .nothing)
        _ = round.take(.ipv6("a"), .addresses([address(2)], lifetimeMs: 70))
        #expect(round.answer() == .found(Array(both.dropFirst()), lifetimeMs: 70))
    }

    @Test func noAddressesAreAFailure() {
        var round = NameRound(.host("a", port: 1))
        _ = round.begin()
        _ = round.take(.ipv4("a"), .nothing)
        _ = round.take(.ipv6("a"), .nothing)
        #expect(round.answer() == .failed("no addresses"))
        _ = round.begin()
        _ = round.take(.ipv4("a"), .failed("timeout"))
        _ = round.take(.ipv6("a"), .nothing)
        #expect(round.answer() == .failed("timeout"))
    }

    @Test func aServiceUsesItsLowestPriorityWithWeights() {
        var round = NameRound(.service("_s"))
        let asked = round.begin()
        #expect(asked == [.service("_s")])
        let records = [
            ServiceRecord(priority: 20, weight: 1, port: 1, host: "spare"),
            ServiceRecord(priority: 10, weight: 30, port: 81, host: "b"),
            ServiceRecord(priority: 10, weight: 0, port: 82, host: "a"),
            ServiceRecord(priority: 10, weight: 7, port: 83, host: "b"),
        ]
        let more = round.take(.service("_s"), Self.service(records, ttl: 4))
        #expect(more == [.ipv4("a"), .ipv6("a"), .ipv4("b"), .ipv6("b")])
        _ = round.take(.ipv4("a"), .addresses([address(1)], lifetimeMs: 9_000))
        _ = round.take(.ipv4("b"), .addresses([address(2)], lifetimeMs: 8_000))
        _ = round.take(.ipv6("a"), .nothing)
        #expect(!round.isComplete)
        _ = round.take(.ipv6("b"), .nothing)
        #expect(round.isComplete)
        let expected = [
            NamedAddress(address: address(2, 81), weight: 30),
            NamedAddress(address: address(1, 82), weight: 1),
            NamedAddress(address: address(2, 83), weight: 7),
        ]
        #expect(round.answer() == .found(expected, lifetimeMs: 4_000))
    }

    @Test func answersOutsideTheRoundAreIgnored() {
        var round = NameRound(.host("a", port: 1))
        _ = round.begin()
        _ = round.take(.ipv4("b"), .addresses([address(1)], lifetimeMs: 1))
        _ = round.take(.ipv4("a"), .nothing)
        _ = round.take(.ipv4("a"), .addresses([address(1)], lifetimeMs: 1))
        _ = round.take(.ipv6("a"), .nothing)
        #expect(round.answer() == .failed("no addresses"))
    }

    @Test func failuresAreToldOnceAndAskedAgainWithGrowingPauses() {
        var state = NameState()
        let one = [NamedAddress(address: address(1, 1))]
        let two = [NamedAddress(address: address(2, 1))]
        let first = state.take(.found(one, lifetimeMs: 60_000))
        #expect(first.events == [.changed(one)])
        let failures = (0..<8).map { _ in state.take(.failed("timeout")) }
        #expect(failures.flatMap(\.events) == [.failing("timeout")])
        let pausesMs: [UInt64] = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]
        #expect(failures.map(\.pauseMs) == pausesMs)
        #expect(state.addresses == one)
        let same = state.take(.found(one, lifetimeMs: 60_000))
        #expect(same.events == [.recovered])
        let again = state.take(.failed("x"))
        #expect(again.pauseMs == 1_000)
        let other = state.take(.found(two, lifetimeMs: 1))
        #expect(other.events == [.recovered, .changed(two)])
    }

    private static let lifetimesMs: [(UInt64, UInt64)] = [
        (0, 1_000), (999, 1_000), (30_000, 30_000), (.max, 3_600_000),
    ]

    @Test(arguments: lifetimesMs)
    func lifetimesAreHeldToTheirRange(lifetimeMs: UInt64, pauseMs: UInt64) {
        var state = NameState()
        let found = NameAnswer.found([NamedAddress(address: address(1))], lifetimeMs: lifetimeMs)
        let taken = state.take(found)
        #expect(taken.pauseMs == pauseMs)
    }

    @Test func onlyNamesAreQuestions() throws {
        #expect(try AddressText(parsing: "127.0.0.1:80").question == nil)
        #expect(try AddressText(parsing: "[::1]:80").question == nil)
        #expect(try AddressText(parsing: ":80").question == nil)
        #expect(try AddressText(parsing: "unix:/a").question == nil)
        #expect(try AddressText(parsing: "a.b:80").question == .host("a.b", port: 80))
    }
}
