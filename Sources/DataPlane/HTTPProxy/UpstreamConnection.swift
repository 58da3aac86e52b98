// One connection to an endpoint as a record: connecting, leased to an exchange, idle in the pool,
// or closing.

/// Where a connection to an endpoint is.
enum UpstreamPhase: UInt8, BitwiseCopyable {
    case connecting
    /// An exchange uses it.
    case leased
    /// The answer that comes next is nobody's any more: it is read and dropped.
    case dropping
    /// It waits in the pool.
    case idle
    /// Its socket is being closed; the slot is free when it is.
    case closing
}

/// A connection to an endpoint.
struct UpstreamConnection: BitwiseCopyable {
    var transport = Transport()
    var phase = UpstreamPhase.connecting
    /// The exchange that uses it or waits for it; when several do, the front.
    var exchange: UInt32
    /// Exchanges whose requests were sent behind the front's, in that order.
    var firstFollower = UInt32.max
    var lastFollower = UInt32.max
    var followers: UInt32 = 0
    /// Answers that came to their ends; goes round.
    var answered: UInt32 = 0
    let endpoint: UInt32
    /// The id of the endpoint's upstream, whose limits it counts against.
    let upstreamID: UInt32
    let address: AddressReference
    /// The session of the client that it speaks for, because it began with that one's addresses;
    /// none when it is for all.
    var client = UInt32.max
    /// It is on the list of those that send at the end of the turn.
    var flushesLater = false
    /// Nothing behind the front's answer is read.
    var closesBehindFront = false
    /// It is on the list of those on which somebody waits behind an answer.
    var isWatched = false
    /// When bytes last came while somebody waits behind an answer, in milliseconds.
    var receivedAtMs: UInt64 = 0
    /// When it went into the pool, in milliseconds.
    var idleSinceMs: UInt64 = 0
    /// Neighbours among the idle connections of the same endpoint, and among all by age.
    var sameEndpoint = PoolLinks()
    var sameAge = PoolLinks()
}

/// Neighbours in one of the pool's lists.
struct PoolLinks: BitwiseCopyable {
    var newer = UInt32.max
    var older = UInt32.max
}
