// Limits of heads: what just fits, what just does not, and that cutting changes neither.

import Protocols
import Testing

@Suite struct HeadLimitsTests {
    private func expectVerdict(
        _ text: String, _ limits: HeadLimits, _ verdict: HeadVerdict,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let vector = bytes(text)
        var feeder = RequestFeeder()
        feeder.limits = limits
        #expect(feeder.feed(vector).verdict == verdict, sourceLocation: sourceLocation)
        for cut in stride(from: 0, through: vector.count, by: max(1, vector.count / 256)) {
            let outcome = feeder.feed(vector, cuts: [cut])
            #expect(outcome.verdict == verdict, "cut at \(cut)", sourceLocation: sourceLocation)
        }
        let dribbled = feeder.feed(vector, cuts: 0..<vector.count)
        #expect(dribbled.verdict == verdict, sourceLocation: sourceLocation)
    }

    @Test func headBytes() {
        let text = head("GET / HTTP/1.1", "Host: a", "X: bcd")
        #expect(text.utf8.count == 35)
        expectVerdict(text, HeadLimits(headBytesMax: 35), .complete)
        expectVerdict(text, HeadLimits(headBytesMax: 34), .refused(.headTooLong))
        expectVerdict(text, HeadLimits(headBytesMax: 25), .refused(.headTooLong))
        expectVerdict(text, HeadLimits(headBytesMax: 16), .refused(.headTooLong))
        expectVerdict(text, HeadLimits(headBytesMax: 15), .refused(.targetTooLong))
        expectVerdict(text, HeadLimits(headBytesMax: 1), .refused(.targetTooLong))
    }

    @Test func headWithoutAnEnd() {
        let field = "X: " + String(repeating: "y", count: 1000)
        let lines = Array(repeating: field, count: 100).joined(separator: "\r\n")
        let text = "GET / HTTP/1.1\r\nHost: a\r\n" + lines
        expectVerdict(text, HeadLimits(headBytesMax: 4096), .refused(.headTooLong))
        expectVerdict(text, HeadLimits(headBytesMax: 65_535), .refused(.headTooLong))
    }

    @Test func largestHead() {
        let start = "GET / HTTP/1.1\r\nHost: a\r\nX: "
        let value = String(repeating: "y", count: 65_535 - start.utf8.count - 4)
        let limits = HeadLimits(headBytesMax: 65_535)
        var feeder = RequestFeeder()
        feeder.limits = limits
        let outcome = feeder.feed(bytes(start + value + "\r\n\r\n"), cuts: [30_000, 65_534])
        #expect(outcome.facts == "get / @a 1.1 keep 65535; Host[a] X[\(value)]")
        let longer = feeder.feed(bytes(start + value + "y\r\n\r\n"), cuts: [30_000, 65_534])
        #expect(longer.verdict == .refused(.headTooLong))
    }

    @Test func fields() {
        func text(_ count: Int) -> String {
            "GET / HTTP/1.1\r\nHost: a\r\n"
                + (1..<count).map { "X\($0): y\r\n" }.joined() + "\r\n"
        }
        expectVerdict(text(5), HeadLimits(fieldsMax: 5), .complete)
        expectVerdict(text(6), HeadLimits(fieldsMax: 5), .refused(.tooManyFields))
        expectVerdict(text(1), HeadLimits(fieldsMax: 1), .complete)
        expectVerdict(text(2), HeadLimits(fieldsMax: 1), .refused(.tooManyFields))
        // Also when the head does not end.
        let endless = String(text(7).dropLast())
        expectVerdict(endless, HeadLimits(fieldsMax: 5), .refused(.tooManyFields))
        expectVerdict(text(256), HeadLimits(fieldsMax: 256), .complete)
        expectVerdict(text(257), HeadLimits(fieldsMax: 256), .refused(.tooManyFields))
    }

    @Test func target() {
        func text(_ bytes: Int, method: String = "GET") -> String {
            head("\(method) /\(String(repeating: "x", count: bytes - 1)) HTTP/1.1", "Host: a")
        }
        let limits = HeadLimits(targetBytesMax: 10)
        let longest = String(repeating: "M", count: 32)
        expectVerdict(text(10), limits, .complete)
        expectVerdict(text(11), limits, .refused(.targetTooLong))
        expectVerdict(text(1000), limits, .refused(.targetTooLong))
        expectVerdict(text(10, method: longest), limits, .complete)
        expectVerdict(text(11, method: longest), limits, .refused(.targetTooLong))
        expectVerdict("\r\n" + text(10, method: longest), limits, .complete)
        expectVerdict("\r\n" + text(11, method: longest), limits, .refused(.targetTooLong))
        let endless = String(repeating: "M", count: 1000)
        expectVerdict(endless, limits, .refused(.targetTooLong))
    }

    @Test func limitsStayInTheirRanges() {
        let low = HeadLimits(headBytesMax: -1, fieldsMax: 0, targetBytesMax: 0)
        #expect(low.headBytesMax == 1 && low.fieldsMax == 1 && low.targetBytesMax == 1)
        let high = HeadLimits(headBytesMax: .max, fieldsMax: .max, targetBytesMax: .max)
        #expect(high.headBytesMax == 65_535 && high.targetBytesMax == 65_535)
        #expect(high.fieldsMax == FieldTable.capacity)
        let usual = HeadLimits()
        #expect(usual.headBytesMax == 32_768 && usual.fieldsMax == 128)
        #expect(usual.targetBytesMax == 8192)
    }

    @Test func connectionOptions() {
        let options = Array(repeating: "x", count: 32).joined(separator: ", ")
        let text = head("GET / HTTP/1.1", "Host: a", "Connection: close, \(options), te", "X: y")
        var feeder = RequestFeeder()
        let outcome = feeder.feed(bytes(text))
        #expect(outcome.verdict == .complete && outcome.facts.hasSuffix(" (X[y])"))
    }

    @Test func responses() {
        var feeder = ResponseFeeder()
        feeder.limits = HeadLimits(headBytesMax: 21, fieldsMax: 1)
        let fits = bytes(head("HTTP/1.1 200", "X: y"))
        #expect(fits.count == 22)
        #expect(feeder.feed(fits).verdict == .refused(.headTooLong))
        #expect(feeder.feed(fits, cuts: 0..<22).verdict == .refused(.headTooLong))
        feeder.limits = HeadLimits(headBytesMax: 22, fieldsMax: 1)
        #expect(feeder.feed(fits, cuts: 0..<22).verdict == .complete)
        let more = bytes(head("HTTP/1.1 200", "X:", "Y:"))
        #expect(feeder.feed(more, cuts: 0..<22).verdict == .refused(.tooManyFields))
        let endless = bytes("HTTP/1.1 200 " + String(repeating: "x", count: 100))
        #expect(feeder.feed(endless, cuts: 0..<100).verdict == .refused(.headTooLong))
    }
}
