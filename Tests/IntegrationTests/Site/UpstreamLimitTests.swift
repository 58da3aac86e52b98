// Upstreams with limits: what waits, what is refused, and that no connection is one too many.

import IntegrationSupport
import Testing

extension Integration.Site {
    @Suite struct UpstreamLimits {
        private static func site(
            _ service: String, _ endpoint: PeerAddress, _ connections: String, _ backend: Backend,
            workers: Int = 2
        ) throws -> ServedSite {
            try ServedSite(
                """
                listeners: [{name: a, address: "127.0.0.1:0", protocol: \(service), upstream: b}]
                upstreams: [{name: b, endpoints: ["\(endpoint)"], connections: {\(connections)}}]
                """, backend: backend, settings: "workers: \(workers)")
        }

        /// An origin that answers slowly, so that requests meet.
        private static func slowOrigin() throws -> HTTPOrigin {
            try HTTPOrigin { _ in
                pause(0.4)
                return .ok("late")
            }
        }

        @Test(arguments: Backend.modes)
        func whatDoesNotFitWaitsAndThenIsRefused(_ backend: Backend) throws {
            let origin = try Self.slowOrigin()
            let site = try Self.site("http", origin.address, "max: 2, pending: 2", backend)
            let answers = try (0..<6).map { _ in
                let client = try site.client()
                return Background { try client.get("/") }
            }
            let responses = try answers.map { try $0.value() }
            #expect(responses.count { $0.status == 200 } == 4)
            let refused = responses.filter { $0.status == 503 }
            #expect(refused.count == 2)
            for response in refused {
                let reason = response.head["Proxy-Status"] ?? ""
                #expect(reason.contains("error=connection_limit_reached"), "\(reason)")
            }
            // An idle one may have given way to one of the other worker.
            #expect((2...4).contains(origin.accepted))
            let counters = try site.gyre.counters()
            #expect(counters.upstreamWaits == 2 && counters.upstreamOverflows == 2)
            // Who was refused had done nothing wrong.
            #expect(try site.client().get("/").status == 200)
        }

        @Test(arguments: Backend.modes)
        func whoWaitsTooLongIsTold(_ backend: Backend) throws {
            let origin = try Self.slowOrigin()
            let site = try Self.site(
                "http", origin.address, "max: 1, pending_timeout: 100ms", backend)
            let first = try site.client()
            let answer = Background { try first.get("/") }
            #expect(eventually { origin.targets.count == 1 })
            let second = try site.client()
            let body = "Content-Length: 4\r\n\r\nbody"
            let refused = try second.exchange("POST / HTTP/1.1\r\nHost: a\r\n" + body)
            #expect(refused.status == 503)
            #expect(refused.head["Proxy-Status"]?.contains("free in time") == true)
            #expect(try answer.value().status == 200)
            #expect(origin.targets.count == 1)
        }

        @Test(arguments: Backend.modes)
        func requestsBeyondTheirLimitAreRefusedAtOnce(_ backend: Backend) throws {
            let origin = try Self.slowOrigin()
            let site = try Self.site("http", origin.address, "requests: 1", backend)
            let first = try site.client()
            let answer = Background { try first.get("/") }
            #expect(eventually { origin.targets.count == 1 })
            #expect(try site.client().get("/").status == 503)
            #expect(try answer.value().status == 200)
            #expect(try site.client().get("/").status == 200)
        }

        /// One connection for two workers: each closes its idle one when the other needs it.
        @Test(arguments: Backend.modes)
        func idleConnectionsGiveWay(_ backend: Backend) throws {
            let origin = try HTTPOrigin(named: "one")
            let site = try Self.site("http", origin.address, "max: 1", backend)
            for _ in 0..<40 { #expect(try site.client().get("/").text == "one") }
            #expect(try site.gyre.counters().localReplies == 0)
        }

        @Test(arguments: Backend.modes)
        func aCrowdGetsThroughFew(_ backend: Backend) throws {
            let nginx = try NginxOrigin()
            let site = try Self.site("http", nginx.address, "max: 1", backend)
            let load = try HTTPLoad.wrk(site.gyre.address, connections: 32, seconds: 1)
            #expect(load.errors == [] && load.requests > 100)
        }

        @Test(arguments: Backend.modes)
        func flowsWaitToo(_ backend: Backend) throws {
            let origin = try SwarmOrigin()
            let site = try Self.site(
                "tcp", origin.address, "max: 1, pending: 1, pending_timeout: 20s", backend)
            func flow() throws -> Connection {
                let connection = try site.gyre.connect()
                try connection.send([7])
                return connection
            }
            let first = try flow()
            #expect(try first.receive(1) == [7])
            let second = try flow()
            _ = try site.gyre.counters { $0.upstreamWaits == 1 }
            #expect(throws: SocketError.self) { try flow().receive(1) }
            #expect(origin.openMax == 1)
            first.close()
            #expect(try second.receive(1) == [7])
            #expect(try site.gyre.counters().upstreamOverflows == 1)
        }
    }
}
