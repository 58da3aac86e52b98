// The loop of one worker: one thread, one reactor, its own flows, timers and counters. Nothing in
// it is shared; other threads reach it through the mailbox and read its published counters.

/// A worker on one kind of reactor.
package struct Worker<R: Reactor & ~Copyable>: ~Copyable {
    /// Completions handled between two looks at timers and mailbox.
    private static var batchCapacity: Int { 1024 }
    private static var turnsUnpublishedMax: UInt64 { 64 }

    package var reactor: R
    private var forwarder: TCPForwarder
    private var batch: CompletionBatch
    private let mailbox: Mailbox
    private let published: PublishedCounters
    /// Listeners that are not closed yet.
    private var listenersOpen: Int
    private var isTerminating = false

    /// - Parameters:
    ///   - reactor: made with at least `socketsNeeded(for:)` sockets.
    ///   - listeners: listening, non-blocking sockets of this worker alone; taken over.
    ///   - mailbox: what this worker is asked for.
    ///   - published: where this worker's counters can be read.
    ///   - events: where it tells what belongs in the log.
    package init(
        reactor: consuming R, configuration: WorkerConfiguration, listeners: [Descriptor],
        mailbox: Mailbox, published: PublishedCounters,
        events: WorkerEvents = WorkerEvents(reader: .none)
    ) {
        self.reactor = reactor
        self.mailbox = mailbox
        self.published = published
        forwarder = TCPForwarder(
            configuration: configuration, events: events,
            nowMs: self.reactor.nowNs / 1_000_000)
        batch = CompletionBatch(capacity: Self.batchCapacity)
        listenersOpen = listeners.count
        for listener in listeners { _ = self.reactor.addListener(listener) }
        self.reactor.armWake(mailbox.wake)
        self.reactor.setAcceptCredit(forwarder.acceptCredit)
    }

    /// Sockets that a worker with this configuration can have at once.
    package static func socketsNeeded(for configuration: WorkerConfiguration) -> Int {
        TCPForwarder.sockets(for: configuration)
    }

    /// Whether it was asked to end and nothing is left to do.
    package var isFinished: Bool {
        forwarder.isDraining && listenersOpen == 0 && forwarder.flows.count == 0
    }

    /// Flows that are not over.
    package var flowCount: Int { forwarder.flows.count }

    /// Turns until it is finished.
    package mutating func run() {
        while !isFinished { turn() }
    }

    /// One pass: submit and wait, handle what completed, then timers and bookkeeping.
    package mutating func turn() {
        batch.removeAll()
        reactor.turn(deadlineNs: forwarder.nextDeadlineNs, into: &batch)
        forwarder.nowMs = reactor.nowNs / 1_000_000
        for position in 0..<batch.count {
            let completion = batch[position]
            switch completion.operation {
            case .wake: obey(mailbox.take())
            case .listenerClose: listenersOpen -= 1
            default: forwarder.handle(completion, on: &reactor)
            }
        }
        forwarder.expireTimers(on: &reactor)
        if isTerminating { forwarder.endAll(on: &reactor) }
        // Removed listeners may still take what waits in their queue.
        if !forwarder.isDraining { reactor.setAcceptCredit(forwarder.acceptCredit) }
        reactor.counters[.flowsActive] = UInt64(forwarder.flows.count)
        // Before every wait, so that what is read of an idle worker is complete; now and then when
        // it never waits.
        if !reactor.hasQueuedWork || reactor.counters[.turns] % Self.turnsUnpublishedMax == 0 {
            published.publish(&reactor.counters)
        }
    }

    private mutating func obey(_ requests: WorkerRequests) {
        if !requests.isEmpty && !forwarder.isDraining {
            forwarder.isDraining = true
            for index in 0..<listenersOpen {
                reactor.removeListener(ListenerID(index: UInt32(index)))
            }
        }
        if requests.contains(.terminate) {
            isTerminating = true
            reactor.setAcceptCredit(0)
        }
    }
}

extension TCPForwarder {
    /// When timers must be looked at next, on the reactor's clock.
    var nextDeadlineNs: UInt64? {
        timers.nextDeadlineMs.map { $0 * 1_000_000 }
    }
}
