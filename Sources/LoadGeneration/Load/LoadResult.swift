// What came of a load, and the latencies in it.

internal import Histogram

/// What clients saw in one run of a load.
struct LoadResult: Sendable {
    /// Answers that were as expected.
    var requests: UInt64 = 0
    var failures: UInt64 = 0
    /// Connections that had to be made anew because the other side closed them.
    var reconnects: UInt64 = 0
    /// From the first request to the last answer.
    var elapsedNs: UInt64 = 0
    var latencies = Latencies()
}

/// Times from a request to the end of its answer, to three significant digits.
struct Latencies: Sendable {
    /// Longer ones count as this long; a load waits for nobody so long.
    private static let longestNs: UInt64 = 100_000_000_000
    private static let shortestNs: UInt64 = 64

    private var histogram = Histogram<UInt64>(
        lowestDiscernibleValue: Self.shortestNs, highestTrackableValue: Self.longestNs)

    mutating func record(_ latencyNs: UInt64) {
        histogram.record(min(latencyNs, Self.longestNs))
    }

    /// How many there are.
    var count: UInt64 { histogram.totalCount }

    /// - Parameter percent: 0 to 100.
    /// - Returns: nanoseconds that so many per cent do not exceed; 0 when there are none.
    func percentile(_ percent: Double) -> UInt64 {
        count == 0 ? 0 : histogram.valueAtPercentile(percent)
    }
}
