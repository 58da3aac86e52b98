// Every limit: what is just within passes, what is over gets its status and no more of the
// machine.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct Limits {
        /// One request that is padded to a size.
        private struct Case: Sendable {
            let name: String
            let options: [String]
            let status: Int
            let within: String
            let over: String
        }

        private static func get(_ target: String = "/", fields: String = "") -> String {
            "GET \(target) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
        }

        /// A GET whose head has exactly so many bytes.
        private static func head(bytes: Int) -> String {
            get(fields: "X: \(pad(bytes - get(fields: "X: \r\n").utf8.count))\r\n")
        }

        private static func pad(_ count: Int) -> String { String(repeating: "p", count: count) }

        private static func fields(_ count: Int) -> String {
            get(fields: (1..<count).map { "X\($0): y\r\n" }.joined())
        }

        private static func post(_ body: String, chunks: String? = nil) -> String {
            let framing =
                chunks == nil ? "Content-Length: \(body.utf8.count)" : "Transfer-Encoding: chunked"
            return "POST / HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n\(chunks ?? body)"
        }

        private static let zeros = String(repeating: "0", count: 2000)

        private static let cases = [
            Case(
                name: "head", options: ["--max-head", "1k"], status: 431,
                within: head(bytes: 1024), over: head(bytes: 1025)),
            Case(
                name: "default head", options: [], status: 431,
                within: head(bytes: 32 << 10), over: head(bytes: (32 << 10) + 1)),
            Case(
                name: "largest head", options: ["--max-head", "65535"], status: 431,
                within: head(bytes: 65_535), over: head(bytes: 65_536)),
            Case(
                name: "fields", options: ["--max-fields", "10"], status: 431,
                within: fields(10), over: fields(11)),
            Case(
                name: "default fields", options: [], status: 431, within: fields(128),
                over: fields(129)),
            Case(
                name: "target", options: ["--max-target", "100"], status: 414,
                within: get("/" + pad(99)), over: get("/" + pad(100))),
            Case(
                name: "default target", options: [], status: 414, within: get("/" + pad(8191)),
                over: get("/" + pad(8192))),
            Case(
                name: "body", options: ["--max-body", "1k"], status: 413,
                within: post(pad(1024)), over: post(pad(1025))),
            Case(
                name: "chunked body", options: ["--max-body", "20"], status: 413,
                within: post("", chunks: "a\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"),
                over: post("", chunks: "a\r\n0123456789\r\nb\r\n01234567890\r\n0\r\n\r\n")),
            Case(
                name: "chunk line", options: ["--max-chunk-line", "100"], status: 400,
                within: post("", chunks: "1;\(pad(90))\r\nb\r\n0\r\n\r\n"),
                over: post("", chunks: "1;\(pad(110))\r\nb\r\n0\r\n\r\n")),
            Case(
                name: "default chunk line", options: [], status: 400,
                within: post("", chunks: "1;\(pad(1000))\r\nb\r\n0\r\n\r\n"),
                over: post("", chunks: "1;\(pad(1100))\r\nb\r\n0\r\n\r\n")),
            Case(
                name: "endless chunk line", options: [], status: 400,
                within: post("", chunks: "00001\r\nb\r\n0\r\n\r\n"),
                over: post("", chunks: "\(zeros)1\r\nb\r\n0\r\n\r\n")),
            Case(
                name: "trailers", options: ["--max-trailers", "100"], status: 400,
                within: post("", chunks: "1\r\nb\r\n0\r\nX: \(pad(80))\r\n\r\n"),
                over: post("", chunks: "1\r\nb\r\n0\r\nX: \(pad(120))\r\n\r\n")),
        ]

        @Test(arguments: Backend.usable)
        func requestLimitsAreExact(_ backend: Backend) throws {
            for limit in Self.cases {
                let origin = try HTTPOrigin { _ in .ok("served") }
                let gyre = try GyreProcess(
                    http: origin.address, backend: backend, options: limit.options)
                let client = try gyre.client()
                #expect(try client.exchange(limit.within).text == "served", "\(limit.name)")
                // Also of a connection that has served; its answer arrives, whatever was sent.
                try client.send(limit.over + RequestVector.follower)
                let response = try client.readResponse()
                let statuses = limit.name == "trailers" ? [400, 431] : [limit.status]
                #expect(statuses.contains(response.status), "\(limit.name): \(response.status)")
                #expect(response.head.has("close", in: "Connection"), "\(limit.name)")
                #expect(client.isEnded(), "\(limit.name)")
                #expect(!origin.targets.contains("/smuggled"), "\(limit.name)")
                #expect(origin.requests.count == 1, "\(limit.name)")
            }
        }

        /// A length over the limit is refused before a byte of the body is asked for.
        @Test(arguments: Backend.usable)
        func announcedBodiesAreRefusedUnsent(_ backend: Backend) throws {
            let origin = try RecordingOrigin()
            let gyre = try GyreProcess(
                http: origin.address, backend: backend, options: ["--max-body", "1m"])
            let curl = try Curl([
                "--include", "--header", "Expect: 100-continue", "--header",
                "Content-Length: 9223372036854775807", "--data-binary", "x", gyre.url("/"),
            ])
            #expect(curl.output.hasPrefix("HTTP/1.1 413 "), "\(curl.output)\(curl.errorOutput)")
            #expect(origin.connections.allSatisfy { $0.isEmpty })
        }

        @Test(arguments: Backend.usable)
        func responseLimitsAreExact(_ backend: Backend) throws {
            let start = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n"
            let limits: [(option: [String], within: String, over: String)] = [
                (
                    ["--max-head", "1k"],
                    start + "X: \(Self.pad(1024 - start.utf8.count - 7))\r\n\r\nserved",
                    start + "X: \(Self.pad(1025 - start.utf8.count - 7))\r\n\r\nserved"
                ),
                (
                    ["--max-fields", "10"],
                    start + (1..<10).map { "X\($0): y\r\n" }.joined() + "\r\nserved",
                    start + (1..<11).map { "X\($0): y\r\n" }.joined() + "\r\nserved"
                ),
            ]
            for limit in limits {
                let origin = try HTTPOrigin {
                    .keep($0.request.target == "/within" ? limit.within : limit.over)
                }
                let gyre = try GyreProcess(
                    http: origin.address, backend: backend, options: limit.option)
                let client = try gyre.client()
                #expect(try client.get("/within").text == "served", "\(limit.option)")
                #expect(try client.get("/over").status == 502, "\(limit.option)")
                #expect(try client.get("/within").text == "served", "\(limit.option)")
            }
        }

        /// What comes after the head of a response cannot become a 502 any more, so it is cut.
        @Test(arguments: Backend.usable)
        func chunksOfResponsesHaveLimits(_ backend: Backend) throws {
            let bodies: [(within: String, over: String)] = [
                (
                    "6;\(Self.pad(1000))\r\nserved\r\n0\r\n\r\n",
                    "6;\(Self.pad(1100))\r\nserved\r\n0\r\n\r\n"
                ),
                (
                    "6\r\nserved\r\n0\r\nX: \(Self.pad(8000))\r\n\r\n",
                    "6\r\nserved\r\n0\r\nX: \(Self.pad(8300))\r\n\r\n"
                ),
            ]
            for body in bodies {
                let start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                let origin = try HTTPOrigin {
                    .keep(start + ($0.request.target == "/within" ? body.within : body.over))
                }
                let gyre = try GyreProcess(http: origin.address, backend: backend)
                let client = try gyre.client()
                #expect(try client.get("/within").text == "served")
                #expect(throws: (any Error).self) { try client.get("/over") }
                #expect(try gyre.counters { $0.responsesCut == 1 }.responsesCut == 1)
            }
        }

        /// Those over the limit wait in the kernel's queue for their turn.
        @Test(arguments: Backend.usable)
        func connectionLimitHolds(_ backend: Backend) throws {
            let limit = 16
            let origin = try HTTPOrigin { _ in .ok("served") }
            let gyre = try GyreProcess(
                http: origin.address, backend: backend,
                options: ["--max-connections", "\(limit)", "--workers", "1"])
            let first = try (0..<limit).map { _ in try gyre.client() }
            for client in first { #expect(try client.get("/").text == "served") }
            let late = try gyre.client()
            try late.send(Self.get())
            #expect(!late.connection.isReadable(within: 0.5))
            #expect(try gyre.counters { $0.clientsActive == limit }.clientsActive == limit)
            first[0].close()
            #expect(try late.readResponse().text == "served")
        }
    }
}
