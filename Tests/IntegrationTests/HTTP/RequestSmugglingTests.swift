// What two parsers could read differently is refused, and neither it nor what follows it reaches an
// origin.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct RequestSmuggling {
        /// In one write and in single bytes: where a read ends must not change a verdict.
        @Test(arguments: Backend.usable, [false, true])
        func malformedHeadsAreRefused(_ backend: Backend, dribbled: Bool) throws {
            let origin = try RecordingOrigin()
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            // All at once: what dribbles takes time.
            let sent = try RequestVector.all.map { vector in
                let client = try gyre.client()
                return Background {
                    try Self.send(vector.text + RequestVector.follower, to: client, dribbled)
                    return Refusal(client)
                }
            }
            for (vector, refusal) in zip(RequestVector.all, sent) {
                let refusal = try refusal.value()
                #expect(vector.statuses.contains(refusal.status), "\(vector): \(refusal.text)")
                #expect(refusal.isLast, "\(vector): \(refusal.text)")
            }
            let seen = origin.connections.filter { !$0.isEmpty }.map {
                String(decoding: $0, as: UTF8.self)
            }
            #expect(seen == [], "an origin saw some of it")
        }

        @Test(arguments: Backend.usable)
        func refusalsSayWhoRefusesAndWhy(_ backend: Backend) throws {
            let origin = try RecordingOrigin()
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            for (request, status) in [
                ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
                ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
                ("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 405),
            ] {
                let client = try gyre.client()
                let response = try client.exchange(request)
                #expect(response.status == status)
                #expect(response.head["Server"] == "gyre")
                #expect(response.head["Proxy-Status"]?.hasPrefix("gyre; error=") == true)
                #expect(response.head["Content-Type"]?.hasPrefix("text/plain") == true)
                #expect(response.head["Content-Length"] == "\(response.body.count)")
                #expect(response.head["Date"] != nil)
                #expect(response.head.has("close", in: "Connection"))
                #expect(response.body.count < 200 && response.text.hasSuffix("\n"))
                try client.expectEnd()
            }
        }

        /// The head went on before the body was known to be wrong. What the origin has got then
        /// must be no complete request, so that it cannot act on it.
        @Test(arguments: Backend.usable)
        func malformedChunksEndBothConnections(_ backend: Backend) throws {
            let origin = try RecordingOrigin()
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            for (index, chunks) in ChunkVector.all.enumerated() {
                for isApart in [false, true] {
                    let client = try gyre.client()
                    if isApart {
                        let awaited = origin.connections.count + 1
                        try client.send(head)
                        #expect(eventually { origin.connections.count >= awaited })
                        try? Self.send(chunks + RequestVector.follower, to: client)
                    } else {
                        try Self.send(head + chunks + RequestVector.follower, to: client)
                    }
                    let refusal = Refusal(client)
                    let name = "\(index) \(chunks.debugDescription)"
                    #expect(refusal.status == 400 && refusal.isLast, "\(name): \(refusal.text)")
                }
            }
            let isOver = eventually { origin.endedCount == origin.connections.count }
            #expect(isOver, "connections to the origin must end, too")
            for bytes in origin.connections {
                let text = String(decoding: bytes, as: UTF8.self)
                #expect(!text.contains("smuggled"), "\(text)")
                #expect(!text.contains("\r\n0\r\n"), "it looks complete: \(text)")
            }
        }

        /// Valid, however odd: what a strict reader must not refuse, and passes on unchanged or in
        /// a form that says the same.
        @Test(arguments: Backend.usable)
        func unusualRequestsAreServed(_ backend: Backend) throws {
            let origin = try HTTPOrigin { .ok(String(decoding: $0.request.body, as: UTF8.self)) }
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let client = try gyre.client()
            let codings = [
                "chunked", "Chunked", "CHUNKED", "  chunked", "\tchunked", "chunked \t",
            ]
            let bodies = [
                "5\r\nhello\r\n0\r\n\r\n", "005\r\nhello\r\n000\r\n\r\n",
                "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "5;a=b\r\nhello\r\n0;c\r\n\r\n",
                "5;a=\"b c\"\r\nhello\r\n0\r\n\r\n",
            ]
            for coding in codings {
                for body in bodies {
                    let response = try client.exchange(
                        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\(coding)\r\n\r\n\(body)")
                    #expect(response.text == "hello", "\(coding) \(body)")
                }
            }
            for length in ["5", " 5", "\t5", "5 \t", "005"] {
                let response = try client.exchange(
                    "POST / HTTP/1.1\r\nHost:a\r\nContent-Length:\(length)\r\n\r\nhello")
                #expect(response.text == "hello", "\(length)")
            }
            // Bodies where none is usual are bodies all the same (RFC 9110 section 9.3).
            for method in ["GET", "DELETE", "OPTIONS", "PROPFIND"] {
                for framed in [
                    "Content-Length: 5\r\n\r\nhello",
                    "Transfer-Encoding: chunked\r\n\r\n\(bodies[0])",
                ] {
                    let response = try client.exchange(
                        "\(method) / HTTP/1.1\r\nHost: a\r\n\(framed)")
                    #expect(response.text == "hello", "\(method) \(framed)")
                }
            }
            let hosts = ["a", "a:80", "a:", "127.0.0.1", "[::1]:8080", "a-b.c_d", "a%20b", "xn--a"]
            for host in hosts {
                let response = try client.exchange("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                #expect(response.status == 200, "\(host)")
                #expect(origin.requests.last?.request.head["Host"] == host)
            }
            for target in ["/%00", "/a//b/../c", "/?", "/?a=b&&", "/;=@:!$&'()*+,~-._"] {
                let response = try client.exchange("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(response.status == 200, "\(target)")
                #expect(origin.targets.last == target)
            }
            #expect(origin.failures == [])
        }

        /// One length said twice may be refused or made one (RFC 9112 section 6.3), not passed on.
        @Test(arguments: Backend.usable)
        func repeatedLengthsAreNotPassedOn(_ backend: Backend) throws {
            let origin = try HTTPOrigin { .ok(String(decoding: $0.request.body, as: UTF8.self)) }
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            for length in [
                "5, 5", "5,5", "5\r\nContent-Length: 5", "5\r\nX: y\r\ncontent-length:5",
            ] {
                let response = try gyre.client().exchange(
                    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\nhello")
                #expect(response.status == 400 || response.text == "hello", "\(length)")
            }
            #expect(origin.failures == [])
            for received in origin.requests {
                #expect(received.request.head.values("Content-Length") == ["5"])
            }
        }

        /// Trailers pass, but what must not stand there is not made into something by us
        /// (RFC 9110 section 6.5.1).
        @Test(arguments: Backend.usable)
        func trailersCannotChangeTheMessage(_ backend: Backend) throws {
            let origin = try HTTPOrigin { _ in .ok("") }
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let client = try gyre.client()
            let response = try client.exchange(
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                    + "5\r\nhello\r\n0\r\nX-Sum: abc\r\nx-Other: d\r\n\r\n")
            #expect(response.status == 200)
            let seen = try #require(origin.requests.first).request
            #expect(seen.trailers.map(\.name) == ["X-Sum", "x-Other"])
            #expect(seen.trailers.map(\.value) == ["abc", "d"])
            for name in ["Content-Length", "Transfer-Encoding", "Host"] {
                let other = try gyre.client().exchange(
                    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "5\r\nhello\r\n0\r\n\(name): 7\r\n\r\n")
                #expect(other.status == 200 || other.status == 400, "\(name)")
            }
            for received in origin.requests.dropFirst() {
                #expect(received.request.trailers.isEmpty)
            }
        }

        private static func send(
            _ text: String, to client: HTTPStream, _ dribbled: Bool = false
        ) throws {
            let bytes = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
            if !dribbled { return try client.send(bytes) }
            for byte in bytes {
                // It may be refused, and the connection ended, before all has been sent.
                do { try client.send([byte]) } catch { return }
                usleep(200)
            }
        }
    }
}

/// What a client got that was refused.
private struct Refusal {
    let status: Int
    /// Whether nothing came behind the one answer but the end.
    let isLast: Bool
    let text: String

    init(_ client: HTTPStream) {
        do {
            let response = try client.readResponse()
            let rest = client.readToEnd()
            status = response.status
            isLast = rest.bytes.isEmpty
            text = "\(response.status) \(response.text) \(rest)"
        } catch {
            status = 0
            isLast = false
            text = "\(error)"
        }
    }
}
