// The third implementation of the reactor contract: no kernel, a virtual clock, seeded faults. It
// is stricter than the kernel: what the contract does not allow is noted as a violation of the
// caller. The state is in SimulatedWorld, one file per concern.

import DataPlane
import Protocols

/// A `Reactor` in front of a `SimulatedWorld`.
package struct SimulatedReactor: ~Copyable, Reactor {
    package let world: SimulatedWorld

    package init(world: SimulatedWorld) {
        self.world = world
    }

    package var buffers: BufferPool { world.pool }

    package var lentBuffers: Int { world.buffersUsed }

    package var counters: CounterSet {
        get { world.counters }
        set { world.counters = newValue }
    }

    package var nowNs: UInt64 { world.nowNs }

    package var clockNs: UInt64 { world.nowNs }

    package var hasDirectSplice: Bool { true }

    package var hasRingSplice: Bool { world.hasRingSplice }

    package var hasQueuedWork: Bool { false }

    package mutating func addListener(_ descriptor: Descriptor) -> ListenerID {
        world.addListener(descriptor)
    }

    package mutating func setAcceptCredit(_ connections: Int) {
        world.setAcceptCredit(connections)
    }

    package mutating func removeListener(_ listener: ListenerID) {
        world.removeListener(listener)
    }

    package mutating func adopt(
        _ descriptor: Descriptor, owner: UInt32
    ) throws(SocketFailure) -> SocketID {
        try world.adopt(descriptor, owner: owner)
    }

    package mutating func connect(
        to address: AddressReference, owner: UInt32
    ) throws(SocketFailure) -> SocketID {
        try world.connect(to: address, owner: owner)
    }

    package mutating func setOwner(_ socket: SocketID, _ owner: UInt32) {
        world.setOwner(socket, owner)
    }

    package mutating func peerAddress(of socket: SocketID) -> IPBytes? {
        world.peerAddress(of: socket)
    }

    package mutating func addresses(of socket: SocketID) -> ProxyAddresses? {
        world.ends(of: socket)
    }

    package mutating func receive(_ socket: SocketID, credit: UInt32) {
        world.receive(socket, credit: Int(credit))
    }

    package mutating func send(
        _ socket: SocketID, _ chain: BufferChain, isAwaited: Bool, endsNext: Bool
    ) {
        world.send(socket, chain, isAwaited: isAwaited, endsNext: endsNext)
    }

    package mutating func sendLast(_ socket: SocketID, _ chain: BufferChain) {
        world.sendLast(socket, chain)
    }

    package mutating func awaitReadable(_ socket: SocketID) {
        world.armReading(socket, .readable)
    }

    package mutating func awaitWritable(_ socket: SocketID) {
        world.armWriting(socket, .writable)
    }

    package mutating func awaitHangup(_ socket: SocketID) {
        world.awaitHangup(socket)
    }

    package mutating func takePipe() -> PipeID? {
        world.takePipe()
    }

    package mutating func returnPipe(_ pipe: PipeID, isEmpty: Bool) {
        world.returnPipe(pipe, isEmpty: isEmpty)
    }

    package mutating func spliceIn(_ socket: SocketID, to pipe: PipeID, length: Int) -> Int {
        world.spliceIn(socket, to: pipe, length: length)
    }

    package mutating func spliceOut(_ pipe: PipeID, to socket: SocketID, length: Int) -> Int {
        world.spliceOut(pipe, to: socket, length: length)
    }

    package mutating func submitSpliceIn(_ socket: SocketID, to pipe: PipeID, length: Int) {
        world.submitSpliceIn(socket, to: pipe, length: length)
    }

    package mutating func submitSpliceOut(_ pipe: PipeID, to socket: SocketID, length: Int) {
        world.submitSpliceOut(pipe, to: socket, length: length)
    }

    package mutating func shutdownWrite(_ socket: SocketID) {
        world.shutdownWrite(socket)
    }

    package mutating func close(_ socket: SocketID, reset: Bool) {
        world.close(socket, reset: reset)
    }

    package mutating func armWake(_ descriptor: Descriptor) {
        world.armWake(descriptor)
    }

    package mutating func turn(deadlineNs: UInt64?, into batch: inout CompletionBatch) {
        world.turn(deadlineNs: deadlineNs, into: &batch)
    }
}
