// The simulated world's agenda: a binary heap by time, first-in first-out among equals, so that
// the order of events is a function of the seed alone.

import DataPlane

/// What is due at one moment.
package struct ScheduledEvent {
    package let timeNs: UInt64
    fileprivate let sequence: UInt64
    package let event: SimulatedEvent
}

/// What can happen without the worker's doing.
package enum SimulatedEvent {
    /// A completion leaves the simulated kernel.
    case deliver(SocketID, Lane, Completion)
    /// An armed operation of the socket may be able to go on.
    case look(SocketID, Lane)
    /// An attempt to connect ends with this result.
    case connected(SocketID, result: Int32)
    /// The operations that a close cancelled are gone.
    case cancelled(SocketID)
    /// Nothing refers to a closed socket any more.
    case closed(SocketID)
    case listenerRemoved(Int)
    /// Clients may be waiting in a listener's queue.
    case lookAccept
    /// A client arrives.
    case arrive(connection: Int, listener: Int)
    case peerSends(connection: Int)
    case peerReads(connection: Int)
    case peerResets(connection: Int)
    /// Other sockets take buffers from the pool, or give theirs back.
    case hostagesTaken
    case hostagesFreed
    /// Something that the test put on the agenda.
    case action(Int)
}

/// The independent sequences of a socket's completions. Within one the order is kept.
package enum Lane: Int, CaseIterable, Sendable {
    case reading, writing, hangup
}

/// A priority queue of events.
package struct EventQueue {
    private var heap: [ScheduledEvent] = []
    private var sequence: UInt64 = 0

    package init() {}

    package var isEmpty: Bool { heap.isEmpty }

    package var nextTimeNs: UInt64? { heap.first?.timeNs }

    package mutating func schedule(_ event: SimulatedEvent, at timeNs: UInt64) {
        heap.append(ScheduledEvent(timeNs: timeNs, sequence: sequence, event: event))
        sequence += 1
        var child = heap.count - 1
        while child > 0, isBefore(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes the first event that is due at `nowNs`; `nil` when none is.
    package mutating func pop(dueAt nowNs: UInt64) -> ScheduledEvent? {
        guard let first = heap.first, first.timeNs <= nowNs else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return first
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && isBefore(child, least) {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private func isBefore(_ first: Int, _ second: Int) -> Bool {
        let (a, b) = (heap[first], heap[second])
        return (a.timeNs, a.sequence) < (b.timeNs, b.sequence)
    }
}
