// What a worker was told to serve in a simulated run and what became of it: posts the planned
// states, notes when each came into force, and sees to it that nothing of the others is left.

import TestSupport

@testable import DataPlane

/// Refers to a snapshot without keeping it.
private struct SnapshotReference {
    weak var snapshot: SiteSnapshot?
}

/// The books of one run.
final class SiteHistory {
    let plan: SitePlan
    /// When each state came into force, on the world's clock, as far as they did.
    private(set) var appliedNs: [UInt64]
    private let mailbox: Mailbox
    private let bug: SiteBug?
    private let describe: (Int) -> SiteDescription
    private var references: [SnapshotReference] = []
    /// The control plane has the latest one.
    private var latest: SiteSnapshot?
    /// The first one, if that bug is planted.
    private var kept: SiteSnapshot?
    /// The last one that the worker serves.
    private var adopted = 0
    private(set) var failures: [String] = []

    /// - Parameter describe: makes the description of a state, by its position.
    init(
        _ plan: SitePlan, mailbox: Mailbox, startNs: UInt64, bug: SiteBug?,
        describe: @escaping (Int) -> SiteDescription
    ) throws {
        self.plan = plan
        self.mailbox = mailbox
        self.bug = bug
        self.describe = describe
        appliedNs = [startNs]
        let first = try snapshot(0)
        if bug == .keepsSnapshot { kept = first }
    }

    /// The first state, for the worker to begin with.
    var first: SiteSnapshot {
        guard let latest else { preconditionFailure("the run is over") }
        return latest
    }

    /// How many states there were so far.
    private var posted: Int { references.count }

    private func snapshot(_ position: Int) throws -> SiteSnapshot {
        var description = describe(bug == .servesOldState ? 0 : position)
        if bug == .exceedsLimit, description.upstreams[0].policy.connectionsMax != .max {
            description.upstreams[0].policy.connectionsMax += 1
        }
        let snapshot = try SiteSnapshot(description, after: latest)
        latest = snapshot
        references.append(SnapshotReference(snapshot: snapshot))
        return snapshot
    }

    /// Puts all changes on the agenda. The world's listeners are made, one for each socket.
    func schedule(in world: SimulatedWorld, sockets: [Descriptor]) {
        for position in plan.states.indices.dropFirst() {
            let state = plan.states[position]
            let before = plan.states[position - 1]
            world.at(appliedNs[0] + state.atNs) { [unowned self] in
                let opened = state.sockets.enumerated().compactMap { id, number in
                    number.flatMap {
                        before.sockets.contains($0)
                            ? nil
                            : WorkerListener(
                                number: UInt32($0), id: UInt32(id), descriptor: sockets[$0])
                    }
                }
                let closed = before.sockets.compactMap { $0 }
                    .filter { !state.sockets.contains($0) }.map { UInt32($0) }
                guard let snapshot = try? snapshot(position) else {
                    return failures.append("state \(position) cannot be served")
                }
                if bug == .losesChange, position == plan.states.count - 1 { return }
                mailbox.post(WorkerChange(snapshot: snapshot, opened: opened, closed: closed))
            }
        }
    }

    /// After each turn.
    func look(isDraining: Bool, nowNs: UInt64) {
        while UInt64(appliedNs.count) <= mailbox.changesApplied {
            if !isDraining { adopted = appliedNs.count }
            appliedNs.append(nowNs)
        }
    }

    /// When the worker is finished, and still there.
    func end() {
        latest = nil
        if appliedNs.count != posted {
            failures.append("\(appliedNs.count - 1) changes were made of \(posted - 1)")
        }
        for (position, reference) in references.enumerated() {
            let isHeld = reference.snapshot != nil
            if isHeld != (position == adopted) {
                failures.append(
                    "state \(position) is \(isHeld ? "" : "not ")held, \(adopted) is served")
            }
        }
    }
}
