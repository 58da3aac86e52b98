// The demo's origin: what it answers, however the request is cut, and what it refuses.

import LoadGeneration
import Testing

@Suite struct DemoSessionTests {
    private func answer(_ request: String) -> (text: String, isOver: Bool) {
        var session = DemoSession(of: "three")
        let output = session.receive(Array(request.utf8))
        return (String(decoding: output, as: UTF8.self), session.isOver)
    }

    private static let host = "Host: a\r\n"

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\(host)\r\n", "HTTP/1.1 200 ", false),
        ("GET / HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", "HTTP/1.1 200 ", true),
        ("GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ", true),
        ("GET / HTTP/1.0\r\nconnection: Keep-Alive\r\n\r\n", "HTTP/1.1 200 ", false),
        ("HEAD / HTTP/1.1\r\n\(host)\r\n", "HTTP/1.1 200 ", false),
        ("DELETE /x HTTP/1.1\r\n\(host)\r\n", "HTTP/1.1 200 ", false),
        ("POST / HTTP/1.1\r\n\(host)Content-Length: 1\r\n\r\nx", "HTTP/1.1 200 ", false),
        ("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", true),
        ("GET /\r\n\r\n", "HTTP/1.1 400 ", true),
        ("GET / HTTP/2.0\r\n\(host)\r\n", "HTTP/1.1 505 ", true),
        ("POST / HTTP/1.1\r\n\(host)Content-Length: x\r\n\r\n", "HTTP/1.1 400 ", true),
        ("PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\nx\r\n", "HTTP/1.1 400 ", true),
    ])
    func answers(request: String, start: String, isOver: Bool) {
        let answer = answer(request)
        #expect(answer.text.hasPrefix(start), "\(answer.text)")
        #expect(answer.isOver == isOver)
        #expect(answer.text.contains("Connection: \(isOver ? "close" : "keep-alive")\r\n"))
    }

    @Test(arguments: [
        ("/status/503", "503 ", 0), ("/api/status/404?a=/slow/9", "404 ", 0),
        ("/slow/250", "200 ", 250),
        ("/a/slow/40", "200 ", 40), ("/slow/999999", "200 ", 2_000), ("/slow/-5", "200 ", 0),
        ("/status/200", "200 ", 0), ("/status/304", "200 ", 0), ("/status/600", "200 ", 0),
        ("/status/x", "200 ", 0), ("/503", "200 ", 0), ("/status/503/x", "200 ", 0),
    ])
    func pathsAskForAStatusOrADelay(path: String, status: String, delayMs: UInt64) {
        var session = DemoSession(of: "three")
        let output = session.receive(Array("GET \(path) HTTP/1.1\r\n\(Self.host)\r\n".utf8))
        #expect(String(decoding: output, as: UTF8.self).hasPrefix("HTTP/1.1 \(status)"))
        #expect(session.delayMs == delayMs)
        _ = session.receive(Array("GET / HTTP/1.1\r\n\(Self.host)\r\n".utf8))
        #expect(session.delayMs == 0)
    }

    @Test func itSaysWhichOriginItIsAndWhatItWasAsked() {
        let answer = answer("GET /a?b HTTP/1.1\r\n\(Self.host)X-Forwarded-For: ::1\r\n\r\n").text
        #expect(answer.contains("origin three"))
        #expect(answer.contains("GET /a?b HTTP/1.1\nHost: a\nX-Forwarded-For: ::1\n"))
    }

    @Test func lengthIsThatOfTheBody() {
        let parts = answer("GET / HTTP/1.1\r\n\(Self.host)\r\n").text
            .split(separator: "\r\n\r\n", maxSplits: 1)
        #expect(parts.count == 2)
        #expect(parts[0].contains("Content-Length: \(parts[1].utf8.count)"))
        let head = answer("HEAD / HTTP/1.1\r\n\(Self.host)\r\n").text
        #expect(head.hasSuffix("\r\n\r\n") && head.contains("Content-Length: "))
    }

    private static let chunked = "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n"

    static let bodies = [
        "POST / HTTP/1.1\r\n\(host)Content-Length: 5\r\n\r\nhello",
        "\(chunked)2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        "\(chunked)5;a=b\r\nhello\r\n0\r\nT: u\r\n\r\n",
    ]

    @Test(arguments: bodies)
    func bodiesAreTakenInAndCounted(request: String) {
        let answer = answer(request)
        #expect(answer.text.hasSuffix("\n5 bytes of body\n"))
        #expect(!answer.isOver)
    }

    /// Whole, byte by byte, and in pairs of every split: pipelined requests come off one by one.
    @Test(arguments: bodies)
    func cutsMakeNoDifference(request: String) {
        let bytes = Array((request + "GET /next HTTP/1.1\r\n\(Self.host)\r\n" + request).utf8)
        var session = DemoSession(of: "three")
        let whole = session.receive(bytes)
        #expect(String(decoding: whole, as: UTF8.self).matches(of: /HTTP\/1.1 200 OK/).count == 3)
        var dribbled = DemoSession(of: "three")
        #expect(bytes.flatMap { dribbled.receive([$0]) } == whole)
        for split in 0...bytes.count {
            var halved = DemoSession(of: "three")
            let first = halved.receive(bytes[..<split])
            #expect(first + halved.receive(bytes[split...]) == whole, "split at \(split)")
        }
    }

    @Test func aClientThatWaitsToContinueIsToldTo() {
        let head =
            "POST / HTTP/1.1\r\n\(Self.host)Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        var session = DemoSession(of: "three")
        let interim = session.receive(Array(head.utf8))
        #expect(String(decoding: interim, as: UTF8.self) == "HTTP/1.1 100 Continue\r\n\r\n")
        let final = session.receive(Array("hello".utf8))
        #expect(String(decoding: final, as: UTF8.self).hasPrefix("HTTP/1.1 200 "))
        #expect(answer(head + "hello").text.hasPrefix("HTTP/1.1 200 "), "it did not wait")
    }

    @Test func nothingIsAnsweredAfterARefusal() {
        var session = DemoSession(of: "three")
        let request = Array("GET / HTTP/1.1\r\n\(Self.host)\r\n".utf8)
        let refusal = session.receive(Array("nonsense\r\n\r\n".utf8) + request)
        #expect(String(decoding: refusal, as: UTF8.self).matches(of: /HTTP\/1.1/).count == 1)
        #expect(session.isOver && session.receive(request).isEmpty)
    }
}
