// What an origin can send instead of a response, or within one.

/// Bytes that must not reach a client as if they were a response.
struct AnswerFlaw: Equatable, CustomStringConvertible, Sendable {
    let description: String
    /// What is sent from the head's first byte on, or behind a sound chunk.
    let text: String

    private init(_ description: String, _ text: String) {
        self.description = description
        self.text = text
    }

    private static func head(_ description: String, _ lines: String) -> AnswerFlaw {
        AnswerFlaw(description, "HTTP/1.1 200 OK\r\n\(lines)\r\n\r\npayload")
    }

    static let heads: [AnswerFlaw] = [
        .head("length and coding", "Content-Length: 7\r\nTransfer-Encoding: chunked"),
        .head("two lengths", "Content-Length: 7\r\nContent-Length: 5"),
        .head("signed length", "Content-Length: -7"),
        .head("list of lengths", "Content-Length: 7, 7"),
        .head("gzip", "Transfer-Encoding: gzip"),
        .head("folded line", "X-A: b\r\n c"),
        .head("bare LF", "X-A: b\nX-B: c"),
        .head("bare CR", "X-A: b\rX-B: c"),
        .head("NUL", "X-A: b\0"),
        .head("space before the colon", "Content-Length : 7"),
        .head("no name", ": b"),
        .head("many fields", String(repeating: "a: b\r\n", count: 300) + "a: b"),
        .head("long head", "X-A: " + String(repeating: "v", count: 70_000)),
        AnswerFlaw("HTTP/2", "HTTP/2 200\r\n\r\n"),
        AnswerFlaw("HTTP/1.2", "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n"),
        AnswerFlaw("status 99", "HTTP/1.1 99 Low\r\n\r\n"),
        AnswerFlaw("status 600", "HTTP/1.1 600 High\r\n\r\n"),
        AnswerFlaw("no status", "HTTP/1.1 OK\r\n\r\n"),
        AnswerFlaw("garbage", "\u{0}\u{FF}\u{10}\r\n\r\n"),
        AnswerFlaw("another request", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        AnswerFlaw(
            "coding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ]

    static let bodies: [AnswerFlaw] = [
        AnswerFlaw("chunk size zz", "zz\r\n"),
        AnswerFlaw("bare LF behind a size", "5\nabcde\r\n0\r\n\r\n"),
        AnswerFlaw("data longer than its size", "3\r\nabcde\r\n0\r\n\r\n"),
        AnswerFlaw("length in a trailer", "0\r\nContent-Length: 5\r\n\r\n"),
        AnswerFlaw("huge chunk", "fffffffffffffffff\r\n"),
    ]
}
