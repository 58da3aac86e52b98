// Conformance peers in the simulated world.

import DataPlane
import Protocols
import TestSupport

final class SimulatedPeer: Peer {
    private let world: SimulatedWorld
    private let number: Int

    init(world: SimulatedWorld, number: Int) {
        self.world = world
        self.number = number
    }

    var stream: ByteStream {
        get { world.connections[number].stream }
        set { world.setStream(number, newValue) }
    }

    var sight: PeerSight {
        if world.connections[number].sawReset { return .reset }
        return world.connections[number].sawEnd ? .ended : .open
    }

    var address: IPBytes { world.connections[number].peerAddress }

    var segmentsIn: UInt32? { nil }

    func send(_ count: Int) -> Int {
        let connection = world.connections[number]
        let room = connection.plan.inboundCapacity - connection.inbound
        let taken = min(count, room)
        if taken > 0 { world.peerSend(number, taken) }
        return taken
    }

    func receive(_ limit: Int) -> Int { world.peerReceive(number, limit) }

    func end() { world.peerEnd(number) }

    func reset() { world.peerReset(number) }
}

final class SimulatedNetwork: PeerNetwork {
    private let world: SimulatedWorld
    private var listeners: [Int32: Int] = [:]
    private var claimed: Set<Int> = []

    init(world: SimulatedWorld) {
        self.world = world
    }

    func makePair() -> (Descriptor, any Peer) {
        let (descriptor, number) = world.makeConnection(.manual)
        claimed.insert(number)
        return (descriptor, SimulatedPeer(world: world, number: number))
    }

    func makeListener() -> Descriptor {
        let descriptor = world.makeListener()
        listeners[descriptor.raw] = listeners.count
        return descriptor
    }

    func dial(_ listener: Descriptor) throws -> any Peer {
        guard let number = listeners[listener.raw] else { throw SystemError(code: 111) }
        // A removed listener refuses; the real one does so in connect(2).
        if world.listeners[number].isRemoved { throw SystemError(code: 111) }
        let connection = world.addClient(.manual, to: number, atNs: world.nowNs)
        claimed.insert(connection)
        return SimulatedPeer(world: world, number: connection)
    }

    func peer(ofAccepted descriptor: Descriptor, by _: ListenerID) -> (any Peer)? {
        world.connectionNumber(of: descriptor).map { SimulatedPeer(world: world, number: $0) }
    }

    func makeEndpoint() -> AddressReference { world.addEndpoint(.accepts) }

    func takeConnected() -> (any Peer)? {
        let found = world.connections.indices.first {
            !world.connections[$0].isClient && !claimed.contains($0)
        }
        guard let found else { return nil }
        claimed.insert(found)
        return SimulatedPeer(world: world, number: found)
    }

    func makeRefusing() -> AddressReference { world.addEndpoint(.fails(111)) }
}
