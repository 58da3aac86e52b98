// One request with its response as a record: it exists from a complete request head to the end of
// the response.

internal import Protocols

/// What is true of an exchange.
struct ExchangeFlags: OptionSet, BitwiseCopyable {
    let rawValue: UInt32

    /// The method is HEAD: the response has no body.
    static let isHead = ExchangeFlags(rawValue: 1 << 0)
    /// The method is CONNECT.
    static let isConnect = ExchangeFlags(rawValue: 1 << 1)
    /// Doing it twice is as good as doing it once (RFC 9110 section 9.2.2).
    static let isIdempotent = ExchangeFlags(rawValue: 1 << 2)
    /// The client speaks HTTP/1.0.
    static let clientIsHTTP10 = ExchangeFlags(rawValue: 1 << 3)
    /// The client's connection goes on after this exchange.
    static let clientPersists = ExchangeFlags(rawValue: 1 << 4)
    /// The request was handed on to its last byte.
    static let requestComplete = ExchangeFlags(rawValue: 1 << 5)
    /// The client waits for a 100 before it sends the body.
    static let expectsContinue = ExchangeFlags(rawValue: 1 << 6)
    /// An upgrade was asked for and handed on.
    static let upgrades = ExchangeFlags(rawValue: 1 << 7)
    /// A connection attempt is under way.
    static let connecting = ExchangeFlags(rawValue: 1 << 8)
    /// The connection had served before: a failure may mean no more than that it was closed.
    static let isReused = ExchangeFlags(rawValue: 1 << 9)
    /// It was sent a second time because its connection was most likely closed before.
    static let isRetried = ExchangeFlags(rawValue: 1 << 10)
    /// Something of a response has come.
    static let responseSeen = ExchangeFlags(rawValue: 1 << 11)
    /// The final response head was handed on.
    static let responseStarted = ExchangeFlags(rawValue: 1 << 12)
    /// The endpoint keeps the connection open after the response.
    static let upstreamPersists = ExchangeFlags(rawValue: 1 << 13)
    /// The client cannot read chunks: the framing is taken off.
    static let unchunks = ExchangeFlags(rawValue: 1 << 14)
    /// The end of the connection ends the response; chunks are made for the client.
    static let chunksResponse = ExchangeFlags(rawValue: 1 << 15)
    /// The request's body goes through a pipe.
    static let splicesRequest = ExchangeFlags(rawValue: 1 << 16)
    /// The response's body goes through a pipe.
    static let splicesResponse = ExchangeFlags(rawValue: 1 << 17)
    /// The client has not said that this is its last request: others may be on their way, whether
    /// or not they will be answered.
    static let mayBeFollowed = ExchangeFlags(rawValue: 1 << 18)
    /// It may share a connection with others: safe, without a body, asking for nothing but itself.
    static let mayPipeline = ExchangeFlags(rawValue: 1 << 19)
    /// The response tells the client where to come back to.
    static let setsCookie = ExchangeFlags(rawValue: 1 << 21)
    /// Its client has left it: its answer is dropped.
    static let isOrphan = ExchangeFlags(rawValue: 1 << 20)
    /// Its upstream has limits, and it counts among its requests.
    static let isLimited = ExchangeFlags(rawValue: 1 << 22)
    /// It may use one of its upstream's connections.
    static let holdsPermit = ExchangeFlags(rawValue: 1 << 23)
    /// It stands in line for one.
    static let waits = ExchangeFlags(rawValue: 1 << 24)
    /// It stands in front, until some idle connection has ended.
    static let starves = ExchangeFlags(rawValue: 1 << 25)
}

/// A request with its response.
struct Exchange: Waiting {
    /// Slot of the client's session; none of an orphan.
    var session: UInt32
    /// Slot of the connection to the endpoint, while there is one for it alone or it is the front
    /// of one.
    var upstream = UInt32.max
    /// Slot of the connection on which it waits behind another exchange, and who waits behind it.
    var leader = UInt32.max
    var next = UInt32.max
    /// Who waits before and behind it, while it waits for its upstream.
    var line = LineLinks()
    /// The listener by which its client came.
    let listener: UInt32
    /// The snapshot that it began with and holds.
    let snapshot: UInt32
    /// In that snapshot, the position of the route.
    let route: UInt32
    /// And those of the upstream and of the endpoint in use or being tried.
    let destination: UInt32
    var target = UInt32.max
    /// The endpoint that is in use or being tried.
    var endpoint = UInt32.max
    /// Positions of endpoints that were tried, among those of the upstream, and how many.
    var attempted = AttemptedEndpoints()
    var attempts: UInt32 = 0
    /// How often it was sent.
    var tries: UInt32 = 1
    /// What it is balanced by.
    var key: UInt64 = 0
    var flags: ExchangeFlags = []
    var interimResponses: UInt8 = 0
    /// How far an incomplete response head has been looked at.
    var progress = HeadProgress()
    /// What is to come of the request's body.
    var request = BodyProgress.finished
    /// What is to come of the response's body, once it has started.
    var response = BodyProgress.finished
    /// Pipes of bodies that are spliced, while they hold bytes.
    var requestPipe = PipeRelay()
    var responsePipe = PipeRelay()
    /// A copy of everything that was sent, while it is worth sending it again.
    var replay = BufferChain()
    /// The Host line in the head that was made, for another endpoint's name to be put there; none
    /// when it says what the client said.
    var hostStart: UInt32 = 0
    var hostEnd: UInt32 = 0
    /// What is measured of it.
    var meter: ExchangeMeter

    init(
        session: UInt32, listener: UInt32, snapshot: UInt32, route: UInt32, destination: UInt32,
        meter: ExchangeMeter
    ) {
        self.meter = meter
        self.session = session
        self.listener = listener
        self.snapshot = snapshot
        self.route = route
        self.destination = destination
    }
}
