// Commands that may take long, one after the other on a thread of their own, so that neither the
// admin server nor a worker waits for them.

internal import CLinux
internal import DataPlane
internal import Synchronization

/// A bounded queue of commands and the thread that does them.
final class CommandQueue: Sendable {
    typealias Command = @Sendable () -> AdminResponse

    private struct State {
        var waiting: [(id: UInt64, command: Command)] = []
        var answers: [(id: UInt64, response: AdminResponse)] = []
        var isStopping = false
        var thread: ControlThread?
    }

    private let state = Mutex(State())
    private let wake: Descriptor
    /// Signalled when there are answers.
    private let answered: Descriptor
    private let waitingMax: Int

    /// A command that still runs after this time is left alone: it may wait for who wants to stop.
    private static let stopMs: Int32 = 500

    /// - Parameters:
    ///   - waitingMax: commands that may wait for the one that runs.
    ///   - answered: an eventfd, kept open until this has ended.
    init(waitingMax: Int, answered: Descriptor) throws(SystemError) {
        self.waitingMax = waitingMax
        self.answered = answered
        wake = Descriptor(raw: try SystemError.check(gyre_event_open()))
    }

    func start() throws(SystemError) {
        let thread = try ControlThread.start("gyre-command") { self.run() }
        state.withLock { $0.thread = thread }
    }

    /// - Parameter id: comes back with the answer.
    /// - Returns: false when too many wait.
    func submit(_ id: UInt64, _ command: @escaping Command) -> Bool {
        let isTaken = state.withLock { state in
            guard state.waiting.count < waitingMax else { return false }
            state.waiting.append((id, command))
            return true
        }
        if isTaken { _ = gyre_event_signal(wake.raw) }
        return isTaken
    }

    /// Answers since the last call.
    func takeAnswers() -> [(id: UInt64, response: AdminResponse)] {
        state.withLock { state in
            defer { state.answers.removeAll() }
            return state.answers
        }
    }

    /// Drops what waits and ends the thread, or leaves it behind in a command that takes long.
    func stop() {
        state.withLock { state in
            state.isStopping = true
            state.waiting.removeAll()
        }
        _ = gyre_event_signal(wake.raw)
        let thread = state.withLock { $0.thread }
        if thread?.join(withinMs: Self.stopMs) ?? true { wake.close() }
    }

    private func run() {
        while !state.withLock({ $0.isStopping }) {
            let next = state.withLock { state in
                state.waiting.isEmpty ? nil : state.waiting.removeFirst()
            }
            if let next {
                let response = next.command()
                // Who has stopped this has closed the descriptor.
                state.withLock { state in
                    guard !state.isStopping else { return }
                    state.answers.append((next.id, response))
                    _ = gyre_event_signal(answered.raw)
                }
            } else {
                _ = gyre_poll_readable(wake.raw, Descriptor.none.raw, -1)
                _ = gyre_event_drain(wake.raw)
            }
        }
    }
}
