// The order of things within one exchange: interim responses, expectations, answers that come
// before the request is through, and bodies and trailers in every framing.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct Exchanges {
        /// A gyre with a client and the listener that plays its origin.
        private struct Scene {
            let listener: Listener
            let gyre: GyreProcess
            let client: HTTPStream

            init(_ backend: Backend, options: [String] = []) throws {
                listener = try Listener()
                gyre = try GyreProcess(
                    http: [listener.address], backend: backend,
                    options: ["--workers", "1"] + options)
                client = try gyre.client()
            }

            func accept() throws -> HTTPStream { HTTPStream(try listener.accept()) }
        }

        private static let expecting =
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"

        @Test(arguments: Backend.modes)
        func expectationWaitsForTheOrigin(_ backend: Backend) throws {
            let scene = try Scene(backend)
            let client = scene.client
            try client.send(Self.expecting)
            let origin = try scene.accept()
            let head = try origin.readHead()
            #expect(head["Expect"] == "100-continue")
            #expect(!client.connection.isReadable(within: 0.2), "the 100 is the origin's to send")
            try origin.send("HTTP/1.1 100 Continue\r\n\r\n")
            #expect(try client.readResponse().status == 100)
            try client.send("body")
            #expect(try origin.readBytes(4) == Array("body".utf8))
            try origin.send("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok")
            #expect(try client.readResponse().status == 201)
            #expect(try client.exchangeAgain(with: origin) == "again")
        }

        @Test(arguments: Backend.modes)
        func refusedExpectationEndsTheRequest(_ backend: Backend) throws {
            let scene = try Scene(backend)
            let client = scene.client
            try client.send(Self.expecting)
            let origin = try scene.accept()
            _ = try origin.readHead()
            try origin.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
            let response = try client.readResponse()
            #expect(response.status == 403 && response.text == "no")
            // Whether the body still comes is the client's to say: what follows must be taken for
            // the body or for nothing, and for a request only behind four bytes of body.
            try? client.send(RequestVector.follower)
            pause(0.1)
            if response.head.has("close", in: "Connection") {
                #expect(client.isEnded(within: 7))
            }
            let seen = origin.readSome()
            #expect(!seen.contains("GET /smuggled"), "\(seen)")
            #expect(try scene.listener.acceptIfAny(within: 0.1) == nil)
        }

        /// RFC 9110 section 15.2: a client of HTTP/1.0 does not know interim responses.
        @Test(arguments: Backend.modes)
        func interimResponsesGoToWhoKnowsThem(_ backend: Backend) throws {
            let interim =
                "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x\r\nX: y\r\n\r\n"
                + "HTTP/1.1 102 Processing\r\n\r\n"
            let final = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
            let scene = try Scene(backend)
            try scene.client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let origin = try scene.accept()
            _ = try origin.readRequest()
            try origin.send(interim)
            let hints = try scene.client.readResponse()
            #expect(hints.status == 103 && hints.head["Link"] == "</a>")
            #expect(hints.head.values("X") == [], "hop-by-hop in interim responses, too")
            #expect(try scene.client.readResponse().status == 102)
            try origin.send(final)
            #expect(try scene.client.readResponse().text == "ok")

            let old = try scene.gyre.client()
            try old.send("GET / HTTP/1.0\r\n\r\n")
            _ = try origin.readRequest()
            try origin.send(interim + final)
            let response = try old.readResponse()
            #expect(response.status == 200 && response.text == "ok")
            try old.expectEnd()
        }

        @Test(arguments: Backend.modes)
        func endlessInterimResponsesEnd(_ backend: Backend) throws {
            let scene = try Scene(backend)
            try scene.client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let origin = try scene.accept()
            _ = try origin.readRequest()
            let sender = Background {
                while true { try origin.send("HTTP/1.1 102 Processing\r\n\r\n") }
            }
            var count = 0
            while try scene.client.readResponse().status == 102 { count += 1 }
            #expect(count < 1000)
            #expect(throws: SocketError.self) { try sender.value(within: 5) }
        }

        /// The answer comes first, the body is taken afterwards: both arrive.
        @Test(arguments: Backend.modes, [1_000, 8 << 20])
        func answerMayComeBeforeTheBody(_ backend: Backend, bytes: Int) throws {
            let scene = try Scene(backend)
            let client = scene.client
            let pattern = Pattern(seed: 73)
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(bytes)\r\n\r\n")
            let origin = try scene.accept()
            _ = try origin.readHead()
            try origin.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly")
            #expect(try client.readResponse().text == "early")
            let sender = Background { try client.connection.send(pattern, count: bytes) }
            // Either the rest is taken, or the connections end: nothing may hang or go astray.
            let taken = origin.connection.drain(upTo: bytes)
            if taken == bytes {
                try sender.value()
                if try client.exchangeOrEnd(with: origin) == nil { return }
            } else {
                _ = try? sender.value(within: 20)
                #expect(client.readToEnd().bytes.isEmpty)
            }
        }

        /// An upload that is refused early: the client must get to read why.
        @Test(arguments: Backend.modes)
        func refusalReachesAClientThatStillSends(_ backend: Backend) throws {
            let scene = try Scene(backend)
            let client = scene.client
            let sender = Background {
                try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 33554432\r\n\r\n")
                try client.send([UInt8](repeating: 98, count: 32 << 20))
            }
            let origin = try scene.accept()
            _ = try origin.readHead()
            try origin.send(
                "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig")
            origin.close()
            let response = try client.readResponse()
            #expect(response.status == 413 && response.text == "big")
            #expect(response.head.has("close", in: "Connection"))
            _ = try? sender.value(within: 20)
        }

        @Test(arguments: Backend.modes)
        func trailersPassBothWays(_ backend: Backend) throws {
            let scene = try Scene(backend)
            let chunks = "3\r\nabc\r\n0\r\nX-Sum: 1\r\nx-last: 2\r\n\r\n"
            try scene.client.send(
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                    + chunks)
            let origin = try scene.accept()
            let request = try origin.readRequest()
            #expect(request.head["Trailer"] == "X-Sum")
            #expect(request.trailers.map(\.name) == ["X-Sum", "x-last"])
            try origin.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n" + chunks)
            let response = try scene.client.readResponse()
            #expect(response.text == "abc")
            #expect(response.trailers.map(\.value) == ["1", "2"])
            // To HTTP/1.0 there is nothing but the body.
            let old = try scene.gyre.client()
            try old.send("GET / HTTP/1.0\r\n\r\n")
            _ = try origin.readRequest()
            try origin.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
            let plain = try old.readResponse()
            #expect(plain.text == "abc")
            #expect(plain.head.values("Transfer-Encoding") == [])
        }

        /// No body, whatever the head says (RFC 9112 section 6.3), and what it says is kept.
        @Test(arguments: Backend.modes)
        func bodilessAnswersKeepTheirLengths(_ backend: Backend) throws {
            let origin = try HTTPOrigin { received in
                switch received.request.target {
                case "/304": .keep("HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n")
                case "/204": .keep("HTTP/1.1 204 No Content\r\n\r\n")
                case "/head": .keep("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                case "/chunked": .keep("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                case "/bare": .keep("HTTP/1.1 200 OK\r\n\r\n")
                default: .ok("next")
                }
            }
            let gyre = try GyreProcess(
                http: origin.address, backend: backend, options: ["--workers", "1"])
            let client = try gyre.client()
            let cases = [
                ("GET", "/304", 304, "1000"), ("GET", "/204", 204, nil),
                ("HEAD", "/head", 200, "1000"), ("HEAD", "/chunked", 200, nil),
                ("HEAD", "/bare", 200, nil), ("HEAD", "/304", 304, "1000"),
            ]
            for (method, path, status, length) in cases {
                let response = try client.exchange(
                    "\(method) \(path) HTTP/1.1\r\nHost: a\r\n\r\n", method: method)
                #expect(response.status == status, "\(path)")
                #expect(response.head["Content-Length"] == length, "\(path)")
                #expect(try client.get("/next").text == "next", "\(path)")
            }
            #expect(origin.accepted == 1)
        }

        /// Streamed, not collected: each piece is passed on before the next is there.
        @Test(arguments: Backend.modes)
        func bodiesAreStreamedBothWays(_ backend: Backend) throws {
            let scene = try Scene(backend)
            try scene.client.send(
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            let origin = try scene.accept()
            _ = try origin.readHead()
            for number in 0..<5 {
                try scene.client.send("1\r\n\(number)\r\n")
                #expect(try origin.readBytes(6) == Array("1\r\n\(number)\r\n".utf8))
            }
            try scene.client.send("0\r\n\r\n")
            #expect(try origin.readBytes(5) == Array("0\r\n\r\n".utf8))
            try origin.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
            _ = try scene.client.readHead()
            for number in 0..<5 {
                try origin.send("\(number)")
                #expect(try scene.client.readBytes(1) == Array("\(number)".utf8))
            }
            #expect(try scene.client.exchangeAgain(with: origin) == "again")
        }

        /// A client of HTTP/1.0 is told the end of a body of unknown length by the connection's.
        @Test(arguments: Backend.modes)
        func oldClientsGetNoChunks(_ backend: Backend) throws {
            let scene = try Scene(backend)
            try scene.client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let origin = try scene.accept()
            #expect(try origin.readRequest().head.startLine == "GET / HTTP/1.1")
            try origin.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
            let response = try scene.client.readResponse()
            #expect(response.text == "abc")
            #expect(response.head.has("close", in: "Connection"))
            #expect(response.head.values("Transfer-Encoding") == [])
        }
    }
}

extension HTTPStream {
    /// One more exchange over the same two connections.
    fileprivate func exchangeAgain(with origin: HTTPStream) throws -> String {
        try send("GET /again HTTP/1.1\r\nHost: a\r\n\r\n")
        let request = try origin.readRequest()
        guard request.target == "/again" else { throw TestFailure("origin got \(request)") }
        try origin.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nagain")
        return try readResponse().text
    }

    /// One more exchange, or `nil` when the connection has ended instead.
    fileprivate func exchangeOrEnd(with origin: HTTPStream) throws -> String? {
        isEnded(within: 0.2) ? nil : try exchangeAgain(with: origin)
    }

    /// What is there within a moment, as text.
    fileprivate func readSome() -> String {
        guard connection.isReadable(within: 0.1) else { return "" }
        return String(decoding: (try? connection.receiveSome()) ?? [], as: UTF8.self)
    }
}
