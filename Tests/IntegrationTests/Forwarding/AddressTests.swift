// Listeners and endpoints of every kind, several of them, and endpoints that cannot be reached.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct Addresses {
        @Test(arguments: Backend.modes)
        func unixSocketsAtBothEnds(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let origin = try SwarmOrigin(.unix(path: directory.file("origin")))
            let front = PeerAddress.unix(path: directory.file("front"))
            let gyre = try GyreProcess(
                to: [origin.address.description], backend: backend, listen: [front.description])
            #expect(gyre.addresses == [front])
            try expectEcho(at: front)
        }

        @Test(arguments: Backend.modes)
        func ipv6AtBothEnds(_ backend: Backend) throws {
            let origin = try SwarmOrigin(.loopback6(port: 0))
            let gyre = try GyreProcess(
                to: [origin.address.description], backend: backend, listen: ["[::1]:0"])
            #expect(gyre.address.port != 0)
            try expectEcho(at: gyre.address)
        }

        @Test(arguments: Backend.modes)
        func severalListenersShareTheEndpoints(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let origin = try SwarmOrigin()
            let gyre = try GyreProcess(
                to: [origin.address.description], backend: backend,
                listen: ["127.0.0.1:0", "[::1]:0", "unix:" + directory.file("front")])
            #expect(Set(gyre.addresses).count == 3)
            for address in gyre.addresses { try expectEcho(at: address) }
            #expect(origin.accepted == 3)
        }

        /// Comma-separated and repeated `--to` mean the same.
        @Test(arguments: Backend.modes)
        func roundRobinSpreadsEvenly(_ backend: Backend) throws {
            let origins = try (0..<3).map { try SwarmOrigin(greeting: [$0]) }
            let names = origins.map(\.address.description)
            let gyre = try GyreProcess(
                to: [names[0], names[1] + "," + names[2]], backend: backend,
                options: ["--workers", "1"])
            var greetings: [UInt8] = []
            for _ in 0..<30 { greetings += try gyre.connect().receive(1) }
            #expect(origins.map(\.accepted) == [10, 10, 10])
            for start in stride(from: 0, to: 30, by: 3) {
                #expect(Set(greetings[start..<start + 3]) == [0, 1, 2])
            }
        }

        /// `localhost` is 127.0.0.1 and, on most machines, ::1; the origin has only one of them.
        @Test(arguments: Backend.modes)
        func everyAddressOfANameIsTried(_ backend: Backend) throws {
            let origin = try SwarmOrigin()
            let gyre = try GyreProcess(
                to: ["localhost:\(origin.address.port)"], backend: backend)
            for _ in 0..<10 { try expectEcho(at: gyre.address) }
            #expect(origin.accepted == 10)
        }

        @Test(arguments: Backend.modes)
        func refusingEndpointLosesNoConnection(_ backend: Backend) throws {
            let origin = try SwarmOrigin()
            let refusing = try Listener(refuses: true)
            let gyre = try GyreProcess(
                to: [refusing.address.description, origin.address.description], backend: backend,
                options: ["--workers", "1"])
            for _ in 0..<20 { try expectEcho(at: gyre.address) }
            #expect(origin.accepted == 20)
            #expect(try gyre.counters().connectFailures >= 1)
        }

        @Test(arguments: Backend.modes)
        func clientIsResetWhenEveryEndpointRefuses(_ backend: Backend) throws {
            let endpoints = try [Listener(refuses: true), Listener(refuses: true)]
            let gyre = try GyreProcess(
                to: endpoints.map(\.address.description), backend: backend)
            let base = try gyre.usage.descriptorCount()
            for round in 1...5 {
                let client = try gyre.connect()
                let start = ContinuousClock.now
                let error = #expect(throws: SocketError.self) { try client.receive(1) }
                #expect(error?.code == ECONNRESET)
                #expect(ContinuousClock.now - start < .seconds(1))
                // Counters are published at the end of a turn, a moment after the reset is seen.
                #expect(try eventually { try gyre.counters().connectFailures >= 2 * round })
                #expect(try gyre.counters().connectFailures == 2 * round)
            }
            try gyre.awaitRest(descriptors: base, flowsAtOnce: 1)
        }

        private func expectEcho(at address: PeerAddress) throws {
            let client = try Connection(to: address)
            try client.send(Array("hello".utf8))
            #expect(try client.receive(5) == Array("hello".utf8))
        }
    }
}
