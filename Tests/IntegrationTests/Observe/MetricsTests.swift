// What `/metrics`, `/v1/live` and `/readyz` of a real process say about requests that were really
// made: the same numbers, through reloads and errors.

import Foundation
import Glibc
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct Metrics {
        /// Samples of `/metrics` by their text before the value.
        private struct Page {
            let samples: [String: Double]

            init(_ site: ServedSite) throws {
                let admin = HTTPStream(try Connection(to: .unix(path: site.socket)))
                let response = try admin.get("/metrics")
                guard response.status == 200 else { throw TestFailure("\(response.text)") }
                var samples: [String: Double] = [:]
                for line in response.text.split(separator: "\n") where !line.hasPrefix("#") {
                    guard let space = line.lastIndex(of: " ") else { continue }
                    samples[String(line[..<space])] = Double(line[space...].dropFirst())
                }
                self.samples = samples
            }

            subscript(_ sample: String) -> Double? { samples[sample] }

            func requests(_ route: String, _ method: String, _ code: String) -> Double? {
                let labels = "listener=\"web\",route=\"\(route)\",method=\"\(method)\""
                return self["gyre_http_requests_total{\(labels),code=\"\(code)\"}"]
            }

            /// Of all series of a family.
            func sum(_ family: String) -> Double {
                samples.filter { $0.key.hasPrefix(family) }.values.reduce(0, +)
            }
        }

        private static func text(
            _ endpoints: [PeerAddress], routes: [String], address: String = "127.0.0.1:0"
        ) -> String {
            let lines = routes.map { "      - {name: \($0), path_prefix: /\($0)/, upstream: up}" }
            return """
                listeners:
                  - name: web
                    protocol: http
                    address: "\(address)"
                    routes:
                \(lines.joined(separator: "\n"))
                upstreams:
                  - name: up
                    endpoints: [\(endpoints.map { "\"\($0)\"" }.joined(separator: ", "))]
                """
        }

        /// Workers publish when their turn ends: who was answered in it may be ahead.
        private func settled(
            _ site: ServedSite, _ isAsExpected: (Page) -> Bool
        ) throws -> Page {
            var last = try Page(site)
            _ = try eventually {
                last = try Page(site)
                return isAsExpected(last)
            }
            return last
        }

        @Test(arguments: Backend.usable)
        func requestsAreCountedExactlyThroughAReload(_ backend: Backend) throws {
            let origin = try HTTPOrigin { request in
                request.request.target.hasSuffix("/bad")
                    ? .keep("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n") : .ok("fine")
            }
            let dead = try withFreePort { port in PeerAddress.loopback4(port: port) }
            let site = try ServedSite(
                Self.text([origin.address], routes: ["a", "b"]), backend: backend)
            let address = "\(site.gyre.address)"
            let client = try site.client()
            for _ in 0..<7 { #expect(try client.get("/a/x").status == 200) }
            for _ in 0..<3 { #expect(try client.get("/b/bad").status == 503) }
            for _ in 0..<2 {
                let post = "POST /b/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
                #expect(try client.exchange(post).status == 200)
            }
            #expect(try client.get("/none").status == 404)
            var page = try settled(site) { $0.sum("gyre_http_requests_total") == 13 }
            #expect(page.requests("a", "GET", "2xx") == 7)
            #expect(page.requests("b", "GET", "5xx") == 3)
            #expect(page.requests("b", "POST", "2xx") == 2)
            #expect(page.requests("", "GET", "4xx") == 1)
            #expect(page.sum("gyre_http_requests_total") == 13)
            let times = "gyre_http_request_duration_seconds_count{listener=\"web\",route=\"a\"}"
            #expect(page[times] == 7)
            let endpoint = "upstream=\"up\",endpoint=\"\(origin.address)\""
            #expect(page["gyre_endpoint_requests_total{\(endpoint),code=\"2xx\"}"] == 9)
            #expect(page["gyre_endpoint_requests_total{\(endpoint),code=\"5xx\"}"] == 3)
            #expect(page["gyre_connections_accepted_total{listener=\"web\"}"] == 1)

            // Route b goes, c comes and may get its id; the endpoint is one that nobody serves.
            try site.reload(Self.text([dead], routes: ["a", "c"], address: address))
            for _ in 0..<4 { #expect(try client.get("/c/x").status == 502) }
            page = try settled(site) { $0.sum("gyre_http_requests_total") == 17 }
            #expect(page.requests("a", "GET", "2xx") == 7)
            #expect(page.requests("c", "GET", "5xx") == 4)
            #expect(page.requests("b", "GET", "5xx") == nil)
            #expect(page.requests("(removed)", "GET", "5xx") == 3)
            #expect(page.requests("(removed)", "POST", "2xx") == 2)
            #expect(page.sum("gyre_http_requests_total") == 17)
            #expect(page["gyre_ends_total{reason=\"done\"}"] == 12)
            let failures = "gyre_endpoint_failures_total{upstream=\"up\",endpoint=\"\(dead)\""
            #expect(page["\(failures),reason=\"connect\"}"] == 4)
        }

        @Test(arguments: Backend.usable)
        func workersSayWhatARequestCosts(_ backend: Backend) throws {
            let origin = try HTTPOrigin(named: "one")
            let site = try ServedSite(
                Self.text([origin.address], routes: ["a"]), backend: backend,
                settings: "workers: 1")
            let client = try site.client()
            for _ in 0..<50 { #expect(try client.get("/a/").status == 200) }
            // The client has its last answer before the worker hears that it was sent.
            let page = try settled(site) {
                $0["gyre_worker_requests_total{worker=\"0\"}"] == 50
                    && $0["gyre_worker_buffers_in_use{worker=\"0\"}"] == 0
            }
            #expect(page["gyre_worker_requests_total{worker=\"0\"}"] == 50)
            let counters = try site.gyre.counters()
            #expect(page.sum("gyre_syscalls_total") <= Double(counters.systemCallsTotal))
            let calls = page["gyre_worker_syscalls_per_request{worker=\"0\",window=\"start\"}"]
            let all = try #require(page["gyre_worker_syscalls_total{worker=\"0\"}"])
            #expect(abs((calls ?? 0) * 50 - all) < 1e-6)
            let time = page["gyre_worker_cpu_per_request_seconds{worker=\"0\",window=\"start\"}"]
            #expect((time ?? 0) > 1e-6)
            #expect(page["gyre_connections{state=\"idle\"}"] == 1)
            #expect(page["gyre_connections{state=\"busy\"}"] == 0)
            #expect(page["gyre_worker_buffers_in_use{worker=\"0\"}"] == 0)
            let backends = page.samples.keys.filter { $0.hasPrefix("gyre_backend_info") }
            let name = "gyre_backend_info{backend=\"\(backend.name)\",reason=\"asked for\"}"
            #expect(backends == [name])
        }

        private func ready(_ site: ServedSite) throws -> (status: Int, text: String) {
            let admin = HTTPStream(try Connection(to: .unix(path: site.socket)))
            let response = try admin.get("/readyz")
            return (response.status, response.text)
        }

        @Test(arguments: Backend.usable)
        func readinessFollowsEndpointsAndTheEnd(_ backend: Backend) throws {
            let origin = try HTTPOrigin(named: "one")
            let site = try ServedSite(
                """
                listeners:
                  - name: web
                    protocol: http
                    address: 127.0.0.1:0
                    routes:
                      - {name: a, path_prefix: /a/, upstream: up}
                      - {name: b, upstream: other}
                upstreams:
                  - {name: up, endpoints: ["\(origin.address)"]}
                  - {name: other, endpoints: ["127.0.0.1:9"]}
                """, backend: backend)
            #expect(try ready(site).status == 200)
            try site.run(["drain", "endpoint", "127.0.0.1:9"])
            let partly = try ready(site)
            #expect(partly.status == 200 && partly.text.contains("[\"other\"]"))
            try site.run(["drain", "endpoint", "\(origin.address)"])
            let none = try ready(site)
            #expect(none.status == 503 && none.text.contains("no upstream has a usable endpoint"))
            #expect(try Page(site)["gyre_ready"] == 0)
            try site.run(["drain", "endpoint", "\(origin.address)", "--undo"])
            #expect(try ready(site).status == 200)

            let client = try site.client()
            try client.send("GET /a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n")
            #expect(try eventually { try Page(site)["gyre_connections{state=\"busy\"}"] == 1 })
            site.gyre.process.signal(SIGTERM)
            #expect(try eventually { try ready(site).text.contains("\"reason\":\"draining\"") })
            let admin = HTTPStream(try Connection(to: .unix(path: site.socket)))
            #expect(try admin.get("/livez").status == 200)
            #expect(try Page(site)["gyre_draining"] == 1)
            try client.send("x")
            #expect(try client.readResponse().status == 200)
            #expect(try site.gyre.process.wait(within: 10) == .exited(0))
        }

        /// Reload refusals and changes of health are told to who watches.
        @Test(arguments: Backend.usable)
        func theNewestLinesOfTheLogAreInTheLiveReport(_ backend: Backend) throws {
            struct Live: Decodable {
                struct Incident: Decodable {
                    let level: String
                    let message: String
                }
                let errors: [Incident]
                let uptimeMs: Int
            }
            let origin = try HTTPOrigin(named: "one")
            let site = try ServedSite(
                Self.text([origin.address], routes: ["a"]), backend: backend)
            try site.run(["drain", "endpoint", "\(origin.address)"])
            try site.rewrite("listeners: [{nam: web}]\nupstreams: []")
            try site.run(["reload"])
            var live: Live?
            #expect(
                try eventually {
                    let admin = HTTPStream(try Connection(to: .unix(path: site.socket)))
                    let body = try admin.get("/v1/live").body
                    live = try JSONDecoder().decode(Live.self, from: Data(body))
                    return live?.errors.count { $0.level == "error" } ?? 0 > 0
                        && live?.errors.contains { $0.message.hasSuffix("is drained") } == true
                })
            #expect(live?.errors.contains { $0.message.contains("unknown key 'nam'") } == true)
        }
    }
}
