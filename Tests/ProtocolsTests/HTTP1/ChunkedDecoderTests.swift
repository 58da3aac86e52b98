// Chunked bodies: every vector in one piece, in two, and byte by byte, through both ways of
// reading.

import Protocols
import Testing

@Suite struct ChunkedDecoderTests {
    /// What came of a body.
    private struct Outcome: Equatable {
        /// `finished` counts from the body's beginning.
        var step: ChunkStep
        var data: [UInt8] = []
        var bodyBytes: UInt64 = 0
    }

    /// Reads with `consume`, in pieces that end at `cuts`.
    private func consume(
        _ body: [UInt8], cuts: some Sequence<Int>, limits: ChunkLimits
    ) -> Outcome {
        var decoder = ChunkedDecoder(limits: limits)
        var start = 0
        var step = ChunkStep.more
        for cut in Array(cuts) + [body.count] where step == .more {
            let piece = Array(body[start..<cut])
            step = decoder.consume(piece.span)
            if case .finished(let end) = step { step = .finished(start + end) }
            start = cut
        }
        #expect(decoder.isFinished == (step != .more && !isRefused(step)))
        return Outcome(step: step, bodyBytes: decoder.bodyBytes)
    }

    /// Reads with `next`, in the same way.
    private func collect(
        _ body: [UInt8], cuts: some Sequence<Int>, limits: ChunkLimits
    ) -> Outcome {
        var decoder = ChunkedDecoder(limits: limits)
        var outcome = Outcome(step: .more)
        var start = 0
        for cut in Array(cuts) + [body.count] where outcome.step == .more {
            let piece = Array(body[start..<cut])
            var offset = 0
            reading: while true {
                switch decoder.next(piece.span, from: offset) {
                case .data(let first, let count):
                    #expect(first >= offset && count > 0 && first + count <= piece.count)
                    outcome.data += piece[first..<first + count]
                    offset = first + count
                case .needsMore:
                    break reading
                case .finished(let end):
                    outcome.step = .finished(start + end)
                    break reading
                case .refused(let refusal):
                    outcome.step = .refused(refusal)
                    break reading
                }
            }
            start = cut
        }
        outcome.bodyBytes = decoder.bodyBytes
        #expect(decoder.bodyBytes == UInt64(outcome.data.count))
        return outcome
    }

    private func isRefused(_ step: ChunkStep) -> Bool {
        if case .refused = step { true } else { false }
    }

