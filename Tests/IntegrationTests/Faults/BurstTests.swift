// Many connections at once and many after one another.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct Bursts {
        @Test(arguments: Backend.modes)
        func thousandSimultaneousClientsAreServed(_ backend: Backend) throws {
            let count = 1_000
            let origin = try SwarmOrigin()
            let gyre = try GyreProcess(to: origin.address, backend: backend)
            let base = try gyre.usage.descriptorCount()
            let clients = try (0..<count).map { _ in try gyre.connect() }
            for (index, client) in clients.enumerated() {
                try client.send([UInt8(truncatingIfNeeded: index), 1, 2])
            }
            for (index, client) in clients.enumerated() {
                #expect(try client.receive(3) == [UInt8(truncatingIfNeeded: index), 1, 2])
            }
            #expect(try gyre.counters().accepted == count)
            #expect(try gyre.counters().flowsActive == count)
            clients.forEach { $0.close() }
            try gyre.awaitRest(descriptors: base, flowsAtOnce: count)
            #expect(origin.accepted == count)
        }

        @Test(arguments: Backend.modes)
        func shortConnectionsNeverFail(_ backend: Backend) throws {
            let count = isQuickRun ? 4_000 : 20_000
            let nginx = try NginxOrigin()
            let gyre = try GyreProcess(to: nginx.address, backend: backend)
            let base = try gyre.usage.descriptorCount()
            let load = try HTTPLoad.ab(gyre.address, count: count)
            #expect(load.requests == count)
            #expect(load.errors == [])
            try gyre.awaitRest(descriptors: base, flowsAtOnce: 32)
            let counters = try gyre.counters()
            #expect(counters.connectFailures == 0)
            #expect(counters.accepted >= count)
        }
    }
}
