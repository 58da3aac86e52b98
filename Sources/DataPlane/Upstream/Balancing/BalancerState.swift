// One worker's view of an upstream: whose turn it is, who has how much to do. Worker thread only.
// Which endpoints are in and how much they weigh is worked out when their states' epoch changes and
// while one of them warms up, not for each pick.

/// Choosing endpoints. A pick is O(1) or O(log n) and allocates nothing.
package struct BalancerState: ~Copyable {
    /// A weight of 1 while an endpoint is at full strength; leaves room for slow start.
    private static let fullStrength: UInt64 = 256
    /// A warming endpoint's weight grows in so many steps.
    private static let warmingSteps: UInt64 = 64
    /// And begins with this part of it: one percent of the traffic could take minutes to show
    /// whether the endpoint works.
    private static let warmingStartDivisor: UInt64 = 10
    /// How often a key is placed anew that hit endpoints which are out, before the next one in the
    /// list takes it: with half of them out that happens to one key in 65,536.
    private static let placesMax = 16

    private let policy: BalancePolicy
    /// Endpoints.
    private let count: Int
    private var epoch: UInt64 = 0
    /// When the weights have to be worked out again because somebody warms up.
    private var refreshAtMs: UInt64 = 0
    /// Whether so few are usable that all are used.
    package private(set) var isPanicking = false
    /// Usable endpoints with a weight.
    package private(set) var usableCount = 0
    /// Who is in, with which weight; less than 2^24.
    private var weights: MutableTable<UInt32>
    /// The first endpoint that is in, from this one on and around the end.
    private var nextIn: MutableTable<UInt16>
    private var isAnyIn = false
    private var smooth: SmoothOrder
    private var loads: LoadOrder
    private var sums: WeightSums
    /// Of the generator of random numbers (SplitMix64).
    private var random: UInt64

    /// - Parameters:
    ///   - tables: of the upstream; the same ones must be passed to every call.
    ///   - start: how many turns ahead of the first endpoint this worker begins: another number for
    ///     each worker spreads few flows over many workers.
    ///   - seed: of random choices.
    package init<States: EndpointStates & ~Copyable>(
        _ tables: borrowing BalancerTables, states: borrowing States, start: Int, seed: UInt64,
        nowMs: UInt64
    ) {
        precondition(start >= 0)
        policy = tables.policy
        count = tables.count
        weights = MutableTable(zeroed: count)
        nextIn = MutableTable(zeroed: policy.usesNextIn ? count : 0)
        smooth = SmoothOrder(count: policy == .roundRobin ? count : 0)
        loads = LoadOrder(count: policy == .leastConnections ? count : 0)
        sums = WeightSums(count: policy == .powerOfTwo ? count : 0)
        random = seed
        refresh(tables, states, nowMs: nowMs)
        guard count > 0 else { return }
        // Those that the policy does not use are empty, and pick nothing.
        for _ in 0..<start % count {
            _ = smooth.pick(without: AttemptedEndpoints())
            _ = loads.pick(without: AttemptedEndpoints())
        }
    }

    /// Chooses an endpoint.
    ///
    /// - Parameters:
    ///   - tables: those that this was made with.
    ///   - key: for `sourceHash` and `consistentHash`, see `BalanceKey`; else not looked at.
    ///   - attempted: where the request has been; not chosen again.
    /// - Returns: its position; `nil` when none is left.
    package mutating func pick<States: EndpointStates & ~Copyable>(
        _ tables: borrowing BalancerTables, key: UInt64, without attempted: AttemptedEndpoints,
        states: borrowing States, nowMs: UInt64
    ) -> Int? {
        if states.epoch != epoch || nowMs >= refreshAtMs {
            refresh(tables, states, nowMs: nowMs)
        }
        switch policy {
        case .roundRobin: return smooth.pick(without: attempted)
        case .leastConnections: return loads.pick(without: attempted)
        case .powerOfTwo:
            guard let (one, other) = drawTwo(without: attempted) else { return nil }
            let load = UInt64(states.inFlight(one)) &* UInt64(weights[other])
            let otherLoad = UInt64(states.inFlight(other)) &* UInt64(weights[one])
            return load <= otherLoad ? one : other
        case .sourceHash, .consistentHash: return place(key, without: attempted, tables)
        }
    }

    /// Says how many requests or flows an endpoint has under way now: after each pick that was
    /// followed, and at the end of each request. Only `leastConnections` takes note of it.
    package mutating func noteInFlight(_ position: Int, _ inFlight: UInt32) {
        if policy == .leastConnections { loads.setInFlight(position, inFlight) }
    }
}

extension BalancePolicy {
    /// Whether a pick can end with going along the list.
    fileprivate var usesNextIn: Bool {
        switch self {
        case .roundRobin, .leastConnections: false
        case .powerOfTwo, .sourceHash, .consistentHash: true
        }
    }
}

// MARK: Random and hashed choices

