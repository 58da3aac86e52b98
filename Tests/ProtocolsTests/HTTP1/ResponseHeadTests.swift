// Response heads: every vector, cut in every way, with one parser for all of them.

import Protocols
import Testing

@Suite struct ResponseHeadTests {
    // Vectors go by their number: the runner would print their control characters.
    @Test(arguments: AcceptedResponses.all.indices)
    func accepts(index: Int) {
        let (request, text, facts) = AcceptedResponses.all[index]
        let vector = bytes(text)
        let expected = HeadOutcome(verdict: .complete, facts: facts)
        var feeder = ResponseFeeder()
        feeder.answering = request
        #expect(feeder.feed(vector) == expected)
        expectSame(vector, expected, &feeder)
        for count in 0..<headEnd(vector) {
            let outcome = feeder.feed(Array(vector[..<count]), cuts: 0..<count)
            #expect(outcome.verdict == .incomplete, "\(count) bytes")
        }
    }

    @Test(arguments: RefusedResponses.all.indices)
    func refuses(index: Int) {
        let (text, refusal) = RefusedResponses.all[index]
        let vector = bytes(text)
        let expected = HeadOutcome(verdict: .refused(refusal), facts: "")
        var feeder = ResponseFeeder()
        for request in [RequestKind.other, .head, .connect] {
            feeder.answering = request
            #expect(feeder.feed(vector) == expected)
            expectSame(vector, expected, &feeder)
        }
    }

    private func expectSame(
        _ vector: [UInt8], _ expected: HeadOutcome, _ feeder: inout ResponseFeeder
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
        var response = ResponseHead()
        var progress = HeadProgress()
        _ = response.parse(
            vector.span, limits: HeadLimits(), answering: .other, progress: &progress)
        return response.length
    }

    @Test func factsOfOneResponseDoNotReachTheNext() {
        var feeder = ResponseFeeder()
        let switching = head("HTTP/1.1 101 x", "Connection: upgrade", "Upgrade: y")
        #expect(feeder.feed(bytes(switching)).verdict == .complete)
        let dated = head(
            "HTTP/1.1 200 OK", "Date: x", "Content-Length: 5", "Connection: close", "X: y")
        #expect(
            feeder.feed(bytes(dated)).facts.hasPrefix(
                "200 OK 1.1 close 72 length(5) says(5) dated;"))
        let plain = feeder.feed(bytes(head("HTTP/1.1 200")))
        #expect(plain.facts == "200 1.1 close 16 untilClose;")
    }
}
