// Peers that send or take as little at a time as they can, and many of them at once.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct Dribbles {
        private static let requestHead =
            "POST /d?r=1 HTTP/1.1\r\nHost: dribble.test\r\nX-A: b\r\nConnection: x\r\nX: y\r\n"
        private static let chunks =
            "5;a=b\r\nhello\r\n1\r\n \r\n005\r\nworld\r\n0\r\nX-Sum: c\r\n\r\n"

        /// Every byte a segment of its own, both ways: where a read ends must change nothing.
        @Test(arguments: Backend.usable)
        func singleBytesBothWaysMakeWholeMessages(_ backend: Backend) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(http: listener.address, backend: backend)
            let client = try gyre.client()
            let framings = [
                ("Content-Length: 11\r\n\r\nhello world", "Content-Length: 11\r\n\r\nhello world"),
                (
                    "Transfer-Encoding: chunked\r\n\r\n\(Self.chunks)",
                    "Transfer-Encoding: chunked\r\n\r\n\(Self.chunks)"
                ),
            ]
            var origin: HTTPStream?
            for (request, response) in framings {
                let sender = Background { try Self.dribble(Self.requestHead + request, to: client) }
                let stream = try origin ?? HTTPStream(listener.accept())
                origin = stream
                let seen = try stream.readRequest()
                #expect(seen.target == "/d?r=1")
                #expect(seen.head["X-A"] == "b" && seen.head.values("X") == [])
                #expect(String(decoding: seen.body, as: UTF8.self) == "hello world")
                try sender.value()
                let answer = Background {
                    try Self.dribble("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", to: stream)
                    try Self.dribble("HTTP/1.1 200 Very OK\r\nX-B: c\r\n\(response)", to: stream)
                }
                #expect(try client.readResponse().status == 103)
                let final = try client.readResponse()
                #expect(final.head.startLine == "HTTP/1.1 200 Very OK")
                #expect(final.head["X-B"] == "c" && final.text == "hello world")
                try answer.value()
                if request.contains("chunked") {
                    #expect(seen.trailers.map(\.value) == ["c"])
                    #expect(final.trailers.map(\.name) == ["X-Sum"])
                }
            }
        }

        /// Both read a byte at a time through the smallest buffers the kernel gives.
        @Test(arguments: Backend.usable)
        func slowReadersGetEveryByte(_ backend: Backend) throws {
            let listener = try Listener(receiveBuffer: 4096)
            let gyre = try GyreProcess(http: listener.address, backend: backend)
            let client = try gyre.client()
            let count = 300_000
            let up = Pattern(seed: 71)
            let down = Pattern(seed: 72)
            let sender = Background {
                try client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n")
                try client.connection.send(up, count: count)
            }
            let origin = HTTPStream(try listener.accept())
            _ = try origin.readHead()
            #expect(try Self.readSlowly(count, from: origin) == up.bytes(at: 0, count: 250_000))
            try sender.value()
            let answer = Background {
                try origin.send("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n")
                try origin.connection.send(down, count: count)
            }
            _ = try client.readHead()
            #expect(try Self.readSlowly(count, from: client) == down.bytes(at: 0, count: 250_000))
            try answer.value()
        }

        /// Clients that never finish their heads cost others nothing, and are let go in time.
        @Test(arguments: Backend.usable)
        func thousandSlowHeadsDoNotHarmOthers(_ backend: Backend) throws {
            let count = 1_000
            let nginx = try NginxOrigin()
            let gyre = try GyreProcess(
                http: nginx.address, backend: backend, options: ["--head-timeout", "3s"])
            let base = try gyre.usage.descriptorCount()
            let memory = try gyre.usage.anonymousBytes()
            let slow = try (0..<count).map { _ in try gyre.client() }
            let start = ContinuousClock.now
            for client in slow { try client.send("GET /small HTTP/1.1\r\nHost: a\r\nX: ") }
            #expect(try eventually { try gyre.counters().clientsActive == count })
            let load = try HTTPLoad.wrk(gyre.address, connections: 16, seconds: 1)
            #expect(load.errors == [])
            #expect(load.requests > 500)
            var longest = 0.0
            for client in slow { try client.send("x") }
            for _ in 0..<100 {
                let began = ContinuousClock.now
                #expect(try gyre.client().get("/small").status == 200)
                longest = max(longest, (ContinuousClock.now - began) / .seconds(1))
            }
            #expect(longest < 0.2, "\(longest) s while others were slow")
            // A head that is not complete holds a buffer each, and no more.
            #expect(try gyre.usage.anonymousBytes() - memory <= count * 40 << 10)
            for client in slow {
                let response = try client.readResponse()
                guard response.status == 408 else { throw TestFailure("\(response.status)") }
            }
            #expect(ContinuousClock.now - start < .seconds(6))
            slow.forEach { $0.close() }
            nginx.process.signal(SIGTERM)
            try gyre.awaitRest(descriptors: base, flowsAtOnce: 1)
        }

        private static func dribble(_ text: String, to stream: HTTPStream) throws {
            for byte in text.utf8 {
                try stream.send([byte])
                usleep(100)
            }
        }

        /// Reads the first 250,000 bytes in small pieces with pauses, the rest at once.
        private static func readSlowly(_ count: Int, from stream: HTTPStream) throws -> [UInt8] {
            var bytes: [UInt8] = []
            for _ in 0..<250 {
                bytes += try stream.readBytes(1_000)
                usleep(500)
            }
            _ = try stream.readBytes(count - bytes.count)
            return bytes
        }
    }
}
