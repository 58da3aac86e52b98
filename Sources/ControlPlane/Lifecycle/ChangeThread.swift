// Changes that nobody waits for: a reload that a signal asks for, and names with other addresses.
// They take as long as name servers and workers take, so they have a thread of their own; the main
// thread goes on reacting.

internal import CLinux
internal import DataPlane

/// What is to be changed next: whoever orders something goes on at once.
final class ChangeOrders: Sendable {
    /// What has come together since the last time.
    struct Work: Sendable {
        var wantsReload = false
        /// Of each name only the newest.
        var names: [NameQuestion: NameNews] = [:]
    }

    fileprivate let orders: ThreadOrders<Work>

    init() throws(SystemError) {
        orders = try ThreadOrders()
    }

    func requestReload() {
        orders.add(to: Work()) { $0.wantsReload = true }
    }

    /// Something has happened to a name.
    func note(_ question: NameQuestion, _ event: NameEvent) {
        orders.add(to: Work()) { $0.names[question, default: NameNews()].note(event) }
    }
}

/// What happened to a name, events that follow one another taken together.
struct NameNews: Equatable, Sendable {
    enum Trouble: Equatable, Sendable {
        case began(String)
        case ended
    }

    /// It has these now; `nil` for no others than before.
    private(set) var addresses: [NamedAddress]?
    /// Whether there is an answer; `nil` when that has not changed.
    private(set) var trouble: Trouble?

    mutating func note(_ event: NameEvent) {
        switch event {
        case .changed(let found): addresses = found
        case .failing(let reason): trouble = .began(reason)
        case .recovered: trouble = .ended
        }
    }
}

/// The running thread.
struct ChangeThread: Sendable {
    private let orders: ChangeOrders
    private let thread: ControlThread

    /// A change that is still being made after this time is left alone: the process ends.
    private static let stopMs: Int32 = 500

    static func start(
        _ orders: ChangeOrders, _ control: ServiceControl
    ) throws(StartError) -> ChangeThread {
        do throws(SystemError) {
            let thread = try ControlThread.start("gyre-changes") {
                while true {
                    _ = gyre_poll_readable(orders.orders.wake.raw, Descriptor.none.raw, -1)
                    switch orders.orders.take() {
                    case .none: break
                    case .stop: return
                    case .work(let work): control.make(work)
                    }
                }
            }
            return ChangeThread(orders: orders, thread: thread)
        } catch {
            throw StartError("cannot start a thread for changes: \(error)")
        }
    }

    /// Ends it, or leaves it behind in a change that takes long. Once only.
    func stop() {
        orders.orders.post(.stop)
        _ = thread.join(withinMs: Self.stopMs)
    }
}

extension ServiceControl {
    /// Makes changes, and tells the log of them.
    fileprivate func make(_ work: ChangeOrders.Work) {
        if !work.names.isEmpty { take(work.names) }
        if work.wantsReload { _ = reload() }
    }
}
