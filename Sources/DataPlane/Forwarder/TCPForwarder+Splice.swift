// Splicing: bytes go from socket to socket through a pipe without being copied to user space. A
// pipe is held only while bytes are in it. splice(2) when the socket is ready is the fast way;
// the same through the ring runs on the kernel's helper threads.

internal import Glibc

extension TCPForwarder {
    /// What bulk is promoted to. The ring's own splice costs more than splice(2) (it runs on
    /// helper threads), so only who asks for it by name gets it, and who has no descriptors for
    /// the other one.
    func splicePath(_ slot: UInt32) -> DirectionPath {
        flows[slot: slot].relay == .spliceRing || configuration.filesMax != nil
            ? .spliceRing : .splice
    }

    mutating func startSplicing<R: Reactor & ~Copyable>(
        _ side: FlowSideID, _ path: DirectionPath, on reactor: inout R
    ) {
        self[side].path = path
        self[side].smallBursts = 0
        awaitBytes(side, on: &reactor)
    }

    private mutating func awaitBytes<R: Reactor & ~Copyable>(
        _ side: FlowSideID, on reactor: inout R
    ) {
        self[side].flags.insert(.splicing)
        reactor.awaitReadable(self[side].socket)
    }

    /// Bytes or the end wait in `side`'s socket.
    mutating func readable<R: Reactor & ~Copyable>(_ side: FlowSideID, on reactor: inout R) {
        self[side].flags.remove(.splicing)
        guard self[side].pipe.take(on: &reactor) else {
            // This direction need not wait for those who hold the pipes.
            demote(side, on: &reactor)
            return
        }
        if self[side].path == .spliceRing {
            self[side].flags.insert(.splicing)
            reactor.submitSpliceIn(
                self[side].socket, to: self[side].pipe.pipe, length: ForwarderLimits.spliceBytes)
        } else {
            splice(side, on: &reactor)
        }
    }

    /// The other end of a direction takes bytes again.
    mutating func writable<R: Reactor & ~Copyable>(_ target: FlowSideID, on reactor: inout R) {
        let side = target.other
        self[side].flags.remove(.splicing)
        if self[side].path == .spliceRing {
            submitSpliceOut(side, on: &reactor)
        } else {
            splice(side, on: &reactor)
        }
    }

    /// Moves what is there, in and out, with splice(2).
    private mutating func splice<R: Reactor & ~Copyable>(
        _ side: FlowSideID, on reactor: inout R
    ) {
        let (source, target) = (self[side].socket, self[side.other].socket)
        var limit = UInt64.max
        let heldBefore = UInt64(self[side].pipe.bytes)
        let outcome = self[side].pipe.move(
            from: source, to: target, limit: &limit, on: &reactor)
        let held = UInt64(self[side].pipe.bytes)
        flows[slot: side.slot].meter.bytes[side.position] &+=
            heldBefore + (UInt64.max - limit) - held
        switch outcome {
        case .drained, .complete: burstMoved(side, on: &reactor)
        case .blocked:
            self[side].flags.insert(.splicing)
            reactor.awaitWritable(target)
        case .sourceEnded(let result): spliceEnded(side, result, on: &reactor)
        case .targetFailed: writeFailed(side, on: &reactor)
        }
    }

    /// A burst went through completely: the pipe goes back, and the direction waits or calms down.
    private mutating func burstMoved<R: Reactor & ~Copyable>(
        _ side: FlowSideID, on reactor: inout R
    ) {
        releasePipe(side, on: &reactor)
        let bytes = self[side].pipe.takeBurst()
        if bytes >= ForwarderLimits.smallBurstBytes {
            self[side].smallBursts = 0
        } else if bytes > 0 && flows[slot: side.slot].relay == .auto {
            self[side].smallBursts += 1
            if self[side].smallBursts == ForwarderLimits.smallBurstsMax {
                demote(side, on: &reactor)
                return
            }
        }
        awaitBytes(side, on: &reactor)
    }

    private mutating func demote<R: Reactor & ~Copyable>(
        _ side: FlowSideID, on reactor: inout R
    ) {
        reactor.counters[.demotions] &+= 1
        self[side].path = .copy
        self[side].bulkBytes = 0
        pump(side, on: &reactor)
    }

    mutating func releasePipe<R: Reactor & ~Copyable>(_ side: FlowSideID, on reactor: inout R) {
        // A ring splice that the close cut short may have moved bytes that nobody counted.
        let isCut = self[side].path == .spliceRing && self[side].flags.contains(.splicing)
        self[side].pipe.giveBack(isCut: isCut, on: &reactor)
    }

    /// Nothing came out of the source: its end (0) or an error.
    private mutating func spliceEnded<R: Reactor & ~Copyable>(
        _ side: FlowSideID, _ result: Int, on reactor: inout R
    ) {
        releasePipe(side, on: &reactor)
        if result == 0 {
            readEnded(side, on: &reactor)
        } else {
            readFailed(side, on: &reactor)
        }
    }

    /// A splice through the ring out of `side`'s socket is through.
    mutating func splicedIn<R: Reactor & ~Copyable>(
        _ side: FlowSideID, _ result: Int, on reactor: inout R
    ) {
        self[side].flags.remove(.splicing)
        if result == -Int(EAGAIN) || result == -Int(EINTR) {
            releasePipe(side, on: &reactor)
            awaitBytes(side, on: &reactor)
        } else if result <= 0 {
            spliceEnded(side, result, on: &reactor)
        } else {
            self[side].pipe.bytes = UInt32(result)
            self[side].pipe.noteBurst(result)
            submitSpliceOut(side, on: &reactor)
        }
    }

    private mutating func submitSpliceOut<R: Reactor & ~Copyable>(
        _ side: FlowSideID, on reactor: inout R
    ) {
        self[side].flags.insert(.splicing)
        reactor.submitSpliceOut(
            self[side].pipe.pipe, to: self[side.other].socket,
            length: Int(self[side].pipe.bytes))
    }

    /// A splice through the ring of `side`'s bytes into the other socket is through.
    mutating func splicedOut<R: Reactor & ~Copyable>(
        _ side: FlowSideID, _ result: Int, on reactor: inout R
    ) {
        self[side].flags.remove(.splicing)
        if result < 0 && result != -Int(EAGAIN) && result != -Int(EINTR) {
            writeFailed(side, on: &reactor)
            return
        }
        if result > 0 {
            self[side].pipe.bytes -= UInt32(result)
            reactor.counters[.bytesRingSpliced] &+= UInt64(result)
            flows[slot: side.slot].meter.bytes[side.position] &+= UInt64(result)
        }
        if self[side].pipe.bytes == 0 {
            burstMoved(side, on: &reactor)
        } else {
            self[side].flags.insert(.splicing)
            reactor.awaitWritable(self[side.other].socket)
        }
    }
}
