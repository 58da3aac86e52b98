// What a request and a resting client cost: system calls, allocations, memory. These are counts,
// not times: a noisy machine does not excuse a miss.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct Cost {
        private static let get = Array("GET /small HTTP/1.1\r\nHost: a\r\n\r\n".utf8)

        /// Limits per request and connection count; nginx needs 7.0 / 5.1 / 5.1, HAProxy
        /// 10 / 4.3 / 4.3.
        private static let calls: [(backend: Backend, connections: Int, perRequestMax: Double)] = [
            (.ioUring, 1, 2.5), (.ioUring, 64, 0.35), (.ioUring, 256, 0.25),
            (.epoll, 1, 6.2), (.epoll, 64, 4.5), (.epoll, 256, 4.5),
        ].filter { Backend.usable.contains($0.0) }

        @Test(arguments: calls)
        func systemCallsPerRequestStayWithinLimits(
            _ cost: (backend: Backend, connections: Int, perRequestMax: Double)
        ) throws {
            // One core for all: how many requests share a system call depends on how busy the
            // worker is, and this way it always has as much to do as it can.
            let onOneCore = ["taskset", "--cpu-list", "\(firstProcessor())"]
            let nginx = try NginxOrigin(launcher: onOneCore)
            let gyre = try GyreProcess(
                http: [nginx.address], backend: cost.backend, options: ["--workers", "1"],
                launcher: onOneCore)
            // Connection set-up and first touches are not a request's cost.
            _ = try HTTPLoad.wrk(
                gyre.address, connections: cost.connections, seconds: 1, launcher: onOneCore)
            let tracer = try SystemCallTracer(pid: gyre.process.pid)
            let before = try gyre.counters()
            let load = try HTTPLoad.wrk(
                gyre.address, connections: cost.connections, seconds: 2,
                launcher: tracer.command + onOneCore)
            let after = try gyre.counters()
            let counted = after.systemCallsTotal - before.systemCallsTotal
            let perRequest = Double(counted) / Double(load.requests)
            #expect(load.errors == [])
            #expect(perRequest <= cost.perRequestMax)
            // wrk leaves while some are under way.
            let requests = after.requests - before.requests
            #expect(requests >= load.requests && requests <= load.requests + cost.connections)
            let traced = try tracer.count()
            let difference = abs(Double(counted - traced)) / Double(traced)
            #expect(difference <= 0.02, "counted \(counted), \(tracer.name) saw \(traced)")
        }

        /// Requests with and without bodies, in both framings, on several connections at once.
        @Test(arguments: Backend.usable)
        func requestsAllocateNothing(_ backend: Backend) throws {
            let nginx = try NginxOrigin(bigBytes: 100 << 10)
            let echo = try ScriptedOrigin("HTTP/behaving_origin.py")
            let chunked = Array(
                ("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "5\r\nhello\r\n0\r\n\r\n").utf8)
            let big = Array("GET /big HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
            for (origin, request, rounds) in [
                (nginx.address, Self.get, 10_000), (nginx.address, big, 2_000),
                (echo.address, chunked, 2_000),
            ] {
                let counter = try AllocationCounter()
                let gyre = try GyreProcess(
                    http: [origin], backend: backend, environment: counter.environment)
                let clients = try (0..<8).map { _ in try FixedClient(gyre, request) }
                try Self.exchange(1_000, over: clients)
                let before = try counter.count()
                #expect(before > 0, "the counter must be in place, else 0 says nothing")
                try Self.exchange(rounds, over: clients)
                #expect(
                    try counter.count() - before == 0, "\(String(decoding: request, as: UTF8.self))"
                )
            }
        }

        /// Telling the access log of each of them allocates nothing either: not on the workers, and
        /// not on the thread that writes the lines.
        @Test(arguments: Backend.usable, ["json", "combined"])
        func loggedRequestsAllocateNothing(_ backend: Backend, format: String) throws {
            let nginx = try NginxOrigin()
            let counter = try AllocationCounter()
            let directory = try TemporaryDirectory()
            let gyre = try GyreProcess(
                http: [nginx.address], backend: backend,
                options: [
                    "--access-log", directory.file("log"), "--access-log-format", format,
                ], environment: counter.environment)
            let clients = try (0..<8).map { _ in try FixedClient(gyre, Self.get) }
            try Self.exchange(4_000, over: clients)
            pause(0.5)
            let before = try counter.count()
            #expect(before > 0, "the counter must be in place, else 0 says nothing")
            try Self.exchange(10_000, over: clients)
            pause(0.5)
            #expect(try counter.count() - before == 0)
            let lines = try String(contentsOfFile: directory.file("log"), encoding: .utf8)
            // Each client made one more as it came.
            #expect(lines.utf8.count { $0 == UInt8(ascii: "\n") } == 14_000 + clients.count)
        }

        /// A client that rests costs its record and nothing else: no buffer, no connection to an
        /// origin, no CPU, and no system call of another client's.
        @Test(arguments: Backend.usable, ["0", "128"])
        func restingClientsCostNextToNothing(_ backend: Backend, pipeline: String) throws {
            let count = 8_000
            let bytesPerClientMax = 256
            let nginx = try NginxOrigin()
            let gyre = try GyreProcess(
                http: [nginx.address], backend: backend,
                options: ["--workers", "1", "--upstream-pipeline", pipeline])
            let active = try FixedClient(gyre, Self.get)
            let callsAlone = try Self.systemCallsPerRequest(active, of: gyre)
            let base = try gyre.usage.anonymousBytes()
            // One after the other: a burst would measure the buffers that a burst takes.
            let resting = try (0..<count).map { _ in try FixedClient(gyre, Self.get) }
            let counters = try gyre.counters { $0.clientsActive == count + 1 }
            #expect(counters.clientsActive == count + 1)
            #expect(counters.upstreamsActive <= 2)
            let perClient = (try gyre.usage.anonymousBytes() - base) / count
            #expect(perClient <= bytesPerClientMax)

            let before = try gyre.counters()
            let ticks = try gyre.usage.cpuTicks()
            pause(2)
            #expect(try gyre.usage.cpuTicks() == ticks)
            let calls = try gyre.counters().systemCallsTotal - before.systemCallsTotal
            // None for the clients; a timer's wake-up and the asking itself may show.
            #expect(calls <= 5)
            let callsBeside = try Self.systemCallsPerRequest(active, of: gyre)
            #expect(callsBeside < 1.05 * callsAlone, "alone \(callsAlone), beside \(callsBeside)")
            try Self.exchange(count, over: resting)
        }

        /// A worker that watches before it sleeps does sleep in the end.
        @Test(arguments: Backend.usable, ["latency", "throughput"])
        func watchingEndsWhenNothingComes(_ backend: Backend, wait: String) throws {
            let nginx = try NginxOrigin()
            let gyre = try GyreProcess(
                http: [nginx.address], backend: backend,
                options: ["--workers", "1", "--wait", wait, "--busy-poll", "500us"])
            let clients = try (0..<20).map { _ in try FixedClient(gyre, Self.get) }
            try Self.exchange(2_000, over: clients)
            pause(0.2)
            let before = try gyre.counters()
            let ticks = try gyre.usage.cpuTicks()
            pause(1)
            #expect(try gyre.usage.cpuTicks() - ticks <= 1)
            let after = try gyre.counters()
            // The asking itself wakes nobody; a timer's look may show, with its watch.
            #expect(after.turns - before.turns <= 5)
        }

        /// One request after the other, on one connection after the other.
        private static func exchange(_ rounds: Int, over clients: [FixedClient]) throws {
            for round in 0..<rounds { try clients[round % clients.count].exchange() }
        }

        /// The least of some series: a busy machine can only add calls, turns that find less to do.
        private static func systemCallsPerRequest(
            _ client: FixedClient, of gyre: GyreProcess
        ) throws -> Double {
            let rounds = 1_000
            let series = try (0..<3).map { _ in
                let before = try gyre.counters()
                try exchange(rounds, over: [client])
                let after = try gyre.counters { $0.responses >= before.responses + rounds }
                return Double(after.systemCallsTotal - before.systemCallsTotal) / Double(rounds)
            }
            return try #require(series.min())
        }
    }
}

