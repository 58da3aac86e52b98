// How other threads talk to a worker: a word of requests and an eventfd that ends its wait.
// Requests are idempotent bits, so the mailbox cannot overflow and posting never blocks.

internal import CLinux
internal import Synchronization

/// What a worker can be asked for.
package struct WorkerRequests: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Stop accepting, finish the flows that are there, then end.
    package static let drain = WorkerRequests(rawValue: 1 << 0)
    /// Reset the flows that are left and end.
    package static let terminate = WorkerRequests(rawValue: 1 << 1)
}

/// Requests on their way to one worker. Any thread posts, the worker takes.
package final class Mailbox: Sendable {
    private let pending = Atomic<UInt32>(0)

    /// The eventfd that the worker's reactor waits on.
    package let wake: Descriptor

    /// - Throws: when the process has no descriptor left.
    package init() throws(SystemError) {
        wake = Descriptor(raw: try SystemError.check(gyre_event_open()))
    }

    deinit {
        _ = gyre_close(wake.raw)
    }

    /// Any thread. Only the first request since the worker last looked costs a system call.
    package func post(_ requests: WorkerRequests) {
        let (before, _) = pending.bitwiseOr(requests.rawValue, ordering: .acquiringAndReleasing)
        if before == 0 { _ = gyre_event_signal(wake.raw) }
    }

    /// Worker thread only: takes what was posted since the last call.
    package func take() -> WorkerRequests {
        WorkerRequests(rawValue: pending.exchange(0, ordering: .acquiringAndReleasing))
    }
}
