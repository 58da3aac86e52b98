// Everything at once: clients and origins that do all that they may and much that they may not, by
// a seed. Every answer that claims to be whole has to be, and in the end nothing may be left.

import Foundation
import IntegrationSupport
import Synchronization
import Testing

extension Integration.HTTP {
    @Suite struct Chaos {
        @Test(arguments: Backend.modes, [1, 2])
        func nothingBreaksAndNothingIsLeft(_ backend: Backend, workers: Int) throws {
            let origins = try (0..<2).map { _ in try ScriptedOrigin("HTTP/behaving_origin.py") }
            let gyre = try GyreProcess(
                http: origins.map(\.address), backend: backend,
                options: [
                    "--workers", "\(workers)", "--response-timeout", "1s",
                    "--half-close-timeout", "200ms", "--head-timeout", "400ms",
                ])
            let base = try gyre.usage.descriptorCount()
            let deadline = Deadline(after: isQuickRun ? 1.5 : 3)
            let seed = UInt64.random(in: 0..<1 << 32)
            let clients = (0..<24).map { number in
                Background {
                    var chaos = ChaoticClient(gyre, seed: seed &+ UInt64(number))
                    while !deadline.hasPassed { try chaos.act() }
                    return chaos.answered
                }
            }
            var answered = 0
            for client in clients {
                do { answered += try client.value(within: 30) } catch {
                    Issue.record("seed \(seed): \(error)")
                }
            }
            #expect(answered > 100, "seed \(seed)")
            #expect(gyre.process.exitStatus == nil, "seed \(seed): \(gyre.process.errorOutput)")
            #expect(try gyre.client().get("/bytes/3").text == "bbb")
            origins.forEach { $0.process.signal(SIGKILL) }
            try gyre.awaitRest(descriptors: base, flowsAtOnce: clients.count)
            #expect(try gyre.counters { $0.upstreamsActive == 0 }.upstreamsActive == 0)
        }
    }
}

/// One client that does one thing after another.
private struct ChaoticClient {
    /// A path, and what a whole answer to it has as its body; `nil` where none can be whole.
    private static let paths: [(path: String, body: String?)] = [
        ("/bytes/10", String(repeating: "b", count: 10)),
        ("/bytes/70000", String(repeating: "b", count: 70_000)),
        ("/bytes/2000000", String(repeating: "b", count: 2_000_000)),
        ("/chunked/20/3000", String(repeating: "c", count: 60_000)),
        ("/until-close/50000", String(repeating: "u", count: 50_000)),
        ("/trailers", "hello"), ("/interim", "final"), ("/close-after", "bye"),
        ("/delay/20", "late"), ("/drip/5/5", "ddddd"), ("/huge-head/20000", "huge"),
        ("/cut/1000", nil), ("/cut-chunks/1000", nil), ("/garbage", nil), ("/reset", nil),
        ("/never", nil),
    ]

    private let gyre: GyreProcess
    private var random: SplitMix
    private(set) var answered = 0

    init(_ gyre: GyreProcess, seed: UInt64) {
        self.gyre = gyre
        random = SplitMix(state: seed)
    }

    mutating func act() throws {
        let client = try gyre.client()
        switch random.next(6) {
        case 0: try leave(client)
        case 1: try client.send(Self.garbage.randomElement(using: &random) ?? "")
        case 2: try upload(client)
        case 3: try download(client, pipelined: 1 + random.next(8))
        default: try download(client, pipelined: 1)
        }
        if random.next(2) == 0 { client.connection.reset() } else { client.close() }
    }

    private static let garbage = [
        "\0\0\0\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX",
        "\r\n\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1",
    ]

    /// Asks for something and goes, after a moment or in the middle of the answer.
    private mutating func leave(_ client: HTTPStream) throws {
        guard let (path, _) = Self.paths.randomElement(using: &random) else { return }
        try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        if random.next(2) == 0 { pause(Double(random.next(30)) / 1000) }
        if random.next(2) == 0 { try? client.finishSending() }
        if random.next(2) == 0 { _ = try? client.connection.receiveSome(upTo: 1_000) }
    }

    /// Requests in one write; reads answers until one tells that it is the last.
    private mutating func download(_ client: HTTPStream, pipelined count: Int) throws {
        let wanted = (0..<count).compactMap { _ in Self.paths.randomElement(using: &random) }
        try client.send(wanted.map { "GET \($0.path) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
        for (path, body) in wanted {
            var response: HTTPResponse
            do {
                repeat { response = try client.readResponse() } while response.status < 200
            } catch {
                // Cut where no answer can be whole; anything else that is missing was lost.
                let isSilence = (error as? SocketError)?.code == EAGAIN
                if body == nil, !isSilence { return }
                throw TestFailure("\(path) in \(wanted.map(\.path)): \(error)")
            }
            let isRight = body.map { response.status == 200 && response.text == $0 }
            let isFailure = response.status == 502 || response.status == 504
            guard isRight ?? isFailure else {
                throw TestFailure("\(path): \(response.status) with \(response.body.count) bytes")
            }
            answered += 1
            if response.head.has("close", in: "Connection") { return }
        }
    }

    /// An upload, whole or broken off.
    private mutating func upload(_ client: HTTPStream) throws {
        let size = [0, 1, 5_000, 300_000][random.next(4)]
        let isWhole = random.next(3) > 0
        let body = String(repeating: "x", count: size)
        let hex = String(size, radix: 16)
        let head = "POST /echo HTTP/1.1\r\nHost: a\r\n"
        if random.next(2) == 0 {
            try client.send(head + "Content-Length: \(isWhole ? size : size + 1)\r\n\r\n" + body)
        } else {
            let chunk = size == 0 ? "" : "\(hex)\r\n\(body)\r\n"
            try client.send(
                head + "Transfer-Encoding: chunked\r\n\r\n" + chunk + (isWhole ? "0\r\n\r\n" : ""))
        }
        guard isWhole else { return }
        let response = try client.readResponse()
        // Sent to an origin that had just ended its connection without saying so: not ours to
        // send again, for it is a POST.
        if response.status == 502 { return }
        guard response.status == 200, response.body.count == size else {
            throw TestFailure("upload of \(size): \(response.status), \(response.body.count) bytes")
        }
        answered += 1
    }
}

/// SplitMix64: small, and the same everywhere.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }

    mutating func next(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
