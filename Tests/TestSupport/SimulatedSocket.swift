// The reactor's side of the simulated world: sockets, listeners, endpoints and pipes as plain
// records.

import DataPlane

/// What a socket slot is doing.
package enum SocketPhase: Sendable {
    case free, connecting, open
    /// It closes when the send in flight is through.
    case sendingLast
    /// Closed by the caller; its operations are being cancelled.
    case closing
    /// Its operations are gone; completions may still be on their way.
    case cancelled
}

/// The one reading operation that a socket can have.
enum ReadingOperation: Equatable {
    case none, receive, readable
    case splice(PipeID, length: Int)
}

/// The one writing operation that a socket can have.
enum WritingOperation: Equatable {
    case none, send, writable
    case splice(PipeID, length: Int)
}

/// A slot of the reactor's socket table.
package struct SimulatedSocket {
    package internal(set) var phase = SocketPhase.free
    package internal(set) var generation: UInt32 = 0
    package internal(set) var owner: UInt32 = 0
    /// The connection behind it; none while connecting.
    package internal(set) var connection = -1
    var closesWithReset = false
    /// Armed until its final completion is delivered.
    var reading = ReadingOperation.none
    /// Whether the simulated kernel still works on it; false once the final completion is made.
    var isReadingActive = false
    var credit = 0
    var hasSmallCredit = false
    var isStarved = false
    var writing = WritingOperation.none
    var isWritingActive = false
    var chain = BufferChain()
    /// Where the send is: the buffer, and bytes of it and of all that are taken.
    var sendBuffer = BufferID.none
    var sendOffset = 0
    var sendTaken = 0
    /// The caller is to end the stream when it is told that the send is through.
    var endsNext = false
    var isHangupArmed = false
    var isHangupActive = false
    var isLookScheduled: [3 of Bool] = [false, false, false]
    var lastDeliveryNs: [3 of UInt64] = [0, 0, 0]
    /// Completions on their way.
    var postedCount = 0
}

/// A listening socket.
package struct SimulatedListener {
    package internal(set) var isAdded = false
    package internal(set) var isRemoved = false
    /// Connections in its queue, in the order of their arrival.
    package internal(set) var queue: [Int] = []
    /// The id under which the reactor knows it.
    var index: UInt32 = 0
    /// An accept failed: nothing more until the caller sets a credit again.
    var isPaused = false
    var hasOvershot = false
}

/// How an endpoint answers attempts to connect.
package enum EndpointManner: Sendable, Equatable {
    case accepts
    /// Fails with this errno value.
    case fails(Int32)
    /// Never answers.
    case hangs
}

/// A time during which an endpoint answers in another manner than it usually does.
package struct Outage: Sendable, Equatable {
    /// From the beginning of the run on.
    package let ns: Range<UInt64>
    package let manner: EndpointManner

    package init(_ ns: Range<UInt64>, _ manner: EndpointManner) {
        self.ns = ns
        self.manner = manner
    }
}

/// A connection attempt that came to nothing.
package struct ConnectFailure: Sendable {
    package enum Manner: Sendable, Equatable {
        /// The call threw.
        case threw
        case failed(Int32)
        /// Begun, and never to be answered.
        case hung
        /// Closed by the worker while it was under way, hung ones too.
        case givenUp
    }

    package let timeNs: UInt64
    package let endpoint: Int
    package let manner: Manner
}

/// Something to connect to.
package struct SimulatedEndpoint {
    package let address: AddressReference
    package var manner: EndpointManner
    /// On the world's clock.
    package var outages: [Outage] = []
    /// Makes the script of the n-th connection, and who plays it.
    let plan: (Int) -> PeerPlan
    let program: (Int) -> (any PeerProgram)?
    package internal(set) var attempts = 0

    /// How it answers at a moment of the world's clock.
    func manner(atNs nowNs: UInt64) -> EndpointManner {
        outages.first { $0.ns.contains(nowNs) }?.manner ?? manner
    }
}

/// A pipe of the pool: which bytes are in it, by their place in their stream.
package struct SimulatedPipe {
    struct Segment {
        var stream: ByteStream
        var position: Int
        var count: Int
        /// The bytes themselves, if they are a program's; empty otherwise.
        var bytes: ArraySlice<UInt8> = []
    }

    package internal(set) var isOut = false
    package internal(set) var bytes = 0
    var segments: [Segment] = []
    /// Ring splices that use it.
    var isBusy = false
}
