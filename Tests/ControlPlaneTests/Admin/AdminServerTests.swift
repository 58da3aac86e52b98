// The admin server on a Unix socket and on loopback: every route, every limit, and that nobody
// waits for somebody else.

import ControlPlane
import Foundation
import IntegrationSupport
import Protocols
import Testing

@Suite struct AdminServerTests {
    /// A running server and where it is.
    final class Running {
        let target: ScriptedTarget
        let server: AdminServer
        let addresses: [PeerAddress]
        private let directory: TemporaryDirectory

        init(
            waitsInReload: Bool = false, token: String? = nil,
            _ change: (inout AdminLimits) -> Void = { _ in }
        ) throws {
            directory = try TemporaryDirectory()
            target = ScriptedTarget(waitsInReload: waitsInReload)
            var limits = AdminLimits()
            change(&limits)
            let options = AdminOptions(
                socket: .path(directory.file("s")), address: .host("127.0.0.1", port: 0),
                token: try token.map { try AdminToken(parsing: $0) })
            let sockets = try AdminSockets.open(options)
            addresses = sockets.addresses.compactMap { PeerAddress("\($0)") }
            server = try AdminServer.start(
                sockets, token: options.token, target: target, limits: limits)
        }

        deinit { server.stop() }

        func client(_ index: Int = 0) throws -> HTTPStream {
            HTTPStream(try Connection(to: addresses[index]))
        }
    }

    private static func post(_ path: String, _ body: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
            + body
    }

