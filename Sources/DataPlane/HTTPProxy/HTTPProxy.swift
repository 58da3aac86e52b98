// The HTTP/1.1 reverse proxy: one worker's clients, exchanges and connections to endpoints. Every
// method runs on the worker's thread between two turns of its reactor; completions come in through
// `handle`, requests go out to the reactor.
// +Clients reads requests and ends client connections, +Requests hands requests on, +Upstreams
// finds connections for them, +Responses and +Bodies bring the answers back, +Timeouts watches,
// +Observation counts and tells of exchanges, +Trace of those that somebody watches,
// +Admission keeps to the upstreams' limits. +Pipeline and +Orphans let several requests share a
// connection, +ProxyProtocol reads and writes what comes before the first one.

internal import Glibc
internal import Protocols

/// Says what a socket's completions belong to: the owner tag's two highest bits. Tags of the TCP
/// forwarder have none of them.
enum HTTPOwner {
    case client(UInt32)
    case upstream(UInt32)

    private static let clientBit: UInt32 = 1 << 30
    private static let upstreamBit: UInt32 = 2 << 30

    init?(raw: UInt32) {
        switch raw >> 30 {
        case 1: self = .client(raw & ~HTTPOwner.clientBit)
        case 2: self = .upstream(raw & ~HTTPOwner.upstreamBit)
        default: return nil
        }
    }

    var raw: UInt32 {
        switch self {
        case .client(let slot): slot | HTTPOwner.clientBit
        case .upstream(let slot): slot | HTTPOwner.upstreamBit
        }
    }
}

/// All HTTP clients of one worker.
struct HTTPProxy: ~Copyable {
    private let pinned = Pinned()
    let configuration: WorkerConfiguration
    let site: Shared<WorkerSite>
    private let events: WorkerEvents
    /// Where exchanges are told to when they have ended; `nil` for nowhere.
    let access: AccessWriter?
    /// Where events are told of what somebody watches; `nil` for nowhere.
    let tracer: Tracer?

    var sessions: Slab<ClientSession>
    var exchanges: Slab<Exchange>
    var upstreams: Slab<UpstreamConnection>
    var pool: IdlePool
    /// What PROXY headers said, where endpoints are told.
    var conveyed: Slab<ProxyAddresses>
    var pipelining: Pipelines
    /// Exchanges that wait for room at their upstreams.
    var lines = WaitingLines<Exchange>()
    /// Whether any upstream was ever to be pipelined to.
    private(set) var pipelines = false
    /// Those that send at the end of the turn.
    var sessionsToFlush: SlotQueue<ClientSession>
    var upstreamsToFlush: SlotQueue<UpstreamConnection>
    var timers: TimerWheel
    /// When `poolTimer` fires; `.max` while it is not set.
    var poolTimerAtMs = UInt64.max
    var nowMs: UInt64
    /// The same time, as the reactor's clock had it when the turn began.
    var nowNs: UInt64
    /// Where heads are parsed to: only valid from a complete parse until the next one.
    var requestHead = RequestHead()
    var responseHead = ResponseHead()
    /// Of the request in `requestHead`.
    var identity = RequestIdentity()
    var random = RandomNumbers()
    /// What is to be told at the turn's end.
    var notes = TurnNotes()
    /// What the access log says of requests under way.
    let texts: AccessNotes
    let scratch = HeadScratch(
        incomingBytes: HTTPLimits.headBytesMax, outgoingBytes: HTTPLimits.rewrittenBytesMax)
    /// Where paths are brought into their normal form: only valid until the next one.
    let paths = Shared(PathScratch())
    /// Until when accepting is paused for want of descriptors; `nil` when it is not.
    var acceptPausedUntilMs: UInt64?
    var isDraining = false
    /// Clients are to come back to another process when they have their answers.
    var isRetiring = false
    /// Clients that there was no room for and that are being told so.
    var surplusClients = 0
    /// A tunnel that was just begun, for the worker to hand over.
    var tunnel: Tunnel?

    init(
        configuration: WorkerConfiguration, site: Shared<WorkerSite>, events: WorkerEvents,
        access: AccessWriter?, tracer: Tracer?, nowNs: UInt64
    ) {
        self.configuration = configuration
        self.site = site
        self.events = events
        self.access = access
        self.tracer = tracer
        self.nowNs = nowNs
        nowMs = nowNs / 1_000_000
        let clients = TCPForwarder.slots(for: configuration)
        sessions = Slab(capacity: clients)
        conveyed = Slab(capacity: clients)
        // As many may be orphans as there are clients; tables cost only what is in use.
        exchanges = Slab(capacity: clients * 2)
        texts = AccessNotes(count: access == nil ? 1 : exchanges.capacity)
        upstreams = Slab(capacity: clients * 2)
        pipelining = Pipelines(
            exchanges: exchanges.capacity, connections: upstreams.capacity, orphansMax: clients)
        sessionsToFlush = SlotQueue(capacity: sessions.capacity)
        upstreamsToFlush = SlotQueue(capacity: upstreams.capacity)
        pool = IdlePool()
        timers = TimerWheel(capacity: clients + 3, nowMs: nowMs)
        siteChanged()
    }

