// What a request is found by in several logs: its id and its traceparent, as endpoints get them and
// as the access log tells them.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct RequestID {
        private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        private let directory: TemporaryDirectory
        private let file: String

        init() throws {
            directory = try TemporaryDirectory()
            file = directory.file("access.log")
        }

        /// Clients at 127.0.0.1 are trusted, others are not.
        private func site(
            _ endpoints: [PeerAddress], _ backend: Backend, traceparent: String = "generate"
        ) throws -> ServedSite {
            let list = endpoints.map { "\"\($0)\"" }.joined(separator: ", ")
            return try ServedSite(
                """
                listeners:
                  - name: web
                    address: "127.0.0.1:0"
                    protocol: http
                    upstream: up
                    trusted_proxies: [127.0.0.1/32]
                    request_id: X-Request-ID
                    traceparent: \(traceparent)
                upstreams:
                  - name: up
                    endpoints: [\(list)]
                    retries: {attempts: 3, on: [connect_failure, reset], budget: 100%}
                """, backend: backend,
                settings: """
                    workers: 1
                    log: {access: {to: "\(file)", format: "$$request_id $$traceparent $$tries"}}
                    """)
        }

        /// What the log says, line by line and word by word.
        private var log: [[String]] {
            let text = String(
                decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
            return text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        }

        private static func ask(
            _ site: ServedSite, _ fields: [String], from address: String = "127.0.0.1"
        ) throws {
            let curl = try Curl(
                ["--interface", address, site.gyre.url("/")] + fields.flatMap { ["-H", $0] })
            #expect(curl.status == .exited(0) && curl.output == "hello")
        }

        private static func isMadeID(_ text: String) -> Bool { text.contains(#/^[0-9a-f]{32}$/#) }

        private static func isParent(_ text: String) -> Bool {
            text.contains(#/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/#)
        }

        /// One field of each request, which has it once.
        private static func sent(_ origin: HTTPOrigin, _ name: String) -> [String] {
            origin.requests.map { request in
                let values = request.request.head.values(name)
                #expect(values.count == 1, "\(values)")
                return values.first ?? ""
            }
        }

        static let badIDs = [
            "a b", "\"a\"", "a\\b", "é", String(repeating: "a", count: 129),
        ]

        @Test(arguments: Backend.usable)
        func idsAreKeptOfThoseWhoAreTrusted(_ backend: Backend) throws {
            let origin = try HTTPOrigin { _ in .ok("hello") }
            let site = try site([origin.address], backend)
            let longest = String(repeating: "z", count: 128)
            let kept = ["a-1_2.3", "!#$%&'()*+,-./:;<=>?@[]^_`{|}~", longest]
            for id in kept { try Self.ask(site, ["X-Request-ID: \(id)"]) }
            for id in kept { try Self.ask(site, ["x-request-id: \(id)"], from: "127.0.0.2") }
            for id in Self.badIDs { try Self.ask(site, ["X-Request-ID: \(id)"]) }
            try Self.ask(site, [])
            try site.gyre.terminate()
            let ids = Self.sent(origin, "X-Request-ID")
            #expect(Array(ids.prefix(3)) == kept)
            let made = ids.dropFirst(3)
            #expect(made.count == 3 + Self.badIDs.count + 1)
            #expect(made.allSatisfy(Self.isMadeID), "\(made)")
            #expect(Set(made).count == made.count)
            #expect(log.map { $0.first ?? "" } == ids)
        }

        @Test(arguments: Backend.usable)
        func tracesGoOnOrBegin(_ backend: Backend) throws {
            let origin = try HTTPOrigin { _ in .ok("hello") }
            let site = try site([origin.address], backend)
            let bad = [
                Self.parent.uppercased(), Self.parent + "0", "01" + Self.parent.dropFirst(2),
                "00-\(String(repeating: "0", count: 32))-00f067aa0ba902b7-01", "",
            ]
            // Whoever sends it: it says nothing that has to be believed.
            try Self.ask(site, ["traceparent: \(Self.parent)"])
            try Self.ask(site, ["Traceparent: \(Self.parent)"], from: "127.0.0.2")
            for text in bad { try Self.ask(site, ["traceparent: \(text)"]) }
            try Self.ask(site, [])
            try site.gyre.terminate()
            let parents = Self.sent(origin, "traceparent")
            #expect(Array(parents.prefix(2)) == [Self.parent, Self.parent])
            let made = parents.dropFirst(2)
            #expect(made.count == bad.count + 1 && made.allSatisfy(Self.isParent), "\(made)")
            #expect(Set(made).count == made.count && !made.contains(Self.parent))
            #expect(log.map { $0.count > 1 ? $0[1] : "" } == parents)
        }

        /// What is passed on is left as it is, and only told when it is valid.
        @Test(arguments: Backend.usable)
        func nothingIsMadeUnlessAskedFor(_ backend: Backend) throws {
            let origin = try HTTPOrigin { _ in .ok("hello") }
            let site = try site([origin.address], backend, traceparent: "pass")
            for text in [Self.parent, "nonsense"] { try Self.ask(site, ["traceparent: \(text)"]) }
            try Self.ask(site, [])
            try site.gyre.terminate()
            let parents = origin.requests.map { $0.request.head.values("traceparent") }
            #expect(parents == [[Self.parent], ["nonsense"], []])
            #expect(log.map { $0.count > 1 ? $0[1] : "" } == [Self.parent, "-", "-"])
        }

        /// Each try is the same request.
        @Test(arguments: Backend.usable)
        func aRetryKeepsBoth(_ backend: Backend) throws {
            let broken = try HTTPOrigin { _ in .reset }
            let origin = try HTTPOrigin { _ in .ok("hello") }
            let site = try site([broken.address, origin.address], backend)
            for _ in 0..<6 { try Self.ask(site, []) }
            try site.gyre.terminate()
            let failed = Self.sent(broken, "X-Request-ID")
            let served = Self.sent(origin, "X-Request-ID")
            #expect(!failed.isEmpty && served.count == 6 && Set(served).isSuperset(of: failed))
            let parents = Dictionary(
                uniqueKeysWithValues: zip(served, Self.sent(origin, "traceparent")))
            for (id, parent) in zip(failed, Self.sent(broken, "traceparent")) {
                #expect(parents[id] == parent)
            }
            #expect(log.map { $0.first ?? "" } == served)
            #expect(log.count { $0.last == "2" } == failed.count)
        }
    }
}
