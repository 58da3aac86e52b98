// A log-linear histogram's buckets: 16 to every doubling, so that the middle of a bucket is never
// more than 3.2 % off any value in it (HdrHistogram's idea, with buckets fixed for all of them so
// that histograms of workers can be added).

/// Where values go, and what a bucket stands for. Values are nanoseconds.
package enum LatencyBuckets {
    /// Buckets, the last of which also takes everything beyond.
    package static let count = 496
    private static let perDoublingBits: UInt64 = 4
    private static let perDoubling = 1 << perDoublingBits
    /// Below 2 to the power of this, buckets are as wide as right above it: 64 ns.
    private static let linearBits: UInt64 = 10

    /// The bucket of a value.
    @inline(__always)
    package static func index(of ns: UInt64) -> Int {
        guard ns >= 1 << linearBits else {
            return Int(truncatingIfNeeded: ns >> (linearBits - perDoublingBits))
        }
        let exponent = UInt64(63 &- ns.leadingZeroBitCount)
        let doubling = Int(truncatingIfNeeded: exponent &- linearBits)
        let within =
            Int(truncatingIfNeeded: ns >> (exponent &- perDoublingBits)) & (perDoubling - 1)
        return min(perDoubling &+ doubling &* perDoubling &+ within, count - 1)
    }

    /// The values of a bucket, in nanoseconds. The last one's have no end; what is given is where
    /// it would have been.
    package static func values(of index: Int) -> Range<UInt64> {
        guard index >= perDoubling else {
            let width: UInt64 = 1 << (linearBits - perDoublingBits)
            return UInt64(index) * width..<UInt64(index + 1) * width
        }
        let doubling = UInt64(index / perDoubling - 1)
        let width: UInt64 = 1 << (linearBits - perDoublingBits + doubling)
        let start = UInt64(perDoubling + index % perDoubling) * width
        return start..<start + width
    }
}

/// A histogram as readers have it: counts that can be added and taken from each other.
package struct LatencyHistogram: Equatable, Sendable {
    /// `LatencyBuckets.count` of them.
    package var buckets: [UInt64]
    /// All values together, in nanoseconds.
    package var sumNs: UInt64

    /// Without a value.
    package init() {
        buckets = Array(repeating: 0, count: LatencyBuckets.count)
        sumNs = 0
    }

    /// How many values there are.
    package var count: UInt64 { buckets.reduce(0, &+) }

    /// Adds another one's values.
    package mutating func add(_ other: LatencyHistogram) {
        for index in buckets.indices { buckets[index] &+= other.buckets[index] }
        sumNs &+= other.sumNs
    }

    /// What came since an earlier reading of the same histogram.
    package func since(_ earlier: LatencyHistogram) -> LatencyHistogram {
        var result = self
        for index in buckets.indices { result.buckets[index] &-= earlier.buckets[index] }
        result.sumNs &-= earlier.sumNs
        return result
    }

    /// The value that a share of all values does not exceed: the middle of its bucket.
    ///
    /// - Parameter share: 0 to 1.
    /// - Returns: nanoseconds; `nil` when there is no value.
    package func quantileNs(_ share: Double) -> UInt64? {
        let count = count
        guard count > 0 else { return nil }
        let rank = max(UInt64((Double(count) * share).rounded(.up)), 1)
        var seen: UInt64 = 0
        for (index, value) in buckets.enumerated() {
            seen &+= value
            if seen >= rank {
                let values = LatencyBuckets.values(of: index)
                return (values.lowerBound + values.upperBound) / 2
            }
        }
        return nil
    }
}
