// What one simulated peer (a client or an endpoint's side of a connection) does in its life.

/// A pause of a peer: when `position` bytes are through, nothing more for `durationNs`.
package struct Stall: Sendable {
    package var position: Int
    package var durationNs: UInt64

    package init(position: Int, durationNs: UInt64) {
        self.position = position
        self.durationNs = durationNs
    }
}

/// How a peer leaves.
package enum PeerEnding: Sendable, Equatable {
    /// Ends its stream once all is sent and reads on until the other end.
    case halfCloseWhenSent
    /// Ends its stream only after it has read the other one's end.
    case closeAfterEnd
    /// Closes both ways once all is sent: bytes that come later are answered with a reset.
    case fullClose
    /// Resets once it has sent so many bytes.
    case resetAfterSending(Int)
    /// Resets once it has read so many bytes.
    case resetAfterReading(Int)
    /// Resets this long after the connection was made.
    case resetAfter(ns: UInt64)
    /// Neither ends its stream nor closes: only a timeout ends the flow.
    case vanish
}

/// A peer's script.
package struct PeerPlan: Sendable {
    /// Bytes it sends in all.
    package var sendBytes = 0
    /// Size of each piece.
    package var pieceBytes = 1...16_384
    package var sendGapNs: ClosedRange<UInt64> = 0...1_000
    /// Where and how long it pauses sending; ascending positions.
    package var sendStalls: [Stall] = []
    /// How much it reads at a time.
    package var readBytes = 1...65_536
    package var readGapNs: ClosedRange<UInt64> = 0...1_000
    package var readStalls: [Stall] = []
    /// Bytes on their way to the reactor that the sockets hold.
    package var inboundCapacity = 65_536
    /// Bytes on their way from the reactor that the sockets hold.
    package var outboundCapacity = 65_536
    package var ending = PeerEnding.halfCloseWhenSent
    /// Acts only when the test says so.
    package var isManual = false

    package init() {}

    /// Moved by hand, with plenty of room.
    package static var manual: PeerPlan {
        var plan = PeerPlan()
        plan.isManual = true
        return plan
    }

    /// A random script.
    ///
    /// - Parameters:
    ///   - bytesMax: the most it sends.
    ///   - stallNsMax: the longest pause.
    package static func random(
        _ random: inout SeededRandom, bytesMax: Int, stallNsMax: UInt64
    ) -> PeerPlan {
        var plan = PeerPlan()
        plan.sendBytes = random.magnitude(upTo: bytesMax)
        plan.pieceBytes = pieces(&random, total: plan.sendBytes)
        plan.readBytes = pieces(&random, total: bytesMax)
        plan.sendGapNs = 0...random.pick([0, 1_000, 100_000, 2_000_000])
        plan.readGapNs = 0...random.pick([0, 1_000, 100_000, 2_000_000])
        plan.sendStalls = stalls(&random, upTo: plan.sendBytes, stallNsMax)
        plan.readStalls = stalls(&random, upTo: bytesMax, stallNsMax)
        plan.inboundCapacity = random.pick([1, 100, 4_096, 65_536, 262_144])
        plan.outboundCapacity = random.pick([1, 100, 4_096, 65_536, 262_144])
        if plan.inboundCapacity < 4_096 { plan.sendBytes = min(plan.sendBytes, 2_000) }
        if plan.outboundCapacity < 4_096 { plan.outboundCapacity = 512 }
        switch random.pick(0...99) {
        case 0..<50: plan.ending = .halfCloseWhenSent
        case 50..<75: plan.ending = .closeAfterEnd
        case 75..<80: plan.ending = .fullClose
        case 80..<86: plan.ending = .resetAfterSending(random.pick(0...plan.sendBytes))
        case 86..<92: plan.ending = .resetAfterReading(random.magnitude(upTo: bytesMax))
        case 92..<98: plan.ending = .resetAfter(ns: random.pick(0...50_000_000))
        default: plan.ending = .vanish
        }
        return plan
    }

    /// At most a few dozen pieces, so that a run stays short.
    private static func pieces(_ random: inout SeededRandom, total: Int) -> ClosedRange<Int> {
        let least = max(1, total / 32)
        let low = max(least, random.magnitude(upTo: 16_384))
        return low...max(low, random.magnitude(upTo: 65_536))
    }

    private static func stalls(
        _ random: inout SeededRandom, upTo bytes: Int, _ stallNsMax: UInt64
    ) -> [Stall] {
        guard random.chance(250) else { return [] }
        let positions = (0..<random.pick(1...3)).map { _ in random.pick(0...bytes) }.sorted()
        return positions.map {
            Stall(position: $0, durationNs: random.pick(1...stallNsMax))
        }
    }

    /// All pauses together: what may add up to an idle flow.
    package var stallsNs: UInt64 {
        (sendStalls + readStalls).reduce(0) { $0 + $1.durationNs }
    }
}
