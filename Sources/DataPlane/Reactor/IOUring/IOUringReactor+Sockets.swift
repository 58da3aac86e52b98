// The submit side for sockets: every call prepares entries; nothing runs before the turn.

internal import CLiburing
package import Protocols

extension IOUringReactor {
    package mutating func adopt(
        _ descriptor: Descriptor, owner: UInt32
    ) throws(SocketFailure) -> SocketID {
        let record = IOUringSocket(descriptor: descriptor, owner: owner)
        guard let index = sockets.insert(record) else {
            precondition(!isDirect, "more sockets than slots of the file table")
            DirectCalls.close(descriptor, counting: &counters)
            throw .tableFull
        }
        return SocketID(slot: index.slot, generation: index.generation)
    }

    package mutating func connect(
        to address: AddressReference, owner: UInt32
    ) throws(SocketFailure) -> SocketID {
        if isDirect { return try connectDirect(to: address, owner: owner) }
        let descriptor = try DirectCalls.openStream(to: address, counting: &counters)
        let socket = try adopt(descriptor, owner: owner)
        reserve(1)
        let entry = unsafe ring.nextEntry()
        unsafe io_uring_prep_connect(entry, descriptor.raw, address.pointer, address.length)
        unsafe tag(entry, .connect, index(socket))
        return socket
    }

    package mutating func setOwner(_ socket: SocketID, _ owner: UInt32) {
        sockets[index(socket)].owner = owner
    }

    package mutating func peerAddress(of socket: SocketID) -> IPBytes? {
        let descriptor = sockets[index(socket)].descriptor
        return isDirect
            ? files.peerAddress(descriptor)
            : DirectCalls.peerAddress(descriptor, counting: &counters)
    }

    package mutating func addresses(of socket: SocketID) -> ProxyAddresses? {
        let descriptor = sockets[index(socket)].descriptor
        return isDirect ? nil : DirectCalls.addresses(descriptor, counting: &counters)
    }

    package mutating func receive(_ socket: SocketID, credit: UInt32) {
        let index = index(socket)
        precondition(credit > 0 && !sockets[index].isReceiving && !sockets[index].isClosing)
        sockets[index].credit = min(credit, UInt32(Int32.max))
        sockets[index].isReceiving = true
        prepareReceive(index)
    }

    /// Arms the receive for the credit that is left.
    mutating func prepareReceive(_ index: Socket) {
        reserve(1)
        let entry = unsafe ring.nextEntry()
        let isMultishot = features.contains(.cappedReceive)
        // The kernel ends a multishot once the cap is reached: its last buffer may go beyond it.
        let slack = UInt32(BufferPool.bufferBytes) - 1
        let credit = sockets[index].credit
        let cap = isMultishot ? max(credit, slack + 1) - slack : credit
        unsafe gyre_prep_receive(
            entry, sockets[index].descriptor.raw, cap, isMultishot ? 1 : 0,
            sockets[index].hasMoreBytes ? 0 : 1)
        unsafe tag(entry, .receive, index)
    }

    package mutating func send(
        _ socket: SocketID, _ chain: BufferChain, isAwaited: Bool, endsNext: Bool
    ) {
        let index = index(socket)
        precondition(
            !chain.isEmpty && sockets[index].sending.isEmpty && !sockets[index].isClosing)
        precondition(isAwaited || !endsNext)
        sockets[index].sending = chain
        sockets[index].sendBytes = chain.bytes
        prepareSend(index, endFollows: endsNext)
        if !isAwaited { expectedAtOnce += 1 }
    }

    package mutating func sendLast(_ socket: SocketID, _ chain: BufferChain) {
        let index = index(socket)
        precondition(
            !chain.isEmpty && sockets[index].sending.isEmpty && !sockets[index].isClosing)
        sockets[index].isClosing = true
        sockets[index].isSendingLast = true
        sockets[index].sending = chain
        sockets[index].sendBytes = chain.bytes
        let armed = sockets[index].armed
        reserve(UInt32(armed.nonzeroBitCount) + 2)
        prepareSend(index, endFollows: true, isLinked: true)
        expectedAtOnce += 1
        cancel(armed, of: index)
        prepareClose(index)
    }

