// Turns: in order, once each, against a plain list.

import TestSupport
import Testing

@testable import ControlPlane

@Suite struct TurnQueueTests {
    @Test(arguments: 1...10)
    func agreesWithAPlainList(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var queue = TurnQueue(capacity: 8)
        var list: [UInt32] = []
        for _ in 0..<5_000 {
            let identifier = UInt32.random(in: 0..<8, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                queue.append(identifier)
                if !list.contains(identifier) { list.append(identifier) }
            case 1:
                queue.remove(identifier)
                list.removeAll { $0 == identifier }
            default:
                let next = queue.next()
                let expected = list.isEmpty ? nil : list.removeFirst()
                #expect(next == expected)
            }
        }
    }

    @Test func changesOfMindTakeNoMemory() {
        var queue = TurnQueue(capacity: 2)
        for _ in 0..<1_000 {
            queue.append(0)
            queue.append(1)
            queue.remove(0)
        }
        let first = queue.next()
        let second = queue.next()
        #expect(first == 1)
        #expect(second == nil)
    }
}
