// Every wait of a client's connection has a deadline. Each connection has one timer, which is set
// for the earliest deadline it was ever given and looks back when it fires, so that in steady
// traffic no timer is touched.

internal import Protocols

extension HTTPProxy {
    /// When timers must be looked at next, on the reactor's clock.
    var nextDeadlineNs: UInt64? {
        timers.nextDeadlineMs.map { $0 * 1_000_000 }
    }

    /// Sees to it that the timer of a connection fires no later than its present wait may last.
    mutating func watch(_ slot: UInt32) {
        guard sessions[slot: slot].phase != .closing else { return }
        let deadlineMs = sessions[slot: slot].activeAtMs + limitMs(wait(slot), slot)
        guard deadlineMs < sessions[slot: slot].timerAtMs else { return }
        timers.set(slot, atMs: deadlineMs)
        sessions[slot: slot].timerAtMs = deadlineMs
    }

    private func wait(_ slot: UInt32) -> Deadline {
        // No record is copied here: this is asked for every request.
        let phase = sessions[slot: slot].phase
        switch phase {
        case .proxyHeader: return .proxyHeader
        case .lingering, .closing: return .lingering
        case .ending: return .clientTaking
        case .idle, .head:
            if sessions[slot: slot].transport.unsentBytes > 0 { return .clientTaking }
            return phase == .idle && sessions[slot: slot].flags.contains(.hasServed)
                ? .nextRequest : .requestHead
        case .exchange: return wait(ofExchange: sessions[slot: slot].exchange, slot)
        }
    }

    private func wait(ofExchange x: UInt32, _ slot: UInt32) -> Deadline {
        let flags = exchanges[slot: x].flags
        if flags.contains(.waits) { return .room }
        let unsentBytes = sessions[slot: slot].transport.unsentBytes
        let hasEnded = sessions[slot: slot].transport.flags.contains(.ended)
        if exchanges[slot: x].leader != .max {
            if unsentBytes > 0 { return .clientTaking }
            return hasEnded ? .halfClosed : .responseHead
        }
        let upstream = exchanges[slot: x].upstream
        if flags.contains(.connecting) || upstream == .max { return .connecting }
        if unsentBytes + exchanges[slot: x].responsePipe.bytes > 0 { return .clientTaking }
        if flags.contains(.responseStarted) { return .responseBody }
        let untakenBytes = upstreams[slot: upstream].transport.unsentBytes
        if untakenBytes + exchanges[slot: x].requestPipe.bytes > 0 { return .requestTaking }
        if !flags.contains(.requestComplete) { return .requestBody }
        return hasEnded ? .halfClosed : .responseHead
    }

    /// The client of an exchange sent something, or its end. That is news when it is the client
    /// that is waited for; an endpoint gets no more time for it.
    mutating func noteClient(_ x: UInt32) {
        let slot = exchanges[slot: x].session
        switch wait(ofExchange: x, slot) {
        case .requestBody, .halfClosed: sessions[slot: slot].activeAtMs = nowMs
        default: break
        }
    }

    private func limitMs(_ wait: Deadline, _ slot: UInt32) -> UInt64 {
        switch wait {
        case .proxyHeader:
            return site.value.listeners[slot: sessions[slot: slot].listener].record.proxyTimeoutMs
        case .nextRequest: return policy(ofClient: slot).deadlines.keepAliveMs
        case .requestHead: return policy(ofClient: slot).deadlines.headMs
        case .lingering: return HTTPLimits.lingerMs
        case .clientTaking, .requestBody: return policy(ofClient: slot).deadlines.bodyMs
        case .connecting:
            return destination(ofExchange: sessions[slot: slot].exchange).policy.connectMs
        case .room:
            return destination(ofExchange: sessions[slot: slot].exchange).policy.pendingMs
        case .requestTaking, .responseBody:
            return route(ofExchange: sessions[slot: slot].exchange).silenceMs
        case .responseHead:
            let x = sessions[slot: slot].exchange
            return min(route(ofExchange: x).responseMs, tryLimitMs(x))
        case .halfClosed:
            return min(
                policy(ofClient: slot).deadlines.halfCloseMs,
                route(ofExchange: sessions[slot: slot].exchange).responseMs)
        // The forwarder's.
        case .flow: return .max
        }
    }

    /// Acts on timers that are due.
    mutating func expireTimers<R: Reactor & ~Copyable>(on reactor: inout R) {
        while let identifier = timers.popExpired(nowMs: nowMs) {
            if identifier == acceptTimer {
                resumeAccepting()
            } else if identifier == poolTimer {
                sweepPool(on: &reactor)
            } else if identifier == pipelineTimer {
                expirePipelines(on: &reactor)
            } else {
                sessions[slot: identifier].timerAtMs = .max
                let wait = wait(identifier)
                if sessions[slot: identifier].activeAtMs + limitMs(wait, identifier) > nowMs {
                    watch(identifier)
                } else {
                    expire(identifier, wait, on: &reactor)
                }
            }
        }
    }

