// A forwarded connection as a record: two sides, and per side the direction that reads from it and
// writes to the other one. Owned by the forwarder of one worker.

/// Names one side of a flow. It is the owner tag of that side's socket.
struct FlowSideID: Equatable {
    let raw: UInt32

    init(raw: UInt32) {
        self.raw = raw
    }

    /// The client's side of the flow in `slot`.
    static func downstream(_ slot: UInt32) -> FlowSideID { FlowSideID(raw: slot << 1) }

    /// The endpoint's side of the flow in `slot`.
    static func upstream(_ slot: UInt32) -> FlowSideID { FlowSideID(raw: slot << 1 | 1) }

    var slot: UInt32 { raw >> 1 }

    /// 0 for downstream, 1 for upstream.
    var position: Int { Int(raw & 1) }

    /// The other side of the same flow.
    var other: FlowSideID { FlowSideID(raw: raw ^ 1) }
}

/// How one direction moves its bytes at present.
enum DirectionPath: UInt8, BitwiseCopyable {
    /// Receive into lent buffers, send them.
    case copy
    /// Still copying, but no further receive is armed: it will be splicing when all is sent.
    case promoting
    /// splice(2) when the socket is ready.
    case splice
    /// IORING_OP_SPLICE.
    case spliceRing
}

/// What is true of one side and of the direction that reads from it.
struct SideFlags: OptionSet, BitwiseCopyable {
    let rawValue: UInt16

    /// The side has a socket.
    static let open = SideFlags(rawValue: 1 << 0)
    /// Bytes can be exchanged on it.
    static let connected = SideFlags(rawValue: 1 << 1)
    /// A receive is armed on it.
    static let receiving = SideFlags(rawValue: 1 << 2)
    /// A send to it is in flight.
    static let sending = SideFlags(rawValue: 1 << 3)
    /// It sent its last byte.
    static let ended = SideFlags(rawValue: 1 << 4)
    /// It was reset, or reading from it failed.
    static let failed = SideFlags(rawValue: 1 << 5)
    /// All its bytes were handed to the other side, which was told that no more follow.
    static let finished = SideFlags(rawValue: 1 << 6)
    /// The other side takes no bytes any more: what this one still sends is dropped.
    static let discarding = SideFlags(rawValue: 1 << 7)
    /// A wait or splice of the spliced path is under way in this direction.
    static let splicing = SideFlags(rawValue: 1 << 8)
    /// A Unix socket: its hang-up says nothing that a failing send would not say.
    static let unix = SideFlags(rawValue: 1 << 9)
    /// The bytes that wait begin with a PROXY header, which is for nobody but us.
    static let beginsWithHeader = SideFlags(rawValue: 1 << 10)
}

/// One side of a flow, with the direction that reads from it.
struct FlowSide: BitwiseCopyable {
    var socket = SocketID.none
    var flags: SideFlags = []
    var path = DirectionPath.copy
    /// Wake-ups of the spliced path in a row that moved little.
    var smallBursts: UInt8 = 0
    /// Bytes of the send to the other side that is in flight.
    var sendingBytes: UInt32 = 0
    /// Bytes read from this side that wait to be sent to the other.
    var pending = BufferChain()
    /// How much this direction moved in full buffers lately: what promotes it.
    var bulkBytes: UInt32 = 0
    /// The pipe that holds bytes of this direction, while it does.
    var pipe = PipeRelay()
}

/// Where a flow is in its life.
enum FlowPhase: UInt8, BitwiseCopyable {
    /// The client has to begin with a PROXY header, which is not whole.
    case proxyHeader
    case connecting
    /// Its upstream has as many connections as it may have.
    case waiting
    case relaying
    /// Its sockets are being closed; the slot is free when the last one is.
    case closing
}

/// A forwarded TCP connection.
struct Flow: Waiting {
    /// Downstream, upstream.
    var sides = InlineArray<2, FlowSide>(repeating: FlowSide())
    /// When something last happened, in milliseconds.
    var activeAtMs: UInt64
    var phase = FlowPhase.connecting
    /// Sockets that are open or being closed.
    var sockets: UInt8 = 0
    /// It may use one of its upstream's connections.
    var holdsPermit = false
    /// It waits in front, until some idle connection has ended.
    var starves = false
    /// Who waits before and behind it, while it waits for its upstream.
    var line = LineLinks()
    let relay: RelayMode
    /// The listener by which its client came.
    let listener: UInt32
    /// The snapshot that it holds while endpoints are tried; none afterwards, so that long flows
    /// do not keep what has been replaced.
    var snapshot = UInt32.max
    /// In that snapshot, the positions of the upstream and of the endpoint that is tried.
    var upstream = UInt32.max
    var target = UInt32.max
    /// The upstream whose limits it counts against; none before it has one.
    var upstreamID = UInt32.max
    /// The endpoint that is connected or being tried.
    var endpoint = UInt32.max
    /// Positions of endpoints that were tried, and how many there were.
    var attempted = AttemptedEndpoints()
    var attempts: UInt32 = 0
    /// What it is balanced by.
    var key: UInt64 = 0
    /// Silence in both directions that ends it, in milliseconds.
    let idleTimeoutMs: UInt64
    /// Tells its client's connection from others of the worker; goes round.
    let number: UInt32
    /// What is measured of it.
    var meter: FlowMeter

    init(
        activeAtMs: UInt64, listener: UInt32, number: UInt32, meter: FlowMeter, relay: RelayMode,
        idleTimeoutMs: UInt64
    ) {
        self.activeAtMs = activeAtMs
        self.listener = listener
        self.number = number
        self.meter = meter
        self.relay = relay
        self.idleTimeoutMs = idleTimeoutMs
    }
}
