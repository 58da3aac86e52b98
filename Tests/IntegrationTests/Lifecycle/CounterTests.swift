// SIGUSR1's counters are exact, not estimates.

import IntegrationSupport
import Testing

extension Integration {
    @Suite struct Counters {
        @Test(arguments: Route.all)
        func countExactlyWhatHappened(_ route: Route) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(to: listener.address, route: route)
            let first = try gyre.counters()
            #expect(first.backend == route.backend.name)
            #expect(first.accepted == 0 && first.flowsActive == 0 && first.bytesTotal == 0)
            #expect(first.workers >= 1)

            let pattern = Pattern(seed: 31)
            let counts = [1, 70_000, 5_000_000]
            var pairs: [(client: Connection, origin: Connection)] = []
            for count in counts {
                let client = try gyre.connect()
                let origin = try listener.accept()
                let sender = Background { try client.send(pattern, count: count) }
                try origin.receive(pattern, count: count)
                try origin.send(pattern, count: 10)
                try client.receive(pattern, count: 10)
                try sender.value()
                pairs.append((client, origin))
            }
            let bytes = counts.reduce(0, +) + 10 * counts.count
            var counters = first
            _ = try eventually(within: 2) {
                counters = try gyre.counters()
                return counters.bytesTotal >= bytes
            }
            #expect(counters.bytesTotal == bytes)
            #expect(counters.accepted == counts.count)
            #expect(counters.flowsActive == counts.count)
            #expect(counters.systemCallsTotal > first.systemCallsTotal)
            expectOnlyThePathsOf(route, counters)

            for pair in pairs {
                pair.client.close()
                pair.origin.close()
            }
            #expect(try eventually { try gyre.counters().flowsActive == 0 })
            #expect(try gyre.counters().accepted == counts.count)
        }

        /// A path that was not asked for must have moved nothing.
        private func expectOnlyThePathsOf(_ route: Route, _ counters: GyreCounters) {
            switch route.relay {
            case "copy":
                #expect(counters.bytesSpliced == 0 && counters.bytesRingSpliced == 0)
            case "splice":
                #expect(counters.bytesSpliced > 0 && counters.bytesRingSpliced == 0)
            case "splice-ring":
                #expect(counters.bytesSpliced == 0 && counters.bytesRingSpliced > 0)
            default:
                #expect(counters.bytesCopied > 0)
            }
        }
    }
}