    private mutating func expire<R: Reactor & ~Copyable>(
        _ slot: UInt32, _ wait: Deadline, on reactor: inout R
    ) {
        site.value.metrics.countPast(wait)
        switch wait {
        case .connecting: reactor.counters[.connectTimeouts] &+= 1
        case .room: reactor.counters[.upstreamOverflows] &+= 1
        default: reactor.counters[.idleTimeouts] &+= 1
        }
        let x = sessions[slot: slot].exchange
        switch wait {
        case .proxyHeader: proxyHeaderTimedOut(slot, on: &reactor)
        case .nextRequest, .lingering: abandon(slot, reset: false, on: &reactor)
        case .clientTaking, .halfClosed:
            if sessions[slot: slot].phase == .exchange {
                noteReason(x, wait == .halfClosed ? .clientClosed : .clientStalled)
            }
            noteBrokenHead(slot, .clientStalled, on: &reactor)
            abandon(slot, reset: true, on: &reactor)
        case .requestHead:
            if sessions[slot: slot].phase == .idle {
                abandon(slot, reset: false, on: &reactor)
            } else {
                answer(slot, .headTimeout, on: &reactor)
            }
        case .connecting:
            report(.connectTimedOut, endpoint: exchanges[slot: x].endpoint, on: &reactor)
            noteFailure(x, .connectTimedOut)
            abandonAttempt(x, answering: .connectTimeout, on: &reactor)
        case .room:
            report(.upstreamFull, endpoint: exchanges[slot: x].endpoint, on: &reactor)
            fail(x, .pendingTimeout, on: &reactor)
        case .requestBody: fail(x, .bodyTimeout, on: &reactor)
        case .requestTaking:
            noteFailure(x, .timedOut)
            fail(x, .requestNotTaken, on: &reactor)
        case .responseHead: expireTry(x, on: &reactor)
        case .responseBody: cut(x, because: .upstreamStalled, on: &reactor)
        case .flow: break
        }
    }

    /// There is no response head in time.
    private mutating func expireTry<R: Reactor & ~Copyable>(_ x: UInt32, on reactor: inout R) {
        noteFailure(x, .timedOut)
        guard exchanges[slot: x].leader == .max else {
            // It stands behind others, who may need it to stay what it is.
            fail(x, .responseTimeout, on: &reactor)
            return
        }
        let causes = route(ofExchange: x).retries.causes
        if causes.contains(.timeout), retryElsewhere(x, on: &reactor) { return }
        // This try is the last one, then: it has all the time that there is.
        exchanges[slot: x].replay.discard(in: reactor.buffers)
        let slot = exchanges[slot: x].session
        if sessions[slot: slot].activeAtMs + limitMs(.responseHead, slot) > nowMs {
            watch(slot)
        } else {
            fail(x, .responseTimeout, on: &reactor)
        }
    }

    /// Closes connections that have been idle for too long, the oldest first.
    private mutating func sweepPool<R: Reactor & ~Copyable>(on reactor: inout R) {
        poolTimerAtMs = .max
        var nextMs = UInt64.max
        for endpoint in 0..<pool.endpoints {
            let keepAliveMs = site.value.endpoints[slot: endpoint].keepAliveMs
            while let oldest = pool.oldest(ofEndpoint: endpoint) {
                let dueMs = upstreams[slot: oldest].idleSinceMs + keepAliveMs
                guard dueMs <= nowMs else {
                    nextMs = min(nextMs, dueMs)
                    break
                }
                closeUpstream(oldest, on: &reactor)
            }
        }
        if nextMs != .max { setPoolTimer(atMs: nextMs) }
    }

    /// Sees to it that the pool is looked at by then.
    mutating func setPoolTimer(atMs dueMs: UInt64) {
        guard dueMs < poolTimerAtMs else { return }
        poolTimerAtMs = dueMs
        timers.set(poolTimer, atMs: dueMs)
    }

    /// Another snapshot is the present one: connections to endpoints that it does not have are not
    /// needed any more, and clients of listeners that it does not have leave when they are idle.
    mutating func closeReplaced<R: Reactor & ~Copyable>(on reactor: inout R) {
        for endpoint in 0..<pool.endpoints
        where !site.value.endpoints[slot: endpoint].isCurrent {
            while let oldest = pool.oldest(ofEndpoint: endpoint) {
                closeUpstream(oldest, on: &reactor)
            }
        }
        // Others may be kept for less time than before.
        sweepPool(on: &reactor)
        closeIdleClients(on: &reactor)
    }

    /// Draining: connections that wait for nothing close now, others after their present answer.
    mutating func closeIdle<R: Reactor & ~Copyable>(on reactor: inout R) {
        while pool.oldest != .max { closeUpstream(pool.oldest, on: &reactor) }
        closeIdleClients(on: &reactor)
    }

    /// Closes the connections of clients that are to leave and wait for nothing.
    mutating func closeIdleClients<R: Reactor & ~Copyable>(on reactor: inout R) {
        for slot in sessions.touchedSlots
        where sessions.isTaken(slot: slot) && sessions[slot: slot].phase == .idle
            && sessions[slot: slot].transport.received.isEmpty && isLeaving(slot)
        {
            closeWhenSent(slot, on: &reactor)
        }
    }

    /// Resets every connection that is left.
    mutating func endAll<R: Reactor & ~Copyable>(on reactor: inout R) {
        for slot in sessions.touchedSlots
        where sessions.isTaken(slot: slot) && sessions[slot: slot].phase != .closing {
            if sessions[slot: slot].phase == .exchange {
                noteReason(sessions[slot: slot].exchange, .stopped)
            }
            noteBrokenHead(slot, .stopped, on: &reactor)
            abandon(slot, reset: true, on: &reactor)
        }
        for upstream in upstreams.touchedSlots
        where upstreams.isTaken(slot: upstream) && upstreams[slot: upstream].phase == .dropping {
            closeUpstream(upstream, on: &reactor)
        }
        while pool.oldest != .max { closeUpstream(pool.oldest, on: &reactor) }
    }
}
