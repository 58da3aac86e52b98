// Life of a simulated socket: its slot, the delivery of its completions, its close.

import DataPlane
import Glibc
import Protocols

extension SimulatedWorld {
    // MARK: Slots

    func takeSlot(owner: UInt32, phase: SocketPhase) -> SocketID? {
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = Int(free)
        } else {
            guard sockets.count < socketsMax else { return nil }
            slot = sockets.count
            sockets.append(SimulatedSocket())
        }
        let generation = sockets[slot].generation
        sockets[slot] = SimulatedSocket()
        sockets[slot].generation = generation
        sockets[slot].owner = owner
        sockets[slot].phase = phase
        return SocketID(slot: UInt32(slot), generation: generation)
    }

    /// Whether the handle names the slot's present user.
    func isCurrent(_ socket: SocketID) -> Bool {
        sockets.indices.contains(Int(socket.slot))
            && sockets[Int(socket.slot)].phase != .free
            && sockets[Int(socket.slot)].generation == socket.generation
    }

    /// The slot of a socket that the caller may use; notes a violation and returns `nil` when not.
    func usable(_ socket: SocketID, for call: StaticString) -> Int? {
        guard isCurrent(socket) else {
            violate("\(call) on socket \(socket.slot), which is not there any more")
            return nil
        }
        let slot = Int(socket.slot)
        guard sockets[slot].phase == .open else {
            violate("\(call) on socket \(slot), which is \(sockets[slot].phase)")
            return nil
        }
        return slot
    }

    func setOwner(_ socket: SocketID, _ owner: UInt32) {
        guard let slot = usable(socket, for: "setOwner") else { return }
        trace(33, UInt64(slot), UInt64(owner))
        sockets[slot].owner = owner
        connections[sockets[slot].connection].owner = owner
    }

    func peerAddress(of socket: SocketID) -> IPBytes? {
        counters[.peerName] &+= 1
        guard let slot = usable(socket, for: "peerAddress") else { return nil }
        let connection = connections[sockets[slot].connection]
        return connection.isDead ? nil : connection.peerAddress
    }

    func ends(of socket: SocketID) -> ProxyAddresses? {
        counters[.peerName] &+= 1
        counters[.socketName] &+= 1
        guard let slot = usable(socket, for: "ends") else { return nil }
        let connection = connections[sockets[slot].connection]
        return connection.isDead ? nil : connection.addresses
    }

    // MARK: Completions

    /// Puts a socket's completion on its way. Within a lane the order is kept.
    func post(
        _ socket: SocketID, _ lane: Lane, _ operation: DataPlane.Operation, result: Int32,
        more: Bool = false, buffer: BufferID = .none
    ) {
        let slot = Int(socket.slot)
        let completion = Completion(
            operation, owner: sockets[slot].owner, result: result, more: more, buffer: buffer)
        let earliest = nowNs + random.pick(faults.completionDelayNs)
        var timeNs = max(earliest, sockets[slot].lastDeliveryNs[lane.rawValue])
        // The operation that is told of a reset is told before another one finds a mere end.
        if sockets[slot].connection >= 0, connections[sockets[slot].connection].isDead {
            for other in Lane.allCases {
                timeNs = max(timeNs, sockets[slot].lastDeliveryNs[other.rawValue])
            }
        }
        sockets[slot].lastDeliveryNs[lane.rawValue] = timeNs
        sockets[slot].postedCount += 1
        if strikes(.loseCompletion) { return }
        agenda.schedule(.deliver(socket, lane, completion), at: timeNs)
    }

    func deliver(_ socket: SocketID, _ lane: Lane, _ completion: Completion) {
        let slot = Int(socket.slot)
        if bug == .skipGenerationCheck, !isCurrent(socket), sockets[slot].phase == .open {
            // The slot's next user gets what was meant for the one before.
            return output.append(addressed(completion, to: sockets[slot].owner))
        }
        guard isCurrent(socket) else {
            if !completion.buffer.isNone { pool.release(completion.buffer) }
            return
        }
        sockets[slot].postedCount -= 1
        guard sockets[slot].phase == .open || sockets[slot].phase == .connecting else {
            // Late: the socket was closed meanwhile, or nothing is told of it any more.
            if !completion.buffer.isNone { pool.release(completion.buffer) }
            if sockets[slot].phase == .sendingLast {
                guard completion.operation == .send else { return }
                endWriting(slot)
                return close(socket, reset: false)
            }
            return finishClose(socket)
        }
        if !completion.more {
            switch lane {
            case .reading: sockets[slot].reading = .none
            case .hangup: sockets[slot].isHangupArmed = false
            case .writing: endWriting(slot)
            }
        }
        if completion.operation == .send, completion.result >= 0, sockets[slot].endsNext {
            endsDue.append(socket)
        }
        let delivered = addressed(completion, to: sockets[slot].owner)
        output.append(delivered)
        if strikes(.duplicateCompletion), output.count < room { output.append(delivered) }
    }

    /// The owner of a completion is whoever owns the socket when it comes out.
    private func addressed(_ completion: Completion, to owner: UInt32) -> Completion {
        Completion(
            completion.operation, owner: owner, result: completion.result, more: completion.more,
            buffer: completion.buffer)
    }

    private func endWriting(_ slot: Int) {
        if sockets[slot].phase == .connecting {
            // A failed connect leaves a socket that can only be closed.
            if sockets[slot].connection >= 0 { sockets[slot].phase = .open }
            return
        }
        if sockets[slot].writing == .send { giveBackChain(slot) }
        sockets[slot].writing = .none
    }

    /// The end of a send: its buffers go back to the pool, with other bytes in them, so that a
    /// later use of what was given away shows.
    func giveBackChain(_ slot: Int) {
        var buffer = sockets[slot].chain.head
        while !buffer.isNone {
            memset(pool.contents(buffer), 0xDD, pool.count(buffer))
            buffer = pool.next(buffer)
        }
        if strikes(.leakBuffer) {
            sockets[slot].chain = BufferChain()
        } else {
            sockets[slot].chain.discard(in: pool)
        }
    }

    // MARK: Progress

    func wakeReading(_ connection: Int) {
        let socket = connections[connection].socket
        if !socket.isNone { kick(socket, .reading) }
    }

    func wakeWriting(_ connection: Int) {
        let socket = connections[connection].socket
        if !socket.isNone { kick(socket, .writing) }
    }

    /// Puts a look at the lane's operation on the agenda, if it is one that can go on.
    func kick(_ socket: SocketID, _ lane: Lane) {
        guard isCurrent(socket) else { return }
        let slot = Int(socket.slot)
        guard isActive(slot, lane), !sockets[slot].isLookScheduled[lane.rawValue] else { return }
        sockets[slot].isLookScheduled[lane.rawValue] = true
        agenda.schedule(.look(socket, lane), at: nowNs + random.pick(faults.kickDelayNs))
    }

    private func isActive(_ slot: Int, _ lane: Lane) -> Bool {
        switch lane {
        case .reading: sockets[slot].isReadingActive && !sockets[slot].isStarved
        case .writing: sockets[slot].isWritingActive
        case .hangup: sockets[slot].isHangupActive
        }
    }

    func look(_ socket: SocketID, _ lane: Lane) {
        guard isCurrent(socket) else { return }
        let slot = Int(socket.slot)
        sockets[slot].isLookScheduled[lane.rawValue] = false
        guard isActive(slot, lane), sockets[slot].phase != .cancelled else { return }
        switch lane {
        case .reading: lookReading(socket)
        case .writing: lookWriting(socket)
        case .hangup: lookHangup(socket)
        }
    }

    func awaitHangup(_ socket: SocketID) {
        guard let slot = usable(socket, for: "awaitHangup") else { return }
        if sockets[slot].isHangupArmed { return violate("awaitHangup armed twice on \(slot)") }
        trace(24, UInt64(slot))
        sockets[slot].isHangupArmed = true
        sockets[slot].isHangupActive = true
        kick(socket, .hangup)
    }

    private func lookHangup(_ socket: SocketID) {
        let slot = Int(socket.slot)
        guard connections[sockets[slot].connection].resetNs != nil else { return }
        sockets[slot].isHangupActive = false
        post(socket, .hangup, .hangup, result: 0)
    }

    // MARK: Ends

    func shutdownWrite(_ socket: SocketID) {
        guard let slot = usable(socket, for: "shutdownWrite") else { return }
        trace(25, UInt64(slot))
        if sockets[slot].writing != .none {
            return violate("shutdownWrite on \(slot) while \(sockets[slot].writing) is armed")
        }
        sockets[slot].endsNext = false
        let number = sockets[slot].connection
        if connections[number].isShut { return violate("shutdownWrite twice on \(slot)") }
        guard !connections[number].isDead, !strikes(.swallowShutdown) else { return }
        shut(number)
    }

    func close(_ socket: SocketID, reset: Bool) {
        let closable: [SocketPhase] = [.open, .connecting, .sendingLast]
        guard isCurrent(socket), closable.contains(sockets[Int(socket.slot)].phase)
        else { return violate("close of socket \(socket.slot), which is closed") }
        let slot = Int(socket.slot)
        trace(26, UInt64(slot), reset ? 1 : 0)
        if sockets[slot].phase == .connecting {
            let number = sockets[slot].connection
            // The attempt is given up; what it would have come to does not matter any more.
            if number >= 0 {
                noteConnectFailure(connections[number].place, .givenUp)
            } else if sockets[slot].postedCount == 0 {
                noteConnectFailure(-1 - number, .givenUp)
            }
        }
        sockets[slot].phase = .closing
        sockets[slot].endsNext = false
        sockets[slot].closesWithReset = reset
        agenda.schedule(.cancelled(socket), at: nowNs + random.pick(faults.cancelDelayNs))
    }

    func cancelled(_ socket: SocketID) {
        let slot = Int(socket.slot)
        sockets[slot].phase = .cancelled
        if sockets[slot].writing == .send { giveBackChain(slot) }
        if sockets[slot].connection >= 0 {
            socketGone(sockets[slot].connection, reset: sockets[slot].closesWithReset)
        }
        finishClose(socket)
    }

    /// Announces the end once nothing is on its way any more.
    private func finishClose(_ socket: SocketID) {
        let slot = Int(socket.slot)
        guard sockets[slot].phase == .cancelled else { return }
        // The planted bug relies on nothing being late.
        guard sockets[slot].postedCount == 0 || bug == .skipGenerationCheck else { return }
        agenda.schedule(.closed(socket), at: nowNs + random.pick(faults.completionDelayNs))
    }

    func closed(_ socket: SocketID) {
        let slot = Int(socket.slot)
        if isUpstream(slot) { upstreamSockets -= 1 }
        if case .splice(let pipe, _) = sockets[slot].reading {
            pipes[Int(pipe.index)].isBusy = false
        }
        if case .splice(let pipe, _) = sockets[slot].writing {
            pipes[Int(pipe.index)].isBusy = false
        }
        output.append(Completion(.close, owner: sockets[slot].owner, result: 0))
        sockets[slot].phase = .free
        sockets[slot].generation = (sockets[slot].generation &+ 1) & 0xFF_FFFF
        freeSlots.append(socket.slot)
    }

    /// Whether a socket goes to an endpoint.
    private func isUpstream(_ slot: Int) -> Bool {
        let number = sockets[slot].connection
        return number < 0 || !connections[number].isClient
    }

    // MARK: Wake

    func armWake(_ descriptor: Descriptor) {
        if wake.isOpen { violate("armWake twice") }
        wake = descriptor
    }
}
