// Tries what was asked of a socket, as far as it is known to be ready.

internal import CLinux
internal import Glibc

extension EpollReactor {
    /// Buffers filled from one socket before others get their turn.
    private static var receivesMax: Int { 4 }

    /// Appends at most `attemptRoom` completions.
    mutating func attempt(_ index: Socket, into batch: inout CompletionBatch) {
        let wants = sockets[index].wants
        if wants.contains(.close) {
            batch.append(Completion(.close, owner: sockets[index].owner, result: 0))
            sockets.remove(index)
            return
        }
        if wants.contains(.connect) {
            attemptConnect(index, into: &batch)
            return
        }
        let state = sockets[index].state
        if wants.contains(.send) && state.contains(.writable) {
            attemptSend(index, into: &batch)
            guard sockets.contains(index) else { return }
        }
        if wants.contains(.receive) && state.contains(.readable) {
            attemptReceive(index, into: &batch)
        }
        report(.readable, .readable, .readable, index, into: &batch)
        report(.writable, .writable, .writable, index, into: &batch)
        report(.hangup, .failed, .hangup, index, into: &batch)
    }

    /// Completes a wait whose condition is known to hold.
    private mutating func report(
        _ want: EpollWants, _ condition: EpollState, _ operation: Operation, _ index: Socket,
        into batch: inout CompletionBatch
    ) {
        guard sockets[index].wants.contains(want), sockets[index].state.contains(condition) else {
            return
        }
        sockets[index].wants.remove(want)
        batch.append(Completion(operation, owner: sockets[index].owner, result: 0))
    }

    private mutating func attemptConnect(_ index: Socket, into batch: inout CompletionBatch) {
        var result = sockets[index].connectResult
        if result == -EINPROGRESS {
            guard sockets[index].state.contains(.writable) else { return }
            result = 0
            if sockets[index].state.contains(.failed) {
                counters[.socketOption] &+= 1
                result = gyre_socket_error(sockets[index].descriptor.raw)
            }
        }
        sockets[index].wants.remove(.connect)
        if result == 0 { sockets[index].state.insert(.writable) }
        batch.append(Completion(.connect, owner: sockets[index].owner, result: result))
    }

    private mutating func attemptSend(_ index: Socket, into batch: inout CompletionBatch) {
        var chain = sockets[index].sending
        let descriptor = sockets[index].descriptor
        let isLast = sockets[index].wants.contains(.closeAfterSend)
        let endFollows = isLast || sockets[index].wants.contains(.endsAfterSend)
        var result = 0
        repeat {
            let count = unsafe fill(segments, from: chain, in: buffers)
            counters[.send] &+= 1
            let bytes = Int(chain.bytes)
            result = unsafe gyre_send(descriptor.raw, segments, count, endFollows ? 1 : 0)
            if result > 0 { chain.consume(result, in: buffers) }
            // A short send means a full socket: the next edge says when there is room.
            if result == -Int(EAGAIN) || (result >= 0 && result < bytes) {
                sockets[index].state.remove(.writable)
                sockets[index].sending = chain
                return
            }
        } while result >= 0 && !chain.isEmpty
        chain.discard(in: buffers)
        sockets[index].sending = chain
        sockets[index].wants.subtract([.send, .endsAfterSend])
        if isLast {
            DirectCalls.close(descriptor, counting: &counters)
            batch.append(Completion(.close, owner: sockets[index].owner, result: 0))
            sockets.remove(index)
            return
        }
        let reported = result < 0 ? Int32(result) : Int32(sockets[index].sendBytes)
        batch.append(Completion(.send, owner: sockets[index].owner, result: reported))
    }

    private mutating func attemptReceive(_ index: Socket, into batch: inout CompletionBatch) {
        for _ in 0..<Self.receivesMax {
            guard let buffer = buffers.take() else {
                waitForBuffer(index)
                return
            }
            let length = min(BufferPool.bufferBytes, Int(sockets[index].credit))
            counters[.receive] &+= 1
            let result = unsafe gyre_receive(
                sockets[index].descriptor.raw, buffers.contents(buffer), length)
            guard result > 0 else {
                buffers.release(buffer)
                if result == -Int(EAGAIN) {
                    sockets[index].state.remove(.readable)
                } else {
                    finishReceive(index, Int32(result), .none, into: &batch)
                }
                return
            }
            buffers.setCount(buffer, result)
            sockets[index].credit -= UInt32(result)
            let isDry = result < length && !sockets[index].state.contains(.ended)
            if isDry { sockets[index].state.remove(.readable) }
            guard sockets[index].credit > 0 else {
                finishReceive(index, Int32(result), buffer, into: &batch)
                return
            }
            batch.append(
                Completion(
                    .receive, owner: sockets[index].owner, result: Int32(result), more: true,
                    buffer: buffer))
            if isDry { return }
        }
        enqueue(index)
    }

    private mutating func waitForBuffer(_ index: Socket) {
        guard !sockets[index].state.contains(.starved) else { return }
        counters[.starvedWaits] &+= 1
        sockets[index].state.insert(.starved)
        starved.append(index, of: sockets)
    }

    private mutating func finishReceive(
        _ index: Socket, _ result: Int32, _ buffer: BufferID, into batch: inout CompletionBatch
    ) {
        sockets[index].wants.remove(.receive)
        batch.append(
            Completion(.receive, owner: sockets[index].owner, result: result, buffer: buffer))
    }
}
