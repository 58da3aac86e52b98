// Time as the workers see it: read once per turn through the vDSO, never per completion.

internal import CLinux

/// CLOCK_MONOTONIC (clock_gettime(2)).
package enum MonotonicClock {
    /// Nanoseconds since an arbitrary start; never goes back.
    package static var nowNs: UInt64 { gyre_monotonic_ns() }
}

/// CLOCK_REALTIME, for what is told to others.
enum WallClock {
    /// Seconds since the Unix epoch.
    static var nowSeconds: Int64 { gyre_realtime_seconds() }
}
