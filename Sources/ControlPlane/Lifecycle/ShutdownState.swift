// The life of the process as a small state machine: pure, so that every order of signals, finished
// workers and passing time can be tested without sending one.

/// What is to be done about an event.
package enum ShutdownAction: Equatable, Sendable {
    case none
    /// Tell the workers to leave their clients to another process.
    case retire
    /// Tell the workers to stop accepting and to finish their flows.
    case drain
    /// Tell the workers to reset what is left.
    case terminate
    /// Leave although workers have not ended.
    case abandon
}

/// Serving, then perhaps retiring, then draining, then terminating. Times are nanoseconds of the
/// monotonic clock.
package struct ShutdownState: Equatable, Sendable {
    private enum Phase: Equatable {
        case serving
        case retiring(untilNs: UInt64, drainUntilNs: UInt64)
        case draining(untilNs: UInt64)
        case terminating(untilNs: UInt64)
    }

    /// A worker that was told to terminate needs one turn; this is far more.
    static let terminationNs: UInt64 = 5_000_000_000
    /// Until clients that rest are sent away. Those that do not rest have gone by then, each with
    /// an answer that told it to.
    static let retirementNs: UInt64 = 5_000_000_000

    private let drainTimeoutNs: UInt64
    private var phase = Phase.serving

    /// - Parameter drainTimeoutMs: how long flows may take to finish.
    package init(drainTimeoutMs: UInt64) {
        drainTimeoutNs = drainTimeoutMs * 1_000_000
    }

    package var isServing: Bool { phase == .serving }

    /// Another process serves from now on.
    package mutating func retirementRequested(nowNs: UInt64) -> ShutdownAction {
        guard phase == .serving else { return .none }
        phase = .retiring(
            untilNs: nowNs + min(Self.retirementNs, drainTimeoutNs),
            drainUntilNs: nowNs + drainTimeoutNs)
        return .retire
    }

    /// SIGTERM or SIGINT: the first one drains, the second one terminates.
    package mutating func stopRequested(nowNs: UInt64) -> ShutdownAction {
        switch phase {
        case .serving:
            phase = .draining(untilNs: nowNs + drainTimeoutNs)
            return .drain
        case .retiring(_, let drainUntilNs):
            phase = .draining(untilNs: drainUntilNs)
            return .drain
        case .draining:
            phase = .terminating(untilNs: nowNs + Self.terminationNs)
            return .terminate
        case .terminating:
            return .none
        }
    }

    /// Time has passed.
    package mutating func timeReached(nowNs: UInt64) -> ShutdownAction {
        switch phase {
        case .retiring(let untilNs, let drainUntilNs) where nowNs >= untilNs:
            phase = .draining(untilNs: drainUntilNs)
            return .drain
        case .draining(let untilNs) where nowNs >= untilNs:
            phase = .terminating(untilNs: nowNs + Self.terminationNs)
            return .terminate
        case .terminating(let untilNs) where nowNs >= untilNs:
            return .abandon
        default:
            return .none
        }
    }

    /// How long to wait for the next event, in milliseconds, rounded up; -1 is "for ever".
    package func waitMs(nowNs: UInt64) -> Int32 {
        switch phase {
        case .serving:
            return -1
        case .retiring(let untilNs, _), .draining(let untilNs), .terminating(let untilNs):
            guard untilNs > nowNs else { return 0 }
            return Int32(clamping: (untilNs - nowNs + 999_999) / 1_000_000)
        }
    }
}
