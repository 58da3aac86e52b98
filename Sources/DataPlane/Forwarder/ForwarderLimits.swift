// Every constant of the forwarder that bounds memory or decides a path, with its reason.

/// Limits of one flow.
enum ForwarderLimits {
    /// Bytes of one direction that may be received and not yet taken by the other side. A receive
    /// may exceed it by less than one buffer, and the chains in flight and waiting have one partly
    /// filled buffer at each end: a stalled direction holds 6 buffers, 96 KiB, and a flow that is
    /// stalled both ways 192 KiB, whatever sizes the peers send in.
    static let windowBytes: UInt32 = 48 * 1024

    /// A receive is armed again when at least this much of the window is free.
    static let rearmBytes: UInt32 = windowBytes / 2

    /// Bytes moved in full buffers after which copying costs more than setting up a splice.
    static let promotionBytes: UInt32 = 256 * 1024

    /// A spliced wake-up that moved less than this was small: copying it would have been cheaper.
    static let smallBurstBytes = 16 * 1024

    /// Small wake-ups in a row that take a direction back to copying.
    static let smallBurstsMax: UInt8 = 16

    /// Most bytes asked of one splice: what the pipe holds.
    static let spliceBytes = 1 << 20

    /// Splices in a row on one socket before others get their turn.
    static let splicesPerTurnMax = 4

    /// How long accepting pauses when the process is out of descriptors or memory, unless a flow
    /// ends before.
    static let acceptPauseMs: UInt64 = 100

    /// Flows beyond the limit that several listeners may accept at the same moment.
    static let acceptOvershoot = 64
}
