// The access log's thread: from the rings to lines, from lines to what they are written to. It
// sleeps when there is nothing to do, and it is the only one that may have to wait for a disk.

internal import CLinux
internal import DataPlane
internal import Logging
internal import Synchronization

/// What the thread owns.
struct AccessLoop: ~Copyable {
    private enum State: Equatable {
        case flowing
        /// The sink takes nothing at the moment.
        case full
        /// The last write failed.
        case failing(retryNs: UInt64)

        var hasFailed: Bool {
            if case .failing = self { true } else { false }
        }
    }

    private static let retryNs: UInt64 = 500_000_000
    private static let warningNs: UInt64 = 10_000_000_000
    /// Longest wait of an end, for a sink that cannot be waited for.
    private static let endingMs: Int32 = 10

    private let shared: AccessLogState
    private let log: Logger
    private var sink: AccessSink
    private var outgoing = LineBuffer(capacity: AccessFilling.bufferBytes)
    private var outgoingLines: UInt64 = 0
    private var state = State.flowing
    private var pace = AccessPace()
    private var lostTold: UInt64 = 0
    /// When the log may be told of losses again.
    private var tellNs: UInt64 = 0

    init(_ shared: AccessLogState, _ sink: consuming AccessSink, _ log: Logger) {
        self.shared = shared
        self.sink = sink
        self.log = log
    }

    /// Writes until it is told to stop, and then what is left, if that goes in time.
    mutating func run() {
        while pass() {}
        let left = UInt64(outgoing.lines)
        shared.note(written: outgoingLines - left, lost: left)
        shared.filling.withLock { $0.abandon() }
        tellLosses(nowNs: .max)
    }

    /// - Returns: false when it is over.
    private mutating func pass() -> Bool {
        let orders = shared.takeOrders()
        if orders.wantsReopen { reopen() }
        let nowNs = MonotonicClock.nowNs
        let drained = shared.filling.withLock { $0.drain(nowNs: nowNs) }
        pace.note(busiestBytes: drained.busiestBytes, nowNs: nowNs)
        write(nowNs, isUrgent: orders.stopNs != nil)
        tellLosses(nowNs: nowNs)
        if let stopNs = orders.stopNs {
            if nowNs >= stopNs || drained.records == 0 && isDone { return false }
            if state != .flowing { wait(Self.endingMs) }
        } else if !drained.isFull || state != .flowing {
            wait(waitMs(drained, nowNs))
        }
        return true
    }

    private var isDone: Bool { outgoing.isEmpty && shared.filling.withLock { $0.isEmpty } }

    // MARK: Waiting

    private mutating func waitMs(_ drained: AccessFilling.Drained, _ nowNs: UInt64) -> Int32 {
        let isQuiet = pace.isQuiet(nowNs: nowNs) && !drained.isFull
        let isAsleep = shared.filling.withLock { filling in
            // What is filled in while the sink is stalled waits for the sink.
            isQuiet && (filling.isEmpty || state != .flowing) && filling.fallAsleep()
        }
        var untilNs: UInt64 = .max
        if case .failing(let retryNs) = state { untilNs = retryNs }
        if lostTold != shared.lost { untilNs = min(untilNs, tellNs) }
        let dueMs = Int32(clamping: (untilNs - min(untilNs, nowNs)) / 1_000_000 + 1)
        if isAsleep {
            pace.noteSleep()
            return untilNs == .max ? -1 : dueMs
        }
        // Without room there is nothing to look for in the rings.
        return min(drained.isFull ? AccessPace.longestMs : pace.waitMs, dueMs)
    }

    /// Waits for an order, for records if it sleeps, or for the sink if that is full.
    private func wait(_ timeoutMs: Int32) {
        let full = state == .full ? sink.descriptor : .none
        let ready = gyre_poll_both(shared.wake.raw, full.raw, timeoutMs)
        if ready & 1 != 0 { _ = gyre_event_drain(shared.wake.raw) }
    }

    // MARK: Writing

    private mutating func write(_ nowNs: UInt64, isUrgent: Bool) {
        if case .failing(let retryNs) = state, nowNs < retryNs { return }
        while true {
            if outgoing.isEmpty {
                outgoingLines = shared.filling.withLock {
                    $0.handOver(&outgoing, nowNs: nowNs, isUrgent: isUrgent)
                }
                if outgoing.isEmpty { return }
            }
            switch sink.write(&outgoing) {
            case .done:
                noteSuccess()
                shared.note(written: outgoingLines, lost: 0)
                outgoingLines = 0
            case .full:
                noteSuccess()
                state = .full
                return
            case .failed(let error):
                noteFailure("cannot write to \(sink.target): \(error)", nowNs)
                return
            }
        }
    }

    private mutating func noteSuccess() {
        if state.hasFailed { log.info("the access log is written again") }
        state = .flowing
    }

    private mutating func noteFailure(_ text: String, _ nowNs: UInt64) {
        shared.noteFailure()
        if case .failing = state {
        } else {
            log.error(
                "access log: \(text); lines wait, and are lost when there is no room for more")
        }
        state = .failing(retryNs: nowNs + Self.retryNs)
    }

    private mutating func reopen() {
        do throws(SystemError) {
            try sink.reopen()
            // A line is never in two files.
            if case .file = sink.target { outgoing.untakePart() }
            // Whether it is better than before, the next write tells.
            state = state.hasFailed ? .failing(retryNs: 0) : .flowing
            shared.noteReopened(failure: nil)
        } catch {
            let text = "cannot open \(sink.target) again: \(error)"
            log.error("access log: \(text)")
            shared.noteReopened(failure: text)
        }
    }

    /// - Parameter nowNs: `.max` when there is no later.
    private mutating func tellLosses(nowNs: UInt64) {
        let lost = shared.lost
        guard lost != lostTold, nowNs >= tellNs else { return }
        log.warning(
            "access log: \(sink.target) does not keep up, lines are lost",
            metadata: ["lost": "\(lost - lostTold)", "lostSinceStart": "\(lost)"])
        lostTold = lost
        if nowNs < .max - Self.warningNs { tellNs = nowNs + Self.warningNs }
    }
}
