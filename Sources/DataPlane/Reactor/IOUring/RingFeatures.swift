// What a ring may use beyond the required floor (kernel 6.1). Decided once at start by trying.

/// Optional kernel features, each with a way to do without.
package struct RingFeatures: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// A multishot receive ends by itself after a number of bytes [6.17]. Without it every receive
    /// is a single shot.
    package static let cappedReceive = RingFeatures(rawValue: 1 << 0)
    /// A wait can ask for several completions within a bounded time [6.12]. Without it every wait
    /// ends at the first one.
    package static let minimumWait = RingFeatures(rawValue: 1 << 1)
    /// A waiting worker is not accounted as waiting for a disk [6.15].
    package static let noIOWait = RingFeatures(rawValue: 1 << 2)

    /// Sockets can live in the ring's own file table [6.15, see `RingProbe`]. Without it every
    /// socket is a descriptor of the process.
    package static let directDescriptors = RingFeatures(rawValue: 1 << 3)

    package static let all: RingFeatures = [
        .cappedReceive, .minimumWait, .noIOWait, .directDescriptors,
    ]
}
