// What is worked out about an upstream's endpoints once for all workers, on the control thread.
// Part of the immutable snapshot; plain memory, freed with it.

internal import Protocols

/// The unchanging part of a balancer.
package struct BalancerTables: ~Copyable, Sendable {
    package let policy: BalancePolicy
    /// Endpoints, 0 to `BalancerPlan.membersMax`.
    package let count: Int
    let slowStartMs: UInt64
    let panicThresholdPercent: Int
    private let weights: FixedTable<UInt16>
    /// `consistentHash`: the position for each slot.
    private let slots: FixedTable<UInt16>
    /// `sourceHash`: positions in the order of their names, and their shares in that order.
    private let order: FixedTable<UInt16>
    private let shares: WeightSums
    private let names: PositionIndex
    private let ids: PositionIndex

    package init(_ plan: BalancerPlan) {
        // Of the plan and not of self: where `||` reads a property before all of them are set,
        // Swift 6.3.1 destroys fields that were never set (release builds only).
        let (policy, members) = (plan.policy, plan.members)
        precondition(members.count <= BalancerPlan.membersMax)
        let isHashed = policy == .sourceHash || policy == .consistentHash
        let order = policy == .sourceHash ? Maglev.nameOrder(members) : []
        let slots =
            policy == .consistentHash
            ? Maglev.table(members, slots: Maglev.slots(forMembers: members.count)) : []
        self.policy = policy
        count = members.count
        // The place of a key does not depend on how long an endpoint has been there.
        slowStartMs = isHashed ? 0 : UInt64(plan.slowStartMs)
        panicThresholdPercent = Int(min(plan.panicThresholdPercent, 100))
        weights = FixedTable(members.map(\.weight))
        self.slots = FixedTable(slots)
        self.order = FixedTable(order)
        shares = WeightSums(order.map { UInt64(members[Int($0)].weight) })
        names = PositionIndex(members.map { StickyName.of($0.key) })
        ids = PositionIndex(members.map { UInt64($0.id) })
    }

    func weight(_ position: Int) -> UInt32 { UInt32(weights[position]) }

    /// Where a key belongs when everybody is there; `nil` when no endpoint has any weight.
    func home(ofKey key: UInt64) -> Int? {
        if policy == .consistentHash {
            guard slots.count > 0 else { return nil }
            return Int(slots[BalanceKey.fold(key, slots.count)])
        }
        let total = shares.total
        guard total > 0 else { return nil }
        let point = key.multipliedFullWidth(by: total).high
        return Int(order[shares.member(at: point)])
    }

    /// The position that an endpoint has here; `nil` when it is not one of these.
    package func position(ofEndpoint id: UInt32) -> Int? { ids.position(of: UInt64(id)) }

    /// The endpoint that a sticky cookie names; `nil` when it names none of these.
    ///
    /// - Parameters:
    ///   - bytes: hold the cookie's value.
    ///   - range: its place.
    package func position(ofSticky bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        HexText.parse(bytes, range).flatMap { names.position(of: $0) }
    }
}