/// A client that repeats one request, whose answer is always of the same length; it costs this
/// process so little that many of them can be had.
private struct FixedClient {
    private let connection: Connection
    private let request: [UInt8]
    private let answerBytes: Int

    /// Connects and makes the first exchange.
    init(_ gyre: GyreProcess, _ request: [UInt8]) throws {
        connection = try gyre.connect()
        self.request = request
        try connection.send(request)
        var answer = Data()
        repeat {
            let more = try connection.receiveSome()
            guard !more.isEmpty else { throw TestFailure("no whole answer") }
            answer += more
        } while !Self.isWhole(answer)
        answerBytes = answer.count
    }

    func exchange() throws {
        try connection.send(request)
        let answer = try connection.receive(answerBytes)
        guard answer.starts(with: "HTTP/1.1 200".utf8), answer.count == answerBytes else {
            throw TestFailure(
                "wrong answer: \(String(decoding: answer.prefix(200), as: UTF8.self))")
        }
    }

    /// Whether an answer is there with its head and body.
    private static func isWhole(_ answer: Data) -> Bool {
        guard let end = answer.range(of: Data("\r\n\r\n".utf8)) else { return false }
        let head = String(decoding: answer[..<end.lowerBound], as: UTF8.self)
        guard let mark = head.range(of: "Content-Length: ") else {
            return answer.suffix(7) == Data("\r\n0\r\n\r\n".utf8)
        }
        let length = Int(head[mark.upperBound...].prefix { $0.isNumber })
        return length == answer.distance(from: end.upperBound, to: answer.endIndex)
    }
}
