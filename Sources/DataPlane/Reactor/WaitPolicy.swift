// How a worker waits: what the operator chose between answering at once and crossing into the
// kernel less often. Values only, immutable.

/// What a wait is for.
package enum WaitMode: String, CaseIterable, Sendable {
    /// One event, and several while they come in fast and the worker needs most of its processor:
    /// at most 100 µs for those.
    case adaptive
    /// The first event, always.
    case latency
    /// Several events, sooner and longer than with `adaptive`: at most 300 µs.
    case throughput
}

/// How a worker waits. Waiting for several events needs io_uring and kernel 6.12; elsewhere every
/// wait is for the first one.
package struct WaitPolicy: Equatable, Sendable {
    package var mode = WaitMode.adaptive
    /// How long a worker watches for events before it sleeps, in nanoseconds; 0 for not at all.
    package var busyPollNs: UInt64 = 0

    package init(mode: WaitMode = .adaptive, busyPollNs: UInt64 = 0) {
        self.mode = mode
        self.busyPollNs = busyPollNs
    }

    var isBusy: Bool { busyPollNs > 0 }

    /// When watching ends that begins now, on the clock of `nowNs`.
    func busyEndNs(nowNs: UInt64, deadlineNs: UInt64?) -> UInt64 {
        min(nowNs &+ busyPollNs, deadlineNs ?? .max)
    }
}