extension BalancerState {
    /// Two different endpoints by their weights, or the same one twice when there is no other.
    private mutating func drawTwo(without attempted: AttemptedEndpoints) -> (Int, Int)? {
        let total = sums.total
        guard total > 0, let first = drawOne(without: attempted) else { return nil }
        let rest = total - sums.weight(of: first)
        guard rest > 0 else { return (first, first) }
        var point = draw(below: rest)
        if point >= sums.start(of: first) { point += sums.weight(of: first) }
        let second = sums.member(at: point)
        return attempted.contains(second) ? (first, first) : (first, second)
    }

    /// An endpoint by its weight. When it keeps hitting those that were tried, for they weigh so
    /// much more than all others, any other will do.
    private mutating func drawOne(without attempted: AttemptedEndpoints) -> Int? {
        for _ in 0..<Self.placesMax {
            let member = sums.member(at: draw(below: sums.total))
            if !attempted.contains(member) { return member }
        }
        return next(from: Int(draw(below: UInt64(count))), without: attempted)
    }

    private mutating func draw(below bound: UInt64) -> UInt64 {
        random &+= 0x9E37_79B9_7F4A_7C15
        return BalanceKey.again(random, attempt: 0).multipliedFullWidth(by: bound).high
    }

    /// Where a key belongs, or else where it goes meanwhile: each key that lost its place finds
    /// another one for itself, so that they spread over all others.
    private func place(
        _ key: UInt64, without attempted: AttemptedEndpoints, _ tables: borrowing BalancerTables
    ) -> Int? {
        guard isAnyIn, var position = tables.home(ofKey: key) else { return nil }
        var attempt = 0
        while weights[position] == 0 || attempted.contains(position) {
            attempt += 1
            let again = BalanceKey.again(key, attempt: attempt)
            guard attempt < Self.placesMax, let other = tables.home(ofKey: again) else {
                return next(from: BalanceKey.fold(again, count), without: attempted)
            }
            position = other
        }
        return position
    }

    /// The first endpoint from a place on that is in and was not tried. There are fewer of those
    /// that were tried than are looked at.
    private func next(from start: Int, without attempted: AttemptedEndpoints) -> Int? {
        guard isAnyIn else { return nil }
        var position = Int(nextIn[start])
        for _ in 0..<AttemptedEndpoints.capacity {
            guard attempted.contains(position) else { return position }
            position = Int(nextIn[position + 1 == count ? 0 : position + 1])
        }
        return attempted.contains(position) ? nil : position
    }
}

// MARK: Changes

extension BalancerState {
    /// Works out who is in. O(n), once for each change of the endpoints' states, and 64 times while
    /// one warms up.
    private mutating func refresh<States: EndpointStates & ~Copyable>(
        _ tables: borrowing BalancerTables, _ states: borrowing States, nowMs: UInt64
    ) {
        // First, so that a change during the walk leads to another one.
        epoch = states.epoch
        refreshAtMs = .max
        var weighted = 0
        usableCount = 0
        for position in 0..<count where tables.weight(position) > 0 {
            weighted += 1
            if states.isUsable(position) { usableCount += 1 }
        }
        isPanicking = usableCount * 100 < tables.panicThresholdPercent * weighted
        isAnyIn = isPanicking || usableCount > 0
        for position in 0..<count {
            let isIn = isPanicking || states.isUsable(position)
            weights[position] =
                isIn
                ? strength(
                    tables.weight(position), since: states.readmittedAtMs(position), tables,
                    nowMs: nowMs) : 0
        }
        switch policy {
        case .roundRobin: smooth.setWeights(weights)
        case .leastConnections:
            for position in 0..<count {
                loads.set(
                    position, weight: weights[position], inFlight: states.inFlight(position))
            }
            loads.rebuild()
        case .powerOfTwo:
            for position in 0..<count { sums.set(position, UInt64(weights[position])) }
        case .sourceHash, .consistentHash: break
        }
        linkThoseIn()
    }

    /// A weight as it is now: during slow start it grows with time from a tenth on (Envoy's formula
    /// with an aggression of 1).
    private mutating func strength(
        _ weight: UInt32, since admittedAtMs: UInt64, _ tables: borrowing BalancerTables,
        nowMs: UInt64
    ) -> UInt32 {
        let full = UInt64(weight) * Self.fullStrength
        let windowMs = tables.slowStartMs
        // Another thread may have read a clock that is a little ahead.
        let ageMs = nowMs - min(admittedAtMs, nowMs)
        guard full > 0, admittedAtMs > 0, ageMs < windowMs else { return UInt32(full) }
        let stepMs = max(windowMs / Self.warmingSteps, 1)
        refreshAtMs = min(refreshAtMs, nowMs + min(stepMs, windowMs - ageMs))
        let grown = max(full * ageMs / windowMs, full / Self.warmingStartDivisor)
        return UInt32(grown)
    }

    private mutating func linkThoseIn() {
        guard policy.usesNextIn, isAnyIn else { return }
        // Twice around: the first time finds what is behind the end.
        var next = 0
        for place in stride(from: 2 * count - 1, through: 0, by: -1) {
            let position = place % count
            if weights[position] > 0 { next = position }
            nextIn[position] = UInt16(next)
        }
    }
}
