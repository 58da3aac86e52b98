// Server-sent events on the client's end, however they come.

import Testing

@testable import ControlPlane

@Suite struct EventStreamTests {
    private static let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\r\n"
    private static let body =
        "event: a\ndata: first\n\n:\n\ndata: \ndata: {\"a\":\"b: \\n\"}\n\nevent: b\nid: 5\n"
        + "data: é\n\ndata:none\nxdata: none\n"
    private static let expected = ["first", "", "{\"a\":\"b: \\n\"}", "é"]

    @Test func everySplitIsTheSame() {
        let bytes = Array((Self.head + Self.body).utf8)
        for split in 0...bytes.count {
            var stream = EventStream()
            var events: [String] = []
            for part in [bytes[..<split], bytes[split...]] {
                let goesOn = stream.receive(part) {
                    events.append(String($0))
                    return true
                }
                #expect(goesOn)
            }
            #expect(events == Self.expected, "split at \(split)")
            #expect(stream.isStream && stream.bytes.isEmpty)
        }
        var stream = EventStream()
        var events: [String] = []
        for byte in bytes {
            let goesOn = stream.receive([byte]) {
                events.append(String($0))
                return true
            }
            #expect(goesOn)
        }
        #expect(events == Self.expected)
    }

    @Test func whoHasEnoughIsToldNoMore() {
        var stream = EventStream()
        var count = 0
        let goesOn = stream.receive(Array((Self.head + Self.body).utf8)) { _ in
            count += 1
            return count < 2
        }
        #expect(!goesOn && count == 2)
    }

    /// Anything else is an answer, whole for who reads it.
    @Test(arguments: [
        "HTTP/1.1 404 Not Found\r\nContent-Length: 11\r\n\r\ndata: none\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\ndata: none\n",
        "HTTP/1.1 409 Conflict\r\n\r\ndata: none\n", "data: none\n\ndata: none\n\n",
    ])
    func otherAnswersAreNoStream(text: String) {
        var stream = EventStream()
        for byte in text.utf8 {
            let goesOn = stream.receive([byte]) { _ in
                Issue.record("an event")
                return true
            }
            #expect(goesOn)
        }
        #expect(!stream.isStream && stream.bytes == Array(text.utf8))
    }

    @Test func aLineWithoutAnEndIsGivenUp() {
        var stream = EventStream()
        #expect(stream.receive(Array(Self.head.utf8)) { _ in true })
        let piece = [UInt8](repeating: 0x61, count: 1 << 20)
        var pieces = 0
        while pieces < 10, stream.receive(piece, { _ in true }) { pieces += 1 }
        #expect(pieces == 4)
    }
}