    /// Sends what is left of the chain, as one request.
    ///
    /// - Parameters:
    ///   - endFollows: the last segment waits for the end and goes out with it.
    ///   - isLinked: what is prepared next waits for this.
    mutating func prepareSend(
        _ index: Socket, endFollows: Bool = false, isLinked: Bool = false
    ) {
        reserve(1)
        let chain = sockets[index].sending
        let descriptor = sockets[index].descriptor.raw
        let entry = unsafe ring.nextEntry()
        if chain.buffers == 1 {
            unsafe gyre_prep_send(
                entry, descriptor, buffers.contents(chain.head), buffers.count(chain.head),
                endFollows ? 1 : 0)
        } else {
            unsafe gyre_prep_sendmsg(
                entry, descriptor, scatterLists.header(for: chain, in: buffers),
                endFollows ? 1 : 0)
        }
        if isLinked { unsafe gyre_link(entry) }
        unsafe tag(entry, .send, index)
        sendsInFlight += 1
    }

    package mutating func awaitReadable(_ socket: SocketID) {
        preparePoll(socket, UInt32(POLLIN), .readable)
    }

    package mutating func awaitWritable(_ socket: SocketID) {
        preparePoll(socket, UInt32(POLLOUT), .writable)
    }

    package mutating func awaitHangup(_ socket: SocketID) {
        prepareHangupPoll(index(socket))
    }

    mutating func prepareHangupPoll(_ index: Socket) {
        precondition(!sockets[index].isClosing)
        reserve(1)
        let entry = unsafe ring.nextEntry()
        unsafe gyre_prep_poll_hangup(entry, sockets[index].descriptor.raw)
        unsafe tag(entry, .hangup, index)
    }

    private mutating func preparePoll(
        _ socket: SocketID, _ events: UInt32, _ operation: Operation
    ) {
        let index = index(socket)
        precondition(!sockets[index].isClosing)
        reserve(1)
        let entry = unsafe ring.nextEntry()
        unsafe gyre_prep_poll(entry, sockets[index].descriptor.raw, events)
        unsafe tag(entry, operation, index)
    }

    package mutating func shutdownWrite(_ socket: SocketID) {
        if isDirect { return prepareInstall(index(socket)) }
        DirectCalls.shutdownWrite(sockets[index(socket)].descriptor, counting: &counters)
    }

    /// Closing alone would leave armed requests holding the socket open, and no end would be sent
    /// (io_uring_cancelation(7)): they are cancelled first, in one chain with the close.
    package mutating func close(_ socket: SocketID, reset: Bool) {
        let index = index(socket)
        precondition(!sockets[index].isClosing || sockets[index].isSendingLast)
        if reset {
            if isDirect {
                prepareResetOnClose(index)
            } else {
                DirectCalls.resetOnClose(sockets[index].descriptor, counting: &counters)
            }
        }
        if sockets[index].isSendingLast {
            // The close is prepared already, behind the send.
            sockets[index].isSendingLast = false
            reserve(1)
            cancel(sockets[index].armed & Operation.send.bit, of: index, linked: false)
            return
        }
        sockets[index].isClosing = true
        let armed = sockets[index].armed
        reserve(UInt32(armed.nonzeroBitCount) + 1)
        cancel(armed, of: index)
        prepareClose(index)
    }

    /// Cancels operations of a socket; room is reserved.
    private mutating func cancel(_ operations: UInt16, of index: Socket, linked: Bool = true) {
        var left = operations
        while left != 0 {
            let operation = Operation(rawValue: UInt8(left.trailingZeroBitCount))
            left &= left - 1
            guard let operation else { continue }
            let token = CompletionToken(
                operation, slot: index.slot, generation: index.generation)
            let entry = unsafe ring.nextEntry()
            unsafe gyre_prep_cancel(entry, token.raw)
            if linked { unsafe gyre_link(entry) }
            unsafe tag(entry, .cancel, index)
        }
        expectedAtOnce += 2 * UInt32(operations.nonzeroBitCount)
    }

