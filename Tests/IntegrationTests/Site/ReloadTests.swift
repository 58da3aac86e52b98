// Changes of what is served while clients are there: nothing is lost by any of them.

import Glibc
import IntegrationSupport
import Testing

extension Integration.Site {
    @Suite struct Reloads {
        private static func text(
            _ endpoint: PeerAddress, listeners: [String] = ["web"], addresses: [String] = []
        ) -> String {
            let places = listeners.enumerated().map { index, name in
                let address = index < addresses.count ? addresses[index] : "127.0.0.1:0"
                return "  - {name: \(name), address: \"\(address)\", protocol: http, upstream: up}"
            }
            return """
                listeners:
                \(places.joined(separator: "\n"))
                upstreams: [{name: up, endpoints: ["\(endpoint)"]}]
                """
        }

        @Test(arguments: Backend.modes)
        func theNextRequestTakesWhatIsNew(_ backend: Backend) throws {
            let (one, two) = (try HTTPOrigin(named: "one"), try HTTPOrigin(named: "two"))
            let site = try ServedSite(Self.text(one.address), backend: backend)
            let client = try site.client()
            #expect(try client.get("/").text == "one")
            try site.reload(Self.text(two.address))
            #expect(try client.get("/").text == "two")
            #expect(try site.gyre.counters().accepted == 1)
        }

        /// Connections that are kept to an endpoint, and what is known of its health, are as before
        /// when it is in the new file, too.
        @Test(arguments: Backend.modes)
        func endpointsThatStayKeepTheirConnectionsAndHealth(_ backend: Backend) throws {
            let origin = try HTTPOrigin(named: "one")
            let site = try ServedSite(Self.text(origin.address), backend: backend)
            let client = try site.client()
            #expect(try client.get("/").text == "one")
            let endpoint = "\(origin.address)"
            #expect(try site.run(["drain", "endpoint", endpoint]).status == .exited(0))
            try site.reload(Self.text(origin.address, listeners: ["web", "other"]))
            #expect(try site.run(["status"]).output.contains("\(endpoint)  draining"))
            #expect(try site.run(["drain", "endpoint", endpoint, "--undo"]).status == .exited(0))
            #expect(try client.get("/").text == "one")
            #expect(origin.accepted == 1)
        }

        @Test(arguments: Backend.usable)
        func aBadFileChangesNothingAndSaysWhy(_ backend: Backend) throws {
            let origin = try HTTPOrigin(named: "one")
            let site = try ServedSite(Self.text(origin.address), backend: backend)
            try site.rewrite("listeners: [{nam: web}]\nupstreams: []")
            let run = try site.run(["reload"])
            #expect(run.status == .exited(1))
            #expect(run.errorOutput.contains("site.yaml:5:14: unknown key 'nam'"), "\(run)")
            site.gyre.process.signal(SIGHUP)
            #expect(eventually { site.gyre.process.errorOutput.contains("error not reloaded: ") })
            #expect(try site.client().get("/").text == "one")
        }

        @Test(arguments: Backend.modes)
        func listenersComeAndGo(_ backend: Backend) throws {
            let origin = try HTTPOrigin(named: "one")
            let site = try ServedSite(
                Self.text(origin.address, listeners: ["old"]), backend: backend)
            let idle = try site.client()
            #expect(try idle.get("/").text == "one")
            let free = try withFreePort { port in PeerAddress.loopback4(port: port) }
            try site.reload(
                Self.text(origin.address, listeners: ["new"], addresses: ["\(free)"]))
            #expect(idle.isEnded())
            #expect(throws: SocketError.self) { try site.client() }
            #expect(try HTTPStream(Connection(to: free)).get("/").text == "one")
        }

        @Test(arguments: Backend.modes)
        func aListenerIsDrainedByCommandAndComesBack(_ backend: Backend) throws {
            let origin = try HTTPOrigin(named: "one")
            let site = try ServedSite(
                Self.text(origin.address, listeners: ["a", "b"]), backend: backend,
                listeners: 2)
            let address = site.gyre.addresses[0]
            // A port that the kernel chose would be another one when it comes back.
            try site.reload(
                Self.text(
                    origin.address, listeners: ["a", "b"],
                    addresses: ["\(address)", "\(site.gyre.addresses[1])"]))
            let run = try site.run(["drain", "listener", "a"])
            #expect(run.output.hasPrefix("listener a is draining"), "\(run)")
            #expect(eventually { (try? Connection(to: address)) == nil })
            #expect(try site.client(1).get("/").text == "one")
            let status = try site.run(["status"]).output
            #expect(status.contains("\(address)  draining"), "\(status)")
            #expect(try site.run(["drain", "listener", "a", "--undo"]).status == .exited(0))
            #expect(try site.client(0).get("/").text == "one")
            #expect(try site.run(["drain", "listener", "c"]).status == .exited(1))
            let log = site.gyre.process.errorOutput
            #expect(log.contains("info listener a is drained\n"), "\(log)")
            #expect(log.contains("info listener a is no longer drained\n"), "\(log)")
        }