    /// The outcome however the body is cut and read; the first difference is an issue.
    private func outcome(_ text: String, limits: ChunkLimits = ChunkLimits()) -> Outcome {
        let body = bytes(text)
        let whole = collect(body, cuts: [], limits: limits)
        let cuts = (0...body.count).map { [$0] } + [Array(0..<body.count)]
        for cut in cuts {
            let collected = collect(body, cuts: cut, limits: limits)
            #expect(collected == whole, "\(text.debugDescription) cut at \(cut)")
            let consumed = consume(body, cuts: cut, limits: limits)
            #expect(
                consumed.step == whole.step && consumed.bodyBytes == whole.bodyBytes,
                "\(text.debugDescription) cut at \(cut)")
        }
        return whole
    }

    @Test(arguments: ChunkedBodies.accepted.indices)
    func accepts(index: Int) {
        let (text, data) = ChunkedBodies.accepted[index]
        let body = bytes(text)
        for text in [text, text + "0", text + "GET / HTTP/1.1\r\n"] {
            let outcome = outcome(text)
            #expect(outcome.step == .finished(body.count))
            #expect(outcome.data == bytes(data))
        }
        for count in 0..<body.count {
            let cut = consume(Array(body[..<count]), cuts: [], limits: ChunkLimits())
            #expect(cut.step == .more, "\(count) of \(body.count) bytes")
        }
    }

    @Test(arguments: ChunkedBodies.refused.indices)
    func refuses(index: Int) {
        let (text, refusal) = ChunkedBodies.refused[index]
        #expect(outcome(text).step == .refused(refusal), "\(text.debugDescription)")
        let second = outcome("1;a=b\r\nx\r\n" + text)
        #expect(second.step == .refused(refusal), "\(text.debugDescription)")
    }

    @Test(arguments: ChunkedBodies.forbidden)
    func refusesInTrailers(name: String) {
        for spelling in [name, name.lowercased(), name.uppercased()] {
            let body = "0\r\nX: y\r\n\(spelling): z\r\n\r\n"
            #expect(outcome(body).step == .refused(.trailerForbidden))
            let longer = "0\r\n\(spelling)s: z\r\nx\(spelling): z\r\n\r\n"
            // `If-Matchs` is no better than `If-Match`.
            let isCondition = name.hasPrefix("If-")
            #expect(isRefused(outcome(longer).step) == isCondition)
        }
    }

    @Test func everyRefusalHasAVector() {
        let limits: [ChunkRefusal] = [.lineTooLong, .trailersTooLong, .tooManyTrailers]
        for refusal in ChunkRefusal.allCases where !limits.contains(refusal) {
            #expect(ChunkedBodies.refused.contains { $0.1 == refusal }, "\(refusal)")
        }
    }

    @Test func reasonsDiffer() {
        let reasons = ChunkRefusal.allCases.map(\.reason.description)
        #expect(Set(reasons).count == reasons.count)
        #expect(!reasons.contains { $0.isEmpty || $0.contains("\"") || $0.contains("\\") })
    }

    @Test func largestChunk() {
        var decoder = ChunkedDecoder()
        #expect(decoder.consume(bytes("7fffffffffffffff\r\nab").span) == .more)
        #expect(decoder.dataLeft == UInt64(Int64.max) - 2)
        #expect(decoder.bodyBytes == 2)
        decoder.skipData(decoder.dataLeft)
        #expect(decoder.dataLeft == 0)
        #expect(decoder.bodyBytes == UInt64(Int64.max))
        #expect(decoder.consume(bytes("\r\n0\r\n\r\n").span) == .finished(7))
    }

    @Test func splicedDataIsSkipped() {
        var decoder = ChunkedDecoder()
        #expect(decoder.dataLeft == 0)
        decoder.skipData(0)
        #expect(decoder.consume(bytes("a").span) == .more)
        decoder.skipData(0)
        #expect(decoder.consume(bytes("\r\n").span) == .more)
        #expect(decoder.dataLeft == 10)
        decoder.skipData(0)
        decoder.skipData(4)
        #expect(decoder.dataLeft == 6)
        #expect(decoder.next(bytes("abc").span, from: 0) == .data(start: 0, count: 3))
        decoder.skipData(3)
        #expect(decoder.dataLeft == 0 && decoder.bodyBytes == 10)
        #expect(decoder.consume(bytes("\r\n3\r\nxyz\r\n0\r\n\r\n").span) == .finished(15))
        #expect(decoder.bodyBytes == 13)
    }

    @Test func lineLimit() {
        let limits = ChunkLimits(lineBytesMax: 20)
        let longest = "5;" + String(repeating: "a", count: 18)
        #expect(outcome(longest + "\r\nhello\r\n0\r\n\r\n", limits: limits).data == bytes("hello"))
        #expect(outcome(longest + "b\r\n", limits: limits).step == .refused(.lineTooLong))
        let quoted = "5;a=\"" + String(repeating: " ", count: 15)
        #expect(outcome(quoted, limits: limits).step == .more)
        #expect(outcome(quoted + " ", limits: limits).step == .refused(.lineTooLong))
        #expect(outcome(quoted + "\"", limits: limits).step == .refused(.lineTooLong))
        let blank = "5" + String(repeating: " ", count: 19)
        #expect(outcome(blank, limits: limits).step == .more)
        #expect(outcome(blank + " ", limits: limits).step == .refused(.lineTooLong))
        // Each line has its own count.
        let lines = Array(repeating: longest + "\r\nhello\r\n", count: 3).joined()
        #expect(outcome(lines, limits: limits).step == .more)
    }

    @Test func trailerLimits() {
        let limits = ChunkLimits(trailerBytesMax: 20, trailerFieldsMax: 2)
        let longest = outcome("0\r\nX: y\r\nZ: abcdefg\r\n\r\n", limits: limits)
        #expect(longest.step == .finished(23))
        let longer = outcome("0\r\nX: y\r\nZ: abcdefgh\r\n\r\n", limits: limits)
        #expect(longer.step == .refused(.trailersTooLong))
        let three = outcome("0\r\nX:\r\nY:\r\nZ:\r\n\r\n", limits: limits)
        #expect(three.step == .refused(.tooManyTrailers))
        let none = ChunkLimits(trailerFieldsMax: 0)
        #expect(outcome("0\r\n\r\n", limits: none).step == .finished(5))
        #expect(outcome("0\r\nX: y\r\n\r\n", limits: none).step == .refused(.tooManyTrailers))
    }

    @Test func limitsStayInTheirRanges() {
        let low = ChunkLimits(lineBytesMax: 0, trailerBytesMax: 0, trailerFieldsMax: -1)
        #expect(low.lineBytesMax == 16 && low.trailerBytesMax == 2 && low.trailerFieldsMax == 0)
        let high = ChunkLimits(
            lineBytesMax: .max, trailerBytesMax: .max, trailerFieldsMax: .max)
        #expect(high.lineBytesMax == 65_535 && high.trailerBytesMax == 65_535)
        #expect(high.trailerFieldsMax == 256)
    }

    @Test func outcomesStay() {
        var decoder = ChunkedDecoder()
        #expect(decoder.consume(bytes("0\r\n\r\n").span) == .finished(5))
        #expect(decoder.consume(bytes("x").span) == .finished(0))
        #expect(decoder.next(bytes("xyz").span, from: 2) == .finished(at: 2))
        var refused = ChunkedDecoder()
        #expect(refused.consume(bytes("+").span) == .refused(.malformedSize))
        #expect(refused.consume(bytes("0\r\n\r\n").span) == .refused(.malformedSize))
        #expect(refused.consume([UInt8]().span) == .refused(.malformedSize))
        #expect(!refused.isFinished && refused.dataLeft == 0)
    }

    @Test func decoderIsSmall() {
        #expect(MemoryLayout<ChunkedDecoder>.stride <= 64)
        #expect(MemoryLayout<HeadProgress>.size == 4)
    }
}
