// Sizes at which something else begins: buffers, limits, chunks that fall across both. Messages of
// every such size come through whole and leave what follows them whole.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct Boundaries {
        /// Around every power of two from 4 KiB on that a head may reach.
        private static let sizes = [4096, 8192, 16_384, 32_768].flatMap { size in
            (-3...3).map { size + $0 }
        }.filter { $0 <= 32_768 }

        private static func pad(_ count: Int) -> String { String(repeating: "p", count: count) }

        /// A head and a body that end where a buffer does, or a byte before or after, and right
        /// behind them the next request.
        @Test(arguments: Backend.usable)
        func requestsOfEverySizeStayApart(_ backend: Backend) throws {
            let origin = try HTTPOrigin { received in
                .ok("\(received.request.target) \(received.request.body.count)")
            }
            let gyre = try GyreProcess(
                http: [origin.address], backend: backend, options: ["--forwarded", "none"])
            let client = try gyre.client()
            for size in Self.sizes {
                let plain = "GET /a HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".utf8.count
                let post = "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n"
                let body = size - post.utf8.count
                try client.send(
                    "GET /a HTTP/1.1\r\nHost: a\r\nX: \(Self.pad(size - plain))\r\n\r\n"
                        + post.replacing("20000", with: String(format: "%05d", body))
                        + Self.pad(body) + "GET /c HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try client.readResponse().text == "/a 0", "\(size)")
                #expect(try client.readResponse().text == "/b \(body)", "\(size)")
                #expect(try client.readResponse().text == "/c 0", "\(size)")
            }
            #expect(origin.failures == [])
        }

        @Test(arguments: Backend.usable)
        func responsesOfEverySizeStayApart(_ backend: Backend) throws {
            let origin = try HTTPOrigin { received in
                let size = Int(received.request.target.dropFirst(6)) ?? 0
                let start = "HTTP/1.1 200 OK\r\nContent-Length: 00010\r\n"
                if received.request.target.hasPrefix("/head/") {
                    let left = size - start.utf8.count - "X: \r\n\r\n".utf8.count
                    return .keep(start + "X: \(Self.pad(left))\r\n\r\n0123456789")
                }
                let body = Self.pad(size - start.utf8.count - 2)
                return .keep(
                    start.replacing("00010", with: String(format: "%05d", body.utf8.count))
                        + "\r\n" + body)
            }
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let client = try gyre.client()
            for size in Self.sizes {
                let requests = ["/head/\(size)", "/body/\(size)", "/head/100"].map {
                    "GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n"
                }
                try client.send(requests.joined())
                #expect(try client.readResponse().text == "0123456789", "\(size)")
                let body = try client.readResponse()
                // The origin pads the number to keep its head's size; it is passed on without.
                #expect(body.head["Content-Length"] == "\(body.body.count)")
                #expect(body.body.allSatisfy { $0 == UInt8(ascii: "p") }, "\(size)")
                #expect(try client.readResponse().text == "0123456789", "\(size)")
            }
        }

        /// Chunks of every small size, so that their lines fall everywhere in the buffers; one way
        /// as they are, the other way also for a client that knows no chunks.
        @Test(arguments: Backend.usable, ["HTTP/1.1", "HTTP/1.0"])
        func chunkLinesMayFallAnywhere(_ backend: Backend, version: String) throws {
            let pattern = Pattern(seed: 91)
            var framed: [UInt8] = []
            var position = 0
            for round in 0..<4_000 {
                let size = 1 + round % 701
                framed += Array(
                    "\(String(size, radix: 16))\(round % 5 == 0 ? ";x=y" : "")\r\n".utf8)
                framed += pattern.bytes(at: position, count: size) + Array("\r\n".utf8)
                position += size
            }
            framed += Array("0\r\nX-Last: 1\r\n\r\n".utf8)
            let listener = try Listener()
            let gyre = try GyreProcess(http: listener.address, backend: backend)
            let client = try gyre.client()
            let bytes = framed
            let sender = Background {
                if version == "HTTP/1.0" { return try client.send("GET / HTTP/1.0\r\n\r\n") }
                try client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                try client.send(bytes)
            }
            let origin = HTTPStream(try listener.accept())
            let head = try origin.readHead()
            if version == "HTTP/1.1" {
                #expect(try origin.receiveBody(pattern, after: head) == position)
            }
            try sender.value()
            let answer = Background {
                try origin.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                try origin.send(bytes)
            }
            #expect(try client.receiveBody(pattern, after: try client.readHead()) == position)
            try answer.value()
        }

        /// Bodies of unknown length: chunked for who knows chunks, up to the end for others.
        @Test(arguments: Backend.usable, ["HTTP/1.1", "HTTP/1.0"])
        func bodiesUntilTheEndAreWhole(_ backend: Backend, version: String) throws {
            let bytes = 24 << 20
            let pattern = Pattern(seed: 92)
            let listener = try Listener()
            let gyre = try GyreProcess(http: listener.address, backend: backend)
            let client = try gyre.client()
            try client.send("GET / \(version)\r\nHost: a\r\n\r\n")
            let origin = HTTPStream(try listener.accept())
            _ = try origin.readRequest()
            let answer = Background {
                try origin.send("HTTP/1.1 200 OK\r\n\r\n")
                try origin.connection.send(pattern, count: bytes)
                origin.close()
            }
            let head = try client.readHead()
            #expect(head.has("chunked", in: "Transfer-Encoding") == (version == "HTTP/1.1"))
            #expect(try client.receiveBody(pattern, after: head) == bytes)
            try answer.value()
        }

        /// A request that was answered before it was read has spoilt its connection: what is left
        /// of it would be taken for the next request.
        @Test(arguments: Backend.usable)
        func unreadRequestsSpoilTheirConnection(_ backend: Backend) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(
                http: [listener.address], backend: backend, options: ["--workers", "1"])
            let first = try gyre.client()
            try first.send("POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\npart")
            let origin = HTTPStream(try listener.accept())
            _ = try origin.readHead()
            try origin.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly")
            #expect(try first.readResponse().text == "early")
            let second = try gyre.client()
            try second.send("GET /second HTTP/1.1\r\nHost: a\r\n\r\n")
            let fresh = HTTPStream(try listener.accept(within: 3))
            #expect(try fresh.readRequest().target == "/second")
            try fresh.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
            #expect(try second.readResponse().text == "good")
            first.close()
            let rest = Background { origin.connection.drain() }
            #expect(try rest.value(within: 7) <= 1000)
        }
    }
}