    private static func get(_ path: String, _ method: String = "GET") -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n"
    }

    static let exchanges: [(request: String, status: Int, part: String)] = [
        (get("/v1/status"), 200, "\"backend\":\"epoll\""),
        (get("/v1/config"), 200, "workers: 1\n"),
        (get("/v1/endpoints?x=y"), 200, "\"state\":\"usable\""),
        (get("/v1/counters"), 200, "\"systemCallsTotal\":0"),
        (get("/v1/live"), 200, "\"backendReason\":\"asked for\""),
        (get("/metrics"), 200, "# TYPE gyre_build_info gauge\n"),
        (
            get("/metrics").replacing("Host", with: "Accept: application/openmetrics-text\r\nHost"),
            200, "# TYPE gyre_build info\n"
        ),
        (get("/livez"), 200, "{\"alive\":true}"),
        (get("/readyz"), 200, "{\"ready\":true,\"upstreamsWithoutEndpoints\":[\"v\"]}"),
        (post("/v1/reload"), 200, "\"verdict\":\"accepted\""),
        (post("/v1/plan", "workers: 2\n"), 200, "\"changes\":[]"),
        (post("/v1/plan"), 422, "\"message\":\"empty\""),
        (post("/v1/drain", "{\"listener\":\"web\"}"), 200, "\"verdict\":\"done\""),
        (post("/v1/drain", "{\"endpoint\":\"e\",\"undrain\":true}"), 404, "\"reason\":\"no e\""),
        (post("/v1/drain", "{}"), 400, "expected {"),
        (post("/v1/reopen", ""), 200, "{\"verdict\":\"done\"}"),
        (post("/v1/drain", "{\"endpoint\":\"e\",\"listener\":\"web\"}"), 400, "expected {"),
        (post("/v1/drain", "[[[[["), 400, "expected {"),
        (get("/v1"), 404, "there is no /v1 here"),
        (get("/v1/reload"), 405, "takes POST"),
        (post("/v1/status"), 405, "takes GET, HEAD"),
    ]

    @Test func everyRouteAnswersOnOneConnection() throws {
        let running = try Running()
        for index in running.addresses.indices {
            let client = try running.client(index)
            for (request, status, part) in Self.exchanges {
                let response = try client.exchange(request)
                #expect(response.status == status, "\(request)")
                #expect(response.text.contains(part), "\(response.text)")
                #expect(response.head["Cache-Control"] == "no-store")
                #expect(response.head["X-Content-Type-Options"] == "nosniff")
                #expect(response.head["Date"]?.hasSuffix(" GMT") == true)
            }
            let head = try client.exchange(Self.get("/v1/status", "HEAD"), method: "HEAD")
            #expect(head.status == 200 && (head.head["Content-Length"].flatMap(Int.init) ?? 0) > 9)
            let absent = try client.exchange(Self.get("/none", "HEAD"), method: "HEAD")
            #expect(absent.status == 404)
            #expect(try client.exchange(Self.get("/v1/config")).text == "workers: 1\n")
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() throws {
        let running = try Running()
        let client = try running.client()
        try client.send(
            Self.get("/v1/config") + Self.post("/v1/reload") + Self.get("/v1/status")
                + Self.get("/none"))
        #expect(try client.readResponse().text == "workers: 1\n")
        #expect(try client.readResponse().text.contains("\"tookMs\":1"))
        #expect(try client.readResponse().text.contains("\"generation\":4"))
        #expect(try client.readResponse().status == 404)
    }

    @Test func theTokenIsForTCPAlone() throws {
        let running = try Running(token: "0123456789abcdef")
        #expect(try running.client(0).get("/v1/status").status == 200)
        let client = try running.client(1)
        try client.send(Self.get("/v1/status"))
        let refused = try client.readResponse()
        #expect(refused.status == 401 && refused.head["WWW-Authenticate"] != nil)
        try client.expectEnd()
        // Probes have none.
        let probe = try running.client(1)
        #expect(try probe.exchange(Self.get("/livez")).status == 200)
        #expect(try probe.exchange(Self.get("/readyz")).status == 200)
        running.target.isReady.withLock { $0 = false }
        let unready = try probe.exchange(Self.get("/readyz"))
        #expect(unready.status == 503 && unready.text.contains("\"reason\":\"draining\""))
        let shown = Self.get("/v1/status").replacing(
            "Host", with: "Authorization: Bearer 0123456789abcdef\r\nHost")
        #expect(try running.client(1).exchange(shown).status == 200)
    }

    @Test func aLongCommandHoldsUpNobodyElse() throws {
        let running = try Running(waitsInReload: true) { $0.commandsMax = 1 }
        let waiting = try running.client()
        try waiting.send(Self.post("/v1/reload"))
        #expect(eventually { running.target.done == ["reload"] })
        let next = try running.client()
        try next.send(Self.post("/v1/reload"))
        #expect(try running.client().get("/v1/status").status == 200)
        // One runs and one waits: that is all there is room for.
        let refused = try running.client().exchange(Self.post("/v1/reload"))
        #expect(refused.status == 503 && refused.head["Retry-After"] == "1")
        #expect(!waiting.connection.isReadable(within: 0.05))
        running.target.release()
        #expect(try waiting.readResponse().status == 200)
        running.target.release()
        #expect(try next.readResponse().status == 200)
    }

    @Test func aCommandThatTakesTooLongIsToldSo() throws {
        let running = try Running(waitsInReload: true) { $0.commandMs = 50 }
        let client = try running.client()
        #expect(try client.exchange(Self.post("/v1/reload")).status == 504)
        try client.expectEnd()
        running.target.release()
        #expect(try running.client().get("/v1/status").status == 200)
    }

    @Test func slowRequestsEndInTime() throws {
        let running = try Running { $0.requestMs = 300 }
        let silent = try running.client()
        let slow = try running.client()
        let dribble = Background {
            for byte in Array(Self.get("/v1/status").utf8) {
                try slow.send([byte])
                pause(0.05)
            }
        }
        #expect(try slow.readResponse().status == 408)
        try slow.expectEnd()
        _ = try? dribble.value()
        try silent.expectEnd()
    }

    @Test func idleConnectionsEndInTime() throws {
        let running = try Running { $0.keepAliveMs = 100 }
        let idle = try running.client()
        #expect(try idle.get("/v1/status").status == 200)
        try idle.expectEnd()
    }

    @Test func theLongestWaitingMakesRoom() throws {
        let running = try Running { $0.connectionsMax = 4 }
        let loris = try (0..<4).map { _ in
            let client = try running.client()
            try client.send("GET /v1/st")
            return client
        }
        for _ in 0..<20 { #expect(try running.client().get("/v1/status").status == 200) }
        #expect(loris.contains { $0.isEnded(within: 1) })
    }

    @Test func bodiesAreBoundedTogether() throws {
        let running = try Running { limits in
            limits.fileBytesMax = 1_000
            limits.heldBytesMax = 1_500
        }
        let holder = try running.client()
        try holder.send(
            "POST /v1/plan HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n"
                + String(repeating: "#", count: 899))
        var second = try running.client().exchange(Self.post("/v1/plan", "a"))
        _ = try eventually {
            second = try running.client().exchange(Self.post("/v1/plan", "a"))
            return second.status == 503
        }
        #expect(second.status == 503)
        try holder.send("#")
        #expect(try holder.readResponse().status == 200)
        #expect(try running.client().exchange(Self.post("/v1/plan", "a")).status == 200)
    }

    @Test func aBodyThatIsTooLargeIsToldSoWhileItComes() throws {
        let running = try Running()
        let client = try running.client()
        try client.send("POST /v1/plan HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n")
        let sender = Background {
            for _ in 0..<200 { try client.send([UInt8](repeating: 35, count: 1 << 16)) }
        }
        #expect(try client.readResponse().status == 413)
        _ = try? sender.value()
    }

    @Test func eventsArePushedUntilTheClientGoes() throws {
        let running = try Running { limits in
            limits.eventPeriodMs = 20
            limits.streamsMax = 1
        }
        let client = try running.client()
        try client.send(Self.get("/v1/events"))
        #expect(try client.readHead()["Content-Type"] == "text/event-stream")
        #expect(try running.client().get("/v1/events").status == 503)
        let line = "event: counters\ndata: {"
        var text = ""
        while text.components(separatedBy: line).count < 5 {
            text += String(decoding: try client.readBytes(64), as: UTF8.self)
        }
        client.close()
        #expect(
            try eventually {
                try running.client().exchange(
                    Self.get("/v1/events", "HEAD"), method: "HEAD"
                ).status == 200
            })
    }

    /// Whoever watches, one event is made for all of them.
    @Test func samplesAndEventsAreTakenOnceForAll() throws {
        let running = try Running { limits in
            limits.eventPeriodMs = 150
            limits.samplePeriodMs = 50
        }
        #expect(eventually { running.target.samplesTaken > 3 })
        let clients = try (0..<20).map { _ in try running.client() }
        for client in clients { try client.send(Self.get("/v1/events")) }
        let live = try clients.map { client -> Set<Int> in
            _ = try client.readHead()
            var text = ""
            while text.components(separatedBy: "event: live\n").count < 5 {
                text += String(decoding: try client.readBytes(64), as: UTF8.self)
            }
            let samples = text.split(separator: "\n").compactMap { line in
                line.firstRange(of: "\"generation\":").map { line[$0.upperBound...] }
                    .flatMap { Int($0.prefix { $0.isNumber }) }
            }
            return Set(samples)
        }
        let all = live.reduce(into: Set<Int>()) { $0.formUnion($1) }
        // Each stream has seen four or five events, and none one that is its own.
        #expect(live.allSatisfy { $0.count >= 3 } && all.count <= 7, "\(live)")
    }

    /// It gets no more events while it has not taken the last one, and not forever.
    @Test func aReaderThatTakesNothingIsCutOff() throws {
        let running = try Running { limits in
            limits.eventPeriodMs = 1
            limits.streamsMax = 1
            limits.sendMs = 300
        }
        let client = try running.client()
        try client.send(Self.get("/v1/events"))
        _ = try client.readHead()
        let head = Self.get("/v1/events", "HEAD")
        #expect(try running.client().exchange(head, method: "HEAD").status == 503)
        // Its place is free when it was cut off.
        #expect(
            try eventually(within: 15) {
                try running.client().exchange(head, method: "HEAD").status == 200
            })
        // What the kernel has taken is there, then comes the end.
        let rest = Background { client.readToEnd().bytes.count }
        #expect(try rest.value(within: 5) > 1_000)
    }

    /// Also while a command runs that waits for whoever stops it.
    @Test func stoppingClosesEverything() throws {
        let directory = try TemporaryDirectory()
        let target = ScriptedTarget(waitsInReload: true)
        let sockets = try AdminSockets.open(AdminOptions(socket: .path(directory.file("s"))))
        let server = try AdminServer.start(sockets, token: nil, target: target)
        let address = PeerAddress.unix(path: directory.file("s"))
        let waiting = HTTPStream(try Connection(to: address))
        try waiting.send(Self.post("/v1/reload"))
        let idle = HTTPStream(try Connection(to: address))
        #expect(try idle.get("/v1/status").status == 200)
        #expect(eventually { target.done == ["reload"] })
        server.stop()
        #expect(waiting.isEnded(within: 1) && idle.isEnded(within: 1))
        #expect(!FileManager.default.fileExists(atPath: directory.file("s")))
        target.release()
    }
}
