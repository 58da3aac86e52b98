// Which endpoints may get work: one table for the whole process, indexed by endpoint id, made once
// and never freed. Workers read it with one plain load for each pick; nothing is written while all
// goes well. Active checks, passive ejection and the operator each have their own bits of an
// endpoint's state; it is usable when none of them objects.

/// When failing requests take an endpoint out of service. One for each upstream.
package struct EjectionPolicy: BitwiseCopyable, Equatable, Sendable {
    /// Failures in a row that eject; 0 never ejects.
    package let consecutiveFailures: UInt32
    /// How long the first ejection lasts. It doubles each time the endpoint fails again within an
    /// ejection's length of its return.
    package let ejectionMs: UInt32
    /// The longest ejection.
    package let ejectionMaxMs: UInt32
    /// How much of an upstream may be ejected at the same time, 0 to 100; rounded down to whole
    /// endpoints, so that half of three is one.
    package let ejectedShareMaxPercent: UInt32

    package init(
        consecutiveFailures: UInt32, ejectionMs: UInt32, ejectionMaxMs: UInt32,
        ejectedShareMaxPercent: UInt32
    ) {
        self.consecutiveFailures = consecutiveFailures
        self.ejectionMs = ejectionMs
        self.ejectionMaxMs = max(ejectionMaxMs, ejectionMs)
        self.ejectedShareMaxPercent = min(ejectedShareMaxPercent, 100)
    }

    /// - Parameter streak: ejections in a row before this one.
    func durationMs(afterStreak streak: UInt64) -> UInt32 {
        UInt32(min(UInt64(ejectionMs) << min(streak, 31), UInt64(ejectionMaxMs)))
    }
}

/// Endpoints of one upstream at one moment.
package struct EndpointCounts: Equatable, Sendable, BitwiseCopyable {
    package let total: Int
    /// Neither ejected nor down nor drained.
    package let usable: Int
    package let ejected: Int
}

/// The table. Copies refer to the same one; any thread unless it says otherwise.
///
/// Ids come from the control plane: `assign` before a snapshot with the endpoint is handed out,
/// `retire` when no snapshot names it any more. A worker that still notes something about a retired
/// id changes nothing; if the id has a new owner by then, it counts as one note about that one.
package struct EndpointHealth: BitwiseCopyable, Sendable {
    /// A cache line for each endpoint.
    private static let stride = 8
    // Words of an endpoint.
    private static let gate = 0
    private static let failures = 1
    private static let streak = 2
    private static let admittedAt = 3
    // Words behind the endpoints: the epoch, the earliest end of an ejection (0: there is none),
    // one more than the greatest id ever assigned, and from `firstUpstream` on the counts of
    // each upstream.
    private static let epochWord = SiteLimits.endpointsMax * stride
    private static let nextReturn = epochWord + stride
    private static let idsUsed = nextReturn + stride
    private static let firstUpstream = idsUsed + stride

    private let words = SharedWords(count: firstUpstream + SiteLimits.upstreamsMax)
    private let changes: HealthChanges

    /// - Parameter attention: an eventfd that is signalled when there is a change to take; none to
    ///   signal nobody.
    package init(attention: Descriptor = .none) {
        changes = HealthChanges(reader: attention)
    }

    // MARK: Data path

    /// Whether an endpoint may get new work. One load.
    package func isUsable(_ endpoint: UInt32) -> Bool {
        Gate(words.load(Self.word(endpoint, Self.gate))).isUsable
    }

    /// How many endpoints of an upstream there are, and how many of them are usable. One load.
    package func counts(ofUpstream upstream: UInt32) -> EndpointCounts {
        UpstreamWord(words.load(Self.upstreamWord(upstream))).counts
    }

    /// Grows with each change of any endpoint's usability or existence. Who has read it sees the
    /// states that led to it, so what was worked out from them is good until it grows.
    package var epoch: UInt64 { words.loadAcquiring(Self.epochWord) }

    /// When an endpoint last came into service or back to it, in milliseconds of the monotonic
    /// clock; 0 when it has been there from the start. For slow start.
    package func admittedAtMs(_ endpoint: UInt32) -> UInt64 {
        words.load(Self.word(endpoint, Self.admittedAt))
    }

    /// A request or a connection went well. Writes only when failures were counted.
    package func noteSuccess(_ endpoint: UInt32) {
        let word = Self.word(endpoint, Self.failures)
        if words.load(word) != 0 { words.store(word, 0) }
    }

    /// A request or a connection failed.
    ///
    /// - Parameter code: errno or HTTP status, as the cause has it.
    /// - Returns: whether the endpoint was ejected for it.
    @discardableResult
    package func noteFailure(
        _ endpoint: UInt32, _ cause: HealthCause, code: Int32 = 0, _ policy: EjectionPolicy,
        nowMs: UInt64
    ) -> Bool {
        let gate = Gate(words.load(Self.word(endpoint, Self.gate)))
        // What was under way when it was ejected says nothing new.
        guard policy.consecutiveFailures > 0, gate.isAssigned, !gate.isEjected else { return false }
        let failures = words.add(Self.word(endpoint, Self.failures), 1)
        guard failures >= UInt64(policy.consecutiveFailures),
            reserveEjection(inUpstream: gate.upstream, policy)
        else { return false }
        let streak = currentStreak(endpoint, policy, nowMs: nowMs)
        let durationMs = policy.durationMs(afterStreak: streak)
        let untilMs = nowMs + UInt64(durationMs)
        let moved = move(endpoint) { $0.ejected(untilMs: untilMs, ifIn: gate.upstream) }
        guard moved else {
            updateCounts(gate.upstream) { $0.ejected &-= 1 }
            return false
        }
        words.store(Self.word(endpoint, Self.streak), streak + 1)
        words.store(Self.word(endpoint, Self.failures), 0)
        lowerNextReturn(to: untilMs)
        changes.post(
            HealthChange(
                .ejected, endpoint: endpoint, upstream: gate.upstream, cause: cause,
                code: UInt16(clamping: code), count: Int(clamping: failures),
                durationMs: durationMs))
        return true
    }

    /// Ends the ejections whose time is over. For every turn of every worker: one load unless there
    /// is something to do, and then one thread does it.
    package func readmitDue(nowMs: UInt64) {
        let dueMs = words.load(Self.nextReturn)
        guard dueMs != 0, dueMs <= nowMs, words.replace(Self.nextReturn, dueMs, with: 0) else {
            return
        }
        for endpoint in 0..<UInt32(words.load(Self.idsUsed)) {
            let gate = Gate(words.load(Self.word(endpoint, Self.gate)))
            guard gate.isEjected else { continue }
            guard gate.untilMs <= nowMs else {
                lowerNextReturn(to: gate.untilMs)
                continue
            }
            // Before the endpoint is usable, so that nobody sees it back without its time.
            words.store(Self.word(endpoint, Self.admittedAt), nowMs)
            guard move(endpoint, { $0 == gate ? $0.returned : nil }) else { continue }
            updateCounts(gate.upstream) { $0.ejected &-= 1 }
            changes.post(
                HealthChange(.readmitted, endpoint: endpoint, upstream: gate.upstream))
        }
    }

    /// When the next ejection ends; `nil` when there is none.
    package var nextReadmissionMs: UInt64? {
        let dueMs = words.load(Self.nextReturn)
        return dueMs == 0 ? nil : dueMs
    }
}

