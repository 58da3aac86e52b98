// How often one source may do something, as plain values.

/// A rate in the long run, and a burst.
package struct SourceRate: Equatable, Sendable {
    /// From one time to the next in the long run, in nanoseconds: 1 to an hour.
    package let intervalNs: UInt64
    /// How many at once after a quiet time, 1 to 1,000,000,000.
    package let burst: UInt64

    private static let hourNs: UInt64 = 3_600_000_000_000

    /// - Parameters:
    ///   - count: how often in a unit of time, 1 to 1,000,000,000; exact to a nanosecond between
    ///     two times.
    ///   - unitMs: the unit, up to an hour.
    ///   - burst: 1 to 1,000,000,000, and no more than fills up in a million hours.
    package init(_ count: UInt64, perMs unitMs: UInt64, burst: UInt64) {
        precondition(count > 0 && count <= 1_000_000_000)
        intervalNs = max(unitMs * 1_000_000 / count, 1)
        precondition(intervalNs <= Self.hourNs)
        self.burst = min(max(burst, 1), min(1_000_000_000, 1_000_000 * Self.hourNs / intervalNs))
    }
}

/// Limits of one listener, for the whole process.
package struct AdmissionLimits: Equatable, Sendable {
    /// Clients at once, at least 1; `nil` for any number.
    package var clientsMax: UInt32?
    /// For each source; `nil` for any number.
    package var connections: SourceRate?
    package var requests: SourceRate?
    /// Sources that each of the two knows at most, 1 to 2^24.
    package var sourcesMax = 65_536

    package init() {}
}
