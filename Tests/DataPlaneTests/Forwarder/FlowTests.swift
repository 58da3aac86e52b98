// The records of a flow: what they count must hold for connections that never end.

import Testing

@testable import DataPlane

@Suite struct FlowTests {
    /// A reader that is always a little behind keeps the pipe in use for terabytes.
    @Test func aBurstWithoutEndIsCountedWithoutOverflow() {
        var pipe = PipeRelay()
        for _ in 0..<10_000 { pipe.noteBurst(1 << 20) }
        #expect(pipe.takeBurst() == UInt32(ForwarderLimits.spliceBytes))
        #expect(pipe.takeBurst() == 0)
    }

    @Test func sidesOfAFlowNameEachOther() {
        let downstream = FlowSideID.downstream(7)
        #expect(downstream.other == .upstream(7))
        #expect(downstream.other.other == downstream)
        #expect(downstream.slot == 7 && downstream.other.slot == 7)
        #expect(downstream.position == 0 && downstream.other.position == 1)
    }
}
