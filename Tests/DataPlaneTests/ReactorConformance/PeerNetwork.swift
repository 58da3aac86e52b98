// What a conformance case needs on the far side of the reactor's sockets: real ones on loopback,
// or the simulated world, behind one protocol.

import DataPlane
import Protocols
import TestSupport

/// How a peer finds its connection.
enum PeerSight: Equatable {
    case open
    /// The reactor ended its stream.
    case ended
    /// The reactor reset the connection.
    case reset
}

/// The far side of one connection. Nothing here waits.
protocol Peer: AnyObject {
    /// The bytes that it sends. Set before it has sent any.
    var stream: ByteStream { get set }
    /// What it saw in its last `receive`.
    var sight: PeerSight { get }
    /// Where the reactor should find it.
    var address: IPBytes { get }
    /// TCP segments that have come to it, acknowledgements included; `nil` when there are none.
    var segmentsIn: UInt32? { get }

    /// Sends up to `count` of the next bytes of its stream.
    ///
    /// - Returns: how many were taken.
    func send(_ count: Int) -> Int

    /// Reads up to `limit` bytes and checks that they are the next ones of `reactorStream`.
    ///
    /// - Returns: how many there were.
    func receive(_ limit: Int) -> Int

    /// Ends its stream (FIN).
    func end()

    func reset()
}

/// What all sockets of a case send: each starts it from its beginning.
let reactorStream = ByteStream(number: 200)

/// Makes the far sides.
protocol PeerNetwork: AnyObject {
    /// A connected socket for the reactor to adopt, and its peer.
    func makePair() throws -> (Descriptor, any Peer)

    /// A listening socket for the reactor.
    func makeListener() throws -> Descriptor

    /// Connects a client to a listener; it then waits in the listener's queue.
    func dial(_ listener: Descriptor) throws -> any Peer

    /// The peer behind a descriptor that the reactor accepted. Asked once for each, in the order
    /// in which one listener accepted them.
    func peer(ofAccepted descriptor: Descriptor, by listener: ListenerID) -> (any Peer)?

    /// Something that accepts what the reactor connects to it.
    func makeEndpoint() throws -> AddressReference

    /// The peer of the reactor's first unclaimed connection to an endpoint, once it is there.
    func takeConnected() -> (any Peer)?

    /// An address on which nobody listens.
    func makeRefusing() throws -> AddressReference
}
