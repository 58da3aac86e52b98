// Writing lent buffers to simulated sockets.

import DataPlane
import Glibc

extension SimulatedWorld {
    func send(
        _ socket: SocketID, _ chain: BufferChain, isAwaited: Bool = true, endsNext: Bool = false
    ) {
        if endsNext && !isAwaited { violate("a send that an end follows is not awaited") }
        if chain.isEmpty { violate("send of an empty chain") }
        if chain.buffers > UInt32(sendBuffersMax) {
            violate("send of \(chain.buffers) buffers; \(sendBuffersMax) is the most")
        }
        guard let slot = armWriting(socket, .send) else { return }
        trace(28, UInt64(chain.bytes), UInt64(chain.buffers))
        sockets[slot].chain = chain
        sockets[slot].sendBuffer = chain.head
        sockets[slot].sendOffset = 0
        sockets[slot].sendTaken = 0
        sockets[slot].endsNext = endsNext
        if strikes(.releaseEarly) {
            sockets[slot].writing = .writable
            sockets[slot].chain.discard(in: pool)
        }
    }

    func sendLast(_ socket: SocketID, _ chain: BufferChain) {
        send(socket, chain)
        guard isCurrent(socket) else { return }
        sockets[Int(socket.slot)].phase = .sendingLast
    }

    /// Notes who was told that the last send before an end is through and did not end the stream.
    func checkEnds() {
        guard !endsDue.isEmpty else { return }
        for socket in endsDue where isCurrent(socket) && sockets[Int(socket.slot)].endsNext {
            violate("no end of stream on \(socket.slot) behind the bytes that wait for it")
        }
        endsDue.removeAll(keepingCapacity: true)
    }

    /// Arms a writing operation; `nil`, with a violation noted, when it may not be.
    @discardableResult
    func armWriting(_ socket: SocketID, _ operation: WritingOperation) -> Int? {
        guard let slot = usable(socket, for: "a writing operation") else { return nil }
        guard sockets[slot].writing == .none else {
            violate("\(operation) on \(slot) while \(sockets[slot].writing) is armed")
            return nil
        }
        if connections[sockets[slot].connection].isShut {
            violate("\(operation) on \(slot) after shutdownWrite")
        }
        trace(29, UInt64(slot))
        sockets[slot].writing = operation
        sockets[slot].isWritingActive = true
        kick(socket, .writing)
        return slot
    }

    func lookWriting(_ socket: SocketID) {
        let slot = Int(socket.slot)
        let number = sockets[slot].connection
        switch sockets[slot].writing {
        case .none: return
        case .send: lookSend(socket)
        case .writable:
            guard connections[number].outboundRoom > 0 || connections[number].isDead else { return }
            sockets[slot].isWritingActive = false
            post(socket, .writing, .writable, result: 0)
        case .splice(let pipe, let length):
            sockets[slot].isWritingActive = false
            let result = moveOut(pipe, to: number, length: length)
            pipes[Int(pipe.index)].isBusy = false
            post(socket, .writing, .spliceOut, result: Int32(result))
        }
    }

    private func lookSend(_ socket: SocketID) {
        let slot = Int(socket.slot)
        let number = sockets[slot].connection
        if connections[number].isDead {
            sockets[slot].isWritingActive = false
            let error = connections[number].takeError(inWrite: true) ?? EPIPE
            return post(socket, .writing, .send, result: -error)
        }
        let room = connections[number].outboundRoom
        guard room > 0 else { return }
        takeFromChain(slot, random.chance(faults.shortWritePerMille) ? random.pick(1...room) : room)
        if sockets[slot].sendBuffer.isNone {
            sockets[slot].isWritingActive = false
            post(socket, .writing, .send, result: Int32(sockets[slot].sendTaken))
        } else {
            kick(socket, .writing)
        }
    }

    /// The socket takes up to `limit` bytes of the send under way.
    private func takeFromChain(_ slot: Int, _ limit: Int) {
        var left = limit
        while left > 0, !sockets[slot].sendBuffer.isNone {
            let buffer = sockets[slot].sendBuffer
            let offset = sockets[slot].sendOffset
            let count = min(left, pool.count(buffer) - offset)
            var bytes = UnsafeRawBufferPointer(
                start: pool.contents(buffer) + offset, count: count)
            let isLast = pool.next(buffer).isNone && offset + count == pool.count(buffer)
            if isLast, strikes(.shortSend) {
                bytes = UnsafeRawBufferPointer(rebasing: bytes.dropLast())
            }
            take(sockets[slot].connection, bytes)
            left -= count
            sockets[slot].sendTaken += count
            sockets[slot].sendOffset += count
            if sockets[slot].sendOffset == pool.count(buffer) {
                sockets[slot].sendBuffer = pool.next(buffer)
                sockets[slot].sendOffset = 0
            }
        }
    }
}
