// The far ends of the simulated connections: clients and endpoints that follow their scripts, or
// the test's hand.

import DataPlane
import Glibc
import Protocols

extension SimulatedWorld {
    /// A client that connects to a listener.
    ///
    /// - Parameters:
    ///   - listener: its position among the listeners.
    ///   - timeNs: when it arrives, on the virtual clock.
    ///   - program: plays it; otherwise its plan alone does.
    /// - Returns: the connection's number.
    @discardableResult
    package func addClient(
        _ plan: PeerPlan, to listener: Int, atNs timeNs: UInt64, program: (any PeerProgram)? = nil
    ) -> Int {
        let number = addConnection(isClient: true, place: listener, plan, program)
        agenda.schedule(.arrive(connection: number, listener: listener), at: timeNs)
        return number
    }

    func addConnection(
        isClient: Bool, place: Int, _ plan: PeerPlan, _ program: (any PeerProgram)? = nil
    ) -> Int {
        let number = connections.count
        connections.append(
            SimulatedConnection(
                number: number, isClient: isClient, place: place, plan: plan,
                random: random.fork(), peerAddress: address(ofPeer: number),
                program: program.map { ProgramPeer(number: number, world: self, program: $0) }))
        return number
    }

    /// A function of the seed alone: an address of either family that is not all zero.
    private func address(ofPeer number: Int) -> IPBytes {
        let bits = SeededRandom.mix(seed &+ UInt64(number) << 32)
        return bits & 1 == 0
            ? IPBytes(ipv4: UInt32(truncatingIfNeeded: bits >> 32))
            : IPBytes(high: 0x2001_0DB8 << 32 | bits >> 32, low: SeededRandom.mix(bits))
    }

    func startPeer(_ number: Int) {
        let plan = connections[number].plan
        guard !plan.isManual else { return }
        if case .resetAfter(let ns) = plan.ending {
            agenda.schedule(.peerResets(connection: number), at: nowNs + ns)
        }
        if let peer = connections[number].program { peer.program.begin(peer) }
        wakeSending(number)
    }

    /// Lets a peer that has sent nothing yet send another stream.
    package func setStream(_ number: Int, _ stream: ByteStream) {
        precondition(connections[number].sent == 0)
        connections[number].stream = stream
    }

    // MARK: Sending

    /// Lets the peer's script go on sending, now or after the pause it is in.
    func wakeSending(_ number: Int, afterNs: UInt64 = 0) {
        guard !connections[number].isSendScheduled, !connections[number].plan.isManual else {
            return
        }
        connections[number].isSendScheduled = true
        agenda.schedule(.peerSends(connection: number), at: nowNs + afterNs)
    }

    func peerSends(_ number: Int) {
        connections[number].isSendScheduled = false
        if let peer = connections[number].program { return playActs(number, peer) }
        let connection = connections[number]
        let plan = connection.plan
        guard !connection.isDead, !connection.isEnded, !connection.isRefused else { return }
        var limit = plan.sendBytes
        if case .resetAfterSending(let bytes) = plan.ending {
            if connection.sent >= bytes { return peerReset(number) }
            limit = min(limit, bytes)
        }
        if connection.sendStallsDone < plan.sendStalls.count {
            let stall = plan.sendStalls[connection.sendStallsDone]
            if connection.sent >= stall.position {
                connections[number].sendStallsDone += 1
                return wakeSending(number, afterNs: stall.durationNs)
            }
            limit = min(limit, stall.position)
        }
        guard connection.sent < plan.sendBytes else { return endOrWait(number) }
        let piece = connections[number].random.pick(plan.pieceBytes)
        let count = min(piece, limit - connection.sent, connection.inboundRoom)
        // No room: `read` wakes this peer when there is some.
        guard count > 0 else { return }
        peerSend(number, count)
        wakeSending(number, afterNs: connections[number].random.pick(plan.sendGapNs))
    }

    /// The peer has sent everything; its manner of leaving decides what follows.
    private func endOrWait(_ number: Int) {
        let connection = connections[number]
        switch connection.plan.ending {
        case .halfCloseWhenSent: peerEnd(number)
        case .fullClose: peerClose(number)
        case .closeAfterEnd, .resetAfterReading:
            if connection.sawEnd { peerEnd(number) }
        case .resetAfterSending, .resetAfter, .vanish: break
        }
    }

    /// Sends the next `count` bytes of the peer's stream.
    package func peerSend(_ number: Int, _ count: Int) {
        guard !connections[number].isDead else { return }
        if connections[number].isSocketClosed {
            // Bytes for a socket that is gone are answered with a reset.
            return peerIsReset(number)
        }
        connections[number].sent += count
        connections[number].lastSentNs = nowNs
        wakeReading(number)
    }

    /// Ends the peer's stream (FIN).
    package func peerEnd(_ number: Int) {
        guard !connections[number].isDead, !connections[number].isEnded else { return }
        connections[number].endedNs = nowNs
        wakeReading(number)
    }

    /// Closes the peer both ways. With unread bytes that is a reset (RFC 9293, 3.6.1).
    package func peerClose(_ number: Int) {
        guard connections[number].outbound == 0 else { return peerReset(number) }
        connections[number].isPeerClosed = true
        if connections[number].isShut { connections[number].sawEnd = true }
        peerEnd(number)
    }

