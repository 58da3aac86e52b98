// `gyre trace` beside a real process: what happens to a client's connections or a route's requests,
// and nothing of anybody else's.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct Trace {
        private struct Event: Decodable {
            let atUs: UInt64
            let worker: Int
            let connection: Int
            let event: String
            let detail: String
        }

        private static func site(_ origin: HTTPOrigin, _ backend: Backend) throws -> ServedSite {
            try ServedSite(
                """
                listeners:
                  - name: web
                    address: "127.0.0.1:0"
                    protocol: http
                    routes:
                      - {name: api, path_prefix: /api, upstream: up}
                      - {name: rest, upstream: up}
                upstreams: [{name: up, endpoints: ["\(origin.address)"]}]
                """, backend: backend, settings: "workers: 1")
        }

        private static func start(
            _ site: ServedSite, _ options: [String]
        ) throws -> ChildProcess {
            try ChildProcess([Product.binary, "trace", "--socket", site.socket] + options)
        }

        private static func events(_ trace: ChildProcess) throws -> [Event] {
            let output = trace.output
            guard let end = output.lastIndex(of: "\n") else { return [] }
            return try output[..<end].split(separator: "\n").map {
                try JSONDecoder().decode(Event.self, from: Data($0.utf8))
            }
        }

        private static func ask(
            _ site: ServedSite, _ path: String, from address: String = "127.0.0.1"
        ) throws {
            let body = try Curl.fetch(["--interface", address, site.gyre.url(path)])
            #expect(body == "hello")
        }

        /// Asks until the trace shows it.
        private static func awaitStart(
            _ trace: ChildProcess, _ site: ServedSite, _ path: String
        ) throws {
            let isThere = try eventually {
                try ask(site, path)
                return try events(trace).contains { $0.event == "ended" }
            }
            guard isThere else { throw TestFailure("no trace: \(trace.errorOutput)") }
        }

        /// The events of the connection on which a request was made.
        private static func story(
            _ trace: ChildProcess, _ request: String, last: String
        ) throws -> [Event] {
            var story: [Event] = []
            let isWhole = try eventually {
                let events = try events(trace)
                guard let head = events.first(where: { $0.detail.hasPrefix(request) }) else {
                    return false
                }
                story = events.filter { $0.connection == head.connection }
                return story.last?.event == last
            }
            guard isWhole else { throw TestFailure("no \(request) in: \(trace.output)") }
            return story
        }

        /// Ends a trace as Ctrl-C does.
        private static func end(_ trace: ChildProcess) throws {
            trace.signal(SIGINT)
            #expect(try trace.wait() == .signalled(SIGINT))
        }

        @Test(arguments: Backend.usable)
        func aClientsRequestsAreShown(_ backend: Backend) throws {
            let origin = try HTTPOrigin { _ in .ok("hello") }
            let site = try Self.site(origin, backend)
            let trace = try Self.start(site, ["--client", "127.0.0.1", "--json"])
            try Self.awaitStart(trace, site, "/warm")
            for _ in 0..<5 { try Self.ask(site, "/other", from: "127.0.0.2") }
            try Self.ask(site, "/api/real?x=1")
            let story = try Self.story(trace, "GET /api/real?x=1  by web/api", last: "closed")
            #expect(
                story.map(\.event) == [
                    "accepted", "request", "endpoint", "reused", "sent", "first-byte", "response",
                    "ended", "closed",
                ])
            #expect(zip(story, story.dropFirst()).allSatisfy { $0.atUs <= $1.atUs })
            let details = Dictionary(uniqueKeysWithValues: story.map { ($0.event, $0.detail) })
            #expect(details["accepted"] == "by web" && details["closed"] == "by web")
            #expect(details["endpoint"] == "up/\(origin.address), number 1")
            #expect(details["response"] == "200 from up/\(origin.address)")
            #expect(details["ended"]?.hasPrefix("done, status 200, ") == true)
            #expect(!trace.output.contains("/other"))
            let now = UInt64(Date().timeIntervalSince1970 * 1_000_000)
            #expect(story.allSatisfy { now - $0.atUs < 60_000_000 })
            // Its place is free when it has gone; what happened meanwhile is not shown again.
            try Self.end(trace)
            try Self.ask(site, "/api/unseen")
            var second = trace
            let isFree = try eventually {
                second = try Self.start(site, ["--route", "api", "--json"])
                pause(0.3)
                return second.exitStatus == nil
            }
            #expect(isFree)
            try Self.awaitStart(second, site, "/api/next")
            #expect(!second.output.contains("unseen"))
            try Self.end(second)
        }

        @Test(arguments: Backend.usable)
        func aRoutesRequestsAreShown(_ backend: Backend) throws {
            let origin = try HTTPOrigin { _ in .ok("hello") }
            let site = try Self.site(origin, backend)
            let trace = try Self.start(site, ["--route", "api", "--json"])
            try Self.awaitStart(trace, site, "/api/warm")
            for _ in 0..<5 { try Self.ask(site, "/other") }
            try Self.ask(site, "/api/real")
            let story = try Self.story(trace, "GET /api/real  by web/api", last: "ended")
            #expect(
                story.map(\.event) == [
                    "request", "endpoint", "reused", "sent", "first-byte", "response", "ended",
                ])
            #expect(!trace.output.contains("/other"))
            // While nothing happens nothing is done for it: in a second, ticks of 10 ms.
            let before = try site.gyre.usage.cpuTicks()
            pause(1)
            #expect(try site.gyre.usage.cpuTicks() - before < 30)
            // Another one is refused for as long as it is there.
            let other = try site.run(["trace", "--route", "rest"])
            #expect(other.status == .exited(1) && other.output.isEmpty)
            #expect(other.errorOutput.contains("somebody else is watching"))
            try Self.end(trace)
        }

        @Test func linesAreForPeople() throws {
            let origin = try HTTPOrigin { _ in .ok("hello") }
            let site = try Self.site(origin, .epoll)
            let trace = try Self.start(site, ["--client", "127.0.0.0/8", "--count", "9"])
            let isDone = try eventually {
                if trace.exitStatus == nil { try Self.ask(site, "/") }
                return trace.exitStatus != nil
            }
            #expect(isDone && trace.exitStatus == .exited(0))
            let lines = trace.output.split(separator: "\n")
            #expect(lines.count == 9)
            for line in lines {
                #expect(line.contains(#/^\d\d:\d\d:\d\d\.\d{6}  0/\d+ /#), "\(line)")
            }
            let absent = try site.run(["trace", "--route", "none"])
            #expect(absent.status == .exited(1))
            #expect(absent.errorOutput.contains("no route is named 'none'"))
        }
    }
}
