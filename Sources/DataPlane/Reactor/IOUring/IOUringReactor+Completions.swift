// From completion queue entries to the reactor's contract: ends what is dead, starts again what the
// kernel stopped early, hides what belongs to closed sockets.

internal import CLiburing
internal import CLinux

extension IOUringReactor {
    /// Handles one entry; appends at most one completion.
    mutating func handle(_ entry: RingCompletion, into batch: inout CompletionBatch) {
        guard let operation = entry.token.operation else { return }
        switch operation {
        case .accept:
            handleAccept(entry, into: &batch)
            return
        case .wake:
            handleWake(into: &batch)
            return
        case .listenerClose:
            handleAcceptsCancelled(entry)
            return
        default: break
        }
        let index = Socket(slot: entry.token.slot, generation: entry.token.generation)
        // Every request is counted, and the slot is kept until the last one is through: a
        // completion for a free slot would be the kernel's mistake, and not worth an outage.
        guard sockets.contains(index) else {
            counters[.strayCompletions] &+= 1
            return
        }
        if !entry.more {
            sockets[index].inFlight -= 1
            sockets[index].armed &= ~operation.bit
        }
        switch operation {
        case .receive: handleReceive(entry, index, into: &batch)
        case .send: handleSend(entry, index, into: &batch)
        case .hangup: handleHangup(entry, index, into: &batch)
        case .connect:
            guard !sockets[index].isClosing else { break }
            let error = Int32(sockets[index].setUpError)
            batch.append(
                Completion(
                    .connect, owner: sockets[index].owner,
                    result: error == 0 ? entry.result : -error))
        case .readable, .writable, .spliceIn, .spliceOut:
            guard !sockets[index].isClosing else { break }
            let isPoll = operation == .readable || operation == .writable
            batch.append(
                Completion(
                    operation, owner: sockets[index].owner,
                    result: isPoll ? min(entry.result, 0) : entry.result))
        case .install: handleInstall(entry, index)
        case .setUp: handleSetUp(entry, index)
        default: break  // close and cancel only count
        }
        if sockets[index].isClosing && sockets[index].inFlight == 0 {
            batch.append(Completion(.close, owner: sockets[index].owner, result: 0))
            if isDirect { giveBackFile(sockets[index].descriptor) }
            sockets.remove(index)
        }
    }

    private mutating func handleReceive(
        _ entry: RingCompletion, _ index: Socket, into batch: inout CompletionBatch
    ) {
        var buffer = BufferID.none
        if let number = entry.bufferNumber {
            buffer = bufferRing.take(number, count: Int(max(entry.result, 0)))
        }
        guard !sockets[index].isClosing, entry.result > 0 else {
            if !buffer.isNone { buffers.release(buffer) }
            handleReceiveEnd(entry, index, into: &batch)
            return
        }
        sockets[index].hasMoreBytes = entry.socketHasMore
        let credit = sockets[index].credit
        sockets[index].credit = credit - min(credit, UInt32(entry.result))
        var more = entry.more
        if !more && sockets[index].credit >= BufferPool.bufferBytes {
            // A single shot, or a multishot that the kernel ended early.
            prepareReceive(index)
            more = true
        }
        if !more { sockets[index].isReceiving = false }
        batch.append(
            Completion(
                .receive, owner: sockets[index].owner, result: entry.result, more: more,
                buffer: buffer))
    }

    /// The stream ended, failed, or found no buffer.
    private mutating func handleReceiveEnd(
        _ entry: RingCompletion, _ index: Socket, into batch: inout CompletionBatch
    ) {
        guard !sockets[index].isClosing, !entry.more else { return }
        if entry.result == -ENOBUFS {
            counters[.starvedWaits] &+= 1
            bufferRing.widen(sockets: sockets.count)
            starved.append(index, of: sockets)
            return
        }
        if entry.result == -EAGAIN || entry.result == -EINTR {
            prepareReceive(index)
            return
        }
        sockets[index].isReceiving = false
        batch.append(
            Completion(.receive, owner: sockets[index].owner, result: entry.result))
    }

    private mutating func handleSend(
        _ entry: RingCompletion, _ index: Socket, into batch: inout CompletionBatch
    ) {
        sendsInFlight -= 1
        var chain = sockets[index].sending
        if entry.result > 0 { chain.consume(Int(entry.result), in: buffers) }
        // A kernel that has waited for room often enough gives the rest back, as a count or, when
        // nothing of it was taken, as EAGAIN: neither is a failure.
        let isFailed = entry.result < 0 && entry.result != -EAGAIN && entry.result != -EINTR
        if isFailed || sockets[index].isClosing { chain.discard(in: buffers) }
        sockets[index].sending = chain
        guard !sockets[index].isClosing else { return }
        guard chain.isEmpty else {
            // Cut short by the kernel: the rest goes on, or meets the error that stopped it.
            prepareSend(index)
            return
        }
        let result = entry.result < 0 ? entry.result : Int32(sockets[index].sendBytes)
        batch.append(Completion(.send, owner: sockets[index].owner, result: result))
    }

    /// An end of stream also wakes the poll; only a reset completes it. A poll that the kernel
    /// ended early is armed again.
    private mutating func handleHangup(
        _ entry: RingCompletion, _ index: Socket, into batch: inout CompletionBatch
    ) {
        guard !sockets[index].isClosing, !sockets[index].hasHungUp else { return }
        if entry.result < 0 || entry.result & (POLLERR | POLLHUP) != 0 {
            sockets[index].hasHungUp = true
            batch.append(Completion(.hangup, owner: sockets[index].owner, result: 0))
        } else if !entry.more {
            prepareHangupPoll(index)
        }
    }

    private mutating func handleWake(into batch: inout CompletionBatch) {
        counters[.event] &+= 1
        _ = gyre_event_drain(wakeDescriptor.raw)
        armWake(wakeDescriptor)
        batch.append(Completion(.wake, owner: 0, result: 0))
    }
}