        @Test(arguments: Backend.usable)
        func aWatchedFileIsReadAgain(_ backend: Backend) throws {
            let (one, two) = (try HTTPOrigin(named: "one"), try HTTPOrigin(named: "two"))
            let site = try ServedSite(
                Self.text(one.address), backend: backend, options: ["--watch"])
            #expect(try site.client().get("/").text == "one")
            try site.rewrite(Self.text(two.address))
            #expect(eventually(within: 10) { (try? site.client().get("/").text) == "two" })
            try site.rewrite("listeners: 5")
            #expect(
                eventually(within: 10) { site.gyre.process.errorOutput.contains("not reloaded") })
            #expect(try site.client().get("/").text == "two")
        }

        /// Two configurations in turns under load: no request fails, no connection is dropped, and
        /// afterwards everything is as it was.
        @Test(arguments: Backend.usable)
        func aThousandReloadsUnderLoad(_ backend: Backend) throws {
            let count = isQuickRun ? 100 : 1_000
            let origins = [try NginxOrigin(), try NginxOrigin()]
            let texts = origins.map { Self.text($0.address) }
            let site = try ServedSite(texts[0], backend: backend)
            let address = site.gyre.address
            for round in 0..<20 { try site.reload(texts[round % 2]) }
            _ = try HTTPLoad.wrk(address, connections: 64, seconds: 1)
            try site.reload(texts[1])
            try site.reload(texts[0])
            #expect(eventually { (try? site.gyre.counters().clientsActive) == 0 })
            let before = (
                memory: try site.gyre.usage.anonymousBytes(),
                descriptors: try site.gyre.usage.descriptorCount()
            )
            let accepted = try site.gyre.counters().accepted
            let load = Background {
                try HTTPLoad.wrk(address, connections: 64, seconds: isQuickRun ? 8 : 25)
            }
            #expect(eventually { (try? site.gyre.counters().clientsActive) == 64 })
            let control = HTTPStream(try Connection(to: .unix(path: site.socket)))
            for round in 1...count {
                try site.rewrite(texts[round % 2])
                let order = "POST /v1/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
                let answer = try control.exchange(order, method: "POST")
                try #require(answer.status == 200, "\(answer.text)")
            }
            #expect(!load.hasEnded, "the load ended before the last reload")
            control.close()
            let result = try load.value(within: 90)
            #expect(result.errors == [] && result.requests > count)
            // One more than 64: wrk looks first whether anybody is there.
            #expect(try site.gyre.counters().accepted - accepted == 65)
            // What was left of the load's own connections ends with their endpoint.
            try site.reload(texts[1])
            try site.reload(texts[0])
            _ = eventually {
                (try? site.gyre.usage.descriptorCount()) ?? .max <= before.descriptors
            }
            let descriptors = try site.gyre.usage.descriptorCount()
            #expect(descriptors <= before.descriptors)
            #expect(try site.gyre.usage.anonymousBytes() < before.memory + (4 << 20))
        }

        /// Two files of a thousand routes and a thousand endpoints.
        @Test(arguments: Backend.usable)
        func largeFilesAreTaken(_ backend: Backend) throws {
            func text(_ answer: String) -> String {
                let routes = (0..<1_000).map {
                    "      - {name: r\($0), path_prefix: /r\($0)/, upstream: u\($0 % 10)}\n"
                }
                let upstreams = (0..<10).map { upstream in
                    let endpoints = (0..<100).map { "\"127.0.\(upstream).\($0 + 1):9\"" }
                    let list = endpoints.joined(separator: ", ")
                    return "  - {name: u\(upstream), endpoints: [\(list)]}\n"
                }
                return """
                    listeners:
                      - name: web
                        address: 127.0.0.1:0
                        protocol: http
                        routes:
                    \(routes.joined())
                          - {name: rest, respond: {status: 200, body: "\(answer)"}}
                    upstreams:
                    \(upstreams.joined())
                    """
            }
            let site = try ServedSite(text("one"), backend: backend)
            let client = try site.client()
            #expect(try client.get("/").text == "one")
            try site.reload(text("two"))
            #expect(try client.get("/").text == "two")
            #expect(try site.run(["status"]).output.contains("number 2"))
        }
    }
}
