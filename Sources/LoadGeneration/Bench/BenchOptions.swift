// What a bench is asked to measure.

/// A comparison of the backends as asked for.
package struct BenchOptions: Sendable {
    /// Which proxy is measured.
    package enum Mode: String, CaseIterable, Sendable {
        case http
        case tcp
    }

    /// Which backends are measured.
    package enum Backends: String, CaseIterable, Sendable {
        case both
        case ioUring = "io_uring"
        case epoll
    }

    package var mode = Mode.http
    package var backends = Backends.both
    /// `nil` for the built-in origin.
    package var target: BenchTarget?
    /// Clients at the same time, one set of measurements for each.
    package var connections = [1, 16, 64, 256]
    /// Of each measurement.
    package var durationMs: UInt64 = 1_000
    package var rounds = 3

    /// As many as the built-in origin takes with room to spare.
    package static let connectionsMax = 10_000
    package static let connectionCountsMax = 16
    package static let durationMsRange: ClosedRange<UInt64> = 100...60_000
    package static let roundsMax = 100

    package init() {}
}

/// Which processor runs what.
package struct Placement: Equatable, Sendable {
    package let proxy: Int
    /// Of the clients and the built-in origin.
    package let load: Int
    /// How many this process may run on.
    package let processors: Int

    /// - Parameter processors: that may be run on, at least one.
    package init(processors: [Int]) {
        precondition(!processors.isEmpty)
        proxy = processors[0]
        load = processors[processors.count > 1 ? 1 : 0]
        self.processors = processors.count
    }

    /// Whether the proxy has to share its processor with what drives it.
    package var isShared: Bool { proxy == load }
}
