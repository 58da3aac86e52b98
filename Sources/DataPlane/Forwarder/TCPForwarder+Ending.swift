// How flows end: in one direction, in both, by failure, by time. What was received before a
// failure is still delivered before the failure is passed on.

extension TCPForwarder {
    /// `side` sent its last byte.
    mutating func readEnded<R: Reactor & ~Copyable>(_ side: FlowSideID, on reactor: inout R) {
        // A side that took no more bytes and then ended was gone, not done.
        if self[side.other].flags.contains(.discarding) {
            readFailed(side, on: &reactor)
            return
        }
        self[side].flags.insert(.ended)
        pump(side, on: &reactor)
    }

    /// Reading from `side` failed, most likely because it was reset. What it sent before is still
    /// delivered; then the other side is reset too.
    mutating func readFailed<R: Reactor & ~Copyable>(_ side: FlowSideID, on reactor: inout R) {
        self[side].flags.insert(.failed)
        noteGone(side)
        if !self[side.other].flags.contains(.connected) {
            end(side.slot, reset: true, on: &reactor)
        } else {
            pump(side, on: &reactor)
        }
    }

    /// The side that `side`'s bytes go to takes no more. What it sent itself may still be on the
    /// way to `side`: its reading end says when that is over.
    mutating func writeFailed<R: Reactor & ~Copyable>(_ side: FlowSideID, on reactor: inout R) {
        let target = side.other
        self[side].flags.insert(.discarding)
        noteGone(target)
        dropBytes(of: side, on: &reactor)
        if !self[target].flags.isDisjoint(with: [.ended, .failed]) {
            end(side.slot, reset: true, on: &reactor)
        }
    }

    /// Gives back what holds bytes that nobody takes any more.
    private mutating func dropBytes<R: Reactor & ~Copyable>(
        of side: FlowSideID, on reactor: inout R
    ) {
        var dropped = self[side].pending.take()
        dropped.discard(in: reactor.buffers)
        releasePipe(side, on: &reactor)
    }

    /// Everything that `side` sent was handed on: the other side is told that no more follows, and
    /// the opposite direction runs on.
    mutating func finish<R: Reactor & ~Copyable>(_ side: FlowSideID, on reactor: inout R) {
        guard !self[side].flags.contains(.finished) else { return }
        self[side].flags.insert(.finished)
        if self[side.other].flags.contains(.finished) {
            end(side.slot, reset: false, on: &reactor)
            return
        }
        reactor.shutdownWrite(self[side.other].socket)
        // Nothing is received from this side any more, so nothing else would tell of a reset.
        if !self[side].flags.contains(.unix) { reactor.awaitHangup(self[side].socket) }
    }

    /// Closes both sides.
    mutating func end<R: Reactor & ~Copyable>(
        _ slot: UInt32, reset: Bool, on reactor: inout R
    ) {
        guard flows[slot: slot].phase != .closing else { return }
        if flows[slot: slot].phase == .waiting { giveUpWaiting(slot) }
        noteEnd(slot)
        flows[slot: slot].phase = .closing
        timers.clear(slot)
        reactor.counters[reset ? .flowsReset : .flowsFinished] &+= 1
        closeIfOpen(.downstream(slot), reset: reset, on: &reactor)
        closeIfOpen(.upstream(slot), reset: reset, on: &reactor)
    }

    private func closeIfOpen<R: Reactor & ~Copyable>(
        _ side: FlowSideID, reset: Bool, on reactor: inout R
    ) {
        if self[side].flags.contains(.open) { reactor.close(self[side].socket, reset: reset) }
    }

    /// Nothing refers to one of the flow's sockets any more.
    mutating func closed<R: Reactor & ~Copyable>(_ side: FlowSideID, on reactor: inout R) {
        let slot = side.slot
        flows[slot: slot].sockets -= 1
        if side == .upstream(slot) { site.value.connectionEnded(flows[slot: slot].upstreamID) }
        guard flows[slot: slot].phase == .closing, flows[slot: slot].sockets == 0 else { return }
        dropBytes(of: side, on: &reactor)
        dropBytes(of: side.other, on: &reactor)
        // Both its descriptors are free: reason enough to try again. One that never got its
        // second descriptor would only make room for the next to fail like it.
        let wasConnected = self[FlowSideID.upstream(slot)].flags.contains(.connected)
        givePermitBack(slot)
        letEndpointGo(slot)
        letSnapshotGo(slot)
        site.value.clientWent(flows[slot: slot].listener)
        trace(.closed, slot, id: flows[slot: slot].listener)
        flows.remove(flows.index(ofSlot: slot))
        if acceptPausedUntilMs != nil && wasConnected { resumeAccepting() }
    }

    /// Resets every flow that is left.
    mutating func endAll<R: Reactor & ~Copyable>(on reactor: inout R) {
        for slot in flows.touchedSlots where flows.isTaken(slot: slot) {
            noteReason(slot, .stopped)
            end(slot, reset: true, on: &reactor)
        }
    }

    /// Acts on timers that are due.
    mutating func expireTimers<R: Reactor & ~Copyable>(on reactor: inout R) {
        while let identifier = timers.popExpired(nowMs: nowMs) {
            if identifier == acceptTimer {
                resumeAccepting()
            } else if flows[slot: identifier].phase == .proxyHeader {
                headerTimedOut(identifier, on: &reactor)
            } else if flows[slot: identifier].phase == .connecting {
                reactor.counters[.connectTimeouts] &+= 1
                site.value.metrics.countPast(.connecting)
                connectFailed(identifier, .connectTimedOut, 0, on: &reactor)
                abandonAttempt(identifier, on: &reactor)
            } else if flows[slot: identifier].phase == .waiting {
                refuse(identifier, on: &reactor)
            } else {
                checkIdle(identifier, on: &reactor)
            }
        }
    }

    /// The timer of a relaying flow is set once and looks back: activity costs no timer call.
    private mutating func checkIdle<R: Reactor & ~Copyable>(
        _ slot: UInt32, on reactor: inout R
    ) {
        let deadlineMs = flows[slot: slot].activeAtMs + flows[slot: slot].idleTimeoutMs
        guard deadlineMs <= nowMs else {
            timers.set(slot, atMs: deadlineMs)
            return
        }
        reactor.counters[.idleTimeouts] &+= 1
        site.value.metrics.countPast(.flow)
        noteReason(slot, .idleTimeout)
        let downstream = self[FlowSideID.downstream(slot)]
        let upstream = self[FlowSideID.upstream(slot)]
        let hasUnsent =
            downstream.sendingBytes + downstream.pipe.bytes + upstream.sendingBytes
            + upstream.pipe.bytes > 0
        end(slot, reset: hasUnsent, on: &reactor)
    }
}
