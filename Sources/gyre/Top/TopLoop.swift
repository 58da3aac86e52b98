// `gyre top` while it runs: a thread asks the process again and again, and may have to wait for it;
// the main thread draws, and obeys keys and signals at once.

internal import CLinux
internal import ControlPlane
internal import DataPlane
internal import Glibc
internal import Synchronization

/// The newest answer, on its way from the thread that asks.
final class TopAnswers: Sendable {
    typealias Outcome = Result<LiveReport, StartError>

    /// Readable when there is something to take.
    let wake: Descriptor
    private let newest = Mutex<Outcome?>(nil)

    init() throws(SystemError) {
        wake = Descriptor(raw: try SystemError.check(gyre_event_open()))
    }

    func put(_ outcome: Outcome) {
        newest.withLock { $0 = outcome }
        _ = gyre_event_signal(wake.raw)
    }

    func take() -> Outcome? {
        _ = gyre_event_drain(wake.raw)
        return newest.withLock { outcome in
            defer { outcome = nil }
            return outcome
        }
    }
}

/// The screen, from the first report to the end.
struct TopLoop {
    private let look: TerminalLook
    private let answers: TopAnswers
    private let signals: Descriptor
    /// Readable when one of the two above is.
    private let events: Descriptor
    private var report: LiveReport
    private var view = TopView()
    private var keys = TopKeys()

    /// - Parameter report: the first one.
    init(_ report: LiveReport, _ look: TerminalLook) throws(SystemError) {
        self.report = report
        self.look = look
        answers = try TopAnswers()
        // Before any thread starts, because threads inherit which signals are blocked.
        signals = Descriptor(raw: try SystemError.check(gyre_terminal_signals()))
        events = Descriptor(raw: try SystemError.check(gyre_epoll_open()))
        for (token, source) in [answers.wake, signals].enumerated() {
            try SystemError.check(
                gyre_epoll_add(events.raw, source.raw, EPOLLIN.rawValue, UInt64(token)))
        }
    }

    /// Shows what goes on until a key or a signal ends it.
    ///
    /// - Parameter intervalMs: from one question to the next.
    /// - Returns: the number of the signal; `nil` when it was a key, or the terminal is gone.
    mutating func run(_ client: AdminClient, intervalMs: UInt64) throws(SystemError) -> Int32? {
        let answers = answers
        _ = try ControlThread.start("top-ask") {
            // Ends with the process.
            while true {
                _ = gyre_sleep_ms(Int32(clamping: intervalMs))
                answers.put(Self.ask(client))
            }
        }
        while true {
            TopTerminal.write(look.frame(TopScreen.lines(report, TopTerminal.size, view)))
            let ready = gyre_poll_readable(STDIN_FILENO, events.raw, -1)
            if ready & 2 != 0 {
                if let outcome = answers.take() { take(outcome) }
                if let signal = takeSignals() { return signal }
            }
            if ready & 1 != 0 && !takeKeys() { return nil }
        }
    }

    static func ask(_ client: AdminClient) -> TopAnswers.Outcome {
        do {
            let answer = try client.ask(.live)
            return .success(try ControlArguments.report(LiveReport.self, in: answer))
        } catch {
            return .failure(StartError(Self.line(error)))
        }
    }

    private static func line(_ error: any Error) -> String {
        switch error as? AdminClientError {
        case .unreachable(let line), .failed(let line): line
        case nil: "\(error)"
        }
    }

    private mutating func take(_ outcome: TopAnswers.Outcome) {
        switch outcome {
        case .success(let report):
            view.trouble = nil
            if !view.isPaused { self.report = report }
        case .failure(let error):
            view.trouble = error.description
        }
    }

    /// - Returns: the one that asks to end.
    private func takeSignals() -> Int32? {
        while true {
            let signal = gyre_signal_read(signals.raw)
            guard signal > 0 else { return nil }
            switch signal {
            case SIGTSTP: TopTerminal.suspend()
            // The size is looked at for every frame.
            case SIGWINCH: break
            default: return signal
            }
        }
    }

    /// - Returns: whether it goes on.
    private mutating func takeKeys() -> Bool {
        var byte = gyre_terminal_read()
        // Ready without a byte: it was closed.
        guard byte >= 0 else { return byte == -EINTR }
        while byte >= 0 {
            let key = keys.take(UInt8(truncatingIfNeeded: byte))
            if key == .suspend { TopTerminal.suspend() }
            if let key, !view.take(key) { return false }
            byte = gyre_terminal_read()
        }
        view.offset = max(0, min(view.offset, TopScreen.rowCount(report, view.focus) - 1))
        return true
    }
}
