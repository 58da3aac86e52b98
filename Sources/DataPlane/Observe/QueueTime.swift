// How long an exchange or a flow stood in line for its upstream.

/// The time in line so far, on the reactor's clock.
struct QueueTime: BitwiseCopyable {
    /// 0 while it does not stand in line.
    private var sinceNs: UInt64 = 0
    /// In all; `AccessRecord.noTime` when it never did.
    private(set) var totalNs = AccessRecord.noTime

    mutating func begin(nowNs: UInt64) { sinceNs = nowNs }

    /// It stands in line no more.
    ///
    /// - Returns: how long it did this time; `nil` when it did not.
    mutating func end(nowNs: UInt64) -> UInt64? {
        guard sinceNs > 0 else { return nil }
        let waitedNs = nowNs &- sinceNs
        totalNs = (totalNs == AccessRecord.noTime ? 0 : totalNs) &+ waitedNs
        sinceNs = 0
        return waitedNs
    }
}