    /// Another snapshot is the present one: makes room for what it has.
    mutating func siteChanged() {
        let count = site.value.endpoints.count
        pool.grow(endpoints: count)
        pipelining.grow(endpoints: count)
        if site.value.pipelines { pipelines = true }
    }

    deinit {
        scratch.destroy()
        paths.destroy()
    }

    /// The timer that ends a pause of accepting.
    var acceptTimer: UInt32 { UInt32(sessions.capacity) }

    /// The timer that looks at the pool.
    var poolTimer: UInt32 { UInt32(sessions.capacity) + 1 }

    /// The timer that looks at connections on which somebody waits behind an answer.
    var pipelineTimer: UInt32 { UInt32(sessions.capacity) + 2 }

    /// What holds for a client.
    @inline(__always)
    func policy(ofClient slot: UInt32) -> HTTPPolicy {
        site.value.listeners[slot: sessions[slot: slot].listener].record.http
    }

    /// What holds for the client of an exchange, also when it has left it.
    @inline(__always)
    func policy(ofExchange x: UInt32) -> HTTPPolicy {
        site.value.listeners[slot: exchanges[slot: x].listener].record.http
    }

    /// The tables that an exchange began with.
    @inline(__always)
    func view(ofExchange x: UInt32) -> SiteView {
        site.value.view(exchanges[slot: x].snapshot)
    }

    /// The route that an exchange takes.
    @inline(__always)
    func route(ofExchange x: UInt32) -> RouteRecord {
        view(ofExchange: x).routes[Int(exchanges[slot: x].route)]
    }

    /// The upstream that an exchange goes to.
    @inline(__always)
    func destination(ofExchange x: UInt32) -> UpstreamRecord {
        view(ofExchange: x).upstreams[Int(exchanges[slot: x].destination)]
    }

    /// Whether a client's connection ends with its present answer, whatever the client wants.
    @inline(__always)
    func isLeaving(_ slot: UInt32) -> Bool {
        isDraining || isRetiring
            || !site.value.listeners[slot: sessions[slot: slot].listener].isCurrent
    }

    /// Whether nothing is left of any client or endpoint.
    var isEmpty: Bool { sessions.count == 0 && upstreams.count == 0 }

    /// Tells the log about something.
    func report<R: Reactor & ~Copyable>(
        _ kind: WorkerEvent.Kind, endpoint: UInt32 = 0, code: Int32 = 0, on reactor: inout R
    ) {
        if events.post(kind, endpoint: Int(endpoint), code: code, nowMs: nowMs) {
            reactor.counters[.event] &+= 1
        }
    }

    /// Handles one completion of a socket that belongs to this engine.
    mutating func handle<R: Reactor & ~Copyable>(
        _ completion: Completion, _ owner: HTTPOwner, on reactor: inout R
    ) {
        switch owner {
        case .client(let slot): handleClient(slot, completion, on: &reactor)
        case .upstream(let slot): handleUpstream(slot, completion, on: &reactor)
        }
    }

    private mutating func handleClient<R: Reactor & ~Copyable>(
        _ slot: UInt32, _ completion: Completion, on reactor: inout R
    ) {
        if completion.operation == .close {
            clientClosed(slot, on: &reactor)
            return
        }
        guard isReading(slot) else {
            // It was in the batch already when one before it ended the connection.
            if !completion.buffer.isNone { reactor.buffers.release(completion.buffer) }
            return
        }
        switch completion.operation {
        case .receive: clientReceived(slot, completion, on: &reactor)
        case .send: clientSent(slot, completion.result, on: &reactor)
        case .readable: clientReadable(slot, on: &reactor)
        case .writable: clientWritable(slot, on: &reactor)
        default: break
        }
    }

    private mutating func handleUpstream<R: Reactor & ~Copyable>(
        _ slot: UInt32, _ completion: Completion, on reactor: inout R
    ) {
        if completion.operation == .close {
            upstreamClosed(slot, on: &reactor)
            return
        }
        guard upstreams[slot: slot].phase != .closing else {
            if !completion.buffer.isNone { reactor.buffers.release(completion.buffer) }
            return
        }
        switch completion.operation {
        case .connect: upstreamConnected(slot, completion.result, on: &reactor)
        case .receive: upstreamReceived(slot, completion, on: &reactor)
        case .send: upstreamSent(slot, completion.result, on: &reactor)
        case .readable: upstreamReadable(slot, on: &reactor)
        case .writable: upstreamWritable(slot, on: &reactor)
        default: break
        }
    }
}
