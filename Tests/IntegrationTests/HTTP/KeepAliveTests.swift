// Which connections go on after an exchange, on either side (RFC 9112 section 9.3).

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct KeepAlive {
        /// What a client sends, whether its connection goes on, and whether the answer says so.
        private static let clientCases: [(request: String, goesOn: Bool)] = [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", true),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nconnection: Close\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n", false),
            ("GET / HTTP/1.0\r\nHost: a\r\n\r\n", false),
            ("GET / HTTP/1.0\r\n\r\n", false),
            ("GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n", true),
            ("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n", false),
            ("POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", true),
        ]

        @Test(arguments: Backend.modes)
        func clientDecidesForItsConnection(_ backend: Backend) throws {
            let origin = try HTTPOrigin { _ in .ok("body") }
            let gyre = try GyreProcess(
                http: origin.address, backend: backend, options: ["--workers", "1"])
            for (request, goesOn) in Self.clientCases {
                let client = try gyre.client()
                let response = try client.exchange(request)
                #expect(response.text == "body", "\(request)")
                let head = response.head
                #expect(head.has("close", in: "Connection") == !goesOn, "\(request)")
                if goesOn {
                    let isOld = request.contains("HTTP/1.0")
                    #expect(!isOld || head.has("keep-alive", in: "Connection"), "\(request)")
                    #expect(try client.exchange(request).text == "body", "\(request)")
                } else {
                    #expect(client.isEnded(within: 2), "\(request)")
                }
            }
            // What the clients wish is nothing to the connection to the origin.
            #expect(origin.accepted == 1)
            #expect(origin.requests.allSatisfy { !$0.request.head.has("close", in: "Connection") })
        }

        /// What an origin answers, and whether its connection may be used again.
        private static let originCases: [(answer: HTTPAnswer, isKept: Bool)] = [
            (.keep("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), true),
            (.keep("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"), false),
            (.keep("HTTP/1.1 200 OK\r\nconnection: x,CLOSE\r\nContent-Length: 2\r\n\r\nok"), false),
            (.keep("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"), false),
            (
                .keep("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"),
                true
            ),
            (.end("HTTP/1.0 200 OK\r\n\r\nok"), false),
            (.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), false),
            (.end("HTTP/1.1 200 OK\r\n\r\nok"), false),
            // More than it announced: what follows could be taken for the next answer.
            (
                .keep("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 Evil\r\n\r\n"),
                false
            ),
        ]

        @Test(arguments: Backend.modes)
        func originDecidesForItsConnection(_ backend: Backend) throws {
            for (answer, isKept) in Self.originCases {
                let origin = try HTTPOrigin { _ in answer }
                let gyre = try GyreProcess(http: origin.address, backend: backend)
                let client = try gyre.client()
                for _ in 0..<3 {
                    let response = try client.get("/")
                    #expect(response.status == 200 && response.text == "ok", "\(answer)")
                    // An end behind the answer has to be there to be noticed.
                    pause(0.02)
                }
                #expect(origin.accepted == (isKept ? 1 : 3), "\(answer)")
            }
        }

        @Test(arguments: Backend.modes)
        func lastOfTheAllowedRequestsSaysSo(_ backend: Backend) throws {
            let origin = try HTTPOrigin { .ok($0.request.target) }
            let gyre = try GyreProcess(
                http: origin.address, backend: backend, options: ["--max-requests", "3"])
            for _ in 0..<2 {
                let client = try gyre.client()
                for number in 1...3 {
                    let response = try client.get("/\(number)")
                    #expect(response.text == "/\(number)")
                    #expect(response.head.has("close", in: "Connection") == (number == 3))
                }
                try client.expectEnd()
            }
            // Also of requests that were read ahead.
            let client = try gyre.client()
            try client.send(
                String(repeating: "GET /p HTTP/1.1\r\nHost: a\r\n\r\n", count: 5))
            for _ in 0..<3 { #expect(try client.readResponse().text == "/p") }
            try client.expectEnd()
            #expect(origin.requests.count == 9)
        }

        @Test(arguments: Backend.modes)
        func connectionsAreUsedAgainByWhoeverComesNext(_ backend: Backend) throws {
            let origin = try HTTPOrigin { _ in
                pause(0.05)
                return .ok("x")
            }
            let gyre = try GyreProcess(
                http: origin.address, backend: backend, options: ["--workers", "1"])
            // Eight at once need eight connections, and one after the other one.
            let together = try (0..<8).map { _ in try gyre.client() }
            for client in together { try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
            for client in together { #expect(try client.readResponse().text == "x") }
            #expect(origin.accepted == 8)
            var used: Set<Int> = []
            for _ in 0..<10 {
                #expect(try gyre.client().get("/").text == "x")
                if let last = origin.requests.last { used.insert(last.connection) }
            }
            #expect(origin.accepted == 8)
            #expect(used.count == 1, "the one that rested least is taken first")
        }

        @Test(arguments: Backend.usable)
        func idleConnectionsAreCappedAndReuseCanBeTurnedOff(_ backend: Backend) throws {
            let origin = try HTTPOrigin { _ in
                pause(0.05)
                return .ok("x")
            }
            for cap in [0, 2] {
                let gyre = try GyreProcess(
                    http: origin.address, backend: backend,
                    options: ["--workers", "1", "--upstream-idle-max", "\(cap)"])
                let base = try gyre.usage.descriptorCount()
                let clients = try (0..<6).map { _ in try gyre.client() }
                for client in clients { try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
                for client in clients { #expect(try client.readResponse().text == "x") }
                let isCapped = try eventually {
                    try gyre.usage.descriptorCount() == base + clients.count + cap
                }
                #expect(isCapped, "cap \(cap)")
                let before = origin.accepted
                #expect(try clients[0].get("/").text == "x")
                #expect(origin.accepted == before + (cap == 0 ? 1 : 0))
            }
        }
    }
}
