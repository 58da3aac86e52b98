// A flow that rests costs its record and nothing else: no buffer, no CPU.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct IdleFlows {
        @Test(arguments: Backend.modes)
        func costNextToNothing(_ backend: Backend) throws {
            let count = 4_000
            let bytesPerFlowMax = 768
            let origin = try SwarmOrigin()
            let gyre = try GyreProcess(
                to: origin.address, backend: backend, options: ["--workers", "1"])
            let first = try gyre.connect()
            try expectEcho([first])
            let base = try gyre.usage.anonymousBytes()
            // Each has moved bytes both ways, so each has held buffers and given them back.
            let flows = try (0..<count).map { _ in try gyre.connect() }
            try expectEcho(flows)
            #expect(try gyre.counters().flowsActive == count + 1)
            let perFlow = (try gyre.usage.anonymousBytes() - base) / count
            #expect(perFlow <= bytesPerFlowMax)

            let before = try gyre.counters()
            let ticks = try gyre.usage.cpuTicks()
            pause(2)
            #expect(try gyre.usage.cpuTicks() == ticks)
            let calls = try gyre.counters().systemCallsTotal - before.systemCallsTotal
            // None for the flows; a timer's wake-up and the asking itself may show.
            #expect(calls <= 5)
            try expectEcho(flows)
        }

        private func expectEcho(_ connections: [Connection]) throws {
            // A few at a time: a burst would measure the buffers that a burst takes.
            for start in stride(from: 0, to: connections.count, by: 16) {
                let group = connections[start...].prefix(16)
                for connection in group { try connection.send([1]) }
                for connection in group {
                    guard try connection.receive(1) == [1] else { throw TestFailure("wrong echo") }
                }
            }
        }
    }
}
