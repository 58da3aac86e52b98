// Rates of requests and connections for each source, with real clients.

import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct RateLimits {
        private static func site(
            _ origin: HTTPOrigin, _ limit: String, workers: Int = 1, address: String = "127.0.0.1:0"
        ) -> String {
            """
            workers: \(workers)
            listeners:
              - name: web
                protocol: http
                address: "\(address)"
                upstream: app
            \(limit)
            upstreams:
              - name: app
                endpoints: ["\(origin.address)"]
            """
        }

        private static func get(_ fields: String = "") -> String {
            "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
        }

        @Test(arguments: Backend.modes)
        func requestsBeyondTheRateAreTold(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let origin = try HTTPOrigin(named: "app")
            let gyre = try GyreProcess(
                site: Self.site(origin, "    rate_limit: {requests: 4/h, burst: 3}"),
                backend: backend, in: directory)
            let client = try gyre.client()
            for _ in 0..<3 { #expect(try client.get("/").status == 200) }
            for method in ["GET", "HEAD", "OPTIONS"] {
                let answer = try client.exchange(
                    "\(method) /x HTTP/1.1\r\nHost: a\r\n\r\n", method: method)
                #expect(answer.status == 429)
                let seconds = try #require(answer.head["Retry-After"].flatMap { Int($0) })
                #expect((800...900).contains(seconds))
                #expect(answer.head["Connection"] == nil)
                #expect(answer.head["Proxy-Status"]?.contains("too many requests") == true)
            }
            #expect(try gyre.client().get("/").status == 429, "by source, not by connection")
            #expect(origin.requests.count == 3)
            let counters = try gyre.counters { $0.requestsOverRate == 4 }
            #expect(counters.requestsOverRate == 4 && counters.localReplies == 4)
            #expect(counters.requests == 7)
        }

        static let bodies: [(fields: String, body: String)] = [
            ("Content-Length: 41\r\n", "GET /smuggled HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n"),
            ("Transfer-Encoding: chunked\r\n", "5\r\nabcde\r\n0\r\n\r\n"),
            ("Content-Length: 0\r\n", ""),
        ]

        /// What has come of a body with its head is dropped, and the next request is read after it.
        @Test(arguments: Backend.usable, bodies)
        func bodiesAreNoRequests(
            _ backend: Backend, _ message: (fields: String, body: String)
        ) throws {
            let directory = try TemporaryDirectory()
            let origin = try HTTPOrigin(named: "app")
            let gyre = try GyreProcess(
                site: Self.site(origin, "    rate_limit: {requests: 1/h}"), backend: backend,
                in: directory)
            let client = try gyre.client()
            #expect(try client.get("/").status == 200)
            let post = "POST / HTTP/1.1\r\nHost: a\r\n\(message.fields)\r\n\(message.body)"
            for _ in 0..<3 { try client.send(post + Self.get()) }
            for _ in 0..<6 {
                let answer = try client.readResponse()
                #expect(answer.status == 429 && answer.head["Connection"] == nil)
            }
            #expect(try gyre.counters { $0.requests == 7 }.requestsOverRate == 6)
            #expect(origin.targets == ["/"])
        }

        /// Of a body that is still to come it is not known where it ends: the connection does.
        @Test(arguments: Backend.usable)
        func whoHasMoreToSendIsClosed(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let origin = try HTTPOrigin(named: "app")
            let gyre = try GyreProcess(
                site: Self.site(origin, "    rate_limit: {requests: 1/h}"), backend: backend,
                in: directory)
            #expect(try gyre.client().get("/").status == 200)
            for expectation in ["", "Expect: 100-continue\r\n"] {
                let client = try gyre.client()
                let answer = try client.exchange(
                    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\(expectation)\r\n")
                #expect(answer.status == 429 && answer.head["Connection"] == "close")
                try client.expectEnd()
            }
        }

        @Test(arguments: Backend.usable)
        func trustedProxiesNameTheSource(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let origin = try HTTPOrigin(named: "app")
            let limit = "    rate_limit: {requests: 1/h}\n    trusted_proxies: [127.0.0.0/8]"
            let gyre = try GyreProcess(
                site: Self.site(origin, limit), backend: backend, in: directory)
            let client = try gyre.client()
            let requests: [(list: String, status: Int)] = [
                ("192.0.2.1", 200), ("192.0.2.1", 429), ("192.0.2.2", 200),
                ("198.51.100.9, 192.0.2.1, 127.0.0.7", 429), ("2001:db8::1", 200),
                ("[2001:db8::2]:80", 429), ("unknown", 200), ("192.0.2.3, unknown", 429),
            ]
            for request in requests {
                let text = Self.get("X-Forwarded-For: \(request.list)\r\n")
                #expect(try client.exchange(text).status == request.status, "\(request.list)")
            }
            // Without one, the proxy itself is the source.
            #expect(try client.exchange(Self.get()).status == 429)
        }

        @Test(arguments: Backend.usable)
        func othersCannotChooseTheirSource(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let origin = try HTTPOrigin(named: "app")
            let gyre = try GyreProcess(
                site: Self.site(origin, "    rate_limit: {requests: 1/h}"), backend: backend,
                in: directory)
            let client = try gyre.client()
            #expect(try client.exchange(Self.get("X-Forwarded-For: 192.0.2.1\r\n")).status == 200)
            #expect(try client.exchange(Self.get("X-Forwarded-For: 192.0.2.2\r\n")).status == 429)
        }

        @Test(arguments: Backend.usable)
        func clientsOfUnixSocketsHaveNoLimit(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let origin = try HTTPOrigin(named: "app")
            let limit = "    rate_limit: {requests: 1/h, connections: 1/h}"
            let gyre = try GyreProcess(
                site: Self.site(origin, limit, address: "unix:" + directory.file("s")),
                backend: backend, in: directory)
            for _ in 0..<3 { #expect(try gyre.client().get("/").status == 200) }
        }

        /// One limit for all workers, and for all configurations that have it.
        @Test(arguments: Backend.usable)
        func theLimitIsTheProcesss(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let origin = try HTTPOrigin(named: "app")
            let address = try withFreePort { "127.0.0.1:\($0)" }
            func site(_ limit: String, timeout: String = "5s") -> String {
                Self.site(origin, limit, workers: 4, address: address)
                    + "\n    timeouts: {connect: \(timeout)}"
            }
            let limit = "    rate_limit: {requests: 20/h, connections: 60/h}"
            let gyre = try GyreProcess(site: site(limit), backend: backend, in: directory)
            func statuses(_ count: Int) throws -> [Int] {
                try (0..<count).map { _ in try gyre.client().get("/").status }
            }
            #expect(try statuses(24) == Array(repeating: 200, count: 20) + [429, 429, 429, 429])
            try gyre.reload(site: site(limit, timeout: "6s"), backend: backend, in: directory)
            #expect(try statuses(3) == [429, 429, 429])
            let other = "    rate_limit: {requests: 2/h}"
            try gyre.reload(site: site(other), backend: backend, in: directory)
            #expect(try statuses(3) == [200, 200, 429])
            try gyre.reload(site: site(""), backend: backend, in: directory)
            #expect(try statuses(3) == [200, 200, 200])
        }

        @Test(arguments: Backend.modes, ["http", "tcp"])
        func connectionsBeyondTheRateAreReset(_ backend: Backend, _ service: String) throws {
            let directory = try TemporaryDirectory()
            let origin = try HTTPOrigin(named: "app")
            let limit = "    rate_limit: {connections: 3/h}"
            let gyre = try GyreProcess(
                site: Self.site(origin, limit, workers: 2)
                    .replacing("protocol: http", with: "protocol: \(service)"),
                backend: backend, in: directory)
            for _ in 0..<3 { #expect(try gyre.client().get("/").status == 200) }
            for _ in 0..<2 { #expect(try gyre.client().isEnded()) }
            let counters = try gyre.counters { $0.connectionsOverRate == 2 }
            #expect(counters.connectionsOverRate == 2 && counters.accepted == 5)
            #expect(origin.requests.count == 3)
            // Nothing is left of them.
            #expect(try eventually { try gyre.connectionsActive == 0 })
        }
    }
}
