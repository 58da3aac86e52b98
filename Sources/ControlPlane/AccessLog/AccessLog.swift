// The front door of the access log: owns the rings that workers tell into, and the thread that
// makes lines of what they tell. Workers never wait for it.

internal import CLinux
package import DataPlane
internal import Logging
internal import Synchronization

/// A running access log. Any thread.
package final class AccessLog: Sendable {
    /// What may be written after `stop` was asked for.
    private static let stopNs: UInt64 = 1_000_000_000
    private static let joinMs: Int32 = 1_500
    private static let reopenPolls = 2_000

    /// One for each worker, in their order.
    package let rings: [AccessRing]
    private let target: AccessTarget
    private let state: AccessLogState
    private let thread: ControlThread

    /// Opens what it writes to, and starts its thread.
    ///
    /// - Parameters:
    ///   - workers: at least 1.
    ///   - names: of the first site.
    ///   - log: is told when it cannot be written.
    static func start(
        _ options: Configuration.AccessLog, workers: Int, names: SiteNames, log: Logger
    ) throws(StartError) -> AccessLog {
        do throws(SystemError) {
            let sink = try AccessSink(options.to)
            let wake = Descriptor(raw: try SystemError.check(gyre_event_open()))
            let rings = (0..<workers).map { _ in AccessRing(wake: wake) }
            let state = AccessLogState(
                AccessFilling(rings, options.format, names), wake: wake)
            let body = AccessBody(AccessLoop(state, sink, log))
            let thread = try ControlThread.start("gyre-access") {
                // No nicer than a worker: what it does not fetch in time is lost.
                _ = gyre_thread_give_way(0)
                body.run()
            }
            return AccessLog(rings, options.to, state, thread)
        } catch {
            throw StartError("cannot write the access log to \(options.to): \(error)")
        }
    }

    private init(
        _ rings: [AccessRing], _ target: AccessTarget, _ state: AccessLogState,
        _ thread: ControlThread
    ) {
        self.rings = rings
        self.target = target
        self.state = state
        self.thread = thread
    }

    /// What ids are called from now on. To be said before any worker serves what they are new in;
    /// what workers have told before has its old names.
    func setNames(_ names: SiteNames) {
        state.filling.withLock { $0.setNames(names, nowNs: MonotonicClock.nowNs) }
    }

    /// Has it opened again by its path, without waiting for that.
    package func requestReopen() { _ = state.requestReopen() }

    /// Opens it again by its path: what was renamed gets no line after this.
    package func reopen() -> ReopenOutcome {
        if case .output = target {
            return ReopenOutcome(.unchanged, reason: "the access log is on the standard output")
        }
        let request = state.requestReopen()
        for _ in 0..<Self.reopenPolls {
            if let failure = state.outcome(ofReopen: request) {
                return failure.isEmpty
                    ? ReopenOutcome(.done) : ReopenOutcome(.refused, reason: failure)
            }
            _ = gyre_sleep_ms(1)
        }
        return ReopenOutcome(
            .refused, reason: "the access log is being written and does not answer")
    }

    /// Lines that were written, and records that were not.
    package var counts: LiveReport.AccessLog { state.counts }

    /// Writes what is left, for at most a second, and ends the thread; what does not get through is
    /// lost. Once only, when no worker tells it anything any more.
    package func stop() {
        state.requestStop(atNs: MonotonicClock.nowNs + Self.stopNs)
        _ = thread.join(withinMs: Self.joinMs)
    }
}

/// The loop on its way to its thread.
private final class AccessBody: @unchecked Sendable {
    private var loop: AccessLoop

    init(_ loop: consuming AccessLoop) {
        self.loop = loop
    }

    func run() { loop.run() }
}
