// Endpoints by name: whose addresses change, fail and come back while clients notice nothing.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct NameChanges {
        private static func text(_ backend: Backend, _ zone: DNSZone, endpoint: String) -> String {
            """
            backend: \(backend.name)
            workers: 2
            drain_timeout: 5s
            admin: {socket: off}
            dns: {servers: ["\(zone.address)"], timeout: 1s}
            listeners:
              - {name: web, protocol: http, address: "127.0.0.1:0", upstream: app}
            upstreams:
              - {name: app, endpoints: [\(endpoint)]}
            """
        }

        private func gyre(
            _ backend: Backend, _ zone: DNSZone, endpoint: String, _ directory: TemporaryDirectory
        ) throws -> GyreProcess {
            let file = try directory.write(
                Self.text(backend, zone, endpoint: endpoint), to: "site.yaml")
            return try GyreProcess(launching: ["--config", file], command: "run")
        }

        /// Two origins that differ in their address and not in their port.
        private func origins() throws -> (ipv4: WorkOrigin, ipv6: WorkOrigin, port: UInt16) {
            try withFreePort { port in
                guard let first = try? WorkOrigin(.loopback4(port: port)),
                    let second = try? WorkOrigin(.loopback6(port: port))
                else { return nil }
                return (first, second, port)
            }
        }

        private func says(_ gyre: GyreProcess, _ line: String, within seconds: Double = 20) -> Bool
        {
            eventually(within: seconds) { gyre.process.errorOutput.contains(line) }
        }

        @Test(arguments: Backend.usable)
        func workFollowsTheAddress(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let (ipv4, ipv6, port) = try origins()
            let zone = try DNSZone(["app.test A": DNSZone.entry(1, "127.0.0.1")])
            let gyre = try gyre(backend, zone, endpoint: "\"app.test:\(port)\"", directory)
            let clients = SteadyClients(gyre.address)
            try clients.awaitMore()
            #expect(ipv4.work >= 100 && ipv6.work == 0)

            try zone.set(["app.test AAAA": DNSZone.entry(1, "::1")])
            let change =
                "app.test:\(port) has 1 address now: new [::1]:\(port); gone 127.0.0.1:\(port)"
            #expect(says(gyre, change))
            try clients.awaitMore()
            let work = ipv4.work
            try clients.awaitMore(200)
            #expect(ipv4.work == work && ipv6.work >= 200)

            // A server that fails takes nothing away.
            let failing = DNSZone.misbehaving("servfail")
            try zone.set(["app.test AAAA": failing, "app.test A": failing])
            #expect(says(gyre, "cannot resolve app.test:\(port): "))
            try clients.awaitMore(200)
            #expect(ipv4.work == work)
            try zone.set(["app.test A": DNSZone.entry(1, "127.0.0.1")])
            #expect(says(gyre, "app.test:\(port) is resolved again"))
            #expect(eventually(within: 20) { ipv4.work > work + 100 })
            #expect(try clients.stop() == [])
            let lines = gyre.process.errorOutput.split(separator: "\n")
            #expect(lines.count { $0.contains("cannot resolve") } == 1)
            #expect(lines.count { $0.contains(" now: new ") } == 2)
            #expect(try gyre.terminate() == .exited(0))
        }

        @Test(arguments: Backend.usable)
        func servicesHavePortsWeightsAndPriorities(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let origins = [try WorkOrigin(), try WorkOrigin(), try WorkOrigin()]
            let host = ["localhost.test A": DNSZone.entry(1, "127.0.0.1")]
            func zone(_ records: String) -> [String: String] {
                host.merging(["_http._tcp.app.test SRV": records]) { $1 }
            }
            func record(_ priority: Int, _ weight: Int, _ origin: WorkOrigin) -> String {
                "\(priority) \(weight) \(origin.address.port) localhost.test"
            }
            let server = try DNSZone(
                zone(
                    DNSZone.entry(
                        1, record(10, 3, origins[0]), record(10, 1, origins[1]),
                        record(20, 9, origins[2]))))
            let gyre = try gyre(
                backend, server, endpoint: "{dns_srv: _http._tcp.app.test}", directory)
            let clients = SteadyClients(gyre.address)
            try clients.awaitMore(400)
            #expect(origins[2].work == 0)
            let share = Double(origins[0].work) / Double(origins[0].work + origins[1].work)
            #expect(abs(share - 0.75) < 0.05)

            try server.set(zone(DNSZone.entry(1, record(20, 9, origins[2]))))
            #expect(says(gyre, "_http._tcp.app.test has 1 address now: new "))
            try clients.awaitMore()
            let work = origins[0].work + origins[1].work
            try clients.awaitMore(200)
            #expect(origins[0].work + origins[1].work == work && origins[2].work >= 200)
            #expect(try clients.stop() == [])
            #expect(try gyre.terminate() == .exited(0))
        }

        @Test func aNameWithoutAnswerIsAStartErrorAndNoReload() throws {
            let backend = try #require(Backend.usable.first)
            let directory = try TemporaryDirectory()
            let origin = try WorkOrigin()
            let zone = try DNSZone(["app.test A": DNSZone.entry(60, "127.0.0.1")])
            let missing = try directory.write(
                Self.text(backend, zone, endpoint: "\"nowhere.test:80\""), to: "missing.yaml")
            let run = try ChildProcess.run(
                [Product.binary, "run", "--config", missing], within: 30)
            #expect(run.status == .exited(1))
            #expect(
                run.errorOutput
                    == "gyre: cannot resolve 'nowhere.test' (from nowhere.test:80): no addresses\n")

            let gyre = try gyre(
                backend, zone, endpoint: "\"app.test:\(origin.address.port)\"", directory)
            let clients = SteadyClients(gyre.address)
            _ = try directory.write(
                Self.text(backend, zone, endpoint: "\"nowhere.test:80\""), to: "site.yaml")
            gyre.process.signal(SIGHUP)
            #expect(says(gyre, "not reloaded: cannot resolve 'nowhere.test'"))
            try clients.awaitMore()
            #expect(try clients.stop() == [])
            #expect(try gyre.terminate() == .exited(0))
        }

        /// A reload that waits for a name server that says nothing.
        @Test func aReloadThatWaitsHoldsUpNothing() throws {
            let backend = try #require(Backend.usable.first)
            let directory = try TemporaryDirectory()
            let origin = try WorkOrigin()
            let zone = try DNSZone([
                "app.test A": DNSZone.entry(60, "127.0.0.1"),
                "mute.test A": DNSZone.misbehaving("silent"),
            ])
            let gyre = try gyre(
                backend, zone, endpoint: "\"app.test:\(origin.address.port)\"", directory)
            _ = try directory.write(
                Self.text(backend, zone, endpoint: "\"mute.test:80\""), to: "site.yaml")
            gyre.process.signal(SIGHUP)
            #expect(eventually(within: 10) { zone.queries.contains("udp mute.test A") })
            #expect(try gyre.counters().workers == 2)
            let begin = ContinuousClock.now
            #expect(try gyre.terminate() == .exited(0))
            #expect(begin.duration(to: .now) < .seconds(4))
        }

        @Test func localhostNeedsNoServer() throws {
            let directory = try TemporaryDirectory()
            let origin = try WorkOrigin()
            let zone = try DNSZone([:])
            let backend = try #require(Backend.usable.first)
            let gyre = try gyre(
                backend, zone, endpoint: "\"localhost:\(origin.address.port)\"", directory)
            #expect(try gyre.client().get("/").status == 200)
            #expect(zone.queries.allSatisfy { !$0.contains("localhost A") })
            #expect(try gyre.terminate() == .exited(0))
        }
    }
}
