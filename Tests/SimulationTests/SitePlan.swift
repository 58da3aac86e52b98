// What is served in a simulated run, one state after the other, and which endpoints are out of
// order at times. Drawn apart from everything else, so that runs without any of it stay what they
// were.

import DataPlane
import TestSupport

/// What is served from a moment on.
struct SiteState {
    /// When the worker is told of it, after the start; 0 for the first.
    var atNs: UInt64 = 0
    /// Positions of endpoints, in their order.
    var endpoints: [Int]
    var policy: UpstreamPolicy
    var balance = Balance()
    /// For each listener the number of its socket; `nil` while it is closed.
    var sockets: [Int?]
}

extension SiteState {
    /// - Parameters:
    ///   - service: of each listener; its upstream is the only one.
    ///   - all: the endpoints of the run.
    func description(_ service: Service, _ all: [Endpoint]) -> SiteDescription {
        var site = SiteDescription(service, to: endpoints.map { all[$0] }, policy)
        site.upstreams[0].balance = balance
        site.listeners = sockets.indices.filter { sockets[$0] != nil }.map {
            ListenerDescription(id: UInt32($0), service: service)
        }
        return site
    }
}

/// The states of one run.
struct SitePlan {
    /// The first is what the worker begins with; its policy has the shortest deadlines.
    private(set) var states: [SiteState]
    /// Of each endpoint.
    private(set) var outages: [[Outage]]
    /// Numbers of sockets are below this.
    private(set) var socketsUsed: Int

    /// - Parameters:
    ///   - policy: what holds for the upstream in runs without anything special.
    ///   - endpoints: gets more of them where that is needed.
    init(
        seed: UInt64, _ policy: UpstreamPolicy, endpoints: inout [EndpointManner], listeners: Int
    ) {
        var random = SeededRandom(seed: SeededRandom.mix(seed ^ 0x7369_7465))
        let changes = random.chance(250) ? random.pick([1, 1, 2, 3, 6, 20]) : 0
        let hasLimits = random.chance(200)
        let hasOutages = random.chance(200)
        let hasRetries = random.chance(hasOutages ? 700 : 50)
        var first = SiteState(
            endpoints: [], policy: policy, sockets: (0..<listeners).map { $0 })
        socketsUsed = listeners
        if changes > 0 || hasOutages {
            let more = random.pick(0...3)
            endpoints += [EndpointManner](repeating: .accepts, count: more)
        }
        if hasLimits { Self.limit(&first.policy, &random) }
        if hasRetries { Self.retry(&first.policy, &random) }
        if changes > 0 || hasOutages || hasLimits {
            first.balance.policy = random.pick(BalancePolicy.allCases)
            first.balance.panicThresholdPercent = random.pick([0, 0, 50])
        }
        first.endpoints = Array(endpoints.indices)
        outages = endpoints.map { _ in [] }
        states = [first]
        if hasOutages {
            outages = endpoints.map { _ in Self.outages(&random) }
        }
        if changes > 0 { addStates(changes, hasLimits: hasLimits, &random) }
    }

    private mutating func addStates(
        _ count: Int, hasLimits: Bool, _ random: inout SeededRandom
    ) {
        var variants = [states[0]]
        for _ in 0..<random.pick(1...3) {
            variants.append(Self.vary(states[0], hasLimits: hasLimits, &random))
        }
        let horizonNs: UInt64 = random.pick([
            1_000_000, 50_000_000, 1_000_000_000, 20_000_000_000,
        ])
        let times = (0..<count).map { _ in random.pick(0...horizonNs) }.sorted()
        for atNs in times {
            var state = random.pick(variants)
            state.atNs = atNs
            state.sockets = zip(state.sockets, states[states.count - 1].sockets).map {
                wanted, present in
                guard wanted != nil else { return nil }
                if let present { return present }
                socketsUsed += 1
                return socketsUsed - 1
            }
            states.append(state)
        }
    }

    /// Another state than the first one.
    private static func vary(
        _ first: SiteState, hasLimits: Bool, _ random: inout SeededRandom
    ) -> SiteState {
        var state = first
        if random.chance(700) {
            state.endpoints.shuffle(using: &random)
            state.endpoints.removeLast(random.pick(0...state.endpoints.count - 1))
        }
        if random.chance(600) {
            for path in [\UpstreamPolicy.connectMs, \.responseMs, \.silenceMs, \.keepAliveMs] {
                state.policy[keyPath: path] *= random.pick([1, 1, 2, 5])
            }
            state.policy.idleMax = UInt32(random.pick([0, 1, 2, 256]))
            state.policy.pipelineMax = UInt32(random.pick([0, 0, 2, 8, 128]))
        }
        if hasLimits, random.chance(700) {
            if random.chance(200) {
                (state.policy.connectionsMax, state.policy.requestsMax) = (.max, .max)
            } else {
                limit(&state.policy, &random)
            }
        }
        if random.chance(200) { retry(&state.policy, &random) }
        if random.chance(300) { state.balance.policy = random.pick(BalancePolicy.allCases) }
        if random.chance(500) {
            for listener in state.sockets.indices where random.chance(500) {
                state.sockets[listener] = nil
            }
            let isOpen = state.sockets.contains { $0 != nil }
            if !isOpen { state.sockets[0] = first.sockets[0] }
        }
        return state
    }

