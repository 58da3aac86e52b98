// Every wait of an exchange has an end, each by its own option; nothing else is set short, so that
// no other deadline can be what ends it.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct Timeouts {
        private static let limit = 0.6
        private static let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

        /// A gyre in front of a listener, with one deadline set short.
        private static func scene(
            _ option: String, _ backend: Backend, _ more: [String] = []
        ) throws -> (gyre: GyreProcess, listener: Listener) {
            let listener = try Listener(receiveBuffer: 16 << 10)
            let gyre = try GyreProcess(
                http: listener.address, backend: backend,
                options: ["--\(option)", "\(Int(limit * 1000))ms", "--workers", "1"] + more)
            return (gyre, listener)
        }

        /// Expects `end` to return no earlier and not much later than the limit.
        private static func expectOnTime(_ name: String, _ end: () throws -> Void) throws {
            let start = ContinuousClock.now
            try end()
            let took = (ContinuousClock.now - start) / .seconds(1)
            #expect(took > limit - 0.1 && took < limit + 1.2, "\(name): after \(took) s")
        }

        @Test(arguments: Backend.usable)
        func requestHeadMustBeComplete(_ backend: Backend) throws {
            let (gyre, listener) = try Self.scene("head-timeout", backend)
            // Without a byte there is nothing to answer.
            let silent = try gyre.client()
            try Self.expectOnTime("silent") { try silent.expectEnd() }
            // A byte now and then does not help: it is the whole head that has its time.
            let slow = try gyre.client()
            let sender = Background {
                while (try? slow.send("G")) != nil { pause(0.1) }
            }
            try Self.expectOnTime("slow") {
                let response = try slow.readResponse()
                #expect(response.status == 408)
                #expect(response.head.has("close", in: "Connection"))
                #expect(response.head["Server"] == "gyre")
            }
            slow.close()
            try sender.value()
            // The next request of a connection has its time from its first byte on.
            let second = try gyre.client()
            try second.send(Self.request)
            let origin = HTTPStream(try listener.accept())
            _ = try origin.readRequest()
            try origin.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            #expect(try second.readResponse().status == 200)
            pause(Self.limit + 0.3)
            try second.send("GET / HT")
            try Self.expectOnTime("second") { () throws in
                #expect(try second.readResponse().status == 408)
            }
        }

        /// What may become a HEAD gets no content: its client would take it for the next answer.
        @Test(arguments: Backend.usable, ["H", "HEA", "HEAD /long"])
        func noContentForWhatMayBeAHead(_ backend: Backend, begun: String) throws {
            let (gyre, _) = try Self.scene("head-timeout", backend)
            let client = try gyre.client()
            try client.send(begun)
            #expect(try client.readResponse(to: "HEAD").status == 408)
            try client.expectEnd()
        }

        @Test(arguments: Backend.usable)
        func requestBodyMustGoOn(_ backend: Backend) throws {
            let (gyre, listener) = try Self.scene("body-timeout", backend)
            let client = try gyre.client()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
            let origin = HTTPStream(try listener.accept())
            _ = try origin.readHead()
            // Slow is not silent.
            for _ in 0..<5 {
                pause(Self.limit / 2)
                try client.send("b")
                #expect(try origin.readBytes(1) == [98])
            }
            try Self.expectOnTime("body") {
                let response = try client.readResponse()
                #expect(response.status == 408)
                #expect(response.head.has("close", in: "Connection"))
            }
            #expect(origin.isEnded(within: 1), "the origin must learn that no more comes")
        }

        /// A client that does not take its answer is let go; the origin is not held for it.
        @Test(arguments: Backend.usable)
        func clientMustTakeItsAnswer(_ backend: Backend) throws {
            let (gyre, listener) = try Self.scene("body-timeout", backend)
            let client = try gyre.client()
            try client.send(Self.request)
            let origin = HTTPStream(try listener.accept())
            _ = try origin.readRequest()
            try origin.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            let sender = Background { try origin.send([UInt8](repeating: 98, count: 64 << 20)) }
            #expect(throws: SocketError.self) { try sender.value(within: 4) }
            #expect(try eventually { try gyre.counters().clientsActive == 0 })
            let seen = client.readToEnd()
            #expect(seen.bytes.count < 64 << 20)
        }

        @Test(arguments: Backend.usable)
        func originMustAnswer(_ backend: Backend) throws {
            let (gyre, listener) = try Self.scene("response-timeout", backend)
            // The time is from the end of the request on, not from its start.
            let client = try gyre.client()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n")
            let origin = HTTPStream(try listener.accept())
            _ = try origin.readHead()
            pause(Self.limit + 0.2)
            try client.send("bb")
            try Self.expectOnTime("response") {
                let response = try client.readResponse()
                #expect(response.status == 504)
                #expect(
                    response.head["Proxy-Status"]?.hasPrefix("gyre; error=http_response_timeout")
                        == true)
            }
            _ = try origin.readBytes(2)
            #expect(origin.isEnded(within: 1))
            // Half a head is no head.
            try client.send(Self.request)
            let second = HTTPStream(try listener.accept())
            _ = try second.readRequest()
            try Self.expectOnTime("half") { () throws in
                try second.send("HTTP/1.1 200 OK\r\n")
                #expect(try client.readResponse().status == 504)
            }
            #expect(second.isEnded(within: 1))
        }

        @Test(arguments: Backend.usable)
        func originMustGoOn(_ backend: Backend) throws {
            let (gyre, listener) = try Self.scene("upstream-timeout", backend)
            let client = try gyre.client()
            try client.send(Self.request)
            let origin = HTTPStream(try listener.accept())
            _ = try origin.readRequest()
            try origin.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            _ = try client.readHead()
            for _ in 0..<3 {
                pause(Self.limit / 2)
                try origin.send("b")
                #expect(try client.readBytes(1) == [98])
            }
            try Self.expectOnTime("answer") { _ = client.readToEnd() }
            #expect(origin.isEnded(within: 1))
        }

        /// The other way: an origin that does not take a request.
        @Test(arguments: Backend.usable)
        func originMustTakeTheRequest(_ backend: Backend) throws {
            let (gyre, listener) = try Self.scene("upstream-timeout", backend)
            let client = try gyre.client()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
            let origin = HTTPStream(try listener.accept())
            let sender = Background {
                try client.send([UInt8](repeating: 98, count: 64 << 20))
            }
            let response = try client.readResponse()
            #expect(response.status == 504)
            #expect(response.head.has("close", in: "Connection"))
            client.close()
            _ = try? sender.value(within: 20)
            origin.close()
            #expect(try eventually { try gyre.counters().upstreamsActive == 0 })
        }

        @Test(arguments: Backend.usable)
        func idleConnectionsEnd(_ backend: Backend) throws {
            let origin = try HTTPOrigin { _ in .ok("x") }
            let short = "\(Int(Self.limit * 1000))ms"
            let toClients = try GyreProcess(
                http: origin.address, backend: backend, options: ["--keep-alive-timeout", short])
            let client = try toClients.client()
            for _ in 0..<3 {
                #expect(try client.get("/").text == "x")
                pause(Self.limit / 2)
            }
            #expect(try client.get("/").text == "x")
            try Self.expectOnTime("client") { try client.expectEnd() }

            let toOrigins = try GyreProcess(
                http: origin.address, backend: backend,
                options: ["--upstream-keep-alive-timeout", short, "--workers", "1"])
            let other = try toOrigins.client()
            #expect(try other.get("/").text == "x")
            #expect(try toOrigins.counters { $0.upstreamsActive == 1 }.upstreamsActive == 1)
            try Self.expectOnTime("origin") { () throws in
                #expect(try eventually { try toOrigins.counters().upstreamsActive == 0 })
            }
            // Its end is nothing to the client.
            #expect(try other.get("/").text == "x")
        }

        @Test(arguments: Backend.usable)
        func tunnelsMustNotBeSilent(_ backend: Backend) throws {
            let (gyre, listener) = try Self.scene("tunnel-timeout", backend)
            let client = try gyre.client()
            try client.send(
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
            let origin = HTTPStream(try listener.accept())
            _ = try origin.readRequest()
            try origin.send(
                "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
            _ = try client.readHead()
            // One direction in use is enough.
            for _ in 0..<4 {
                pause(Self.limit / 2)
                try origin.send("b")
                #expect(try client.readBytes(1) == [98])
            }
            try Self.expectOnTime("tunnel") { _ = client.readToEnd() }
            #expect(origin.isEnded(within: 1))
        }

        /// A client that ended its side may wait for its answer or be gone; it gets a while.
        @Test(arguments: Backend.usable)
        func halfClosedClientsGetAWhile(_ backend: Backend) throws {
            let (gyre, listener) = try Self.scene("half-close-timeout", backend)
            let quick = try gyre.client()
            try quick.send(Self.request)
            try quick.finishSending()
            let origin = HTTPStream(try listener.accept())
            _ = try origin.readRequest()
            pause(Self.limit / 2)
            try origin.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwh")
            #expect(try quick.readHead().startLine.hasPrefix("HTTP/1.1 200"))
            // Once it has begun it is not cut, however long it takes.
            pause(Self.limit + 0.3)
            try origin.send("at")
            #expect(try quick.readBytes(4) == Array("what".utf8))
            try quick.expectEnd()

            let gone = try gyre.client()
            try gone.send(Self.request)
            _ = try origin.readRequest()
            try Self.expectOnTime("half closed") {
                try gone.finishSending()
                #expect(origin.isEnded(within: 5))
            }
        }
    }
}
