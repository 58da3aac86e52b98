// The access log of the real program: as many lines as requests, each with what a client saw, and
// a log that nobody reads holds up nobody.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct AccessLog {
        private let directory: TemporaryDirectory
        private let file: String

        init() throws {
            directory = try TemporaryDirectory()
            file = directory.file("access.log")
        }

        /// What there is of a line.
        private struct Line: Decodable {
            let time, kind, client, listener, end: String
            let route, method, target, version, host, upstream, endpoint, requestId: String?
            let traceId, traceparent, userAgent: String?
            let status, tries, totalUs, ownUs, firstByteUs: Int?
            let bytesIn, bytesOut: Int
        }

        private func text(_ path: String) -> String {
            String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        }

        /// - Throws: when a line is no JSON.
        private func lines(_ path: String) throws -> [Line] {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try text(path).split(separator: "\n").map {
                try decoder.decode(Line.self, from: Data($0.utf8))
            }
        }

        private func settings(_ more: String = "") -> String {
            "workers: 2\nlog: {access: {to: \"\(file)\"\(more)}}"
        }

        private func web(_ origin: PeerAddress, more: String = "") -> String {
            """
            listeners: [{name: web, address: "127.0.0.1:0", protocol: http, upstream: up\(more)}]
            upstreams: [{name: up, endpoints: ["\(origin)"]}]
            """
        }

        @Test(arguments: Backend.usable)
        func asManyLinesAsRequests(_ backend: Backend) throws {
            let nginx = try NginxOrigin()
            let site = try ServedSite(web(nginx.address), backend: backend, settings: settings())
            let count = 3_000
            for keepsAlive in [true, false] {
                let load = try HTTPLoad.ab(
                    site.gyre.address, count: count, keepsAlive: keepsAlive)
                #expect(load.requests == count && load.errors == [])
            }
            try site.gyre.terminate()
            let lines = try lines(file)
            #expect(lines.count == 2 * count)
            for line in lines {
                #expect(line.kind == "exchange" && line.end == "done" && line.status == 200)
                #expect(line.client == "127.0.0.1" && line.method == "GET")
                #expect(line.target == "/small" && line.version == "1.0")
                #expect(line.listener == "web" && line.route == "up" && line.upstream == "up")
                #expect(line.endpoint == "\(nginx.address)" && line.tries == 1)
                #expect(line.userAgent?.hasPrefix("ApacheBench") == true)
                #expect(line.bytesIn > 0 && line.bytesOut > 0)
                #expect((line.totalUs ?? 0) >= (line.firstByteUs ?? .max))
                #expect((line.totalUs ?? 0) >= (line.ownUs ?? .max))
            }
        }

        @Test(arguments: Backend.usable)
        func everyEndHasItsWord(_ backend: Backend) throws {
            let origin = try HTTPOrigin { $0.request.target == "/reset" ? .reset : .ok("x") }
            let dead = try withFreePort { PeerAddress.loopback4(port: $0) }
            let site = try ServedSite(
                """
                listeners:
                  - name: web
                    address: "127.0.0.1:0"
                    protocol: http
                    routes:
                      - {name: dead, path: /dead, hosts: [here], upstream: dead}
                      - {name: quiet, path: /quiet, hosts: [here], upstream: up, access_log: false}
                      - {name: moved, path: /moved, hosts: [here], redirect: {to: /new}}
                      - {name: up, path_prefix: /, hosts: [here], upstream: up}
                  - {name: flows, address: "127.0.0.1:0", protocol: tcp, upstream: up}
                  - name: silent
                    address: "127.0.0.1:0"
                    protocol: http
                    upstream: up
                    access_log: false
                upstreams:
                  - {name: up, endpoints: ["\(origin.address)"]}
                  - {name: dead, endpoints: ["\(dead)"]}
                """, backend: backend,
                settings: settings(
                    ", format: \"$$kind $$listener $$route $$status $$end $$target\""),
                listeners: 3)
            func ask(_ text: String, at listener: Int = 0) throws {
                let client = try site.client(listener)
                try client.send(text)
                _ = try client.readResponse()
                client.close()
            }
            func get(_ path: String, host: String = "here", at listener: Int = 0) throws {
                try ask(
                    "GET \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n",
                    at: listener)
            }
            for path in ["/a", "/dead", "/quiet", "/moved", "/reset"] { try get(path) }
            try get("/a", host: "elsewhere")
            try get("/a", at: 1)
            try get("/a", at: 2)
            try ask("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n")
            try ask("GET /\u{1} HTTP/1.1\r\nHost: here\r\n\r\n")
            try site.gyre.terminate()
            let expected = [
                "exchange web up 200 done /a", "exchange web dead 502 connect-failed /dead",
                "exchange web moved 302 done /moved", "exchange web up 502 upstream-reset /reset",
                "exchange web - 404 no-route /a", "flow flows - 000 done -",
                "exchange web - 405 method-refused", "exchange web - 400 bad-request",
            ]
            let lines = text(file).split(separator: "\n").map(String.init)
            #expect(lines.count == expected.count, "\(lines)")
            for line in expected {
                #expect(lines.count { $0.hasPrefix(line) } == 1, "\(line) in \(lines)")
            }
        }

        @Test(arguments: Backend.usable)
        func idsAreThoseThatEndpointsSee(_ backend: Backend) throws {
            let origin = try HTTPOrigin(named: "x")
            let site = try ServedSite(
                web(origin.address, more: ", request_id: X-Request-ID, traceparent: generate"),
                backend: backend, settings: settings())
            let client = try site.client()
            for _ in 0..<3 { #expect(try client.get("/").status == 200) }
            try site.gyre.terminate()
            let lines = try lines(file)
            let heads = origin.requests.map(\.request.head)
            #expect(lines.compactMap(\.requestId) == heads.compactMap { $0["X-Request-ID"] })
            #expect(lines.compactMap(\.traceparent) == heads.compactMap { $0["traceparent"] })
            #expect(Set(lines.compactMap(\.traceId)).count == 3)
            #expect(Set(lines.compactMap(\.requestId)).count == 3)
        }

        @Test(arguments: Backend.usable)
        func aReloadRenamesNothingThatWas(_ backend: Backend) throws {
            let origin = try HTTPOrigin(named: "x")
            func text(_ name: String) -> String {
                """
                listeners:
                  - name: web
                    address: "127.0.0.1:0"
                    protocol: http
                    routes: [{name: \(name), upstream: \(name)}]
                upstreams: [{name: \(name), endpoints: ["\(origin.address)"]}]
                """
            }
            let site = try ServedSite(text("r0"), backend: backend, settings: settings())
            let client = try site.client()
            for round in 0..<20 {
                if round > 0 { try site.reload(text("r\(round)")) }
                for _ in 0..<5 { #expect(try client.get("/").status == 200) }
            }
            try site.gyre.terminate()
            let lines = try lines(file)
            let expected = (0..<100).map { "r\($0 / 5)" }
            #expect(lines.map(\.route) == expected)
            #expect(lines.map(\.upstream) == expected)
        }

        @Test(arguments: Backend.usable)
        func reopeningLosesNothing(_ backend: Backend) throws {
            let nginx = try NginxOrigin()
            let site = try ServedSite(web(nginx.address), backend: backend, settings: settings())
            let address = site.gyre.address
            let load = Background { try HTTPLoad.ab(address, count: 20_000, keepsAlive: true) }
            var parts: [String] = []
            while !load.hasEnded {
                parts.append(file + ".\(parts.count)")
                rename(file, parts[parts.count - 1])
                if parts.count % 2 == 0 {
                    #expect(try site.run(["reopen"]).output == "reopened\n")
                } else {
                    _ = try site.gyre.counters()
                    // SIGUSR1 does not wait for it.
                    #expect(eventually { FileManager.default.fileExists(atPath: file) })
                }
                pause(0.05)
            }
            #expect(try load.value().errors == [])
            try site.gyre.terminate()
            #expect(try (parts + [file]).reduce(0) { try $0 + lines($1).count } == 20_000)
        }

        /// Lines that a pipe does not take wait, and are lost and counted: no request waits.
        @Test(arguments: Backend.usable)
        func aStalledReaderHoldsUpNobody(_ backend: Backend) throws {
            guard mkfifo(file, 0o600) == 0 else { throw TestFailure("mkfifo: \(errno)") }
            let pipe = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            defer { close(pipe) }
            let nginx = try NginxOrigin()
            let site = try ServedSite(web(nginx.address), backend: backend, settings: settings())
            let load = try HTTPLoad.ab(site.gyre.address, count: 30_000, keepsAlive: true)
            #expect(load.requests == 30_000 && load.errors == [])
            #expect(try site.run(["status"]).status == .exited(0))
            let start = ContinuousClock.now
            #expect(try site.gyre.terminate() == .exited(0))
            #expect(start.duration(to: .now) < .seconds(5))
            let log = site.gyre.process.errorOutput
            #expect(log.contains("does not keep up, lines are lost"))
            // All that was not written is said to be lost.
            let lost = log.split(separator: "\n").last { $0.contains("lostSinceStart=") }
                .flatMap { $0.split(separator: "=").last.flatMap { Int($0) } }
            var read: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while case let count = Glibc.read(pipe, &chunk, chunk.count), count > 0 {
                read += chunk.prefix(count)
            }
            let lines = read.count { $0 == 0x0A }
            let isCut = read.last != 0x0A
            #expect(lines + (lost ?? 0) == 30_000, "cut: \(isCut)")
        }
    }
}
