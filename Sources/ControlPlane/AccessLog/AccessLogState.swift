// What the access log's thread shares with everybody else.

internal import CLinux
internal import DataPlane
internal import Synchronization

/// Orders for the thread, and what it has counted.
final class AccessLogState: Sendable {
    /// What the thread is to do.
    struct Orders {
        var wantsReopen = false
        /// When it has to have ended; `nil` as long as it goes on.
        var stopNs: UInt64?
    }

    private struct Reopening {
        var requested: UInt64 = 0
        /// What it has taken up, and what it has done.
        var taken: UInt64 = 0
        var done: UInt64 = 0
        /// Of the last one; empty when it went well.
        var failure = ""
    }

    let filling: Mutex<AccessFilling>
    /// An eventfd: there is an order, or a record for a thread that sleeps.
    let wake: Descriptor
    private let reopening = Mutex(Reopening())
    private let stopNs = Atomic<UInt64>(.max)
    private let written = Atomic<UInt64>(0)
    private let givenUp = Atomic<UInt64>(0)
    private let failures = Atomic<UInt64>(0)

    /// - Parameter wake: taken over.
    init(_ filling: consuming AccessFilling, wake: Descriptor) {
        self.filling = Mutex(filling)
        self.wake = wake
    }

    deinit {
        wake.close()
    }

    var counts: LiveReport.AccessLog {
        LiveReport.AccessLog(
            lines: written.load(ordering: .relaxed), lost: lost,
            failures: failures.load(ordering: .relaxed))
    }

    /// Records and lines that nobody will read.
    var lost: UInt64 {
        filling.withLock { $0.lost } &+ givenUp.load(ordering: .relaxed)
    }

    // MARK: Everybody else

    /// - Returns: what to ask for its outcome by.
    func requestReopen() -> UInt64 {
        let request = reopening.withLock { reopening in
            reopening.requested += 1
            return reopening.requested
        }
        _ = gyre_event_signal(wake.raw)
        return request
    }

    /// - Returns: why it failed, empty if it did not; `nil` until it is done.
    func outcome(ofReopen request: UInt64) -> String? {
        reopening.withLock { $0.done >= request ? $0.failure : nil }
    }

    func requestStop(atNs time: UInt64) {
        stopNs.store(time, ordering: .relaxed)
        _ = gyre_event_signal(wake.raw)
    }

    // MARK: The thread

    func takeOrders() -> Orders {
        let stop = stopNs.load(ordering: .relaxed)
        let wantsReopen = reopening.withLock { reopening in
            defer { reopening.taken = reopening.requested }
            return reopening.taken < reopening.requested
        }
        return Orders(wantsReopen: wantsReopen, stopNs: stop == .max ? nil : stop)
    }

    func noteReopened(failure: String?) {
        reopening.withLock { reopening in
            reopening.done = reopening.taken
            reopening.failure = failure ?? ""
        }
    }

    /// - Parameters:
    ///   - lines: that the sink has taken.
    ///   - lost: that it never will.
    func note(written lines: UInt64, lost: UInt64) {
        written.wrappingAdd(lines, ordering: .relaxed)
        givenUp.wrappingAdd(lost, ordering: .relaxed)
    }

    func noteFailure() { failures.wrappingAdd(1, ordering: .relaxed) }
}
