// One client connection as a record. Between two requests it holds no buffer, no exchange and no
// connection to an endpoint: this is all that an idle keep-alive client costs.

internal import Protocols

/// Where a client connection is.
enum SessionPhase: UInt8, BitwiseCopyable {
    /// The client has to begin with a PROXY header, which is not whole.
    case proxyHeader
    /// Nothing of a request has come yet.
    case idle
    /// A part of a head has come.
    case head
    /// An exchange is under way.
    case exchange
    /// The last bytes are on their way; the socket closes behind them.
    case ending
    /// Everything was answered; what still comes is dropped until the client is done.
    case lingering
    /// The socket is being closed; the slot is free when it is.
    case closing
}

/// What is true of a client connection.
struct SessionFlags: OptionSet, BitwiseCopyable {
    let rawValue: UInt8

    /// A request was answered before.
    static let hasServed = SessionFlags(rawValue: 1 << 0)
    /// It ends when everything is sent.
    static let closesWhenSent = SessionFlags(rawValue: 1 << 1)
    /// The end of what was sent cannot be told from the bytes: only a reset shows that it is cut.
    static let closesWithReset = SessionFlags(rawValue: 1 << 2)
    /// The client may be sending still, the rest of a request or another one.
    static let lingersAfterwards = SessionFlags(rawValue: 1 << 3)
    /// `address` is known.
    static let hasAddress = SessionFlags(rawValue: 1 << 4)
    /// Its own forwarding fields are believed.
    static let isTrusted = SessionFlags(rawValue: 1 << 5)
    /// It is on the list of those that send at the end of the turn.
    static let flushesLater = SessionFlags(rawValue: 1 << 6)
    /// There was no room for it: it is told so, and is not counted among its listener's clients.
    static let isSurplus = SessionFlags(rawValue: 1 << 7)
}

/// A client connection.
struct ClientSession: BitwiseCopyable {
    var transport = Transport()
    var phase = SessionPhase.idle
    var flags: SessionFlags = []
    /// The trace that it belongs to; 0 for none.
    var traced: UInt8 = 0
    /// How far an incomplete head has been looked at.
    var progress = HeadProgress()
    /// The exchange in the `exchange` phase.
    var exchange = UInt32.max
    /// The listener by which it came.
    let listener: UInt32
    /// Tells it from other connections of the worker's clients; goes round.
    let number: UInt32
    /// Requests that may still come.
    var requestsLeft: UInt32
    /// Answers that have not been sent to their end when the next request was begun.
    var answersQueued: UInt32 = 0
    /// An idle connection to an endpoint that speaks for this client only.
    var kept = UInt32.max
    /// Where it is kept what the client's PROXY header said, for endpoints to be told.
    var conveyed = UInt32.max
    /// When something last happened, in milliseconds.
    var activeAtMs: UInt64
    /// When the timer fires; `.max` while it is not set.
    var timerAtMs = UInt64.max
    /// The client's address, once it is needed: what its PROXY header says, if it has one.
    var address = IPBytes(high: 0, low: 0)

    init(listener: UInt32, number: UInt32, nowMs: UInt64, requestsMax: UInt32) {
        self.listener = listener
        self.number = number
        activeAtMs = nowMs
        requestsLeft = requestsMax
    }
}