    private mutating func prepareClose(_ index: Socket) {
        let entry = unsafe ring.nextEntry()
        if isDirect {
            unsafe io_uring_prep_close_direct(entry, UInt32(sockets[index].descriptor.raw))
        } else {
            unsafe io_uring_prep_close(entry, sockets[index].descriptor.raw)
        }
        unsafe tag(entry, .close, index)
        expectedAtOnce += 1
    }

    package mutating func armWake(_ descriptor: Descriptor) {
        wakeDescriptor = descriptor
        reserve(1)
        let entry = unsafe ring.nextEntry()
        unsafe gyre_prep_poll(entry, descriptor.raw, UInt32(POLLIN))
        unsafe entry.pointee.user_data =
            CompletionToken(.wake, slot: 0, generation: 0).raw
    }

    package mutating func takePipe() -> PipeID? { pipes.take(counting: &counters) }

    package mutating func returnPipe(_ pipe: PipeID, isEmpty: Bool) {
        pipes.giveBack(pipe, isEmpty: isEmpty, counting: &counters)
    }

    package var hasDirectSplice: Bool { !isDirect }

    package mutating func spliceIn(_ socket: SocketID, to pipe: PipeID, length: Int) -> Int {
        DirectCalls.splice(
            from: sockets[index(socket)].descriptor, to: pipes.input(pipe), length: length,
            counting: &counters)
    }

    package mutating func spliceOut(_ pipe: PipeID, to socket: SocketID, length: Int) -> Int {
        DirectCalls.splice(
            from: pipes.output(pipe), to: sockets[index(socket)].descriptor, length: length,
            counting: &counters)
    }

    package var hasRingSplice: Bool { true }

    package mutating func submitSpliceIn(_ socket: SocketID, to pipe: PipeID, length: Int) {
        let entry = unsafe prepareSplice(
            from: sockets[index(socket)].descriptor, to: pipes.input(pipe), length: length,
            .spliceIn, index(socket))
        guard isDirect else { return }
        // The flag that `tag` set is for where bytes go to, which is a pipe.
        unsafe entry.pointee.flags &= ~fileFlags
        unsafe entry.pointee.splice_flags |= GYRE_SPLICE_FROM_FIXED
    }

    package mutating func submitSpliceOut(_ pipe: PipeID, to socket: SocketID, length: Int) {
        _ = unsafe prepareSplice(
            from: pipes.output(pipe), to: sockets[index(socket)].descriptor, length: length,
            .spliceOut, index(socket))
    }

    private mutating func prepareSplice(
        from: Descriptor, to: Descriptor, length: Int, _ operation: Operation, _ index: Socket
    ) -> UnsafeMutablePointer<gyre_sqe> {
        precondition(!sockets[index].isClosing)
        reserve(1)
        let entry = unsafe ring.nextEntry()
        unsafe gyre_prep_splice(entry, from.raw, to.raw, UInt32(clamping: length))
        unsafe tag(entry, operation, index)
        return unsafe entry
    }

    func index(_ socket: SocketID) -> Socket {
        Socket(slot: socket.slot, generation: socket.generation)
    }

    /// Names the completion of a prepared entry and counts it as in flight.
    mutating func tag(
        _ entry: UnsafeMutablePointer<gyre_sqe>, _ operation: Operation, _ index: Socket
    ) {
        unsafe entry.pointee.user_data =
            CompletionToken(operation, slot: index.slot, generation: index.generation).raw
        sockets[index].inFlight += 1
        if operation.isCancellable {
            sockets[index].armed |= operation.bit
            unsafe entry.pointee.flags |= fileFlags
        }
    }
}
