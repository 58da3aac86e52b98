// Choosing endpoints: each policy among few and among many, with requests that begin and end.
//
// The balancer's sources are linked into this module (Linked), for the same reason as the slab's.

import DataPlane
import Protocols

/// Endpoints that are all there.
private struct EvenStates: EndpointStates, ~Copyable {
    var counts: MutableTable<UInt32>

    var epoch: UInt64 { 1 }
    func isUsable(_ position: Int) -> Bool { true }
    func readmittedAtMs(_ position: Int) -> UInt64 { 0 }
    func inFlight(_ position: Int) -> UInt32 { counts[position] }
}

private let sizes = [3, 100, 1_000]

let balancingCases =
    sizes.map { size in
        Case("pick-round-robin-among-\(size)") { pick(.roundRobin, size, times: $0) }
    }
    + sizes.map { size in
        Case("pick-weighted-round-robin-among-\(size)") {
            pick(.roundRobin, size, isWeighted: true, times: $0)
        }
    }
    + sizes.map { size in
        Case("pick-least-connections-among-\(size)") { pick(.leastConnections, size, times: $0) }
    }
    + sizes.map { size in
        Case("pick-power-of-two-among-\(size)") { pick(.powerOfTwo, size, times: $0) }
    }
    + sizes.map { size in
        Case("pick-source-hash-among-\(size)") { pick(.sourceHash, size, times: $0) }
    }
    + sizes.map { size in
        Case("pick-consistent-hash-among-\(size)") { pick(.consistentHash, size, times: $0) }
    }

/// Half as many requests as endpoints are under way all the time. The key is the hash of another
/// address each time.
private func pick(_ policy: BalancePolicy, _ size: Int, isWeighted: Bool = false, times: Int) {
    let members = (0..<size).map { number in
        BalancerPlan.Member(
            id: UInt32(number), weight: isWeighted ? UInt16(1 + number * 7_919 % 100) : 1,
            key: Array("10.0.\(number / 250).\(number % 250):80".utf8))
    }
    let tables = BalancerTables(BalancerPlan(policy: policy, members: members))
    var states = EvenStates(counts: MutableTable(zeroed: size))
    var state = BalancerState(tables, states: states, start: 1, seed: 1, nowMs: 1)
    let open = max(size / 2, 1)
    var requests = MutableTable<UInt32>(zeroed: open)
    for number in 0..<times + open {
        let key = BalanceKey.hash(IPBytes(ipv4: UInt32(number)))
        guard
            let picked = state.pick(
                tables, key: key, without: AttemptedEndpoints(), states: states, nowMs: 1)
        else { preconditionFailure("nobody is there") }
        states.counts[picked] += 1
        state.noteInFlight(picked, states.counts[picked])
        let ending = Int(requests[number % open])
        requests[number % open] = UInt32(picked)
        guard number >= open else { continue }
        states.counts[ending] -= 1
        state.noteInFlight(ending, states.counts[ending])
    }
    keep(states.counts[0])
}
