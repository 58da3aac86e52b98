// SRV answers: built by hand, cut everywhere, changed in every byte.

import Testing

@testable import Protocols

@Suite struct ServiceRecordsTests {
    private static func name(_ text: String) -> [UInt8] {
        text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    private static func number(_ value: Int) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }

    private static func record(type: Int, ttl: UInt32, _ data: [UInt8]) -> [UInt8] {
        // The owner is the question's name, by a pointer.
        [0xC0, 12] + number(type) + number(1) + number(Int(ttl >> 16))
            + number(Int(ttl & 0xFFFF)) + number(data.count) + data
    }

    private static func service(
        _ priority: Int, _ weight: Int, _ port: Int, _ host: [UInt8], ttl: UInt32 = 60
    ) -> [UInt8] {
        record(
            type: 33, ttl: ttl, number(priority) + number(weight) + number(port) + host)
    }

    private static func message(_ records: [[UInt8]]) -> [UInt8] {
        [0, 1, 0x81, 0x80] + number(1) + number(records.count) + [0, 0, 0, 0]
            + name("_http._tcp.example.org") + number(33) + number(1) + records.flatMap { $0 }
    }

    private static func parse(_ bytes: [UInt8], recordsMax: Int = 64) -> ServiceRecords? {
        ServiceRecords(parsing: bytes.span, recordsMax: recordsMax)
    }

    private static let plain = message([
        service(10, 60, 8080, name("a.example.org"), ttl: 300),
        service(20, 0, 80, [1, 98, 0xC0, 23], ttl: 30),
    ])

    @Test func recordsAndTheShortestLifetimeAreRead() throws {
        let found = try #require(Self.parse(Self.plain))
        #expect(found.ttlSeconds == 30)
        #expect(
            found.records == [
                ServiceRecord(priority: 10, weight: 60, port: 8080, host: "a.example.org"),
                // A compressed target: byte 23 is the `example` of the question.
                ServiceRecord(priority: 20, weight: 0, port: 80, host: "b.example.org"),
            ])
        #expect(Self.parse(Self.plain, recordsMax: 1)?.records.count == 1)
    }

    @Test func anAliasCountsForTheLifetime() {
        let alias = Self.record(type: 5, ttl: 7, Self.name("other.example.org"))
        let answer = Self.message([alias, Self.service(1, 1, 1, Self.name("a"))])
        #expect(Self.parse(answer)?.ttlSeconds == 7)
        #expect(Self.parse(Self.message([alias])) == nil)
    }

    @Test func theRootSaysThatThereIsNoSuchService() {
        let found = Self.parse(Self.message([Self.service(0, 0, 0, [0])]))
        #expect(found?.records == [])
        #expect(found?.ttlSeconds == 60)
    }

    @Test func aLifetimeWithItsHighestBitIsNone() {
        let answer = Self.message([Self.service(1, 1, 1, Self.name("a"), ttl: 1 << 31)])
        #expect(Self.parse(answer)?.ttlSeconds == 0)
    }

    @Test(
        arguments: [
            [0xC0, 0xFF], [0x40, 1], [0xC0], [3, 97, 46, 98, 0], [1, 0, 0], [1, 32, 0],
            [2, 97], [1, 97, 0, 0],
        ] as [[UInt8]])
    func badTargetsAreRefused(target: [UInt8]) {
        let answer = Self.message([Self.service(1, 1, 1, target)])
        // `a.b` as one label reads like two: harmless, and taken.
        let isTaken = target == [3, 97, 46, 98, 0]
        #expect((Self.parse(answer) != nil) == isTaken)
    }

    @Test func pointersInACircleEnd() {
        let start = Self.message([]).count
        // A target that points at itself, one that points at the record's own owner is fine.
        let target = start + 12 + 6
        let circle: [UInt8] = [0xC0 | UInt8(target >> 8), UInt8(target & 255)]
        #expect(Self.parse(Self.message([Self.service(1, 1, 1, circle)])) == nil)
    }

    @Test func everyCutIsRefused() {
        for count in 0..<Self.plain.count {
            #expect(Self.parse(Array(Self.plain.prefix(count))) == nil)
        }
    }

    /// Whatever one byte is, there is an answer, and its parts keep their bounds.
    @Test func everyChangeOfAByteIsSurvived() {
        for place in Self.plain.indices {
            for value in 0...UInt8.max {
                var bytes = Self.plain
                bytes[place] = value
                guard let found = Self.parse(bytes) else { continue }
                #expect(found.records.count <= 64)
                #expect(found.ttlSeconds >> 31 == 0)
                #expect(found.records.allSatisfy { IPText.isHostName($0.host[...].utf8) })
            }
        }
    }
}
