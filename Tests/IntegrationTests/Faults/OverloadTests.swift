// More than gyre may take: past its connection limit, and past its descriptors. What it has goes
// on, what it cannot take waits in the kernel's queue, and waiting costs nothing.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct Overload {
        /// A tenth of a core for a second: generous, and far from a spinning loop.
        private static let fullTicksMax = clockTicksPerSecond / 10

        @Test(arguments: Backend.modes, [1, 2])
        func connectionLimitIsExactAndEveryoneGetsATurn(_ backend: Backend, workers: Int) throws {
            let limit = 64
            let origin = try SwarmOrigin()
            let gyre = try GyreProcess(
                to: origin.address, backend: backend,
                options: ["--max-connections", "\(limit)", "--workers", "\(workers)"])
            let base = try gyre.usage.descriptorCount()
            var waiting = try (0..<500).map { _ in try gyre.connect() }
            for client in waiting { try client.send([7]) }

            #expect(eventually { origin.accepted >= limit })
            try expectLowUse(of: gyre)
            #expect(origin.accepted == limit, "exactly the limit is served at once")
            #expect(try gyre.counters().flowsActive == limit)
            #expect(waiting.count { $0.isReadable(within: 0) } == limit)

            var served = 0
            try serveAll(&waiting) { client throws in
                #expect(try client.receive(1) == [7])
                served += 1
                if served % limit == 0 { #expect(try gyre.counters().flowsActive <= limit) }
            }
            #expect(origin.accepted == 500)
            try gyre.awaitRest(descriptors: base, flowsAtOnce: limit)
        }

        /// The operator allows more connections than there are descriptors for: those that do not
        /// fit wait like any others.
        @Test(arguments: Backend.usable)
        func fewDescriptorsTurnNobodyAway(_ backend: Backend) throws {
            let origin = try SwarmOrigin()
            let gyre = try GyreProcess(
                to: [origin.address.description], backend: backend,
                options: ["--workers", "1", "--max-connections", "1000"],
                launcher: ["/bin/sh", "-c", "ulimit -n 128; exec \"$@\"", "sh"])
            let base = try gyre.usage.descriptorCount()
            let established = try (0..<4).map { _ in try gyre.connect() }
            try expectEcho(established)
            var flood = try (0..<200).map { _ in try gyre.connect() }
            for client in flood { try client.send([8]) }
            #expect(eventually { origin.accepted > established.count })
            try expectLowUse(of: gyre)
            try expectEcho(established)
            try serveAll(&flood) { client throws in
                #expect(try client.receive(1) == [8])
            }
            established.forEach { $0.close() }
            try gyre.awaitRest(descriptors: base, flowsAtOnce: 64)
        }

        /// Descriptors run out although the limits were sized to fit; here because the limit is
        /// lowered meanwhile. Clients that were accepted before the lack was seen may be reset,
        /// but none is left hanging, who was served goes on, and accepting resumes.
        @Test(arguments: Backend.modes)
        func lackOfDescriptorsHarmsNoEstablishedFlow(_ backend: Backend) throws {
            let origin = try SwarmOrigin()
            let gyre = try GyreProcess(to: origin.address, backend: backend)
            let base = try gyre.usage.descriptorCount()
            let established = try (0..<4).map { _ in try gyre.connect() }
            try expectEcho(established)
            try gyre.limitDescriptors(to: 32)
            var flood = try (0..<200).map { _ in try gyre.connect() }
            for client in flood { try? client.send([8]) }
            try expectEcho(established)
            try expectLowUse(of: gyre)
            try expectEcho(established)
            try gyre.limitDescriptors(to: 4_096)
            try serveAll(&flood) { _ = try? $0.receive(1) }
            let late = try (0..<10).map { _ in try gyre.connect() }
            try expectEcho(established + late)
            (established + late).forEach { $0.close() }
            try gyre.awaitRest(descriptors: base, flowsAtOnce: 204)
        }

        /// Lets every client go as soon as there is something to read for it, so that the next may
        /// come in.
        private func serveAll(
            _ clients: inout [Connection], _ read: (Connection) throws -> Void
        ) throws {
            let deadline = Deadline(after: 20)
            while !clients.isEmpty, !deadline.hasPassed {
                for client in clients where client.isReadable(within: 0) {
                    try read(client)
                    client.close()
                }
                clients.removeAll { !$0.isOpen }
                pause(0.005)
            }
            #expect(clients.isEmpty, "\(clients.count) clients never got their turn")
        }

        private func expectEcho(_ connections: [Connection]) throws {
            for connection in connections {
                try connection.send([3, 1, 4])
                #expect(try connection.receive(3) == [3, 1, 4])
            }
        }

        /// Full is a state to rest in, not to spin in.
        private func expectLowUse(of gyre: GyreProcess) throws {
            pause(0.3)
            let before = try gyre.usage.cpuTicks()
            pause(1)
            #expect(try gyre.usage.cpuTicks() - before < Self.fullTicksMax)
        }
    }
}
