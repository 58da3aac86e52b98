// Peers that answer to what they get, for protocols that are more than a stream of known bytes.
// The program decides what is sent and judges what came; pieces, gaps, room and slow reading stay
// the plan's.

/// What a peer does. Every call comes out of the world's agenda, on its one thread.
package protocol PeerProgram: AnyObject {
    /// The connection is there, or waits in the listener's queue.
    func begin(_ peer: ProgramPeer)
    /// The peer has read the next bytes.
    func received(_ bytes: [UInt8], _ peer: ProgramPeer)
    /// It has read the end of the stream.
    func ended(_ peer: ProgramPeer)
    /// The connection was reset, not by the peer.
    func broken(_ peer: ProgramPeer)
    /// Everything before the mark was sent.
    func reached(_ mark: Int, _ peer: ProgramPeer)
    /// An alarm that was set is due.
    func alarm(_ number: Int, _ peer: ProgramPeer)
}

/// The world as a program sees it: what it does goes into a list that is played in its order, at
/// the plan's pace.
package final class ProgramPeer {
    enum Act {
        case bytes([UInt8], sent: Int)
        case pause(ns: UInt64)
        case mark(Int)
        case end
        case close
        case reset
    }

    /// The connection's number in its world.
    package let number: Int
    unowned let world: SimulatedWorld
    let program: any PeerProgram
    private var acts: [Act] = []
    private var played = 0
    /// Nothing more is sent before: a pause or the gap behind a piece.
    var resumeNs: UInt64 = 0
    /// What it sent and the reactor has not read; what the reactor sent and it has not read.
    var inbound = ByteQueue()
    var outbound = ByteQueue()
    /// It does not read any more.
    package internal(set) var isDeaf = false

    init(number: Int, world: SimulatedWorld, program: any PeerProgram) {
        self.number = number
        self.world = world
        self.program = program
    }

    package var nowNs: UInt64 { world.nowNs }

    /// The books of its connection.
    package var connection: SimulatedConnection { world.connections[number] }

    /// Sends bytes when everything before them is sent.
    package func send(_ bytes: [UInt8]) {
        if !bytes.isEmpty { append(.bytes(bytes, sent: 0)) }
    }

    package func pause(ns: UInt64) { append(.pause(ns: ns)) }

    /// Calls the program's `reached` when everything before is sent.
    package func mark(_ mark: Int) { append(.mark(mark)) }

    /// Ends the stream (FIN) when everything before it is sent.
    package func end() { append(.end) }

    /// Closes both ways when everything before it is sent.
    package func close() { append(.close) }

    /// Resets the connection when everything before it is sent.
    package func reset() { append(.reset) }

    /// Forgets what was still to be done.
    package func cancel() {
        acts.removeAll(keepingCapacity: true)
        played = 0
    }

    /// Whether nothing is left to be done.
    package var isIdle: Bool { played == acts.count }

    /// Reads nothing from now on.
    package func stopReading() { isDeaf = true }

    package func setAlarm(_ alarm: Int, afterNs: UInt64) {
        world.at(world.nowNs + afterNs) { [self] in program.alarm(alarm, self) }
    }

    private func append(_ act: Act) {
        acts.append(act)
        world.wakeSending(number)
    }

    var nextAct: Act? { played < acts.count ? acts[played] : nil }

    func finishAct() {
        played += 1
        if played == acts.count { cancel() }
    }

    /// Moves the next bytes of the present act into the socket.
    func push(_ count: Int) {
        guard case .bytes(let bytes, let sent) = acts[played] else { return }
        inbound.append(bytes[sent..<sent + count])
        if sent + count == bytes.count {
            finishAct()
        } else {
            acts[played] = .bytes(bytes, sent: sent + count)
        }
    }
}

extension SimulatedWorld {
    /// Goes on with what a program's peer has to do.
    func playActs(_ number: Int, _ peer: ProgramPeer) {
        while let act = peer.nextAct {
            guard peer.resumeNs <= nowNs else {
                return wakeSending(number, afterNs: peer.resumeNs - nowNs)
            }
            let connection = connections[number]
            guard !connection.isDead, !connection.isEnded, !connection.isRefused else { return }
            switch act {
            case .bytes(let bytes, let sent):
                let piece = connections[number].random.pick(connection.plan.pieceBytes)
                let count = min(piece, bytes.count - sent, connection.inboundRoom)
                // No room: `read` wakes this peer when there is some.
                guard count > 0 else { return }
                peer.push(count)
                peerSend(number, count)
                peer.resumeNs =
                    nowNs + connections[number].random.pick(connection.plan.sendGapNs)
            case .pause(let ns):
                peer.finishAct()
                peer.resumeNs = nowNs + ns
            case .mark(let mark):
                peer.finishAct()
                peer.program.reached(mark, peer)
            case .end:
                peer.finishAct()
                peerEnd(number)
            case .close:
                peer.finishAct()
                peerClose(number)
            case .reset:
                peer.finishAct()
                peerReset(number)
            }
        }
    }
}