// MARK: Control plane

extension EndpointHealth {
    /// Gives an id to an endpoint of an upstream, with nothing known about it. One thread at a
    /// time, the one that gives out ids.
    ///
    /// - Parameter nowMs: when it comes into service, for its slow start; 0 for those that are
    ///   there from the start.
    package func assign(_ endpoint: UInt32, toUpstream upstream: UInt32, nowMs: UInt64) {
        retire(endpoint)
        words.store(Self.word(endpoint, Self.admittedAt), nowMs)
        updateCounts(UInt16(upstream)) { $0.total &+= 1 }
        if words.load(Self.idsUsed) <= UInt64(endpoint) {
            words.store(Self.idsUsed, UInt64(endpoint) + 1)
        }
        _ = move(endpoint) { _ in Gate(assignedTo: UInt16(upstream)) }
    }

    /// Takes an id back: it is not usable from now on, and no note changes it. The same thread.
    package func retire(_ endpoint: UInt32) {
        let word = Self.word(endpoint, Self.gate)
        let gate = Gate(words.exchange(word, 0))
        guard gate.isAssigned else { return }
        updateCounts(gate.upstream) {
            $0.total &-= 1
            if gate.isUsable { $0.usable &-= 1 }
            if gate.isEjected { $0.ejected &-= 1 }
        }
        for part in [Self.failures, Self.streak, Self.admittedAt] {
            words.store(Self.word(endpoint, part), 0)
        }
        words.add(Self.epochWord, 1)
    }

    /// What active checks have found. The thread of the checks.
    ///
    /// - Parameters:
    ///   - cause: of the last failure, with its code; none when it is up.
    ///   - count: failed or passed checks in a row.
    package func setChecked(
        _ endpoint: UInt32, isUp: Bool, cause: HealthCause? = nil, code: Int32 = 0, count: Int,
        nowMs: UInt64
    ) {
        let before = state(of: endpoint)
        // An endpoint that was never down has been in service all the time.
        if isUp && before.checked == .down {
            words.store(Self.word(endpoint, Self.admittedAt), nowMs)
        }
        guard move(endpoint, { $0.checked(isUp: isUp) }) else { return }
        changes.post(
            HealthChange(
                isUp ? .wentUp : .wentDown, endpoint: endpoint, upstream: before.upstream,
                cause: cause, code: UInt16(clamping: code), count: count))
    }

