// Request heads: every vector, cut in every way, with one parser for all of them.

import Protocols
import Testing

@Suite struct RequestHeadTests {
    // Vectors go by their number: the runner would print their control characters.
    @Test(arguments: AcceptedRequests.all.indices)
    func accepts(index: Int) {
        let (text, facts) = AcceptedRequests.all[index]
        let vector = bytes(text)
        let expected = HeadOutcome(verdict: .complete, facts: facts)
        var feeder = RequestFeeder()
        #expect(feeder.feed(vector) == expected)
        expectSame(vector, expected, &feeder)
        expectUnfinishedBefore(headEnd(vector), vector, &feeder)
    }

    @Test(arguments: RefusedRequests.all.indices)
    func refuses(index: Int) {
        let (text, refusal) = RefusedRequests.all[index]
        let vector = bytes(text)
        let expected = HeadOutcome(verdict: .refused(refusal), facts: "")
        var feeder = RequestFeeder()
        #expect(feeder.feed(vector) == expected)
        expectSame(vector, expected, &feeder)
    }

    /// Cut anywhere in two, byte by byte, and with more behind it.
    private func expectSame(
        _ vector: [UInt8], _ expected: HeadOutcome, _ feeder: inout RequestFeeder
    ) {
        for cut in 0...vector.count {
            let outcome = feeder.feed(vector, cuts: [cut])
            #expect(outcome == expected, "\(vector) cut at \(cut)")
        }
        #expect(feeder.feed(vector, cuts: 0..<vector.count) == expected, "\(vector)")
        for count in 1...16 {
            let longer = vector + Array(repeating: UInt8(ascii: "x"), count: count)
            #expect(feeder.feed(longer) == expected, "\(longer)")
        }
    }

    private func headEnd(_ vector: [UInt8]) -> Int {
        var request = RequestHead()
        var progress = HeadProgress()
        _ = request.parse(vector.span, limits: HeadLimits(), progress: &progress)
        return request.length
    }

    private func expectUnfinishedBefore(
        _ end: Int, _ vector: [UInt8], _ feeder: inout RequestFeeder
    ) {
        for count in 0..<end {
            let outcome = feeder.feed(Array(vector[..<count]), cuts: 0..<count)
            #expect(outcome.verdict == .incomplete, "\(count) of \(end) bytes")
        }
    }

    @Test func headsOfManyConnectionsShareOneValue() {
        let first = bytes(head("GET /1 HTTP/1.1", "Host: a", "Connection: close", "X: y"))
        let second = bytes(head("PUT /22 HTTP/1.1", "Host: bc", "Content-Length: 5"))
        var feeder = RequestFeeder()
        var progress = (HeadProgress(), HeadProgress())
        let looks = max(first.count, second.count)
        for count in 0..<looks {
            let pieces = (Array(first.prefix(count)), Array(second.prefix(count)))
            if count < first.count {
                let outcome = feeder.parse(pieces.0.span, &progress.0)
                #expect(outcome.verdict == .incomplete)
            }
            if count < second.count {
                let outcome = feeder.parse(pieces.1.span, &progress.1)
                #expect(outcome.verdict == .incomplete)
            }
        }
        let outcomes = (
            feeder.parse(first.span, &progress.0), feeder.parse(second.span, &progress.1)
        )
        #expect(outcomes.0.facts == "get /1 @a 1.1 close 53; Host[a] (Connection[close]) X[y]")
        #expect(outcomes.1.facts == "put /22 @bc 1.1 keep 49 length(5); Host[bc] Content-Length[5]")
    }

    @Test func factsOfOneRequestDoNotReachTheNext() {
        let heads: [(String, String)] = [
            (
                head(
                    "TRACE http://b/x HTTP/1.1", "Host: b", "Connection: upgrade, close",
                    "Upgrade: h2c", "TE: trailers", "Max-Forwards: 3", "Expect: 100-continue"),
                "trace http://b/x absolute(/x) @b 1.1 close 133 continue upgrade(h2c) h2c "
                    + "forwards(3) trailers;"
            ),
            (
                head("GET / HTTP/1.1", "Host: b", "Connection: upgrade", "Upgrade:", "Upgrade: x"),
                "get / @b 1.1 keep 70;"
            ),
            (
                head("GET / HTTP/1.1", "Host: b", "Connection: upgrade", "Upgrade: x"),
                "get / @b 1.1 keep 60 upgrade(x);"
            ),
            (
                head("POST / HTTP/1.1", "Host: b", "Content-Length: 1"),
                "post / @b 1.1 keep 47 length(1);"
            ),
            (head("GET / HTTP/1.1", "Host: b"), "get / @b 1.1 keep 27;"),
            (head("GET / HTTP/1.0"), "get / @ 1.0 close 18;"),
        ]
        var feeder = RequestFeeder()
        for (first, _) in heads {
            for (second, facts) in heads {
                #expect(feeder.feed(bytes(first)).verdict == .complete)
                #expect(feeder.feed(bytes(second)).facts.hasPrefix(facts))
            }
        }
    }

    @Test func everyRefusalHasAVector() {
        let refusals = RefusedRequests.all.map(\.1) + RefusedResponses.all.map(\.1)
        let limits: [HeadRefusal] = [.headTooLong, .targetTooLong, .tooManyFields]
        for refusal in HeadRefusal.allCases where !limits.contains(refusal) {
            #expect(refusals.contains(refusal), "\(refusal)")
        }
    }

    static let statuses: [(HeadRefusal, UInt16)] = [
        (.bareLineFeed, 400), (.lengthWithCoding, 400), (.hostMissing, 400),
        (.malformedTarget, 400), (.malformedVersion, 400), (.codingInHTTP10, 400),
        (.targetTooLong, 414), (.unknownExpectation, 417), (.headTooLong, 431),
        (.tooManyFields, 431), (.methodTooLong, 501), (.unknownCoding, 501),
        (.unsupportedVersion, 505),
    ]

    @Test(arguments: statuses)
    func refusalsHaveStatuses(refusal: HeadRefusal, status: UInt16) {
        #expect(refusal.status == status)
    }

    @Test func reasonsAreShortAndDiffer() {
        let reasons = HeadRefusal.allCases.map(\.reason.description)
        #expect(Set(reasons).count == reasons.count)
        for reason in reasons {
            #expect(reason.count <= 48 && !reason.isEmpty)
            #expect(reason.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C })
        }
    }

    static let idempotent: [Method] = [.get, .head, .put, .delete, .options, .trace]
    static let safe: [Method] = [.get, .head, .options, .trace]

    @Test func methodsAreSafeAndIdempotent() {
        let all: [Method] = [
            .get, .head, .post, .put, .delete, .options, .trace, .patch, .connect, .other,
        ]
        for method in all {
            #expect(method.isIdempotent == Self.idempotent.contains(method))
            #expect(method.isSafe == Self.safe.contains(method))
        }
    }
}
