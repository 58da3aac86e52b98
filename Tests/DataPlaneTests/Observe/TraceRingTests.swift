// Traces on their way to who watches, and what is watched.

import Foundation
import Protocols
import Testing

@testable import DataPlane

@Suite struct TraceRingTests {
    private static let capacity = 4096

    private static func event(_ number: Int) -> TraceEvent {
        TraceEvent(
            .sent, connection: UInt32(number), id: UInt32(number ^ 0x55), value: UInt64(number),
            atNs: UInt64(number) * 3)
    }

    /// Numbers of events; `nil` for one that is not as it was posted.
    private static func numbers(_ events: [TraceEvent]) -> [Int?] {
        events.map { event in
            let number = Int(event.value)
            let isWhole =
                event.connection == UInt32(number) && event.id == UInt32(number ^ 0x55)
                && event.atNs == UInt64(number) * 3
            return isWhole ? number : nil
        }
    }

    @Test func eventsComeInTheirOrder() {
        let ring = TraceRing()
        #expect(ring.take(atMost: .max).isEmpty)
        var (posted, taken) = (0, 0)
        // Round and round, in steps that do not divide the capacity.
        while posted < 5 * Self.capacity {
            for _ in 0..<(1 + posted % 997) {
                ring.post(Self.event(posted))
                posted += 1
            }
            let numbers = Self.numbers(ring.take(atMost: .max))
            #expect(numbers == Array(taken..<posted))
            taken = posted
        }
        #expect(ring.lostCount == 0)
    }

    @Test func whatFindsNoRoomIsLostAndCounted() {
        let ring = TraceRing()
        for number in 0..<Self.capacity + 7 { ring.post(Self.event(number)) }
        #expect(ring.lostCount == 7)
        #expect(Self.numbers(ring.take(atMost: 5)) == Array(0..<5))
        #expect(Self.numbers(ring.take(atMost: .max)) == Array(5..<Self.capacity))
        ring.post(Self.event(1))
        #expect(Self.numbers(ring.take(atMost: .max)) == [1])
        #expect(ring.lostCount == 7)
    }

    /// A worker and a reader at full speed: what is not lost comes whole and in its order.
    @Test func twoThreadsAgree() {
        let ring = TraceRing()
        let count = 100_000
        let worker = Thread {
            for number in 0..<count { ring.post(Self.event(number)) }
        }
        worker.start()
        var seen: [Int?] = []
        let end = ContinuousClock.now + .seconds(60)
        while seen.count + Int(ring.lostCount) < count, ContinuousClock.now < end {
            seen += Self.numbers(ring.take(atMost: .max))
        }
        #expect(seen.count + Int(ring.lostCount) == count)
        let numbers = seen.compactMap { $0 }
        #expect(numbers.count == seen.count)
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func textsAreCut() {
        var event = Self.event(1)
        let text = Array("0123456789".utf8)
        for _ in 0..<20 { event.append(text.span, 2..<9) }
        #expect(Int(event.textCount) == TraceEvent.textBytesMax)
        for index in 0..<TraceEvent.textBytesMax {
            #expect(event.text[index] == text[2 + index % 7])
        }
    }

    @Test func nobodyWatchesAtFirst() throws {
        let filter = TraceFilter()
        let ring = TraceRing()
        let tracer = Tracer(ring, filter)
        let address = IPBytes(ipv4: 0x7F00_0001)
        #expect(!filter.isOn && !filter.wantsClients)
        #expect(!filter.matches(client: address) && !filter.matches(route: 0))
        filter.set(.route(0))
        let first = filter.number
        tracer.post(Self.event(1), of: first)
        filter.set(nil)
        tracer.post(Self.event(2), of: first)
        // What belonged to an earlier trace is not told in this one.
        filter.set(.route(0))
        tracer.post(Self.event(3), of: first)
        tracer.post(Self.event(4), of: filter.number)
        filter.set(nil)
        #expect(Self.numbers(ring.take(atMost: .max)) == [1, 4] && ring.lostCount == 0)
        #expect(!filter.isOn && !filter.matches(route: 0))
    }

    /// 0 is for what belongs to none; two that follow each other are told apart.
    @Test func tracesHaveNumbers() {
        let filter = TraceFilter()
        #expect(filter.number == 0)
        var last: UInt8 = 0
        for _ in 0..<600 {
            filter.set(.route(1))
            #expect(filter.number != 0 && filter.number != last)
            last = filter.number
            filter.set(nil)
            #expect(filter.number == 0)
        }
    }

    static let blocks: [(block: String, inside: [String], outside: [String])] = [
        ("192.0.2.7", ["192.0.2.7"], ["192.0.2.6", "192.0.2.8", "::c000:207", "::1"]),
        ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0"]),
        ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::1", "2001:db8::1"]),
        ("2001:db8::/32", ["2001:db8::", "2001:db8:ffff::1"], ["2001:db7:ffff::", "10.0.0.1"]),
        ("::1/128", ["::1"], ["::", "::2", "127.0.0.1"]),
    ]

    @Test(arguments: blocks)
    func clientsAreThoseInTheBlock(block: String, inside: [String], outside: [String]) throws {
        let filter = TraceFilter()
        filter.set(.client(try IPBlock(parsing: block)))
        #expect(filter.isOn && filter.wantsClients && !filter.matches(route: 0))
        for text in inside {
            #expect(filter.matches(client: try IPBlock(parsing: text).network), "\(text)")
        }
        for text in outside {
            #expect(!filter.matches(client: try IPBlock(parsing: text).network), "\(text)")
        }
    }

    @Test func routesAreThoseWithTheID() {
        let filter = TraceFilter()
        for id in [0, 7, MetricLimits.otherRoutes, MetricLimits.noRoute(ofListener: 3)] {
            filter.set(.route(id))
            #expect(filter.isOn && !filter.wantsClients)
            #expect(filter.matches(route: id) && !filter.matches(route: id + 1))
            #expect(!filter.matches(client: IPBytes(ipv4: id)))
        }
    }
}
