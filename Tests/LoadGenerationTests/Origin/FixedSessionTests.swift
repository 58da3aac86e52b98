// The bench's origin: one answer for each head, however the heads are cut.

import Testing

@testable import LoadGeneration

@Suite struct FixedSessionTests {
    private static let request = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)

    private func answers(_ output: [UInt8]) -> Int {
        String(decoding: output, as: UTF8.self).components(of: "HTTP/1.1 200 OK\r\n")
    }

    @Test func theAnswerHasTheLengthItSays() {
        var session = FixedSession(bodyBytes: 5)
        let text = String(decoding: session.receive(Self.request[...]), as: UTF8.self)
        #expect(text.contains("\r\nContent-Length: 5\r\n"))
        #expect(text.hasSuffix("\r\n\r\nxxxxx"))
        #expect(!session.isOver)
    }

    @Test func everyCutGivesOneAnswer() {
        for cut in 0...Self.request.count {
            var session = FixedSession(bodyBytes: 1)
            let first = session.receive(Self.request[..<cut])
            let second = session.receive(Self.request[cut...])
            #expect(answers(first) == (cut == Self.request.count ? 1 : 0), "cut at \(cut)")
            #expect(answers(first + second) == 1, "cut at \(cut)")
        }
    }

    @Test func requestsThatComeTogetherAreAnsweredTogether() {
        var session = FixedSession(bodyBytes: 2)
        let three = Self.request + Self.request + Self.request
        #expect(answers(session.receive(three[...])) == 3)
    }

    /// What only begins like the end of a head.
    @Test(arguments: ["a\r\nb", "a\r\n\rb\r\n", "\r\r\n\ra", "\n\n\r\n"])
    func almostAnEndIsNone(text: String) {
        var session = FixedSession(bodyBytes: 1)
        #expect(session.receive(Array(text.utf8)[...]).isEmpty)
    }

    @Test func aReturnCanBeginTheEndAnew() {
        var session = FixedSession(bodyBytes: 1)
        #expect(answers(session.receive(Array("a\r\r\n\r\n".utf8)[...])) == 1)
    }
}

extension String {
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
