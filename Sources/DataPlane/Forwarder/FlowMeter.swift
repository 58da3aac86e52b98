// What is measured of a flow while it lasts.

internal import Protocols

/// A flow's times, bytes and outcome so far. Times are of the reactor's clock.
struct FlowMeter: BitwiseCopyable {
    /// When it was accepted, or became a tunnel.
    let beganNs: UInt64
    /// What it was an exchange of, as metrics count it; none of a flow that was never one.
    let route: UInt32
    /// Where the client is, as far as it was asked.
    var client: IPBytes
    /// Why it ends; who ends it without a word has nothing more to hand on.
    var end = EndReason.done
    /// Since when a connection is being made for it, and how long the last one took.
    var connectSinceNs: UInt64 = 0
    var connectNs = AccessRecord.noTime
    /// Since when it stands in line, and how long it did in all.
    var queueSinceNs: UInt64 = 0
    var queueNs = AccessRecord.noTime
    /// Somebody watches it.
    var isTraced = false
    /// From the client and to it, as far as the other side took them.
    var bytes = InlineArray<2, UInt64>(repeating: 0)

    init(nowNs: UInt64, route: UInt32 = .max, client: IPBytes = IPBytes(high: 0, low: 0)) {
        beganNs = nowNs
        self.route = route
        self.client = client
    }

    var isTunnel: Bool { route != .max }
}
