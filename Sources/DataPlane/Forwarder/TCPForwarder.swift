// The TCP forwarder: one worker's flows. Every method runs on the worker's thread between two
// turns of its reactor; completions come in through `handle`, requests go out to the reactor.
// +Connect opens flows, +Admission keeps to the upstreams' limits, +Copy and +Splice move bytes,
// +Ending closes and times out, +Observation counts and tells, +ProxyProtocol reads and writes what
// comes before the bytes.

internal import Glibc
internal import Protocols

/// All flows of one worker.
struct TCPForwarder: ~Copyable {
    private let pinned = Pinned()
    let configuration: WorkerConfiguration
    let site: Shared<WorkerSite>
    private let events: WorkerEvents
    /// Where flows are told to when they have ended; `nil` for nowhere.
    let access: AccessWriter?
    /// Where events are told of what somebody watches; `nil` for nowhere.
    let tracer: Tracer?
    var random = RandomNumbers()
    var flows: Slab<Flow>
    /// Flows that wait for room at their upstreams.
    var lines = WaitingLines<Flow>()
    /// Those of them that wait for the end of some idle connection.
    var starving = 0
    var timers: TimerWheel
    var nowMs: UInt64
    /// The same time, as the reactor's clock had it when the turn began.
    var nowNs: UInt64
    /// Until when accepting is paused for want of descriptors; `nil` when it is not.
    var acceptPausedUntilMs: UInt64?
    var isDraining = false

    /// Owner tag of a socket that is closed without ever having had a flow.
    static var noFlow: UInt32 { .max }

    /// The timer that ends a pause of accepting: one past the last flow's.
    var acceptTimer: UInt32 { UInt32(flows.capacity) }

    init(
        configuration: WorkerConfiguration, site: Shared<WorkerSite>, events: WorkerEvents,
        access: AccessWriter?, tracer: Tracer?, nowNs: UInt64
    ) {
        self.access = access
        self.tracer = tracer
        self.nowNs = nowNs
        nowMs = nowNs / 1_000_000
        self.site = site
        self.events = events
        self.configuration = configuration
        flows = Slab(capacity: Self.slots(for: configuration))
        timers = TimerWheel(capacity: flows.capacity + 1, nowMs: nowMs)
    }

    /// Flow slots for a configured limit.
    static func slots(for configuration: WorkerConfiguration) -> Int {
        configuration.flowsMax + ForwarderLimits.acceptOvershoot
    }

    /// Sockets that as many flows can have: both sides, and closing ones of failed connects; or as
    /// many as the file table has slots for.
    static func sockets(for configuration: WorkerConfiguration) -> Int {
        configuration.filesMax ?? slots(for: configuration) * 3
    }

    subscript(side: FlowSideID) -> FlowSide {
        _read { yield flows[slot: side.slot].sides[side.position] }
        _modify { yield &flows[slot: side.slot].sides[side.position] }
    }

    /// Tells the log about something.
    func report<R: Reactor & ~Copyable>(
        _ kind: WorkerEvent.Kind, endpoint: UInt32 = 0, code: Int32 = 0, on reactor: inout R
    ) {
        if events.post(kind, endpoint: Int(endpoint), code: code, nowMs: nowMs) {
            reactor.counters[.event] &+= 1
        }
    }

    /// Handles one completion of a flow's socket.
    ///
    /// - Parameter isContinued: the next one to be handled is of the same operation.
    mutating func handle<R: Reactor & ~Copyable>(
        _ completion: Completion, isContinued: Bool, on reactor: inout R
    ) {
        let side = FlowSideID(raw: completion.owner)
        if completion.operation == .close {
            closed(side, on: &reactor)
            return
        }
        guard flows[slot: side.slot].phase != .closing else {
            // It was in the batch already when one before it ended the flow.
            if !completion.buffer.isNone { reactor.buffers.release(completion.buffer) }
            return
        }
        flows[slot: side.slot].activeAtMs = nowMs
        switch completion.operation {
        case .receive: received(side, completion, isContinued: isContinued, on: &reactor)
        case .send: sent(side, completion, on: &reactor)
        case .connect: connected(side, completion.result, on: &reactor)
        case .readable: readable(side, on: &reactor)
        case .writable: writable(side, on: &reactor)
        case .spliceIn: splicedIn(side, Int(completion.result), on: &reactor)
        case .spliceOut: splicedOut(side.other, Int(completion.result), on: &reactor)
        case .hangup: readFailed(side, on: &reactor)
        default: break
        }
    }
}
