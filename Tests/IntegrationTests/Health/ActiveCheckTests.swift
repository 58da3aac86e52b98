// Endpoints that are checked: out of service and back, while clients notice nothing.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct ActiveChecks {
        private struct Endpoint: Decodable {
            let address: String
            let state: String
            let reason: String?
        }

        /// A file with one HTTP listener and these endpoints behind it, checked or not.
        private static func text(
            _ backend: Backend, _ endpoints: [PeerAddress], check: String?, admin: String = "off"
        ) -> String {
            """
            backend: \(backend.name)
            workers: 2
            drain_timeout: 5s
            admin: {socket: "\(admin)"}
            listeners:
              - {name: web, protocol: http, address: "127.0.0.1:0", upstream: app}
            upstreams:
              - name: app
                endpoints: [\(endpoints.map { "\"\($0)\"" }.joined(separator: ", "))]
                health: {panic_threshold: 0%\(check.map { ", active: \($0)" } ?? "")}
            """
        }

        private static let http =
            "{type: http, path: /healthz, interval: 100ms, timeout: 2s, rise: 2, fall: 3}"

        private func endpoints(_ socket: String) throws -> [String: Endpoint] {
            let text = try Curl.fetch(["--unix-socket", socket, "http://localhost/v1/endpoints"])
            let all = try JSONDecoder().decode([Endpoint].self, from: Data(text.utf8))
            return Dictionary(uniqueKeysWithValues: all.map { ($0.address, $0) })
        }

        @Test(arguments: Backend.usable)
        func anEndpointThatSaysItIsIllGetsNoWorkUntilItIsWell(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let socket = directory.file("admin")
            let origins = [try WorkOrigin(), try WorkOrigin()]
            let ill = origins[0]
            let file = try directory.write(
                Self.text(backend, origins.map(\.address), check: Self.http, admin: socket),
                to: "site.yaml")
            let gyre = try GyreProcess(launching: ["--config", file], command: "run")
            let clients = SteadyClients(gyre.address)
            #expect(eventually(within: 20) { origins.allSatisfy { $0.work > 20 } })

            let checks = ill.checks
            ill.setHealthy(false)
            let down = "app: \(ill.address) is down after 3 failed checks, the last: status 500"
            #expect(eventually(within: 20) { gyre.process.errorOutput.contains(down) })
            #expect(ill.checks >= checks + 3)
            let report = try endpoints(socket)[ill.address.description]
            #expect(report?.state == "ejected" && report?.reason == "health checks fail")
            // What was under way when it went down may still be counted.
            try clients.awaitMore()
            let work = ill.work
            try clients.awaitMore(300)
            #expect(ill.work == work)

            ill.setHealthy(true)
            let up = "app: \(ill.address) is up after 2 passed checks"
            #expect(eventually(within: 20) { gyre.process.errorOutput.contains(up) })
            #expect(eventually(within: 20) { ill.work > work + 20 })
            #expect(try endpoints(socket)[ill.address.description]?.state == "usable")
            #expect(try clients.stop() == [])
            #expect(gyre.process.errorOutput.components(separatedBy: "is down after").count == 2)
            #expect(try gyre.terminate() == .exited(0))
        }

        /// Nobody but the checks may have tried it: no request waits for an endpoint that is down.
        @Test(arguments: Backend.usable)
        func aPortThatRefusesIsFoundByTCP(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let refusing = try Listener(refuses: true)
            let origin = try WorkOrigin()
            let file = try directory.write(
                Self.text(
                    backend, [refusing.address, origin.address],
                    check: "{type: tcp, interval: 50ms, rise: 1, fall: 1}"),
                to: "site.yaml")
            let gyre = try GyreProcess(launching: ["--config", file], command: "run")
            let down = "app: \(refusing.address) is down after 1 failed check: cannot connect"
            #expect(eventually(within: 20) { gyre.process.errorOutput.contains(down) })
            let clients = SteadyClients(gyre.address)
            try clients.awaitMore()
            #expect(try clients.stop() == [])
            // Not one try on the port that refuses.
            #expect(try gyre.counters().connectFailures == 0)
            #expect(try gyre.terminate() == .exited(0))
        }

        @Test func aReloadKeepsWhatIsKnownAndChecksWhatIsNew() throws {
            let backend = try #require(Backend.usable.first)
            let directory = try TemporaryDirectory()
            let origins = [try WorkOrigin(), try WorkOrigin(), try WorkOrigin()]
            origins[0].setHealthy(false)
            origins[2].setHealthy(false)
            func write(_ addresses: [PeerAddress], check: String? = Self.http) throws -> String {
                try directory.write(Self.text(backend, addresses, check: check), to: "site.yaml")
            }
            let file = try write(origins[..<2].map(\.address))
            let gyre = try GyreProcess(launching: ["--config", file], command: "run")
            func says(_ line: String) -> Bool {
                eventually(within: 20) { gyre.process.errorOutput.contains(line) }
            }
            // The first check decides alone.
            #expect(says("app: \(origins[0].address) is down after 1 failed check: status 500"))
            _ = try write(origins.map(\.address))
            gyre.process.signal(SIGHUP)
            #expect(says("app: \(origins[2].address) is down after 1 failed check: status 500"))
            let clients = SteadyClients(gyre.address)
            try clients.awaitMore()
            #expect(try clients.stop() == [])
            #expect(origins[0].work == 0)
            #expect(gyre.process.errorOutput.components(separatedBy: "is down after").count == 3)
            // Without checks nobody is asked any more, and nobody is down.
            _ = try write(origins.map(\.address), check: nil)
            gyre.process.signal(SIGHUP)
            #expect(
                eventually(within: 20) {
                    gyre.process.errorOutput.components(separatedBy: "reloaded ").count == 3
                })
            let after = SteadyClients(gyre.address)
            #expect(eventually(within: 20) { origins.allSatisfy { $0.work > 10 } })
            #expect(try after.stop() == [])
            let checks = origins.map(\.checks)
            pause(0.5)
            #expect(origins.map(\.checks) == checks)
            #expect(try gyre.terminate() == .exited(0))
        }
    }
}