    /// Resets the connection: what the peer has not read is lost, what it sent can be read.
    package func peerReset(_ number: Int) {
        let connection = connections[number]
        guard !connection.isDead, !connection.isRefused, !connection.isComplete else { return }
        connections[number].resetNs = nowNs
        connections[number].pendingError = ECONNRESET
        wakeReading(number)
        wakeWriting(number)
        guard !connection.socket.isNone else { return }
        kick(connection.socket, .hangup)
    }

    /// The peer is told that the connection is no more.
    func peerIsReset(_ number: Int) {
        connections[number].sawReset = true
        if let peer = connections[number].program { peer.program.broken(peer) }
    }

    // MARK: Reading

    /// Lets the peer's script read on.
    func wakePeerReading(_ number: Int, afterNs: UInt64 = 0) {
        guard !connections[number].isReadScheduled, !connections[number].plan.isManual else {
            return
        }
        connections[number].isReadScheduled = true
        agenda.schedule(.peerReads(connection: number), at: nowNs + afterNs)
    }

    func peerReads(_ number: Int) {
        connections[number].isReadScheduled = false
        let connection = connections[number]
        let plan = connection.plan
        guard !connection.isDead, !connection.isPeerClosed else { return }
        if let program = connection.program, program.isDeaf { return }
        var limit = Int.max
        if case .resetAfterReading(let bytes) = plan.ending {
            if connection.peerRead >= bytes, connection.taken > 0 { return peerReset(number) }
            limit = max(0, bytes - connection.peerRead)
        }
        if connection.readStallsDone < plan.readStalls.count {
            let stall = plan.readStalls[connection.readStallsDone]
            if connection.peerRead >= stall.position {
                connections[number].readStallsDone += 1
                return wakePeerReading(number, afterNs: stall.durationNs)
            }
            limit = min(limit, stall.position - connection.peerRead)
        }
        if peerReceive(number, min(connections[number].random.pick(plan.readBytes), limit)) > 0 {
            wakePeerReading(number, afterNs: connections[number].random.pick(plan.readGapNs))
        }
    }

    /// Reads up to `limit` bytes that were checked when the socket took them.
    ///
    /// - Returns: bytes read; 0 when there are none, or at the end (see `sawEnd`).
    @discardableResult
    package func peerReceive(_ number: Int, _ limit: Int) -> Int {
        guard !connections[number].isDead else { return 0 }
        let count = min(limit, connections[number].outbound)
        connections[number].peerRead += count
        let peer = connections[number].program
        if count > 0 {
            connections[number].lastReadNs = nowNs
            wakeWriting(number)
            if let peer { peer.program.received(peer.outbound.take(count), peer) }
        }
        if connections[number].outbound == 0, connections[number].isShut,
            !connections[number].sawEnd
        {
            connections[number].sawEnd = true
            connections[number].sawEndNs = nowNs
            if let peer { peer.program.ended(peer) }
            wakeSending(number)
        }
        return count
    }

    // MARK: Bytes from the reactor

    /// The socket takes bytes: they must be the next ones of the stream that the peer receives.
    func take(_ number: Int, _ bytes: UnsafeRawBufferPointer) {
        guard let first = bytes.first else { return }
        if let peer = connections[number].program {
            peer.outbound.append(bytes)
            return taken(number, bytes.count)
        }
        bindIncoming(number, ByteStream(number: first))
        let position = connections[number].taken
        if let stream = connections[number].incoming,
            let difference = stream.firstDifference(bytes, from: position)
        {
            violate(
                "connection \(number) got a wrong byte at \(difference) of stream"
                    + " \(stream.number) (a piece of \(bytes.count) bytes at \(position))")
        }
        taken(number, bytes.count)
    }

    /// The socket takes bytes out of a pipe, known by their place.
    func take(_ number: Int, _ segment: SimulatedPipe.Segment) {
        if !segment.bytes.isEmpty {
            return segment.bytes.prefix(segment.count).withUnsafeBytes { take(number, $0) }
        }
        bindIncoming(number, segment.stream)
        let connection = connections[number]
        if segment.stream != connection.incoming || segment.position != connection.taken {
            violate(
                "connection \(number) got bytes \(segment.position) of stream"
                    + " \(segment.stream.number) by pipe and expected \(connection.taken)")
        }
        taken(number, segment.count)
    }

    private func bindIncoming(_ number: Int, _ stream: ByteStream) {
        guard connections[number].taken == 0 else { return }
        connections[number].incoming = stream
        guard !connections[number].plan.isManual else { return }
        let source = Int(stream.number)
        if source >= connections.count
            || connections[source].isClient == connections[number].isClient
        {
            violate("connection \(number) got bytes that nobody on the other side sent")
        }
    }

    private func taken(_ number: Int, _ count: Int) {
        connections[number].taken += count
        connections[number].lastTakenNs = nowNs
        if connections[number].isPeerClosed {
            peerReset(number)
        } else {
            wakePeerReading(number)
        }
    }

    /// The reactor's end of stream.
    func shut(_ number: Int) {
        guard !connections[number].isShut else { return }
        connections[number].isShut = true
        wakePeerReading(number)
        if connections[number].isPeerClosed { connections[number].sawEnd = true }
    }

    /// The reactor's socket is gone: orderly, unless bytes are unread or a reset was asked for.
    func socketGone(_ number: Int, reset: Bool) {
        connections[number].isSocketClosed = true
        let connection = connections[number]
        guard !connection.isDead else { return }
        if reset || connection.inbound > 0 {
            guard !connection.isComplete else { return }
            peerIsReset(number)
        } else {
            shut(number)
        }
    }
}
