// Percentiles through the histogram, to its three digits.

import Testing

@testable import LoadGeneration

@Suite struct LatenciesTests {
    @Test func nothingIsZero() {
        let latencies = Latencies()
        #expect(latencies.count == 0)
        #expect(latencies.percentile(50) == 0)
    }

    @Test func percentilesAreThoseOfTheValues() {
        var latencies = Latencies()
        // In an order that is not theirs.
        for step in 0..<10_000 as Range<UInt64> {
            latencies.record((step * 7_919 % 10_000 + 1) * 1_000)
        }
        #expect(latencies.count == 10_000)
        for (percent, expected) in [
            (50.0, 5_000_000.0), (90, 9_000_000), (99, 9_900_000), (99.9, 9_990_000),
            (100, 10_000_000),
        ] {
            let found = Double(latencies.percentile(percent))
            #expect(abs(found / expected - 1) < 0.002, "p\(percent): \(found)")
        }
    }

    @Test func oneSlowAnswerShowsOnlyAtTheTop() {
        var latencies = Latencies()
        for _ in 0..<999 { latencies.record(20_000) }
        latencies.record(80_000_000)
        #expect(abs(Double(latencies.percentile(99)) / 20_000 - 1) < 0.01)
        #expect(abs(Double(latencies.percentile(100)) / 80_000_000 - 1) < 0.002)
    }

    @Test func whatIsBeyondTheScaleIsItsEnd() {
        var latencies = Latencies()
        latencies.record(.max)
        latencies.record(0)
        #expect(latencies.count == 2)
        #expect(abs(Double(latencies.percentile(100)) / 100e9 - 1) < 0.002)
    }
}
