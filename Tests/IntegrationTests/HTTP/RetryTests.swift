// What happens to a request when its origin goes away: once more where that is safe, never where it
// could be done twice.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct Retries {
        /// An origin that answers the first request of each connection and goes away at the
        /// second, which is the moment in which a kept connection is used again.
        private static func fickleOrigin(_ goodbye: HTTPAnswer) throws -> HTTPOrigin {
            try HTTPOrigin { $0.index == 0 ? .ok($0.request.target) : goodbye }
        }

        private static func request(_ method: String, _ path: String, body: String = "") -> String {
            let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
            return "\(method) \(path) HTTP/1.1\r\nHost: a\r\n\(length)\r\n\(body)"
        }

        private static func gyre(_ origin: HTTPOrigin, _ backend: Backend) throws -> GyreProcess {
            try GyreProcess(http: origin.address, backend: backend, options: ["--workers", "1"])
        }

        @Test(arguments: Backend.usable, ["an end", "a reset"])
        func idempotentRequestsAreSentOnceMore(_ backend: Backend, after goodbye: String) throws {
            for method in ["GET", "HEAD", "OPTIONS", "DELETE", "TRACE", "PUT"] {
                let origin = try Self.fickleOrigin(goodbye == "an end" ? .end("") : .reset)
                let gyre = try Self.gyre(origin, backend)
                let client = try gyre.client()
                #expect(try client.get("/first").text == "/first")
                let response = try client.exchange(
                    Self.request(method, "/second"), method: method)
                #expect(response.status == 200, "\(method)")
                #expect(origin.targets == ["/first", "/second", "/second"], "\(method)")
                #expect(origin.accepted == 2, "on a new connection")
                #expect(try gyre.counters { $0.retries == 1 }.retries == 1)
            }
        }

        @Test(arguments: Backend.usable, ["an end", "a reset"])
        func otherRequestsAreSentOnce(_ backend: Backend, after goodbye: String) throws {
            for (method, body) in [("POST", "body"), ("POST", ""), ("PATCH", "b"), ("LOCK", "")] {
                let origin = try Self.fickleOrigin(goodbye == "an end" ? .end("") : .reset)
                let gyre = try Self.gyre(origin, backend)
                let client = try gyre.client()
                #expect(try client.get("/first").text == "/first")
                let response = try client.exchange(Self.request(method, "/second", body: body))
                #expect(response.status == 502, "\(method)")
                #expect(response.head["Proxy-Status"]?.hasPrefix("gyre; error=") == true)
                #expect(origin.targets == ["/first", "/second"], "\(method)")
                // The client has done nothing wrong: its connection goes on.
                #expect(try client.get("/third").text == "/third", "\(method)")
            }
        }

        @Test(arguments: Backend.usable)
        func onceMoreIsNotTwiceMore(_ backend: Backend) throws {
            let origin = try HTTPOrigin {
                $0.connection == 0 && $0.index == 0 ? .ok("") : .end("")
            }
            let gyre = try Self.gyre(origin, backend)
            let client = try gyre.client()
            #expect(try client.get("/first").status == 200)
            #expect(try client.get("/second").status == 502)
            #expect(origin.targets == ["/first", "/second", "/second"])
            // On a new connection nothing is sent again: the origin may have done it.
            #expect(try client.get("/third").status == 502)
            #expect(origin.targets.count { $0 == "/third" } == 1)
        }

        @Test(arguments: Backend.usable)
        func nothingIsSentAgainOnceAnAnswerHasBegun(_ backend: Backend) throws {
            for begun in ["H", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 103 Hints\r\n\r\n"] {
                let origin = try Self.fickleOrigin(.end(begun))
                let gyre = try Self.gyre(origin, backend)
                let client = try gyre.client()
                #expect(try client.get("/first").text == "/first")
                var response = try client.get("/second")
                if response.status == 103 { response = try client.readResponse() }
                #expect(response.status == 502, "\(begun)")
                #expect(origin.targets == ["/first", "/second"], "\(begun)")
            }
        }

        /// The new connection must be a new one: others that rest may be as dead as the first.
        @Test(arguments: Backend.usable)
        func retryDoesNotTryAllThatRest(_ backend: Backend) throws {
            let origin = try HTTPOrigin {
                if $0.index == 0 { pause(0.1) }
                return $0.index == 0 ? .ok($0.request.target) : .end("")
            }
            let gyre = try Self.gyre(origin, backend)
            let clients = try (0..<4).map { _ in try gyre.client() }
            for client in clients { try client.send(Self.request("GET", "/first")) }
            for client in clients { #expect(try client.readResponse().text == "/first") }
            #expect(origin.accepted == 4)
            #expect(try clients[0].get("/second").text == "/second")
            #expect(origin.accepted == 5)
            #expect(origin.targets.count { $0 == "/second" } == 2)
        }

        /// A connection whose end has come is not used, so even a POST does not notice.
        @Test(arguments: Backend.usable)
        func endedConnectionsAreNoticedBeforeUse(_ backend: Backend) throws {
            let origin = try HTTPOrigin { .ok($0.request.target) }
            let gyre = try Self.gyre(origin, backend)
            let client = try gyre.client()
            for number in 0..<5 {
                let request = Self.request("POST", "/\(number)", body: "once")
                #expect(try client.exchange(request).text == "/\(number)")
                origin.closeConnections()
                #expect(try eventually { try gyre.counters().upstreamsActive == 0 })
            }
            #expect(origin.targets == (0..<5).map { "/\($0)" })
            #expect(origin.accepted == 5)
        }

        /// A body that is no longer there cannot be sent again.
        @Test(arguments: Backend.usable)
        func largeBodiesAreNotSentInHalves(_ backend: Backend) throws {
            let origin = try Self.fickleOrigin(.end(""))
            let gyre = try Self.gyre(origin, backend)
            let client = try gyre.client()
            #expect(try client.get("/first").text == "/first")
            let body = String(repeating: "b", count: 4 << 20)
            let response = try client.exchange(Self.request("PUT", "/second", body: body))
            let seconds = origin.requests.filter { $0.request.target == "/second" }
            #expect(response.status == 200 || response.status == 502)
            #expect(seconds.count == (response.status == 200 ? 2 : 1))
            #expect(seconds.allSatisfy { $0.request.body.count == 4 << 20 })
        }
    }
}
