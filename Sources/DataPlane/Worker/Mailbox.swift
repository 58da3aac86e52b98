// How other threads talk to a worker: a word of requests, changes of what it serves, and an eventfd
// that ends its wait. Requests are idempotent bits, so they cannot overflow.

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
    /// Take the changes.
    fileprivate static let change = WorkerRequests(rawValue: 1 << 2)
    /// Stop accepting and have clients leave with their next answers, because others serve them;
    /// end when none is left.
    package static let retire = WorkerRequests(rawValue: 1 << 3)
}

/// A listening socket of one worker.
package struct WorkerListener: Sendable {
    /// Tells it from the worker's other ones.
    package let number: UInt32
    /// The listener that it belongs to.
    package let id: UInt32
    /// Listening, non-blocking, of this worker alone.
    package let descriptor: Descriptor

    package init(number: UInt32 = 0, id: UInt32, descriptor: Descriptor) {
        self.number = number
        self.id = id
        self.descriptor = descriptor
    }
}

/// A listening socket that belongs to another listener from now on.
package struct ListenerMove: Sendable, Equatable {
    /// Of the socket.
    package let number: UInt32
    /// Of its new listener.
    package let id: UInt32

    package init(number: UInt32, id: UInt32) {
        self.number = number
        self.id = id
    }
}

/// What a worker serves from now on.
package struct WorkerChange: Sendable {
    package let snapshot: SiteSnapshot
    /// Sockets to accept from besides those that are there; taken over.
    package let opened: [WorkerListener]
    package let moved: [ListenerMove]
    /// Numbers of sockets that are to be closed, once their queues are empty.
    package let closed: [UInt32]

    package init(
        snapshot: SiteSnapshot, opened: [WorkerListener] = [], moved: [ListenerMove] = [],
        closed: [UInt32] = []
    ) {
        self.snapshot = snapshot
        self.opened = opened
        self.moved = moved
        self.closed = closed
    }
}

/// Requests on their way to one worker. Any thread posts, the worker takes.
package final class Mailbox: Sendable {
    private let pending = Atomic<UInt32>(0)
    private let changes = Mutex<[WorkerChange]>([])
    private let applied = Atomic<UInt64>(0)

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

    /// Any thread.
    package func post(_ change: WorkerChange) {
        changes.withLock { $0.append(change) }
        post(.change)
    }

    /// Changes that the worker has made so far.
    package var changesApplied: UInt64 { applied.load(ordering: .acquiring) }

    /// Worker thread only: takes the changes that were posted since the last call.
    func takeChanges() -> [WorkerChange] {
        changes.withLock { changes in
            defer { changes = [] }
            return changes
        }
    }

    /// Worker thread only: tells that one more change is made.
    func noteApplied() {
        _ = applied.wrappingAdd(1, ordering: .acquiringAndReleasing)
    }

    /// Worker thread only: takes what was posted since the last call.
    package func take() -> WorkerRequests {
        WorkerRequests(rawValue: pending.exchange(0, ordering: .acquiringAndReleasing))
    }
}
