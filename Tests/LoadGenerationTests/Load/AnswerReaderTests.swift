// The load's reader of answers: what it finds does not depend on how the bytes are cut.

import Protocols
import Testing

@testable import LoadGeneration

@Suite struct AnswerReaderTests {
    /// Feeds the pieces until something other than `more` is found.
    private func outcome(
        _ pieces: [ArraySlice<UInt8>], thenEnds: Bool = false
    ) -> AnswerReader.Outcome {
        var reader = AnswerReader()
        var head = ResponseHead()
        for piece in pieces where !piece.isEmpty {
            let found = reader.receive(Array(piece).span, parsing: &head)
            if found != .more { return found }
        }
        return thenEnds ? reader.end() : .more
    }

    private func answer(
        _ status: UInt16, _ bytes: UInt64, keeps: Bool = true
    ) -> AnswerReader.Outcome {
        .answer(AnswerReader.Answer(status: status, bodyBytes: bytes, isPersistent: keeps))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let status: UInt16
        let bytes: UInt64
        var keeps = true
        var thenEnds = false

        var testDescription: String { String(reflecting: text) }
    }

    static let whole = [
        Case(text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", status: 200, bytes: 5),
        Case(text: "HTTP/1.1 204 No Content\r\n\r\n", status: 204, bytes: 0),
        Case(text: "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", status: 404, bytes: 0),
        Case(
            text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n"
                + "0\r\nT: 1\r\n\r\n", status: 200, bytes: 5),
        Case(
            text: "HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", status: 200, bytes: 1),
        Case(
            text: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
            status: 200, bytes: 1, keeps: false),
        Case(
            text: "HTTP/1.0 200 OK\r\n\r\nuntil the end", status: 200, bytes: 13, keeps: false,
            thenEnds: true),
    ]

    @Test(arguments: whole)
    func everyCutGivesTheSame(_ one: Case) {
        let bytes = Array(one.text.utf8)
        let expected = answer(one.status, one.bytes, keeps: one.keeps)
        for cut in 0...bytes.count {
            // In two, and with a byte by itself in between.
            for next in cut...min(cut + 1, bytes.count) {
                let pieces = [bytes[..<cut], bytes[cut..<next], bytes[next...]]
                let found = outcome(pieces, thenEnds: one.thenEnds)
                #expect(found == expected, "cut at \(cut) and \(next)")
            }
        }
        let single = bytes.indices.map { bytes[$0...$0] }
        #expect(outcome(single, thenEnds: one.thenEnds) == expected)
    }

    @Test(arguments: whole.filter { !$0.thenEnds })
    func noPartIsTakenForTheWhole(_ one: Case) {
        let bytes = Array(one.text.utf8)
        for end in 0..<bytes.count {
            #expect(outcome([bytes[..<end]]) == .more, "ends at \(end)")
            let cut = outcome([bytes[..<end]], thenEnds: true)
            guard case .broken = cut else {
                Issue.record("an end at \(end) gives \(cut)")
                continue
            }
        }
    }

    @Test func theNextAnswerIsReadAfresh() {
        var reader = AnswerReader()
        var head = ResponseHead()
        for (text, expected) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", answer(200, 2)),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
                answer(200, 1)
            ),
            ("HTTP/1.1 204 No Content\r\n\r\n", answer(204, 0)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", answer(200, 3)),
        ] {
            #expect(reader.receive(Array(text.utf8).span, parsing: &head) == expected)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxy",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n",
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
    ])
    func whatIsWrongIsTold(text: String) {
        guard case .broken(let reason) = outcome([Array(text.utf8)[...]]) else {
            Issue.record("taken: \(text)")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test func expectationsAreHeldAgainstAnswers() {
        let answer = AnswerReader.Answer(status: 200, bodyBytes: 64, isPersistent: true)
        #expect(Expectation().fault(in: answer) == nil)
        #expect(Expectation(status: 200, bodyBytes: 64).fault(in: answer) == nil)
        #expect(
            Expectation(status: 204).fault(in: answer) == "status 200 instead of 204")
        #expect(
            Expectation(status: 200, bodyBytes: 63).fault(in: answer)
                == "64 bytes of body instead of 63")
    }
}
