// Rate limits by source: the rate itself, who is who, and what happens when the table is full.

import Protocols
import TestSupport
import Testing

@testable import DataPlane

@Suite struct TokenBucketsTests {
    private static func address(_ number: UInt32) -> IPBytes {
        IPBytes(ipv4: 0x0A00_0000 + number)
    }

    private static func makeBuckets(
        sourcesMax: Int = 100, perSecond: UInt32, burst: UInt32
    ) -> TokenBuckets {
        TokenBuckets(
            sourcesMax: sourcesMax,
            SourceRate(UInt64(perSecond), perMs: 1_000, burst: UInt64(burst)), seed: (1, 2))
    }

    /// How many of so many are let through at one moment.
    private static func takeAll(
        _ buckets: inout TokenBuckets, _ address: IPBytes, nowMs: UInt64
    ) -> Int {
        var taken = 0
        while taken < 100_000, buckets.take(address, nowMs: nowMs) == 0 { taken += 1 }
        return taken
    }

    @Test func aBurstAndThenTheRate() {
        var buckets = Self.makeBuckets(perSecond: 10, burst: 5)
        let one = Self.address(1)
        #expect(Self.takeAll(&buckets, one, nowMs: 1_000) == 5)
        // The next token is there a tenth of a second after the first was taken.
        #expect(buckets.take(one, nowMs: 1_000) == 100)
        #expect(buckets.take(one, nowMs: 1_070) == 30)
        #expect(buckets.take(one, nowMs: 1_099) == 1)
        #expect(buckets.take(one, nowMs: 1_100) == 0)
        #expect(buckets.take(one, nowMs: 1_100) == 100)
        #expect(Self.takeAll(&buckets, one, nowMs: 1_400) == 3)
        // No more than a burst is saved up.
        #expect(Self.takeAll(&buckets, one, nowMs: 100_000) == 5)
    }

    @Test func refusalsCostNothing() {
        var buckets = Self.makeBuckets(perSecond: 1, burst: 1)
        let one = Self.address(1)
        #expect(buckets.take(one, nowMs: 0) == 0)
        for nowMs in 1...999 as ClosedRange<UInt64> {
            #expect(buckets.take(one, nowMs: nowMs) == 1_000 - nowMs)
        }
        #expect(buckets.take(one, nowMs: 1_000) == 0)
    }

    /// Over a long time, the rate and the burst, also for rates that do not divide a second.
    @Test(arguments: [1, 3, 7, 1_000, 99_991] as [UInt32])
    func theRateIsExactInTheLongRun(perSecond: UInt32) {
        let burst: UInt32 = 200
        var buckets = Self.makeBuckets(perSecond: perSecond, burst: burst)
        var taken = 0
        for nowMs in 5_000...6_000 as ClosedRange<UInt64> {
            taken += Self.takeAll(&buckets, Self.address(1), nowMs: nowMs)
        }
        let inASecond = Double(taken) - Double(burst)
        #expect(abs(inASecond - Double(perSecond)) <= max(1, Double(perSecond) / 1_000))
    }

    @Test func sourcesAreAddressesOrCustomers() {
        var buckets = Self.makeBuckets(perSecond: 1, burst: 1)
        #expect(buckets.take(Self.address(1), nowMs: 0) == 0)
        #expect(buckets.take(Self.address(2), nowMs: 0) == 0)
        #expect(buckets.take(Self.address(1), nowMs: 0) > 0)
        let customer: UInt64 = 0x2001_0DB8_0000_0001
        #expect(buckets.take(IPBytes(high: customer, low: 1), nowMs: 0) == 0)
        #expect(buckets.take(IPBytes(high: customer, low: .max), nowMs: 0) > 0)
        #expect(buckets.take(IPBytes(high: customer + 1, low: 1), nowMs: 0) == 0)
        #expect(buckets.count == 4)
    }

    @Test func theQuietestMakesRoomAndNothingIsLost() {
        var buckets = Self.makeBuckets(sourcesMax: 2, perSecond: 1, burst: 3)
        #expect(Self.takeAll(&buckets, Self.address(1), nowMs: 0) == 3)
        #expect(Self.takeAll(&buckets, Self.address(2), nowMs: 1_000) == 3)
        // Source 1 is full again, so 3 is new with all its burst, and so is 1 in place of 2.
        #expect(Self.takeAll(&buckets, Self.address(3), nowMs: 3_000) == 3)
        #expect(Self.takeAll(&buckets, Self.address(1), nowMs: 4_000) == 3)
        #expect(buckets.count == 2)
    }

    /// A client that pushes itself out of the table by way of other addresses gets one request for
    /// each round through the table, not a burst.
    @Test func pushingOneselfOutGainsNoBurst() {
        let sourcesMax = 16
        var buckets = Self.makeBuckets(sourcesMax: sourcesMax, perSecond: 1, burst: 100)
        var taken = 0
        for _ in 0..<5 {
            for number in 0...UInt32(sourcesMax) {
                taken += Self.takeAll(&buckets, Self.address(number), nowMs: 1)
            }
        }
        // Each of those that found room has its burst once.
        let rounds = 5 * (sourcesMax + 1) - sourcesMax
        #expect(taken == 100 * sourcesMax + rounds)
        #expect(buckets.count == sourcesMax)
    }

    /// Against buckets without any limit of memory, as long as there is room for all.
    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func behavesLikeATableOfBuckets(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let perSecond = UInt32(random.pick([1, 5, 100]))
        let burst = UInt32(random.pick(1...20))
        var buckets = Self.makeBuckets(sourcesMax: 64, perSecond: perSecond, burst: burst)
        var tokens: [UInt32: (left: Double, atMs: UInt64)] = [:]
        var nowMs: UInt64 = 10
        for _ in 0..<5_000 {
            nowMs += UInt64(random.magnitude(upTo: 200))
            let number = UInt32(random.magnitude(upTo: 63))
            var bucket = tokens[number] ?? (Double(burst), nowMs)
            let grown = bucket.left + Double(nowMs - bucket.atMs) * Double(perSecond) / 1_000
            bucket = (min(grown, Double(burst)), nowMs)
            let waitMs = buckets.take(Self.address(number), nowMs: nowMs)
            #expect((waitMs == 0) == (bucket.left > 1 - 1e-6))
            if waitMs == 0 {
                bucket.left -= 1
            } else {
                let expected = (1 - bucket.left) * 1_000 / Double(perSecond)
                #expect(abs(Double(waitMs) - expected) <= 1)
            }
            tokens[number] = bucket
        }
    }

    /// The least recently seen goes, whatever the order, and chains stay whole: against a list.
    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func theLeastRecentGoes(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let sourcesMax = random.pick(1...20)
        var buckets = Self.makeBuckets(sourcesMax: sourcesMax, perSecond: 1, burst: 1)
        // The latest last, with the time at which each may ask again.
        var known: [(number: UInt32, fullAtMs: UInt64)] = []
        var nowMs: UInt64 = 0
        for _ in 0..<3_000 {
            nowMs += UInt64(random.pick(0...100))
            let number = UInt32(random.pick(0...30))
            var fullAtMs: UInt64 = 0
            if let place = known.firstIndex(where: { $0.number == number }) {
                fullAtMs = known.remove(at: place).fullAtMs
            } else if known.count == sourcesMax {
                known.removeFirst()
            }
            let waitMs = buckets.take(Self.address(number), nowMs: nowMs)
            #expect(waitMs == (fullAtMs > nowMs ? fullAtMs - nowMs : 0))
            known.append((number, waitMs == 0 ? nowMs + 1_000 : fullAtMs))
            #expect(buckets.count == known.count)
        }
    }
}
