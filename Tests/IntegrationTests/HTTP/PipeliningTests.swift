// Requests that come before the answer to the one before them: answered in order, each one once.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct Pipelining {
        private static func request(_ path: String, _ more: String = "") -> String {
            "GET \(path) HTTP/1.1\r\nHost: a\r\n\(more)\r\n"
        }

        private static func requests(_ count: Int) -> String {
            (0..<count).map { request("/\($0)") }.joined()
        }

        @Test(
            arguments: Backend.modes,
            [[], ["--pipeline-depth", "1"], ["--upstream-idle-max", "0"]])
        func hundredInOneWriteAreAnsweredInOrder(_ backend: Backend, options: [String]) throws {
            let count = 100
            let origin = try HTTPOrigin { .ok($0.request.target) }
            let gyre = try GyreProcess(http: origin.address, backend: backend, options: options)
            let client = try gyre.client()
            try client.send(Self.requests(count))
            for number in 0..<count {
                #expect(try client.readResponse().text == "/\(number)")
            }
            #expect(origin.targets == (0..<count).map { "/\($0)" })
            // And the connection is as good as before.
            #expect(try client.get("/after").text == "/after")
        }

        @Test(arguments: Backend.modes)
        func allAreAnsweredToAClientThatEndedItsSide(_ backend: Backend) throws {
            let count = 100
            let origin = try HTTPOrigin { .ok($0.request.target) }
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let client = try gyre.client()
            try client.send(Self.requests(count))
            try client.finishSending()
            for number in 0..<count {
                #expect(try client.readResponse().text == "/\(number)")
            }
            try client.expectEnd()
        }

        @Test(arguments: Backend.modes)
        func bodiesAndDelaysKeepTheirPlace(_ backend: Backend) throws {
            let origin = try HTTPOrigin { received in
                let request = received.request
                if request.target == "/slow" { pause(0.2) }
                let body = String(decoding: request.body, as: UTF8.self)
                let answer = "\(request.method) \(request.target) \(body)"
                if request.method == "HEAD" {
                    return .keep("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                }
                if request.target == "/chunked" {
                    let size = String(answer.utf8.count, radix: 16)
                    return .keep(
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                            + "\(size)\r\n\(answer)\r\n0\r\n\r\n")
                }
                if request.target == "/nothing" { return .keep("HTTP/1.1 204 No\r\n\r\n") }
                return .ok(answer)
            }
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let client = try gyre.client()
            let long = String(repeating: "l", count: 200_000)
            let exchanges = [
                ("GET /slow", "", "GET /slow "),
                ("POST /a", "Content-Length: 5\r\n\r\nhello", "POST /a hello"),
                ("HEAD /b", "", ""),
                (
                    "POST /chunked", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
                    "POST /chunked abc"
                ),
                ("GET /nothing", "", ""),
                ("PUT /c", "Content-Length: 200000\r\n\r\n\(long)", "PUT /c \(long)"),
                // A body that looks like a request is a body.
                (
                    "POST /d", "Content-Length: 28\r\n\r\nGET /e HTTP/1.1\r\nHost: a\r\n\r\n",
                    "POST /d GET /e HTTP/1.1\r\nHost: a\r\n\r\n"
                ),
                ("GET /f", "", "GET /f "),
            ]
            let bytes = exchanges.map {
                "\($0.0) HTTP/1.1\r\nHost: a\r\n\($0.1.isEmpty ? "\r\n" : $0.1)"
            }.joined()
            let sender = Background { try client.send(bytes) }
            for (line, _, answer) in exchanges {
                let method = String(line.prefix { $0 != " " })
                #expect(try client.readResponse(to: method).text == answer, "\(line)")
            }
            try sender.value()
            #expect(origin.failures == [])
            #expect(origin.requests.count == exchanges.count)
        }

        @Test(arguments: Backend.modes)
        func nothingBehindALastRequestIsServed(_ backend: Backend) throws {
            let origin = try HTTPOrigin { .ok($0.request.target) }
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            // Last because the client says so, because of HTTP/1.0, and because it is refused.
            let last = [
                (Self.request("/last", "Connection: close\r\n"), 200),
                ("GET /last HTTP/1.0\r\nHost: a\r\n\r\n", 200),
                ("GET /last HTTP/1.1\r\n\r\n", 400),
            ]
            for (request, status) in last {
                let client = try gyre.client()
                let seen = origin.requests.count
                try client.send(Self.requests(3) + request + Self.request("/never"))
                for number in 0..<3 {
                    #expect(try client.readResponse().text == "/\(number)")
                }
                let response = try client.readResponse()
                #expect(response.status == status)
                #expect(response.head.has("close", in: "Connection"))
                try client.expectEnd()
                #expect(origin.requests.count == seen + (status == 200 ? 4 : 3))
            }
            #expect(!origin.targets.contains("/never"))
        }

        /// The queue of requests read ahead is bounded: a client that sends and does not read is
        /// held back, and costs no more than that.
        @Test(arguments: Backend.modes)
        func endlessRequestsAreHeldBack(_ backend: Backend) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(http: listener.address, backend: backend)
            let base = try gyre.usage.anonymousBytes()
            let client = try gyre.client()
            let sender = Background {
                let batch = Array(Self.requests(100).utf8)
                while true { try client.send(batch) }
            }
            let origin = HTTPStream(try listener.accept())
            #expect(try origin.readRequest().target == "/0")
            pause(1)
            #expect(try gyre.usage.anonymousBytes() - base <= 1 << 20)
            let ticks = try gyre.usage.cpuTicks()
            pause(0.5)
            #expect(try gyre.usage.cpuTicks() - ticks <= 5)
            try origin.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            #expect(try client.readResponse().text == "ok")
            shutdown(client.connection.descriptor, Int32(SHUT_RDWR))
            #expect(throws: SocketError.self) { try sender.value(within: 20) }
        }
    }
}
