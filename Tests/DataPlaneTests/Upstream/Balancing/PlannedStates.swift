// Endpoints as a test wants them, and plans for as many as it needs.

@testable import DataPlane

/// States that a test sets.
struct PlannedStates: EndpointStates {
    var epoch: UInt64 = 1
    var isOut: [Bool]
    var admittedAtMs: [UInt64]
    var counts: [UInt32]

    init(count: Int) {
        isOut = Array(repeating: false, count: count)
        admittedAtMs = Array(repeating: 0, count: count)
        counts = Array(repeating: 0, count: count)
    }

    mutating func set(_ position: Int, isOut: Bool) {
        self.isOut[position] = isOut
        epoch += 1
    }

    func isUsable(_ position: Int) -> Bool { !isOut[position] }
    func readmittedAtMs(_ position: Int) -> UInt64 { admittedAtMs[position] }
    func inFlight(_ position: Int) -> UInt32 { counts[position] }
}

/// Addresses as a file would have them.
func plannedKey(_ number: Int) -> [UInt8] {
    Array("10.0.\(number / 250).\(number % 250 + 1):8080".utf8)
}

func plan(
    _ policy: BalancePolicy, _ weights: [UInt16], slowStartMs: UInt32 = 0, panicPercent: UInt32 = 50
) -> BalancerPlan {
    BalancerPlan(
        policy: policy,
        members: weights.indices.map {
            BalancerPlan.Member(id: UInt32(100 + $0), weight: weights[$0], key: plannedKey($0))
        },
        slowStartMs: slowStartMs, panicThresholdPercent: panicPercent)
}

/// Tables, state and states that belong together.
struct PlannedBalancer: ~Copyable {
    let tables: BalancerTables
    var state: BalancerState
    var states: PlannedStates
    var nowMs: UInt64 = 1_000_000

    init(_ plan: BalancerPlan, start: Int = 0, seed: UInt64 = 1) {
        tables = BalancerTables(plan)
        states = PlannedStates(count: plan.members.count)
        state = BalancerState(tables, states: states, start: start, seed: seed, nowMs: nowMs)
    }

    mutating func pick(key: UInt64 = 0, without: [Int] = []) -> Int? {
        var attempted = AttemptedEndpoints()
        for position in without { attempted.append(position) }
        return state.pick(
            tables, key: key, without: attempted, states: states, nowMs: nowMs)
    }

    /// How often each endpoint is picked.
    mutating func shares(of picks: Int, key: (Int) -> UInt64 = { _ in 0 }) -> [Int] {
        var shares = [Int](repeating: 0, count: tables.count)
        for number in 0..<picks {
            if let picked = pick(key: key(number)) { shares[picked] += 1 }
        }
        return shares
    }

    /// One more or one less under way.
    mutating func add(_ change: Int, at position: Int) {
        states.counts[position] = UInt32(Int(states.counts[position]) + change)
        state.noteInFlight(position, states.counts[position])
    }
}

/// Pearson's statistic: what the squares of the differences add up to, each in units of what was
/// expected. With many picks it is about the number of endpoints less one; the chance of more than
/// that plus five times its standard deviation is below one in ten thousand.
func chiSquare(_ counts: [Int], weights: [UInt16]) -> Double {
    let total = Double(weights.reduce(0) { $0 + Int($1) })
    let picks = Double(counts.reduce(0, +))
    return zip(counts, weights).reduce(0) { sum, pair in
        guard pair.1 > 0 else { return pair.0 == 0 ? sum : .infinity }
        let expected = picks * Double(pair.1) / total
        return sum + (Double(pair.0) - expected) * (Double(pair.0) - expected) / expected
    }
}

func chiSquareMax(_ weights: [UInt16]) -> Double {
    let freedom = Double(weights.count { $0 > 0 } - 1)
    return freedom + 5 * (2 * freedom).squareRoot()
}
