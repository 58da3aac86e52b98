// How long the log's thread leaves the rings alone: long enough for batches, short enough that
// nothing is lost, and for ever when there is nothing.

internal import DataPlane

/// Adapts to how fast records come. Pure, so that it can be tested without waiting.
struct AccessPace: Equatable {
    static let longestMs: Int32 = 50
    /// What a ring is meant to have got by the next look.
    static let ringBytes = AccessRing.capacity / 4

    /// Until the next look.
    private(set) var waitMs: Int32 = 1
    private var lastNs: UInt64 = 0

    /// - Parameter busiestBytes: of records that a ring had since the last look.
    mutating func note(busiestBytes: Int, nowNs: UInt64) {
        if busiestBytes > 0 { lastNs = nowNs }
        let bytes = max(busiestBytes, 1)
        let fitting = Int(waitMs) * Self.ringBytes / bytes
        waitMs = min(max(Int32(clamping: fitting), 1), waitMs * 2, Self.longestMs)
    }

    /// Whether nothing has come for so long that sleeping is worth the wake-up.
    func isQuiet(nowNs: UInt64) -> Bool {
        nowNs &- lastNs >= UInt64(Self.longestMs) * 1_000_000
    }

    /// The next record may be the first of many.
    mutating func noteSleep() { waitMs = 1 }
}
