// Copying: receive with credit, send, give the buffer back, credit grows again. A slow reader
// slows its writer and nothing else.

internal import Glibc

extension TCPForwarder {
    /// Bytes arrived from `side`, or it ended or failed.
    ///
    /// - Parameter isContinued: more of that comes at once. What comes together is moved on
    ///   together: several buffers with one send, the last bytes with the end behind them.
    mutating func received<R: Reactor & ~Copyable>(
        _ side: FlowSideID, _ completion: Completion, isContinued: Bool, on reactor: inout R
    ) {
        if !completion.more { self[side].flags.remove(.receiving) }
        if completion.result > 0 {
            if self[side].flags.contains(.discarding) {
                reactor.buffers.release(completion.buffer)
            } else {
                self[side].pending.append(completion.buffer, in: reactor.buffers)
                noteBulk(side, completion.result, on: &reactor)
            }
        } else if completion.result == 0 {
            readEnded(side, on: &reactor)
            return
        } else {
            readFailed(side, on: &reactor)
            return
        }
        if !isContinued { pump(side, on: &reactor) }
    }

    /// Moves a direction on as far as it goes: sends what waits, arms the next receive, passes on
    /// the end. `side` is where the direction reads.
    mutating func pump<R: Reactor & ~Copyable>(_ side: FlowSideID, on reactor: inout R) {
        let target = side.other
        guard self[target].flags.contains(.connected) else {
            if flows[slot: side.slot].phase == .proxyHeader {
                readHeader(side.slot, on: &reactor)
            } else {
                armReceive(side, on: &reactor)
            }
            return
        }
        if !self[side].pending.isEmpty && !self[target].flags.contains(.sending) {
            let chain = self[side].pending.take()
            self[side].sendingBytes = chain.bytes
            self[target].flags.insert(.sending)
            let flags = self[side].flags
            // A direction that still receives has other news to wait for than this. While the
            // opposite one sends, its failure may reset the flow first, and with it what is held
            // back for the end.
            let endsNext = flags.contains(.ended) && !flags.contains(.sending)
            reactor.send(
                self[target].socket, chain, isAwaited: endsNext || !flags.contains(.receiving),
                endsNext: endsNext)
        }
        if !self[target].flags.contains(.sending) {
            // Nothing waits and nothing is in flight.
            let flags = self[side].flags
            if flags.contains(.failed) {
                end(side.slot, reset: true, on: &reactor)
                return
            }
            if flags.contains(.ended) {
                finish(side, on: &reactor)
                return
            }
            if self[side].path == .promoting && !flags.contains(.receiving) {
                startSplicing(side, splicePath(side.slot), on: &reactor)
                return
            }
        }
        armReceive(side, on: &reactor)
    }

    /// Arms a receive for what is free of the window, unless there is no use or no room for it.
    mutating func armReceive<R: Reactor & ~Copyable>(_ side: FlowSideID, on reactor: inout R) {
        let blocking: SideFlags = [.receiving, .ended, .failed, .discarding]
        guard self[side].path == .copy, self[side].flags.isDisjoint(with: blocking) else { return }
        let waiting = self[side].pending.bytes + self[side].sendingBytes
        let limit =
            isShortOfBuffers(reactor)
            ? UInt32(BufferPool.bufferBytes) : ForwarderLimits.windowBytes
        guard waiting + ForwarderLimits.rearmBytes <= limit || waiting == 0 else { return }
        self[side].flags.insert(.receiving)
        reactor.receive(self[side].socket, credit: limit - waiting)
    }

    /// Whether most of the pool is in use. Windows then shrink to one buffer, so that stalled flows
    /// cannot take the last buffers from all others.
    func isShortOfBuffers<R: Reactor & ~Copyable>(_ reactor: borrowing R) -> Bool {
        let pool = reactor.buffers
        return pool.usedCount > pool.capacity / 2
    }

    /// A send to `target` is through.
    mutating func sent<R: Reactor & ~Copyable>(
        _ target: FlowSideID, _ completion: Completion, on reactor: inout R
    ) {
        let side = target.other
        self[target].flags.remove(.sending)
        self[side].sendingBytes = 0
        guard completion.result >= 0 else {
            writeFailed(side, on: &reactor)
            return
        }
        reactor.counters[.bytesCopied] &+= UInt64(completion.result)
        flows[slot: side.slot].meter.bytes[side.position] &+= UInt64(completion.result)
        pump(side, on: &reactor)
    }

    /// Full buffers in a row mean bulk; what comes in between weighs against it.
    private mutating func noteBulk<R: Reactor & ~Copyable>(
        _ side: FlowSideID, _ bytes: Int32, on reactor: inout R
    ) {
        guard flows[slot: side.slot].relay != .copy else { return }
        guard bytes == BufferPool.bufferBytes else {
            // The end of a credit also cuts a buffer short; only a small rest means a pause.
            if bytes < BufferPool.bufferBytes / 2 { self[side].bulkBytes /= 2 }
            return
        }
        self[side].bulkBytes += UInt32(bytes)
        if self[side].bulkBytes >= ForwarderLimits.promotionBytes && self[side].path == .copy {
            self[side].path = .promoting
            reactor.counters[.promotions] &+= 1
        }
    }
}
