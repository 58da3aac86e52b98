// What is true of an upstream's limits between any two turns of its only worker: no more
// connections than there may be, nobody waits for what is there, and nobody is sent away without a
// reason.

import TestSupport

@testable import DataPlane

/// Looks at a worker after each turn.
struct LimitWatch {
    /// How early a wait may seem to be over: timers count whole milliseconds.
    private static let slackMs: UInt64 = 2

    private let site: SitePlan
    private let breakers: CircuitBreakers
    /// Who waited after the turn before, and since when, in milliseconds.
    private var flowsWaiting: [UInt32: UInt64] = [:]
    private var requestsWaiting: [UInt64: UInt64] = [:]
    /// What was under way after the turn before, and what the counters said.
    private var requestsBefore = 0
    private var acceptedBefore: UInt64 = 0
    private var overflows: UInt64 = 0
    private(set) var failure: String?

    init(_ site: SitePlan, _ breakers: CircuitBreakers) {
        self.site = site
        self.breakers = breakers
    }

    private mutating func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
        if !condition, failure == nil { failure = message() }
    }

    /// When the worker is finished.
    func end() -> [String] {
        breakers.isUnused(0) ? [] : ["the upstream's limits are still in use"]
    }

    mutating func look(
        _ forwarder: borrowing TCPForwarder, _ proxy: borrowing HTTPProxy,
        _ history: SiteHistory, _ world: SimulatedWorld
    ) {
        let sockets = world.takeUpstreamSocketsMax()
        guard site.hasLimits else { return }
        // What is under way may still go by the limits of an earlier state.
        let policies = site.policies[..<history.appliedNs.count]
        let most = policies.map(\.connectionsMax).max() ?? .max
        expect(sockets <= most, "\(sockets) connections of at most \(most)")
        var flows: [UInt32: UInt64] = [:]
        for slot in forwarder.flows.touchedSlots
        where forwarder.flows.isTaken(slot: slot) && forwarder.flows[slot: slot].phase == .waiting {
            flows[slot] = flowsWaiting[slot] ?? forwarder.nowMs
        }
        var requests: [UInt64: UInt64] = [:]
        for x in proxy.exchanges.touchedSlots
        where proxy.exchanges.isTaken(slot: x) && proxy.exchanges[slot: x].flags.contains(.waits) {
            let index = proxy.exchanges.index(ofSlot: x)
            let key = UInt64(index.slot) << 32 | UInt64(index.generation)
            requests[key] = requestsWaiting[key] ?? proxy.nowMs
            guard requestsWaiting[key] == nil else { continue }
            let sinceMs = proxy.sessions[slot: proxy.exchanges[slot: x].session].activeAtMs
            expect(sinceMs == proxy.nowMs, "a wait began with \(proxy.nowMs - sinceMs) ms over")
        }
        lookAtOverflows(forwarder, proxy, policies, world)
        lookAtLines(forwarder, proxy, policies)
        (flowsWaiting, requestsWaiting) = (flows, requests)
        requestsBefore = proxy.exchanges.count + forwarder.flows.count
        acceptedBefore = world.counters[.accepted]
    }

    /// Who is sent away has waited for as long as may be, or came when as many waited as may.
    private mutating func lookAtOverflows(
        _ forwarder: borrowing TCPForwarder, _ proxy: borrowing HTTPProxy,
        _ policies: ArraySlice<UpstreamPolicy>, _ world: SimulatedWorld
    ) {
        let count = world.counters[.upstreamOverflows] - overflows
        overflows += count
        guard count > 0 else { return }
        // Nobody knows better than this how many came in the turn.
        let newcomers = Int(world.counters[.accepted] - acceptedBefore) + proxy.sessions.count
        let waiting = flowsWaiting.count + requestsWaiting.count
        let isFull = policies.contains {
            waiting + newcomers >= $0.pendingMax
                || requestsBefore + newcomers > Int($0.requestsMax)
        }
        if isFull { return }
        let pendingMs = policies.map(\.pendingMs).min() ?? 0
        let nowMs = proxy.nowMs + Self.slackMs
        let over = [flowsWaiting.values.map { $0 }, requestsWaiting.values.map { $0 }].joined()
            .count { $0 + pendingMs <= nowMs }
        expect(
            over >= Int(count),
            "\(count) were sent away, \(over) of \(waiting) had waited for \(pendingMs) ms")
    }

    /// Nobody waits while there is room, and nobody for what only waits itself.
    private mutating func lookAtLines(
        _ forwarder: borrowing TCPForwarder, _ proxy: borrowing HTTPProxy,
        _ policies: ArraySlice<UpstreamPolicy>
    ) {
        let waiting = breakers.waiting(0)
        let starving = breakers.starving(0)
        if waiting > 0, starving == 0 {
            var permits = 0
            for x in proxy.exchanges.touchedSlots where proxy.exchanges.isTaken(slot: x) {
                permits += proxy.exchanges[slot: x].flags.contains(.holdsPermit) ? 1 : 0
            }
            for slot in forwarder.flows.touchedSlots where forwarder.flows.isTaken(slot: slot) {
                permits += forwarder.flows[slot: slot].holdsPermit ? 1 : 0
            }
            let least = policies.map(\.connectionsMax).min() ?? 0
            expect(
                permits >= least,
                "\(waiting) wait with \(permits) permits of \(least) taken")
        }
        guard starving > 0 else { return }
        var closing = 0
        var idle = 0
        for slot in proxy.upstreams.touchedSlots where proxy.upstreams.isTaken(slot: slot) {
            switch proxy.upstreams[slot: slot].phase {
            case .closing: closing += 1
            case .idle: idle += 1
            case .connecting, .leased, .dropping: break
            }
        }
        expect(
            idle == 0 || closing > 0,
            "\(starving) wait for connections, \(idle) are idle and \(closing) end")
    }
}
