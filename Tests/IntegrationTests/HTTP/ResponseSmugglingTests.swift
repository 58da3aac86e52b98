// Origins are judged as strictly as clients: what is malformed becomes a 502 or a cut, and never a
// passed-on ambiguity, nor somebody else's answer.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct ResponseSmuggling {
        @Test(arguments: Backend.usable)
        func malformedHeadsBecome502(_ backend: Backend) throws {
            let origin = try VectorOrigin(ResponseVector.all + ResponseVector.unfinished)
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            for (index, vector) in origin.vectors.enumerated() {
                let client = try gyre.client()
                var response = try client.get("/\(index)")
                // An interim response may have gone on before the end came.
                while response.status < 200 { response = try client.readResponse() }
                let name = "\(index) \(vector.debugDescription)"
                #expect(response.status == 502, "\(name): \(response.head)")
                #expect(response.head["Server"] == "gyre", "\(name)")
                #expect(response.head["Proxy-Status"]?.hasPrefix("gyre; error=") == true, "\(name)")
                // The client has done nothing wrong: it may go on.
                if !response.head.has("close", in: "Connection") {
                    #expect(try client.get("/ok").text == "ok", "\(name)")
                }
            }
        }

        @Test(arguments: Backend.usable)
        func malformedBodiesAreCut(_ backend: Backend) throws {
            let origin = try VectorOrigin(ResponseVector.bodies)
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            for (index, vector) in origin.vectors.enumerated() {
                let client = try gyre.client()
                try client.send("GET /\(index) HTTP/1.1\r\nHost: a\r\n\r\n")
                let text = String(decoding: client.readToEnd().bytes, as: UTF8.self)
                let name = "\(index) \(vector.debugDescription)"
                if text.hasPrefix("HTTP/1.1 502 ") { continue }
                #expect(text.hasPrefix("HTTP/1.1 200 "), "\(name): \(text)")
                #expect(!text.contains("\r\n0\r\n"), "it looks complete: \(name): \(text)")
            }
        }

        /// Bytes behind an answer, and answers to nothing: neither may become the answer to the
        /// next request, whoever makes it.
        @Test(arguments: Backend.usable, [0.0, 0.05])
        func answersToNothingReachNobody(_ backend: Backend, after seconds: Double) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(
                http: [listener.address], backend: backend, options: ["--workers", "1"])
            let evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
            let good = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
            let first = try gyre.client()
            try first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let origin = HTTPStream(try listener.accept())
            _ = try origin.readRequest()
            if seconds == 0 {
                try origin.send(good + evil)
            } else {
                try origin.send(good)
                #expect(try first.readResponse().text == "good")
                pause(seconds)
                try origin.send(evil)
            }
            if seconds == 0 { #expect(try first.readResponse().text == "good") }
            pause(0.05)
            for client in [first, try gyre.client()] {
                try client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
                let fresh = HTTPStream(try listener.accept(within: 3))
                _ = try fresh.readRequest()
                try fresh.send(
                    good.replacing("200 OK\r\n", with: "200 OK\r\nConnection: close\r\n"))
                #expect(try client.readResponse().text == "good")
            }
            #expect(origin.isEnded(), "it broke the order of messages and is not used again")
        }

        /// A body where none may be: the bytes are the origin's mistake and nobody's answer.
        @Test(arguments: Backend.usable)
        func bodiesThatMayNotBeAreNotPassedOn(_ backend: Backend) throws {
            let evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
            let origin = try HTTPOrigin { received in
                switch received.request.target {
                case "/204": .keep("HTTP/1.1 204 No Content\r\n\r\n\(evil)")
                case "/304": .keep("HTTP/1.1 304 Not Modified\r\nContent-Length: 46\r\n\r\n\(evil)")
                case "/head": .keep("HTTP/1.1 200 OK\r\nContent-Length: 46\r\n\r\n\(evil)")
                default: .ok("good")
                }
            }
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            for (line, method) in [
                ("GET /204", "GET"), ("GET /304", "GET"), ("HEAD /head", "HEAD"),
            ] {
                let client = try gyre.client()
                let response = try client.exchange(
                    "\(line) HTTP/1.1\r\nHost: a\r\n\r\n", method: method)
                #expect(response.body.isEmpty && response.status != 502)
                pause(0.02)
                #expect(try client.get("/").text == "good", "after \(line)")
            }
        }

        /// What a client writes into a request must not make a line of a rewritten head.
        @Test(arguments: Backend.usable)
        func rewrittenHeadsCannotBeSplit(_ backend: Backend) throws {
            let origin = try HTTPOrigin { _ in .ok("") }
            let gyre = try GyreProcess(
                http: origin.address, backend: backend,
                options: ["--forwarded", "both", "--via", "--trust", "127.0.0.0/8"])
            let values = [
                "1.2.3.4%0d%0aX-Evil: 1", "\\r\\nX-Evil: 1", "\"; X-Evil: 1", "a;b=\"\\\"",
                "\u{8A}X-Evil: 1", "\u{10A}X-Evil: 1",
                String(repeating: "1.2.3.4, ", count: 500) + "x",
            ]
            for value in values {
                let bytes = Array(value.utf8).map { String(UnicodeScalar($0)) }.joined()
                let text =
                    "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: \(bytes)\r\n"
                    + "Forwarded: for=\(bytes)\r\nVia: \(bytes)\r\n\r\n"
                let client = try gyre.client()
                try client.send(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
                let status = try client.readResponse().status
                #expect(status == 200 || status == 400)
            }
            #expect(origin.failures == [])
            for received in origin.requests {
                #expect(received.request.head.values("X-Evil") == [])
                #expect(received.request.head.values("Host") == ["a"])
            }
        }
    }
}

/// Answers `/N` with vector N and an end, anything else properly. Not an `HTTPOrigin`, whose
/// answers are text.
private final class VectorOrigin: Sendable {
    let vectors: [String]
    let address: PeerAddress
    private let loop: Background<Void>

    init(_ vectors: [String]) throws {
        self.vectors = vectors
        let listener = try Listener()
        address = listener.address
        loop = Background {
            while let connection = try listener.acceptIfAny(within: 20) {
                _ = Background { try Self.serve(HTTPStream(connection), vectors) }
            }
        }
    }

    private static func serve(_ stream: HTTPStream, _ vectors: [String]) throws {
        while let request = try stream.readRequestIfAny() {
            guard let index = Int(request.target.dropFirst()) else {
                try stream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                continue
            }
            try stream.send(
                vectors[index].unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
            stream.close()
            return
        }
    }
}
