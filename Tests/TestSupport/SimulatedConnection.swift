// One TCP connection of the simulated world, seen from the middle: the bytes on their way in both
// directions, what each side has ended, and the peer's progress in its script. Positions stand for
// bytes: what was sent is known from its stream (ByteStream), so nothing needs to be stored.

import DataPlane
import Protocols

/// A connection between a socket of the reactor and a simulated peer.
package struct SimulatedConnection {
    /// Whether the peer is a client; else it is an endpoint.
    package let isClient: Bool
    package let plan: PeerPlan
    /// What the peer sends. Its number is the connection's unless the test says otherwise.
    package internal(set) var stream: ByteStream
    /// The listener it came through, or the endpoint it goes to.
    package let place: Int
    /// Where the peer is.
    package let peerAddress: IPBytes
    /// Who plays the peer, unless its plan alone does.
    package let program: ProgramPeer?
    var random: SeededRandom

    /// Both ends as an accepted client's socket has them.
    package var addresses: ProxyAddresses {
        let own = peerAddress.isIPv4 ? IPBytes(ipv4: 0x0A00_0001) : IPBytes(high: 0, low: 1)
        return ProxyAddresses(
            source: peerAddress, destination: own, sourcePort: UInt16(stream.number) + 40_000,
            destinationPort: UInt16(truncatingIfNeeded: place))
    }

    // From the peer to the reactor.
    /// Bytes the peer has sent.
    package internal(set) var sent = 0
    /// When it last sent some.
    package internal(set) var lastSentNs: UInt64 = 0
    /// Bytes the reactor has taken out of the socket.
    package internal(set) var read = 0
    /// When the peer ended its stream.
    package internal(set) var endedNs: UInt64?

    // From the reactor to the peer.
    /// Bytes the socket took from the reactor.
    package internal(set) var taken = 0
    /// When it last took some.
    package internal(set) var lastTakenNs: UInt64 = 0
    /// Bytes the peer has read, each of them checked.
    package internal(set) var peerRead = 0
    /// What the peer is receiving, known from the first byte on.
    package internal(set) var incoming: ByteStream?
    /// The reactor has ended its stream.
    package internal(set) var isShut = false

    // What became of it.
    /// Accepted by the reactor, or established towards an endpoint.
    package internal(set) var isEstablished = false
    /// The listener was gone when the client came or while it waited.
    package internal(set) var isRefused = false
    package internal(set) var sawEnd = false
    /// When the peer last read bytes, and when it read the end.
    package internal(set) var lastReadNs: UInt64 = 0
    package internal(set) var sawEndNs: UInt64 = 0
    package internal(set) var sawReset = false
    /// When the peer reset the connection, if it did before both ends were through.
    package internal(set) var resetNs: UInt64?
    /// A write was told of the reset, so that a read found a mere end.
    package internal(set) var wasResetTakenByWrite = false
    /// The peer closed both ways (close(2)).
    package internal(set) var isPeerClosed = false
    /// The reactor has closed its socket.
    package internal(set) var isSocketClosed = false
    /// What the next operation of the reactor fails with, once.
    var pendingError: Int32 = 0
    /// The owner tag that its socket was given.
    package internal(set) var owner: UInt32?
    /// The how-manieth socket of the world its socket was: tells earlier from later.
    package internal(set) var order = 0
    package internal(set) var boundNs: UInt64 = 0
    var socket = SocketID.none
    var isSendScheduled = false
    var isReadScheduled = false
    var sendStallsDone = 0
    var readStallsDone = 0

    init(
        number: Int, isClient: Bool, place: Int, plan: PeerPlan, random: SeededRandom,
        peerAddress: IPBytes, program: ProgramPeer?
    ) {
        precondition(number < 256 || program != nil, "a stream's number is its first byte")
        self.isClient = isClient
        self.plan = plan
        self.place = place
        self.random = random
        self.peerAddress = peerAddress
        self.program = program
        stream = ByteStream(number: UInt8(truncatingIfNeeded: number))
    }

    /// Bytes that wait for the reactor.
    package var inbound: Int { sent - read }

    /// Bytes that wait for the peer.
    package var outbound: Int { taken - peerRead }

    /// The peer has ended its stream.
    package var isEnded: Bool { endedNs != nil }

    /// Both streams were ended and read to the end: nothing can disturb it any more.
    package var isComplete: Bool { isEnded && sawEnd }

    /// A reset happened, whoever sent it.
    package var isDead: Bool { resetNs != nil || sawReset }

    /// Room for bytes from the peer.
    var inboundRoom: Int { max(0, plan.inboundCapacity - inbound) }

    /// Room for bytes from the reactor.
    var outboundRoom: Int { max(0, plan.outboundCapacity - outbound) }

    /// What an operation on a broken connection fails with. The kernel reports a reset once: to
    /// whichever operation comes first.
    mutating func takeError(inWrite: Bool) -> Int32? {
        guard pendingError != 0 else { return nil }
        wasResetTakenByWrite = inWrite
        defer { pendingError = 0 }
        return pendingError
    }
}
