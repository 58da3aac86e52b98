// The rules of checks that need no socket: intervals, what is asked, and every answer in every
// split.

import DataPlane
import Glibc
import Protocols
import TestSupport
import Testing

@testable import ControlPlane

@Suite struct HealthCheckTests {
    private static func check(
        _ kind: HealthCheck.Kind = .tcp, intervalMs: UInt64 = 1_000, jitter: UInt64 = 10
    ) -> HealthCheck {
        HealthCheck(
            kind, intervalMs: intervalMs, jitterPercent: jitter, timeoutMs: 100, rise: 1, fall: 1)
    }

    private static func target(_ check: HealthCheck, preamble: [UInt8] = []) throws -> HealthTarget
    {
        let address = try #require(
            HostResolver.listenAddresses(.host("127.0.0.1", port: 80)).first)
        return HealthTarget(
            endpoint: 0, address: AddressReference(keeping: address), host: "origin.example",
            preamble: preamble, check: check)
    }

    @Test(arguments: [(0, 1_000...1_000), (10, 900...1_100), (100, 1...2_000)])
    func intervalsSpreadOverTheJitter(jitter: UInt64, range: ClosedRange<UInt64>) {
        var random = SeededRandom(seed: 5)
        let check = Self.check(jitter: jitter)
        let intervals = (0..<5_000).map { _ in check.nextIntervalMs(using: &random) }
        #expect(intervals.allSatisfy(range.contains))
        let width = range.upperBound - range.lowerBound
        #expect((intervals.max() ?? 0) - (intervals.min() ?? 0) >= width * 9 / 10)
        let mean = intervals.reduce(0, +) / UInt64(intervals.count)
        #expect(mean > 970 && mean < 1_030)
    }

    @Test func extremeIntervalsDoNotOverflow() {
        var random = SeededRandom(seed: 6)
        let longestMs = Self.check(intervalMs: .max / 4, jitter: 100)
            .nextIntervalMs(using: &random)
        #expect(longestMs >= 1)
        let shortestMs = Self.check(intervalMs: 0).nextIntervalMs(using: &random)
        #expect(shortestMs == 1)
    }

    @Test func theRequestNamesTheHostAndGoesBehindThePreamble() throws {
        let http = HealthCheck.Kind.http(path: "/up?x=1", host: nil, statuses: [200...200])
        let own = try Self.target(Self.check(http), preamble: [1, 2, 3]).request
        #expect(own.prefix(3) == [1, 2, 3])
        let text = String(decoding: own.dropFirst(3), as: UTF8.self)
        #expect(text.hasPrefix("GET /up?x=1 HTTP/1.1\r\nHost: origin.example\r\n"))
        #expect(text.hasSuffix("\r\nConnection: close\r\n\r\n"))
        var head = RequestHead()
        var progress = HeadProgress()
        let bytes = Array(text.utf8)
        let verdict = head.parse(bytes.span, limits: HeadLimits(), progress: &progress)
        #expect(verdict == .complete)
        let other = HealthCheck.Kind.http(path: "/", host: "other", statuses: [200...200])
        let request = try Self.target(Self.check(other)).request
        #expect(String(decoding: request, as: UTF8.self).contains("\r\nHost: other\r\n"))
        #expect(try Self.target(Self.check(), preamble: [9]).request == [9])
    }

    private static let answers: [(String, CheckOutcome, Int)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .passed, 0),
        ("HTTP/1.1 204 No Content\r\n\r\n", .passed, 0),
        ("HTTP/1.0 399 Odd\r\nContent-Length: 7\r\n\r\n", .passed, 7),
        ("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", .passed, 65_536),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .passed, 65_536),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .passed, 0),
        ("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", .failed(.badStatus, code: 503), 0),
        ("HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\n", .failed(.badStatus, code: 404), 3),
        ("SSH-2.0-OpenSSH_9.2p1\r\n", .failed(.badResponse, code: 0), 0),
        ("HTTP/1.1 2000 OK\r\n\r\n", .failed(.badResponse, code: 0), 0),
    ]

    @Test(arguments: answers)
    func everySplitOfAnAnswerSaysTheSame(text: String, outcome: CheckOutcome, bodyLeft: Int) {
        let bytes = Array(text.utf8)
        var head = ResponseHead()
        for step in 1...bytes.count {
            var answer = CheckAnswer(expecting: [200...399])
            var told: CheckOutcome?
            var position = 0
            while told == nil, position < bytes.count {
                let end = min(position + step, bytes.count)
                told = answer.take(bytes[position..<end], head: &head)
                position = end
            }
            #expect(told == outcome)
            #expect(answer.bodyBytesLeft == bodyLeft)
        }
    }

    @Test func bodyBytesBehindTheHeadCount() {
        var head = ResponseHead()
        var answer = CheckAnswer(expecting: [200...200])
        let bytes = Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab".utf8)
        let told = answer.take(bytes[...], head: &head)
        #expect(told == .passed)
        #expect(answer.bodyBytesLeft == 3)
        answer.skip(2)
        #expect(answer.bodyBytesLeft == 1)
        answer.skip(100)
        #expect(answer.bodyBytesLeft == 0)
    }

    @Test(arguments: ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\nA: "])
    func endlessHeadsAreRefused(piece: String) {
        var head = ResponseHead()
        var answer = CheckAnswer(expecting: [200...200])
        let bytes = Array(piece.utf8)
        var fed = 0
        var told = answer.take(bytes[...], head: &head)
        let filler = piece.hasSuffix("\n") ? bytes : Array("aaaaaaaaaaaaaaaa".utf8)
        while told == nil, fed < 2 * CheckAnswer.headBytesMax {
            told = answer.take(filler[...], head: &head)
            fed += filler.count
        }
        #expect(told == .failed(.badResponse, code: 0))
    }

    @Test func shortagesOfThisMachineSayNothingOfTheEndpoint() {
        for code in [EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL] {
            #expect(CheckProbe.connectOutcome(code) == .skipped)
        }
        let refused = CheckOutcome.failed(.connectFailed, code: ECONNREFUSED)
        #expect(CheckProbe.connectOutcome(ECONNREFUSED) == refused)
        #expect(CheckProbe.connectOutcome(ETIMEDOUT) == .failed(.connectTimedOut, code: 0))
    }
}
