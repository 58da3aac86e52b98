// Events of traces on their way from a worker to whoever watches: a bounded ring with one writer
// and one reader, who comes by when it likes. What finds no room is counted and lost.

internal import Synchronization

/// The events of one worker. The worker posts, one other thread takes.
@safe
package final class TraceRing: @unchecked Sendable {
    private static let capacity = 4096

    private var events = MutableTable<TraceEvent>(zeroed: capacity)
    private let head = Atomic<UInt64>(0)
    private let tail = Atomic<UInt64>(0)
    private let lost = Atomic<UInt64>(0)

    package init() {}

    /// Events that found no room, since the start. Any thread.
    package var lostCount: UInt64 { lost.load(ordering: .relaxed) }

    /// Worker thread only.
    func post(_ event: TraceEvent) {
        let position = tail.load(ordering: .relaxed)
        guard position &- head.load(ordering: .acquiring) < UInt64(Self.capacity) else {
            lost.store(lost.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
            return
        }
        events[Int(position % UInt64(Self.capacity))] = event
        tail.store(position &+ 1, ordering: .releasing)
    }

    /// Reader's thread only: the next events, oldest first.
    package func take(atMost limit: Int) -> [TraceEvent] {
        var position = head.load(ordering: .relaxed)
        let end = tail.load(ordering: .acquiring)
        var result: [TraceEvent] = []
        while position != end && result.count < limit {
            result.append(events[Int(position % UInt64(Self.capacity))])
            position &+= 1
        }
        head.store(position, ordering: .releasing)
        return result
    }
}

/// A worker's way to its trace. Copies refer to the same ring, which the worker keeps alive.
@safe
struct Tracer: BitwiseCopyable {
    let filter: TraceFilter
    private let ring: Unmanaged<TraceRing>

    init(_ ring: TraceRing, _ filter: TraceFilter) {
        unsafe self.ring = Unmanaged.passUnretained(ring)
        self.filter = filter
    }

    /// Tells of something that belongs to a trace, unless that one is over.
    ///
    /// - Parameter number: of the trace.
    func post(_ event: TraceEvent, of number: UInt8) {
        guard filter.number == number else { return }
        unsafe ring._withUnsafeGuaranteedRef { $0.post(event) }
    }
}
