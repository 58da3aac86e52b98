// The promise "no malloc per forwarded chunk", counted in the real program by a preloaded library.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct SteadyState {
        @Test(arguments: Route.all)
        func smallRequestsAllocateNothing(_ route: Route) throws {
            let origin = try SwarmOrigin()
            let counter = try AllocationCounter()
            let gyre = try launch(to: origin.address, route, counter)
            let flows = try (0..<8).map { _ in try gyre.connect() }
            try exchange(1_000, over: flows)
            let before = try counter.count()
            #expect(before > 0, "the counter must be in place, else 0 says nothing")
            try exchange(10_000, over: flows)
            #expect(try counter.count() - before == 0)
        }

        @Test(arguments: Route.all)
        func bulkAllocatesNothing(_ route: Route) throws {
            let listener = try Listener()
            let counter = try AllocationCounter()
            let gyre = try launch(to: listener.address, route, counter)
            let client = try gyre.connect()
            let origin = try listener.accept()
            let pattern = Pattern(seed: 41)
            // Enough for `auto` to have promoted the flow.
            for bytes in [32 << 20, 128 << 20] {
                let before = try counter.count()
                let sender = Background { try client.send(pattern, count: bytes) }
                try origin.receive(pattern, count: bytes)
                try sender.value()
                if bytes > 32 << 20 { #expect(try counter.count() - before == 0) }
            }
        }

        private func launch(
            to endpoint: PeerAddress, _ route: Route, _ counter: AllocationCounter
        ) throws -> GyreProcess {
            try GyreProcess(
                to: [endpoint.description], backend: route.backend,
                options: ["--relay", route.relay], environment: counter.environment)
        }

        /// Request and answer of 100 bytes, one flow after the other.
        private func exchange(_ rounds: Int, over flows: [Connection]) throws {
            let message = [UInt8](repeating: 0x61, count: 100)
            for round in 0..<rounds {
                let flow = flows[round % flows.count]
                try flow.send(message)
                guard try flow.receive(100) == message else { throw TestFailure("wrong echo") }
            }
        }
    }
}