    private static func limit(_ policy: inout UpstreamPolicy, _ random: inout SeededRandom) {
        policy.connectionsMax = random.chance(850) ? UInt32(random.pick(1...3)) : .max
        policy.pendingMax = UInt32(random.pick([0, 1, 2, 1_024, 1_024]))
        policy.pendingMs = random.pick([50, 2_000, 60_000, 60_000])
        let isLimited = random.chance(policy.connectionsMax == .max ? 1_000 : 200)
        policy.requestsMax = isLimited ? UInt32(random.pick([1, 2, 8])) : .max
    }

    private static func retry(_ policy: inout UpstreamPolicy, _ random: inout SeededRandom) {
        policy.retries.attemptsMax = UInt32(random.pick([2, 2, 3]))
        policy.retries.causes = random.pick([
            [.connectFailure, .reset], [.connectFailure, .reset, .timeout], [.reset], [.timeout],
        ])
        if random.chance(400) {
            for status in [500, 503] as [UInt16] { policy.retries.statuses.insert(status) }
        }
        if random.chance(300) { policy.retries.perTryMs = random.pick([500, 2_000]) }
        policy.retries.budgetPercent = random.pick([0, 20, 100, 100])
        guard random.chance(700) else { return }
        let ejectionMs: UInt32 = random.pick([200, 2_000, 20_000])
        policy.ejection = EjectionPolicy(
            consecutiveFailures: UInt32(random.pick(1...3)), ejectionMs: ejectionMs,
            ejectionMaxMs: ejectionMs * 4, ejectedShareMaxPercent: random.pick([50, 100]))
    }

    /// One endpoint's troubles: it comes and goes, mostly not at the beginning.
    private static func outages(_ random: inout SeededRandom) -> [Outage] {
        guard random.chance(700) else { return [] }
        var outages: [Outage] = []
        var startNs: UInt64 = random.pick([0, 1_000_000, 100_000_000, 2_000_000_000])
        for _ in 0..<random.pick(1...4) {
            let endNs = startNs + random.pick(1_000_000...3_000_000_000 as ClosedRange<UInt64>)
            let manner: EndpointManner =
                random.chance(700) ? .fails(random.pick([111, 113])) : .hangs
            outages.append(Outage(startNs..<endNs, manner))
            startNs = endNs + random.pick(1_000_000...3_000_000_000 as ClosedRange<UInt64>)
        }
        return outages
    }
}

extension SitePlan {
    var changes: Bool { states.count > 1 }

    var policies: [UpstreamPolicy] { states.map(\.policy) }

    /// Whether there is a limit that work may have to wait for, or be refused for.
    var hasLimits: Bool {
        policies.contains { $0.connectionsMax != .max || $0.requestsMax != .max }
    }

    var hasOutages: Bool { outages.contains { !$0.isEmpty } }

    /// Whether an endpoint hangs at times.
    var hasHangs: Bool { outages.joined().contains { $0.manner == .hangs } }

    /// The largest of the states' values.
    func longest(_ path: KeyPath<UpstreamPolicy, UInt64>) -> UInt64 {
        policies.map { $0[keyPath: path] }.max() ?? 0
    }

    /// When a socket is opened and closed again, after the start.
    func life(ofSocket number: Int) -> Range<UInt64> {
        guard let first = states.firstIndex(where: { $0.sockets.contains(number) }) else {
            return 0..<0
        }
        let end = states[first...].first { !$0.sockets.contains(number) }
        return states[first].atNs..<(end?.atNs ?? .max)
    }

    /// The state that a listener's clients go by.
    ///
    /// - Parameters:
    ///   - socket: one of the listener's.
    ///   - appliedNs: when each state came into force, as far as they did.
    func state(ofSocket socket: Int, atNs timeNs: UInt64, _ appliedNs: [UInt64]) -> Int {
        let listener = states.lazy.compactMap { $0.sockets.firstIndex(of: socket) }.first
        guard let listener else { return 0 }
        // The clients of a listener that is gone keep what it had last.
        return appliedNs.indices.last {
            appliedNs[$0] < timeNs && states[$0].sockets[listener] != nil
        } ?? 0
    }

    /// The socket by which a client comes that wants a listener at some time: one that is closed
    /// when the listener is.
    func socket(ofListener listener: Int, atNs: UInt64) -> Int {
        let state = states.last { $0.atNs <= atNs && $0.sockets[listener] != nil }
        return state?.sockets[listener] ?? listener
    }

    var summary: String {
        states.enumerated().map { number, state in
            """
            \(number) at \(state.atNs): to \(state.endpoints) by \
            \(state.sockets.map { $0 ?? -1 }), \(state.balance), \(state.policy)
            """
        }.joined(separator: "\n") + "\noutages \(outages)"
    }
}
