// The words of the health table, taken apart. Everything that decides whether an endpoint is usable
// is one word, so that it changes as a whole and is read with one load.

/// What is known about an endpoint, for reports.
package struct EndpointState: Equatable, Sendable {
    package enum Checked: Equatable, Sendable {
        /// There are no active checks, or none has ended yet.
        case unknown
        case up
        case down
    }

    /// Whether the id names an endpoint.
    package let isAssigned: Bool
    package let upstream: UInt16
    package let checked: Checked
    /// Taken out of service by the operator.
    package let isDrained: Bool
    /// Milliseconds of the monotonic clock; `nil` when it is not ejected.
    package let ejectedUntilMs: UInt64?
    /// Requests that failed since the last one that did not.
    package let failures: UInt64
    package let ejectionsInARow: UInt64

    package var isUsable: Bool {
        isAssigned && checked != .down && !isDrained && ejectedUntilMs == nil
    }
}

/// `untilMs:40 | flags:8 | upstream:16`. Milliseconds of the monotonic clock fit for 34 years.
struct Gate: Equatable, BitwiseCopyable {
    private static let assigned: UInt64 = 1 << 16
    private static let up: UInt64 = 1 << 17
    private static let down: UInt64 = 1 << 18
    private static let drained: UInt64 = 1 << 19
    private static let ejected: UInt64 = 1 << 20
    private static let untilShift: UInt64 = 24
    private static let untilMaxMs: UInt64 = (1 << 40) - 1

    let raw: UInt64

    init(_ raw: UInt64) {
        self.raw = raw
    }

    init(assignedTo upstream: UInt16) {
        raw = Self.assigned | UInt64(upstream)
    }

    var isUsable: Bool {
        raw & (Self.assigned | Self.down | Self.drained | Self.ejected) == Self.assigned
    }

    var isAssigned: Bool { raw & Self.assigned != 0 }
    var isDrained: Bool { raw & Self.drained != 0 }
    var isEjected: Bool { raw & Self.ejected != 0 }
    var upstream: UInt16 { UInt16(truncatingIfNeeded: raw) }
    var untilMs: UInt64 { raw >> Self.untilShift }

    var checked: EndpointState.Checked {
        if raw & Self.down != 0 { return .down }
        return raw & Self.up != 0 ? .up : .unknown
    }

    /// `nil` when somebody else has ejected it or it is no longer an endpoint of `upstream`.
    func ejected(untilMs: UInt64, ifIn upstream: UInt16) -> Gate? {
        guard isAssigned, !isEjected, self.upstream == upstream else { return nil }
        return Gate(raw | Self.ejected | min(untilMs, Self.untilMaxMs) << Self.untilShift)
    }

    /// After an ejection.
    var returned: Gate { Gate(raw & ((1 << Self.untilShift) - 1) & ~Self.ejected) }

    /// `nil` when it is known already.
    func checked(isUp: Bool) -> Gate? {
        changed((isUp ? Self.up : Self.down), among: Self.up | Self.down)
    }

    /// `nil` when there was nothing to forget.
    var unchecked: Gate? { changed(0, among: Self.up | Self.down) }

    /// `nil` when it is so already.
    func drained(_ isDrained: Bool) -> Gate? {
        changed(isDrained ? Self.drained : 0, among: Self.drained)
    }

    private func changed(_ flags: UInt64, among mask: UInt64) -> Gate? {
        guard isAssigned, raw & mask != flags else { return nil }
        return Gate(raw & ~mask | flags)
    }
}

/// `ejected:16 | usable:16 | total:16` of one upstream. Each at most 4096, so that adding to one of
/// them does not reach the next; a count may be ahead of another for an instant, never below zero
/// for good.
struct UpstreamWord: BitwiseCopyable {
    var total: Int16
    var usable: Int16
    var ejected: Int16

    init(_ raw: UInt64) {
        total = Int16(truncatingIfNeeded: raw)
        usable = Int16(truncatingIfNeeded: raw >> 16)
        ejected = Int16(truncatingIfNeeded: raw >> 32)
    }

    var raw: UInt64 {
        UInt64(UInt16(bitPattern: ejected)) << 32 | UInt64(UInt16(bitPattern: usable)) << 16
            | UInt64(UInt16(bitPattern: total))
    }

    var counts: EndpointCounts {
        EndpointCounts(
            total: Int(max(total, 0)), usable: Int(max(usable, 0)), ejected: Int(max(ejected, 0)))
    }
}
