// Buckets and histograms of times: every value has one bucket, near it, and what is read of a
// histogram is near what went into it.

import TestSupport
import Testing

@testable import DataPlane

@Suite struct LatencyTests {
    private static let last = LatencyBuckets.count - 1

    /// Buckets lie one behind the other from zero on, and each has the values that it says.
    @Test func bucketsCoverEveryValueOnce() {
        var next: UInt64 = 0
        for index in 0..<LatencyBuckets.count {
            let values = LatencyBuckets.values(of: index)
            #expect(values.lowerBound == next && values.upperBound > next)
            #expect(LatencyBuckets.index(of: values.lowerBound) == index)
            #expect(LatencyBuckets.index(of: values.upperBound - 1) == index)
            #expect(
                LatencyBuckets.index(of: values.upperBound) == min(index + 1, Self.last))
            next = values.upperBound
        }
        // Eighteen minutes.
        #expect(next == 1 << 40)
    }

    @Test func theLastBucketTakesTheRest() {
        let end = LatencyBuckets.values(of: Self.last).upperBound
        for value in [end, end + 1, end * 2, UInt64.max / 2, .max - 1, .max] {
            #expect(LatencyBuckets.index(of: value) == Self.last)
        }
    }

    @Test func powersOfTwoAreNoSeams() {
        for bits in 0..<63 as Range<UInt64> {
            let power: UInt64 = 1 << bits
            let indices = [power - 1, power, power + 1].map(LatencyBuckets.index)
            #expect(indices == indices.sorted())
            for value in [power - 1, power, power + 1] {
                let values = LatencyBuckets.values(of: LatencyBuckets.index(of: value))
                let isBeyond = LatencyBuckets.index(of: value) == Self.last
                #expect(values.contains(value) || isBeyond && value >= values.upperBound)
            }
        }
    }

    /// The middle stands for all values of its bucket.
    @Test func theMiddleIsNear() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<100_000 {
            let bits = UInt64(random.pick(10...44))
            let value: UInt64 = (1 << bits) + random.pick(0...((1 << bits) - 1))
            let index = LatencyBuckets.index(of: value)
            guard index < Self.last else { continue }
            let values = LatencyBuckets.values(of: index)
            let middle = (values.lowerBound + values.upperBound) / 2
            let error = middle > value ? middle - value : value - middle
            #expect(error * 20 <= value, "\(value) is told as \(middle)")
        }
    }

    private static func histogram(_ values: [UInt64]) -> LatencyHistogram {
        var histogram = LatencyHistogram()
        for value in values {
            histogram.buckets[LatencyBuckets.index(of: value)] += 1
            histogram.sumNs += value
        }
        return histogram
    }

    private static func values(_ random: inout SeededRandom, count: Int) -> [UInt64] {
        (0..<count).map { _ in
            let bits = UInt64(random.pick(0...40))
            return random.next() % (1 << bits + 1)
        }
    }

    @Test(arguments: [1, 2, 10, 101, 5_000])
    func quantilesAreThoseOfTheValues(count: Int) throws {
        var random = SeededRandom(seed: UInt64(count))
        let values = Self.values(&random, count: count).sorted()
        let histogram = Self.histogram(values)
        #expect(histogram.count == UInt64(count))
        #expect(histogram.sumNs == values.reduce(0, +))
        for share in [0, 0.001, 0.1, 0.25, 0.5, 0.9, 0.99, 0.999, 1] {
            let rank = max(Int((Double(count) * share).rounded(.up)), 1)
            let index = LatencyBuckets.index(of: values[rank - 1])
            let told = try #require(histogram.quantileNs(share))
            #expect(LatencyBuckets.index(of: told) == index, "share \(share)")
        }
    }

    @Test func nothingHasNoQuantile() {
        #expect(LatencyHistogram().quantileNs(0.5) == nil)
        #expect(LatencyHistogram().count == 0)
    }

    @Test func histogramsAreAddedAndTakenFromEachOther() {
        var random = SeededRandom(seed: 5)
        let (first, second) = (
            Self.values(&random, count: 300), Self.values(&random, count: 400)
        )
        var sum = Self.histogram(first)
        sum.add(Self.histogram(second))
        #expect(sum == Self.histogram(first + second))
        #expect(sum.since(Self.histogram(first)) == Self.histogram(second))
        #expect(sum.since(sum) == LatencyHistogram())
    }
}
