// The way of records from a worker to the access log: nothing twice, nothing in another order, and
// nothing lost that is not counted.

import CLinux
import Foundation
import Synchronization
import Testing

@testable import DataPlane

@Suite struct AccessRingTests {
    private static let textsMax = AccessText.allCases.reduce(0) { $0 + $1.bytesMax }

    /// - Parameter size: bytes of texts, made of the number.
    @discardableResult
    private static func append(_ ring: AccessRing, _ number: Int, size: Int) -> Bool {
        var record = AccessRecord()
        record.connection = UInt64(number)
        record.bytesIn = UInt64(size)
        let texts = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size)
        return ring.append(record, texts: texts.span) != nil
    }

    /// Numbers of the next records; `nil` for one that is not as it was written.
    private static func take(_ ring: AccessRing, atMost limit: Int = .max) -> [Int?] {
        var numbers: [Int?] = []
        _ = ring.take(atMost: limit) { record, texts in
            let size = Int(record.bytesIn)
            var isRight = texts.count >= size && texts.count < size + 8
            for index in 0..<min(size, texts.count) {
                isRight = isRight && texts[index] == UInt8(truncatingIfNeeded: record.connection)
            }
            numbers.append(isRight ? Int(record.connection) : nil)
        }
        return numbers
    }

    private static func size(_ number: Int) -> Int { (number &* 7_919) % (textsMax + 1) }

    @Test func recordsAreThereWhenTheyArePublished() {
        let ring = AccessRing(wake: .none)
        #expect(!ring.publish())
        Self.append(ring, 1, size: 3)
        #expect(Self.take(ring) == [])
        #expect(!ring.publish())
        #expect(Self.take(ring) == [1])
        #expect(Self.take(ring) == [])
    }

    @Test func timesCanBePutInUntilThen() throws {
        let ring = AccessRing(wake: .none)
        let place = ring.append(AccessRecord(), texts: [UInt8]().span)
        ring.setTimes(totalNs: 5, ownNs: 7, at: try #require(place))
        _ = ring.publish()
        var times: [UInt64] = []
        let count = ring.take(atMost: 1) { record, _ in times = [record.totalNs, record.ownNs] }
        #expect(count == 1 && times == [5, 7])
    }

    /// Sizes of all kinds meet the end of the ring in all ways.
    @Test func itGoesRound() {
        let ring = AccessRing(wake: .none)
        var (written, read) = (0, 0)
        while written < 20_000 {
            for _ in 0..<(1 + written % 97) {
                if Self.append(ring, written, size: Self.size(written)) { written += 1 }
            }
            _ = ring.publish()
            let taken = Self.take(ring, atMost: 1 + written % 89)
            #expect(taken == Array(read..<read + taken.count))
            read += taken.count
        }
        while read < written {
            let taken = Self.take(ring)
            guard !taken.isEmpty else { break }
            #expect(taken == Array(read..<read + taken.count))
            read += taken.count
        }
        #expect(read == written)
    }

    @Test(arguments: [0, 1, 100, textsMax])
    func whatFindsNoRoomIsCounted(size: Int) {
        let ring = AccessRing(wake: .none)
        var count = 0
        while Self.append(ring, count, size: size) { count += 1 }
        let bytes = MemoryLayout<AccessRecord>.stride + size
        #expect(count * bytes <= AccessRing.capacity)
        #expect((count + 2) * (bytes + 16) > AccessRing.capacity)
        for _ in 0..<9 { #expect(!Self.append(ring, 0, size: size)) }
        #expect(ring.lostCount == 10)
        _ = ring.publish()
        #expect(Self.take(ring) == Array(0..<count))
        // There is room again, and what was lost is not in between.
        #expect(Self.append(ring, count, size: size))
        _ = ring.publish()
        #expect(Self.take(ring) == [count])
        #expect(ring.lostCount == 10)
    }

    @Test func aSleeperIsWokenOnce() {
        let wake = Descriptor(raw: gyre_event_open())
        defer { _ = gyre_close(wake.raw) }
        let ring = AccessRing(wake: wake)
        #expect(ring.fallAsleep())
        Self.append(ring, 1, size: 0)
        #expect(ring.publish())
        Self.append(ring, 2, size: 0)
        #expect(!ring.publish())
        #expect(gyre_poll_readable(wake.raw, -1, 0) == 1)
        _ = gyre_event_drain(wake.raw)
        // There are records: it does not sleep, and nobody wakes it.
        #expect(!ring.fallAsleep())
        Self.append(ring, 3, size: 0)
        #expect(!ring.publish())
        #expect(gyre_poll_readable(wake.raw, -1, 0) == 0)
        #expect(Self.take(ring) == [1, 2, 3])
    }

    /// A worker and a reader at full speed; the reader does nothing but take.
    @Test func nothingIsLostOrSwappedUnderLoad() {
        let ring = AccessRing(wake: .none)
        let count = 100_000
        let writer = Thread {
            var number = 0
            while number < count {
                for _ in 0..<(1 + number % 13) where number < count {
                    if Self.append(ring, number, size: Self.size(number) % 300) { number += 1 }
                }
                _ = ring.publish()
            }
        }
        writer.start()
        var expected = 0
        let end = ContinuousClock.now + .seconds(60)
        while expected < count, ContinuousClock.now < end {
            let taken = Self.take(ring, atMost: 64)
            if taken != Array(expected..<expected + taken.count) { break }
            expected += taken.count
        }
        #expect(expected == count)
    }

    /// A reader that sleeps whenever it can: a wake-up that got lost would leave it there.
    @Test func noWakeUpGetsLost() {
        let wake = Descriptor(raw: gyre_event_open())
        defer { _ = gyre_close(wake.raw) }
        let ring = AccessRing(wake: wake)
        let count = 50_000
        let writer = Thread {
            var number = 0
            while number < count {
                if Self.append(ring, number, size: number % 64) { number += 1 }
                _ = ring.publish()
                // A pause that is sometimes just as long as falling asleep takes.
                for _ in 0..<(number % 256) { _ = ring.lostCount }
            }
        }
        writer.start()
        var (expected, sleeps, timeouts) = (0, 0, 0)
        while expected < count, timeouts == 0 {
            let taken = Self.take(ring)
            if taken != Array(expected..<expected + taken.count) { break }
            expected += taken.count
            guard expected < count, ring.fallAsleep() else { continue }
            sleeps += 1
            if gyre_poll_readable(wake.raw, -1, 10_000) == 0 { timeouts += 1 }
            _ = gyre_event_drain(wake.raw)
        }
        #expect(expected == count)
        #expect(timeouts == 0)
        #expect(sleeps > 0)
    }
}
