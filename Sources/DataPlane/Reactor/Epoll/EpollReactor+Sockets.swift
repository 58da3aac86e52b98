// The submit side for sockets: notes what is wanted; the next turn tries it.

internal import CLinux
internal import Glibc
package import Protocols

extension EpollReactor {
    package mutating func adopt(
        _ descriptor: Descriptor, owner: UInt32
    ) throws(SocketFailure) -> SocketID {
        // A connected socket takes bytes until it says otherwise.
        let record = EpollSocket(descriptor: descriptor, owner: owner, state: .writable)
        let index = try insert(record)
        try register(index)
        return SocketID(slot: index.slot, generation: index.generation)
    }

    package mutating func connect(
        to address: AddressReference, owner: UInt32
    ) throws(SocketFailure) -> SocketID {
        let descriptor = try DirectCalls.openStream(to: address, counting: &counters)
        let index = try insert(EpollSocket(descriptor: descriptor, owner: owner))
        counters[.connect] &+= 1
        let result = unsafe gyre_socket_connect(descriptor.raw, address.pointer, address.length)
        sockets[index].connectResult = result
        sockets[index].wants = .connect
        // Registered only now: a socket that is not connecting yet counts as hung up.
        try register(index)
        if result != -EINPROGRESS { enqueue(index) }
        return SocketID(slot: index.slot, generation: index.generation)
    }

    private mutating func insert(_ record: EpollSocket) throws(SocketFailure) -> Socket {
        guard let index = sockets.insert(record) else {
            DirectCalls.close(record.descriptor, counting: &counters)
            throw .tableFull
        }
        return index
    }

    private mutating func register(_ index: Socket) throws(SocketFailure) {
        let events =
            EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        let token = CompletionToken(
            .receive, slot: index.slot, generation: index.generation)
        counters[.epollCtl] &+= 1
        let descriptor = sockets[index].descriptor
        let result = gyre_epoll_add(epoll.raw, descriptor.raw, events, token.raw)
        guard result < 0 else { return }
        DirectCalls.close(descriptor, counting: &counters)
        sockets.remove(index)
        throw .system(-result)
    }

    package mutating func setOwner(_ socket: SocketID, _ owner: UInt32) {
        sockets[index(socket)].owner = owner
    }

    package mutating func peerAddress(of socket: SocketID) -> IPBytes? {
        DirectCalls.peerAddress(sockets[index(socket)].descriptor, counting: &counters)
    }

    package mutating func addresses(of socket: SocketID) -> ProxyAddresses? {
        DirectCalls.addresses(sockets[index(socket)].descriptor, counting: &counters)
    }

    package mutating func receive(_ socket: SocketID, credit: UInt32) {
        let index = index(socket)
        precondition(credit > 0)
        sockets[index].credit = credit
        want(.receive, index, readyIf: .readable)
    }

    package mutating func send(
        _ socket: SocketID, _ chain: BufferChain, isAwaited: Bool, endsNext: Bool
    ) {
        let index = index(socket)
        precondition(!chain.isEmpty && sockets[index].sending.isEmpty)
        sockets[index].sending = chain
        sockets[index].sendBytes = chain.bytes
        if endsNext { sockets[index].wants.insert(.endsAfterSend) }
        want(.send, index, readyIf: .writable)
    }

    package mutating func sendLast(_ socket: SocketID, _ chain: BufferChain) {
        let index = index(socket)
        precondition(!chain.isEmpty && sockets[index].sending.isEmpty)
        sockets[index].sending = chain
        sockets[index].sendBytes = chain.bytes
        sockets[index].wants = .closeAfterSend
        want(.send, index, readyIf: .writable)
    }

    package mutating func awaitReadable(_ socket: SocketID) {
        want(.readable, index(socket), readyIf: .readable)
    }

    package mutating func awaitWritable(_ socket: SocketID) {
        want(.writable, index(socket), readyIf: .writable)
    }

    package mutating func awaitHangup(_ socket: SocketID) {
        want(.hangup, index(socket), readyIf: .failed)
    }

    private mutating func want(
        _ want: EpollWants, _ index: Socket, readyIf condition: EpollState
    ) {
        precondition(sockets[index].wants.isDisjoint(with: [want, .close]))
        sockets[index].wants.insert(want)
        if sockets[index].state.contains(condition) { enqueue(index) }
    }

    package mutating func shutdownWrite(_ socket: SocketID) {
        DirectCalls.shutdownWrite(sockets[index(socket)].descriptor, counting: &counters)
    }

    package mutating func close(_ socket: SocketID, reset: Bool) {
        let index = index(socket)
        precondition(!sockets[index].wants.contains(.close))
        var chain = sockets[index].sending
        chain.discard(in: buffers)
        sockets[index].sending = chain
        sockets[index].wants = .close
        if reset { DirectCalls.resetOnClose(sockets[index].descriptor, counting: &counters) }
        DirectCalls.close(sockets[index].descriptor, counting: &counters)
        enqueue(index)
    }

    package mutating func armWake(_ descriptor: Descriptor) {
        wakeDescriptor = descriptor
        let token = CompletionToken(.wake, slot: 0, generation: 0)
        counters[.epollCtl] &+= 1
        let result = gyre_epoll_add(epoll.raw, descriptor.raw, EPOLLIN.rawValue, token.raw)
        precondition(result >= 0, "the wake-up cannot be registered")
    }

    package mutating func takePipe() -> PipeID? { pipes.take(counting: &counters) }

    package mutating func returnPipe(_ pipe: PipeID, isEmpty: Bool) {
        pipes.giveBack(pipe, isEmpty: isEmpty, counting: &counters)
    }

    /// With a pipe that has room, `-EAGAIN` means that the socket is dry until the next edge.
    package var hasDirectSplice: Bool { true }

    package mutating func spliceIn(_ socket: SocketID, to pipe: PipeID, length: Int) -> Int {
        let index = index(socket)
        let result = DirectCalls.splice(
            from: sockets[index].descriptor, to: pipes.input(pipe), length: length,
            counting: &counters)
        if result == -Int(EAGAIN) { sockets[index].state.remove(.readable) }
        return result
    }

    package mutating func spliceOut(_ pipe: PipeID, to socket: SocketID, length: Int) -> Int {
        let index = index(socket)
        let result = DirectCalls.splice(
            from: pipes.output(pipe), to: sockets[index].descriptor, length: length,
            counting: &counters)
        if result == -Int(EAGAIN) { sockets[index].state.remove(.writable) }
        return result
    }

    package var hasRingSplice: Bool { false }

    package mutating func submitSpliceIn(_ socket: SocketID, to pipe: PipeID, length: Int) {
        preconditionFailure("epoll has no ring to splice through; see hasRingSplice")
    }

    package mutating func submitSpliceOut(_ pipe: PipeID, to socket: SocketID, length: Int) {
        preconditionFailure("epoll has no ring to splice through; see hasRingSplice")
    }
}
