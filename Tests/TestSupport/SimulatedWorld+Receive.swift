// Reading from simulated sockets into lent buffers.

import DataPlane
import Glibc

extension SimulatedWorld {
    func receive(_ socket: SocketID, credit: Int) {
        if credit < 1 { violate("receive with a credit of \(credit)") }
        guard let slot = armReading(socket, .receive) else { return }
        sockets[slot].credit = credit
        // A credit of less than one buffer counts as one.
        sockets[slot].hasSmallCredit = credit < BufferPool.bufferBytes
    }

    /// Arms a reading operation; `nil`, with a violation noted, when it may not be.
    @discardableResult
    func armReading(_ socket: SocketID, _ operation: ReadingOperation) -> Int? {
        guard let slot = usable(socket, for: "a reading operation") else { return nil }
        guard sockets[slot].reading == .none else {
            violate("\(operation) on \(slot) while \(sockets[slot].reading) is armed")
            return nil
        }
        trace(27, UInt64(slot))
        sockets[slot].reading = operation
        sockets[slot].isReadingActive = true
        kick(socket, .reading)
        return slot
    }

    func lookReading(_ socket: SocketID) {
        let slot = Int(socket.slot)
        let connection = connections[sockets[slot].connection]
        switch sockets[slot].reading {
        case .none: return
        case .receive: lookReceive(socket)
        case .readable:
            let isAtEnd = connection.isEnded || connection.isDead
            guard connection.inbound > 0 || isAtEnd else { return }
            sockets[slot].isReadingActive = false
            post(socket, .reading, .readable, result: 0)
        case .splice(let pipe, let length):
            sockets[slot].isReadingActive = false
            let result = moveIn(sockets[slot].connection, to: pipe, length: length)
            pipes[Int(pipe.index)].isBusy = false
            post(socket, .reading, .spliceIn, result: Int32(result))
        }
    }

    private func lookReceive(_ socket: SocketID) {
        let slot = Int(socket.slot)
        let number = sockets[slot].connection
        let isAtEnd = connections[number].isEnded || connections[number].isDead
        guard connections[number].inbound > 0 || isAtEnd else { return }
        // As in the kernel, the buffer comes first, also for an end or an error.
        guard let buffer = pool.take() else {
            sockets[slot].isStarved = true
            starved.append(socket)
            counters[.starvedWaits] &+= 1
            return
        }
        guard connections[number].inbound > 0 else {
            pool.release(buffer)
            return endReceive(socket, number)
        }
        let count = fill(buffer, for: slot, from: number)
        sockets[slot].credit -= count
        let isOver = sockets[slot].credit <= 0 || random.chance(faults.earlyReceiveEndPerMille)
        if isOver { sockets[slot].isReadingActive = false }
        post(
            socket, .reading, .receive, result: Int32(count), more: !isOver, buffer: buffer)
        kick(socket, .reading)
        wakeSending(number)
    }

    /// An error, once, or the end of the stream.
    private func endReceive(_ socket: SocketID, _ number: Int) {
        var result = -(connections[number].takeError(inWrite: false) ?? 0)
        if result < 0, strikes(.resetAsEnd, perMille: 500) { result = 0 }
        sockets[Int(socket.slot)].isReadingActive = false
        post(socket, .reading, .receive, result: result)
    }

    /// Moves bytes out of the socket into `buffer`.
    private func fill(_ buffer: BufferID, for slot: Int, from number: Int) -> Int {
        var limit = min(connections[number].inbound, BufferPool.bufferBytes)
        let mayOvershoot =
            sockets[slot].hasSmallCredit && random.chance(faults.creditOvershootPerMille)
        if limit > sockets[slot].credit, !mayOvershoot {
            limit = sockets[slot].credit
        }
        let count = random.chance(faults.shortReadPerMille) ? random.pick(1...limit) : limit
        let bytes = UnsafeMutableRawBufferPointer(start: pool.contents(buffer), count: count)
        if let peer = connections[number].program {
            peer.inbound.take(into: bytes)
        } else {
            connections[number].stream.fill(bytes, from: connections[number].read)
        }
        pool.setCount(buffer, count)
        connections[number].read += count
        if strikes(.corruptByte) { bytes[count / 2] ^= 0x20 }
        if count > 1, strikes(.dropByte) {
            pool.setCount(buffer, count - 1)
            return count - 1
        }
        return count
    }
}
