// Pipes, and bytes that go through them without a buffer.

import DataPlane
import Glibc

extension SimulatedWorld {
    // MARK: Pool

    func takePipe() -> PipeID? {
        guard !random.chance(faults.pipeRefusedPerMille) else { return nil }
        if let free = pipes.firstIndex(where: { !$0.isOut }) {
            pipes[free].isOut = true
            return PipeID(index: UInt32(free))
        }
        guard pipes.count < pipesMax else { return nil }
        pipes.append(SimulatedPipe())
        pipes[pipes.count - 1].isOut = true
        return PipeID(index: UInt32(pipes.count - 1))
    }

    func returnPipe(_ pipe: PipeID, isEmpty: Bool) {
        guard let index = usable(pipe, for: "returnPipe") else { return }
        if pipes[index].isBusy { violate("returnPipe(\(index)) while a splice uses it") }
        if isEmpty, pipes[index].bytes > 0 {
            violate("returnPipe(\(index)) as empty with \(pipes[index].bytes) bytes in it")
        }
        trace(30, UInt64(index))
        pipes[index] = SimulatedPipe()
    }

    private func usable(_ pipe: PipeID, for call: StaticString) -> Int? {
        let index = Int(pipe.index)
        guard pipes.indices.contains(index), pipes[index].isOut else {
            violate("\(call): pipe \(pipe.index) is not out")
            return nil
        }
        return index
    }

    // MARK: splice(2)

    func spliceIn(_ socket: SocketID, to pipe: PipeID, length: Int) -> Int {
        counters[.splice] &+= 1
        guard let slot = usable(socket, for: "spliceIn"), isFree(pipe, length, for: "spliceIn")
        else { return -Int(EBADF) }
        if sockets[slot].reading != .none {
            violate("spliceIn on \(slot) while \(sockets[slot].reading) is armed")
        }
        let result = moveIn(sockets[slot].connection, to: pipe, length: length)
        trace(31, UInt64(slot), UInt64(bitPattern: Int64(result)))
        return result
    }

    func spliceOut(_ pipe: PipeID, to socket: SocketID, length: Int) -> Int {
        counters[.splice] &+= 1
        guard let slot = usable(socket, for: "spliceOut"), isFree(pipe, length, for: "spliceOut")
        else { return -Int(EBADF) }
        if sockets[slot].writing != .none {
            violate("spliceOut on \(slot) while \(sockets[slot].writing) is armed")
        }
        if connections[sockets[slot].connection].isShut {
            violate("spliceOut on \(slot) after shutdownWrite")
        }
        let result = moveOut(pipe, to: sockets[slot].connection, length: length)
        trace(32, UInt64(slot), UInt64(bitPattern: Int64(result)))
        return result
    }

    private func isFree(_ pipe: PipeID, _ length: Int, for call: StaticString) -> Bool {
        guard let index = usable(pipe, for: call) else { return false }
        if pipes[index].isBusy { violate("\(call) with pipe \(index), which a splice uses") }
        if length < 1 { violate("\(call) of \(length) bytes") }
        return !pipes[index].isBusy && length >= 1
    }

    // MARK: IORING_OP_SPLICE

    func submitSpliceIn(_ socket: SocketID, to pipe: PipeID, length: Int) {
        if !hasRingSplice { violate("submitSpliceIn without ring splice") }
        guard isFree(pipe, length, for: "submitSpliceIn") else { return }
        if armReading(socket, .splice(pipe, length: length)) != nil {
            pipes[Int(pipe.index)].isBusy = true
        }
    }

    func submitSpliceOut(_ pipe: PipeID, to socket: SocketID, length: Int) {
        if !hasRingSplice { violate("submitSpliceOut without ring splice") }
        guard isFree(pipe, length, for: "submitSpliceOut") else { return }
        if armWriting(socket, .splice(pipe, length: length)) != nil {
            pipes[Int(pipe.index)].isBusy = true
        }
    }

    // MARK: Moves

    func moveIn(_ number: Int, to pipe: PipeID, length: Int) -> Int {
        if random.chance(faults.spliceAgainPerMille) { return -Int(EAGAIN) }
        let index = Int(pipe.index)
        let room = faults.pipeBytes - pipes[index].bytes
        guard room > 0 else { return -Int(EAGAIN) }
        let connection = connections[number]
        guard connection.inbound > 0 else {
            if let error = connections[number].takeError(inWrite: false) { return -Int(error) }
            return connection.isEnded || connection.isDead ? 0 : -Int(EAGAIN)
        }
        let count = shortened(min(length, room, connection.inbound))
        var segment = SimulatedPipe.Segment(
            stream: connection.stream, position: connection.read, count: count)
        if let peer = connection.program { segment.bytes = peer.inbound.take(count)[...] }
        pipes[index].segments.append(segment)
        pipes[index].bytes += count
        connections[number].read += count
        wakeSending(number)
        return count
    }

    func moveOut(_ pipe: PipeID, to number: Int, length: Int) -> Int {
        if connections[number].isDead {
            return -Int(connections[number].takeError(inWrite: true) ?? EPIPE)
        }
        if random.chance(faults.spliceAgainPerMille) { return -Int(EAGAIN) }
        let index = Int(pipe.index)
        let limit = min(length, pipes[index].bytes, connections[number].outboundRoom)
        guard limit > 0 else { return -Int(EAGAIN) }
        let count = shortened(limit)
        var left = count
        while left > 0 {
            var segment = pipes[index].segments[0]
            segment.count = min(left, segment.count)
            take(number, segment)
            left -= segment.count
            pipes[index].segments[0].position += segment.count
            pipes[index].segments[0].bytes = segment.bytes.dropFirst(segment.count)
            pipes[index].segments[0].count -= segment.count
            if pipes[index].segments[0].count == 0 { pipes[index].segments.removeFirst() }
        }
        pipes[index].bytes -= count
        return count
    }

    private func shortened(_ count: Int) -> Int {
        random.chance(faults.spliceShortPerMille) ? random.pick(1...count) : count
    }
}
