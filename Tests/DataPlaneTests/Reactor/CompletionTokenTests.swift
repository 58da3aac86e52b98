// The token: what is packed comes out again, and what is no token is recognised.

import TestSupport
import Testing

@testable import DataPlane

@Suite struct CompletionTokenTests {
    @Test func partsComeBackAsTheyWentIn() {
        var random = SeededRandom(seed: 5)
        let operations = (0...UInt8.max).compactMap { Operation(rawValue: $0) }
        #expect(operations.count >= 11)
        for operation in operations {
            for _ in 0..<100 {
                let slot = UInt32(truncatingIfNeeded: random.next())
                let generation = UInt32(truncatingIfNeeded: random.next()) & 0xFF_FFFF
                let token = CompletionToken(operation, slot: slot, generation: generation)
                let copy = CompletionToken(raw: token.raw)
                #expect(copy.operation == operation)
                #expect(copy.slot == slot)
                #expect(copy.generation == generation)
            }
        }
    }

    @Test func generationsBeyondTheirBitsDoNotReachTheOperation() {
        let token = CompletionToken(.send, slot: .max, generation: .max)
        #expect(token.operation == .send)
        #expect(token.generation == 0xFF_FFFF)
        #expect(token.slot == .max)
    }

    @Test func foreignBitsAreNoOperation() {
        #expect(CompletionToken(raw: 0).operation == nil)
        #expect(CompletionToken(raw: .max).operation == nil)
    }
}
