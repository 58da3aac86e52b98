// Traces at the admin address: one at a time, told as events, over when their reader has gone.

import Foundation
import IntegrationSupport
import Testing

@testable import ControlPlane

extension AdminServerTests {
    @Suite struct Trace {
        private static func get(_ query: String, method: String = "GET") -> String {
            "\(method) /v1/trace?\(query) HTTP/1.1\r\nHost: localhost\r\n\r\n"
        }

        private static func text(_ client: HTTPStream, until isEnough: (String) -> Bool) throws
            -> String
        {
            var text = ""
            while !isEnough(text) {
                text += String(decoding: try client.readBytes(1), as: UTF8.self)
            }
            return text
        }

        private func running() throws -> Running {
            try Running { limits in
                limits.tracePeriodMs = 10
                limits.eventPeriodMs = 50
            }
        }

        @Test func eventsAndHeartbeatsComeUntilTheReaderGoes() throws {
            let running = try running()
            let client = try running.client()
            try client.send(Self.get("client=192.0.2.0/24"))
            let head = try client.readHead()
            #expect(head["Content-Type"] == "text/event-stream")
            let text = try Self.text(client) {
                $0.contains("\n:\n\n") && $0.ranges(of: "event: trace\n").count > 3
            }
            let data = text.split(separator: "\n").filter { $0.hasPrefix("data: ") }
            let report = try AdminJSON.decode(
                TraceReport.self, Array(try #require(data.first).dropFirst(6).utf8))
            #expect(report.event == "sent" && report.connection == 7 && report.worker == 1)
            #expect(running.target.traced == ["client=192.0.2.0/24"])
            client.close()
            #expect(eventually { running.target.traced.last == "end" })
            #expect(running.target.traced == ["client=192.0.2.0/24", "end"])
        }

        @Test func thereIsOneAtATime() throws {
            let running = try running()
            let first = try running.client()
            try first.send(Self.get("route=api"))
            _ = try first.readHead()
            let second = try running.client(1)
            for _ in 0..<3 {
                let refused = try second.exchange(Self.get("route=other"))
                #expect(refused.status == 409 && refused.text.contains("somebody else"))
            }
            #expect(running.target.traced == ["route=api"])
            first.close()
            #expect(eventually { running.target.traced.last == "end" })
            // The connection that was refused goes on, and is the next one.
            try second.send(Self.get("route=other&listener=web"))
            #expect(try second.readHead()["Content-Type"] == "text/event-stream")
            #expect(running.target.traced == ["route=api", "end", "route=other&listener=web"])
        }

        @Test func mistakesAreAnsweredAndNothingIsTraced() throws {
            let running = try running()
            let client = try running.client()
            for (query, status, part) in [
                ("", 400, "expected client="), ("client=nowhere", 400, "nowhere"),
                ("route=none", 404, "no route is named 'none'"),
            ] {
                let refused = try client.exchange(Self.get(query))
                #expect(refused.status == status && refused.text.contains(part), "\(refused.text)")
            }
            #expect(running.target.traced == [])
            // Nor by a HEAD.
            let head = Self.get("route=api", method: "HEAD")
            #expect(try client.exchange(head, method: "HEAD").status == 200)
            #expect(running.target.traced == [])
        }

        /// Streams of counters go on beside it and get none of its events.
        @Test func otherStreamsAreApart() throws {
            let running = try running()
            let watcher = try running.client()
            try watcher.send("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            _ = try watcher.readHead()
            let tracer = try running.client()
            try tracer.send(Self.get("route=api"))
            _ = try tracer.readHead()
            let traced = try Self.text(tracer) { $0.ranges(of: "event: trace\n").count > 9 }
            #expect(!traced.contains("event: counters"))
            let watched = try Self.text(watcher) { $0.ranges(of: "event: counters\n").count > 4 }
            #expect(!watched.contains("event: trace"))
        }

        @Test func stoppingEndsIt() throws {
            let running = try running()
            let client = try running.client()
            try client.send(Self.get("route=api"))
            _ = try client.readHead()
            running.server.stop()
            #expect(running.target.traced == ["route=api", "end"])
        }

        /// What the commands ask with.
        @Test func theClientFollowsIt() throws {
            let running = try running()
            let path = "\(running.addresses[0])".replacing("unix:", with: "")
            let client = AdminClient(.sockets([path]))
            var reports: [TraceReport] = []
            let answer = try client.follow(.trace, query: "route=api") { data in
                if let report = try? AdminJSON.decode(TraceReport.self, Array(data.utf8)) {
                    reports.append(report)
                }
                return reports.count < 5
            }
            #expect(answer == nil && reports.count == 5)
            #expect(eventually { running.target.traced.last == "end" })
            let refused = try client.follow(.trace, query: "route=none") { _ in true }
            #expect(refused?.status == 404)
        }
    }
}