    /// Forgets what active checks have found, when they end.
    package func setUnchecked(_ endpoint: UInt32) {
        _ = move(endpoint) { $0.unchecked }
    }

    /// Takes an endpoint out of service, or puts it back, as the operator wishes.
    ///
    /// - Returns: false when it was so already.
    @discardableResult
    package func setDrained(_ endpoint: UInt32, _ isDrained: Bool, nowMs: UInt64) -> Bool {
        if !isDrained && state(of: endpoint).isDrained {
            words.store(Self.word(endpoint, Self.admittedAt), nowMs)
        }
        guard move(endpoint, { $0.drained(isDrained) }) else { return false }
        changes.post(
            HealthChange(
                isDrained ? .drained : .undrained, endpoint: endpoint,
                upstream: state(of: endpoint).upstream))
        return true
    }

    /// Everything that is known about an endpoint, for reports.
    package func state(of endpoint: UInt32) -> EndpointState {
        let gate = Gate(words.load(Self.word(endpoint, Self.gate)))
        return EndpointState(
            isAssigned: gate.isAssigned, upstream: gate.upstream, checked: gate.checked,
            isDrained: gate.isDrained, ejectedUntilMs: gate.isEjected ? gate.untilMs : nil,
            failures: words.load(Self.word(endpoint, Self.failures)),
            ejectionsInARow: words.load(Self.word(endpoint, Self.streak)))
    }

    /// One thread: the changes since the last call, oldest first.
    ///
    /// - Parameter lost: how many more there were than the queue had room for.
    package func takeChanges() -> (changes: [HealthChange], lost: Int) {
        var taken: [HealthChange] = []
        while let change = changes.take() { taken.append(change) }
        return (taken, changes.takeLost())
    }
}

// MARK: Parts

extension EndpointHealth {
    private static func word(_ endpoint: UInt32, _ part: Int) -> Int {
        precondition(endpoint < SiteLimits.endpointsMax)
        return Int(endpoint) * stride + part
    }

    private static func upstreamWord(_ upstream: UInt32) -> Int {
        precondition(upstream < SiteLimits.upstreamsMax)
        return firstUpstream + Int(upstream)
    }

    /// Changes an endpoint's gate, its upstream's count of usable endpoints and the epoch.
    ///
    /// - Parameter change: pure; `nil` when there is nothing to change.
    private func move(_ endpoint: UInt32, _ change: (Gate) -> Gate?) -> Bool {
        let moved = words.update(Self.word(endpoint, Self.gate)) { change(Gate($0))?.raw }
        guard let moved else { return false }
        let before = Gate(moved.before)
        let after = Gate(moved.after)
        if before.isUsable != after.isUsable {
            updateCounts(after.upstream) { $0.usable &+= after.isUsable ? 1 : -1 }
        }
        words.add(Self.epochWord, 1)
        return true
    }

    private func updateCounts(_ upstream: UInt16, _ change: (inout UpstreamWord) -> Void) {
        _ = words.update(Self.upstreamWord(UInt32(upstream))) {
            var word = UpstreamWord($0)
            change(&word)
            return word.raw
        }
    }

    /// Counts one more ejected endpoint unless that would be too much of the upstream.
    private func reserveEjection(inUpstream upstream: UInt16, _ policy: EjectionPolicy) -> Bool {
        let share = Int(policy.ejectedShareMaxPercent)
        let reserved = words.update(Self.upstreamWord(UInt32(upstream))) {
            var word = UpstreamWord($0)
            guard (Int(word.ejected) + 1) * 100 <= Int(word.total) * share else { return nil }
            word.ejected &+= 1
            return word.raw
        }
        return reserved != nil
    }

    /// Ejections in a row so far: none when the endpoint has been back for longer than the last one
    /// took.
    private func currentStreak(
        _ endpoint: UInt32, _ policy: EjectionPolicy, nowMs: UInt64
    ) -> UInt64 {
        let streak = words.load(Self.word(endpoint, Self.streak))
        guard streak > 0 else { return 0 }
        let returnedMs = words.load(Self.word(endpoint, Self.admittedAt))
        let lastMs = policy.durationMs(afterStreak: streak - 1)
        return nowMs > returnedMs + UInt64(lastMs) ? 0 : streak
    }

    private func lowerNextReturn(to untilMs: UInt64) {
        _ = words.update(Self.nextReturn) { $0 == 0 || untilMs < $0 ? untilMs : nil }
    }
}
