// Which endpoints are out of service in a simulated run, between any two turns: nothing new goes to
// them while there are others.

import TestSupport

@testable import DataPlane

/// Looks at a worker after each turn.
struct EndpointWatch {
    private let site: SitePlan
    private let health: EndpointHealth
    /// Who was usable after the turn before, and what it had been given to which endpoint.
    private var usableBefore: Set<UInt32>
    private var chosen: [UInt64: UInt32] = [:]
    /// Who is usable from each of these times on.
    private var changes: [(ns: UInt64, usable: Set<UInt32>)]
    /// How often one was taken out of service.
    private(set) var ejections = 0
    private(set) var failure: String?

    /// - Parameter health: the worker's.
    init(_ site: SitePlan, _ health: EndpointHealth, bug: SiteBug?) {
        self.site = site
        self.health = bug == .usesEjected ? Self.withoutFirst(site) : health
        usableBefore = Set(site.outages.indices.map { UInt32($0) })
        changes = [(0, usableBefore)]
    }

    /// A table that says that the first endpoint is out of service.
    private static func withoutFirst(_ site: SitePlan) -> EndpointHealth {
        let health = EndpointHealth()
        for id in site.outages.indices { health.assign(UInt32(id), toUpstream: 0, nowMs: 0) }
        health.setDrained(0, true, nowMs: 0)
        return health
    }

    mutating func look(
        _ forwarder: borrowing TCPForwarder, _ proxy: borrowing HTTPProxy, _ world: SimulatedWorld
    ) {
        guard site.policies.contains(where: { $0.ejection.consecutiveFailures > 0 }) else { return }
        let usable = Set(site.outages.indices.map { UInt32($0) }.filter { health.isUsable($0) })
        if usable != usableBefore {
            ejections += usableBefore.subtracting(usable).count
            changes.append((world.nowNs, usable))
        }
        var present: [UInt64: UInt32] = [:]
        for x in proxy.exchanges.touchedSlots where proxy.exchanges.isTaken(slot: x) {
            let exchange = proxy.exchanges[slot: x]
            let index = proxy.exchanges.index(ofSlot: x)
            let key = UInt64(index.slot) << 32 | UInt64(index.generation)
            present[key] = exchange.endpoint
            look(
                key, exchange.endpoint, exchange.attempted, usable,
                among: proxy.destination(ofExchange: x).endpoints, proxy.view(ofExchange: x))
        }
        for slot in forwarder.flows.touchedSlots where forwarder.flows.isTaken(slot: slot) {
            let flow = forwarder.flows[slot: slot]
            guard flow.phase == .connecting, flow.snapshot != .max else { continue }
            let index = forwarder.flows.index(ofSlot: slot)
            let key = 1 << 63 | UInt64(index.slot) << 32 | UInt64(index.generation)
            present[key] = flow.endpoint
            look(
                key, flow.endpoint, flow.attempted, usable,
                among: forwarder.destination(slot).endpoints,
                forwarder.site.value.view(flow.snapshot))
        }
        (usableBefore, chosen) = (usable, present)
    }

    /// One choice: of an endpoint that has been out of service only when there was no other.
    private mutating func look(
        _ key: UInt64, _ endpoint: UInt32, _ attempted: AttemptedEndpoints, _ usable: Set<UInt32>,
        among endpoints: TablePart, _ view: SiteView
    ) {
        let sure = usable.intersection(usableBefore)
        guard endpoint != .max, chosen[key] != endpoint, !usable.contains(endpoint),
            !usableBefore.contains(endpoint), failure == nil
        else { return }
        let others = endpoints.range.enumerated().filter { place, position in
            !attempted.contains(place) && sure.contains(view.endpoints[position].id)
        }
        // With fewer of them all may be used again.
        let count = endpoints.range.count { sure.contains(view.endpoints[$0].id) }
        let isPanicking = count * 2 < Int(endpoints.count)
        if !others.isEmpty, !isPanicking {
            failure = "endpoint \(endpoint) is ejected and was chosen before \(others.count) others"
        }
    }

    /// Whether none of these was usable at some time.
    func wereAllOut(_ endpoints: [Int], fromNs startNs: UInt64, toNs endNs: UInt64) -> Bool {
        let first = changes.lastIndex { $0.ns <= startNs } ?? 0
        return changes[first...].contains { change in
            change.ns <= endNs && endpoints.allSatisfy { !change.usable.contains(UInt32($0)) }
        }
    }
}
