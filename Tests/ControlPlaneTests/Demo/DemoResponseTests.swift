// The demo's origin: what it answers, split anywhere, and what it refuses.

import ControlPlane
import Testing

@Suite struct DemoResponseTests {
    private func answer(_ request: String) -> (response: DemoResponse?, rest: [UInt8]) {
        var input = Array(request.utf8)
        return (DemoResponse.take(from: &input), input)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 ", true),
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 ", false),
        ("GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ", false),
        ("GET / HTTP/1.0\r\nconnection: Keep-Alive\r\n\r\n", "HTTP/1.1 200 ", true),
        ("HEAD / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 ", true),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n", "HTTP/1.1 405 ", false),
        ("GET /\r\n\r\n", "HTTP/1.1 400 ", false),
        ("\r\n\r\n", "HTTP/1.1 400 ", false),
        ("GET / HTTP/2.0\r\n\r\n", "HTTP/1.1 400 ", false),
    ])
    func answers(request: String, start: String, keepsAlive: Bool) throws {
        let response = try #require(answer(request).response)
        #expect(String(decoding: response.bytes, as: UTF8.self).hasPrefix(start))
        #expect(response.keepsAlive == keepsAlive)
    }

    @Test func lengthIsThatOfTheBody() throws {
        let response = try #require(answer("GET / HTTP/1.1\r\n\r\n").response)
        let parts = String(decoding: response.bytes, as: UTF8.self).split(separator: "\r\n\r\n")
        #expect(parts.count == 2)
        #expect(parts[0].contains("Content-Length: \(parts[1].utf8.count)"))
        let head = try #require(answer("HEAD / HTTP/1.1\r\n\r\n").response)
        #expect(String(decoding: head.bytes, as: UTF8.self).hasSuffix("\r\n\r\n"))
    }

    @Test func requestsComeOffOneByOne() {
        var input = Array("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET".utf8)
        #expect(DemoResponse.take(from: &input) != nil)
        #expect(DemoResponse.take(from: &input) != nil)
        #expect(DemoResponse.take(from: &input) == nil)
        #expect(input == Array("GET".utf8))
    }

    @Test func anEndlessHeadIsRefused() {
        let limit = DemoResponse.headBytesMax
        #expect(answer(String(repeating: "a", count: limit)).response == nil)
        let refusal = answer(String(repeating: "a", count: limit + 1)).response
        #expect(refusal?.keepsAlive == false)
    }
}
