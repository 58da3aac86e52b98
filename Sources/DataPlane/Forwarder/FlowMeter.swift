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
    var queue = QueueTime()
    /// The trace that it belongs to; 0 for none.
    var traced: UInt8 = 0
    /// It is told to the access log when it has ended.
    let isLogged: Bool
    /// From the client and to it, as far as the other side took them.
    var bytes = InlineArray<2, UInt64>(repeating: 0)
    /// Of a tunnel, what its exchange had handed over and nobody had taken: it is counted there.
    private var carried = InlineArray<2, UInt64>(repeating: 0)

    init(nowNs: UInt64, isLogged: Bool) {
        beganNs = nowNs
        route = .max
        client = IPBytes(high: 0, low: 0)
        self.isLogged = isLogged
    }

    init(_ tunnel: Tunnel, nowNs: UInt64) {
        beganNs = nowNs
        route = tunnel.route
        client = tunnel.address
        traced = tunnel.traced
        isLogged = tunnel.isLogged
        carried[0] = UInt64(tunnel.upstream.unsentBytes)
        carried[1] = UInt64(tunnel.client.unsentBytes)
    }

    /// Bytes of its own, from the client (0) or to it (1).
    func bytes(_ direction: Int) -> UInt64 {
        bytes[direction] - min(bytes[direction], carried[direction])
    }

    var isTunnel: Bool { route != .max }
}
