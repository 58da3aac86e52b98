// What can be wrong with a request, and the status that says so. Nothing behind a flaw may reach
// an origin; of a flawed head, nothing at all.

/// A breach of the rules, put into a sound request.
struct RequestFlaw: CustomStringConvertible, Sendable {
    private enum Place: Sendable {
        /// Lines put behind the request line.
        case lines(String)
        case replace(String, by: String)
        case head(@Sendable (String, RequestLimits) -> String)
        /// What stands instead of a body's last chunk.
        case body(String)
    }

    let status: Int
    let description: String
    private let place: Place

    private init(_ status: Int, _ description: String, _ place: Place) {
        self.status = status
        self.description = description
        self.place = place
    }

    /// Whether the head is sound and only the body is not.
    var isInBody: Bool { if case .body = place { true } else { false } }

    /// Whether the head still begins with the method.
    var keepsMethod: Bool { if case .head = place { false } else { true } }

    func spoilHead(_ head: String, _ limits: RequestLimits) -> String {
        switch place {
        case .lines(let lines):
            return head.replacing("\r\n", with: "\r\n\(lines)\r\n", maxReplacements: 1)
        case .replace(let old, let new):
            return head.replacing(old, with: new, maxReplacements: 1)
        case .head(let spoil): return spoil(head, limits)
        case .body: return head
        }
    }

    /// - Parameter chunks: sound chunks that go before, 0 or 1.
    /// - Returns: what is sent, and what may be passed on of its content.
    func makeBody(_ chunks: Int) -> (wire: [UInt8], content: [UInt8]) {
        guard case .body(let text) = place else { return ([], []) }
        let sound = chunks == 0 ? "" : "5\r\nsound\r\n"
        let content = chunks == 0 ? "abcde" : "soundabcde"
        return (Latin1.bytes(sound + text + PlannedBody.poisons[0]), Latin1.bytes(content))
    }

    static let all: [RequestFlaw] = framing + lines + targets + sizes + bodies

    private static let framing: [RequestFlaw] = [
        RequestFlaw(
            400, "length and coding", .lines("Content-Length: 5\r\nTransfer-Encoding: chunked")),
        RequestFlaw(
            400, "coding and length", .lines("Transfer-Encoding: chunked\r\nContent-Length: 5")),
        RequestFlaw(400, "two lengths", .lines("Content-Length: 5\r\nContent-Length: 5")),
        RequestFlaw(400, "list of lengths", .lines("Content-Length: 5, 5")),
        RequestFlaw(400, "signed length", .lines("Content-Length: +5")),
        RequestFlaw(400, "hexadecimal length", .lines("Content-Length: 0x5")),
        RequestFlaw(400, "empty length", .lines("Content-Length:")),
        RequestFlaw(400, "huge length", .lines("Content-Length: 99999999999999999999")),
        RequestFlaw(501, "gzip", .lines("Transfer-Encoding: gzip")),
        RequestFlaw(501, "gzip, chunked", .lines("Transfer-Encoding: gzip, chunked")),
        RequestFlaw(400, "chunked twice", .lines("Transfer-Encoding: chunked, chunked")),
        RequestFlaw(
            400, "two codings", .lines("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")),
        RequestFlaw(400, "empty coding", .lines("Transfer-Encoding:")),
        RequestFlaw(400, "coding with a parameter", .lines("Transfer-Encoding: chunked;q=1")),
        RequestFlaw(
            400, "coding in HTTP/1.0",
            .replace(" HTTP/1.1\r\n", by: " HTTP/1.0\r\nTransfer-Encoding: chunked\r\n")),
    ]

    private static let lines: [RequestFlaw] = [
        RequestFlaw(400, "bare LF", .replace("\r\n", by: "\n")),
        RequestFlaw(400, "bare CR", .lines("X-A: b\rc")),
        RequestFlaw(400, "folded line", .lines("X-A: b\r\n c")),
        RequestFlaw(400, "space before the colon", .lines("Content-Length : 5")),
        RequestFlaw(400, "no name", .lines(": b")),
        RequestFlaw(400, "no colon", .lines("X-A")),
        RequestFlaw(400, "name that is no token", .lines("X(A: b")),
        RequestFlaw(400, "NUL", .lines("X-A: b\0")),
        RequestFlaw(400, "two hosts", .lines("Host: a\r\nHost: b")),
        RequestFlaw(400, "no host", .head { head, _ in head.replacing("Host:", with: "X-Ghost:") }),
        RequestFlaw(400, "host with a space", .replace("\r\nHost: ", by: "\r\nHost: a b")),
        RequestFlaw(417, "unknown expectation", .lines("Expect: 200-ok")),
        RequestFlaw(400, "connection names a length", .lines("Connection: content-length")),
        RequestFlaw(400, "connection names the host", .lines("Connection: close, Host")),
        RequestFlaw(400, "two empty lines", .head { head, _ in "\r\n\r\n" + head }),
        RequestFlaw(400, "another protocol", .head { _, _ in "\u{16}\u{3}\u{1}\u{2}\0\u{1}" }),
    ]

    private static let targets: [RequestFlaw] = [
        RequestFlaw(505, "HTTP/2.0", .replace(" HTTP/1.1\r\n", by: " HTTP/2.0\r\n")),
        RequestFlaw(505, "HTTP/1.2", .replace(" HTTP/1.1\r\n", by: " HTTP/1.2\r\n")),
        RequestFlaw(400, "http/1.1", .replace(" HTTP/1.1\r\n", by: " http/1.1\r\n")),
        RequestFlaw(400, "no version", .replace(" HTTP/1.1\r\n", by: "\r\n")),
        RequestFlaw(400, "two spaces", .replace(" HTTP/1.1\r\n", by: "  HTTP/1.1\r\n")),
        RequestFlaw(400, "fragment", .replace(" HTTP/1.1\r\n", by: "#f HTTP/1.1\r\n")),
        RequestFlaw(400, "space in the target", .replace(" HTTP/1.1\r\n", by: " b HTTP/1.1\r\n")),
        RequestFlaw(
            400, "method that is no token",
            .head { head, _ in head.replacing(" ", with: "( ", maxReplacements: 1) }),
        RequestFlaw(
            501, "long method",
            .head { head, _ in String(repeating: "M", count: 33) + head.drop { $0 != " " } }),
        RequestFlaw(
            400, "host of another",
            .head { head, _ in
                "GET http://other.test/ HTTP/1.1\r\n"
                    + head.split(separator: "\r\n", maxSplits: 1)[1]
            }),
    ]

    private static let sizes: [RequestFlaw] = [
        RequestFlaw(
            414, "long target",
            .head { head, limits in
                let long = "/" + String(repeating: "t", count: limits.targetBytesMax)
                return "GET \(long) HTTP/1.1\r\n"
                    + head.split(separator: "\r\n", maxSplits: 1)[1]
            }),
        RequestFlaw(
            431, "long head",
            .head { head, limits in
                let long = "X-A: " + String(repeating: "v", count: limits.headBytesMax)
                return head.replacing("\r\n", with: "\r\n\(long)\r\n", maxReplacements: 1)
            }),
        RequestFlaw(
            431, "many fields",
            .head { head, limits in
                let many = String(repeating: "a:\r\n", count: limits.fieldsMax)
                return head.replacing("\r\n", with: "\r\n\(many)", maxReplacements: 1)
            }),
    ]

    private static let bodies: [RequestFlaw] = [
        RequestFlaw(400, "chunk size zz", .body("zz\r\n")),
        RequestFlaw(400, "chunk size -5", .body("-5\r\nabcde\r\n")),
        RequestFlaw(400, "chunk size 0x5", .body("0x5\r\nabcde\r\n")),
        RequestFlaw(400, "huge chunk", .body("fffffffffffffffff\r\n")),
        RequestFlaw(400, "bare LF behind a size", .body("5\nabcde\r\n")),
        RequestFlaw(400, "bare CR in an extension", .body("5;a\rb\r\nabcde\r\n")),
        RequestFlaw(400, "data longer than its size", .body("3\r\nabcde\r\n")),
        RequestFlaw(
            400, "long extension", .body("5;" + String(repeating: "e", count: 70_000) + "\r\n")),
        RequestFlaw(400, "length in a trailer", .body("0\r\nContent-Length: 5\r\n\r\n")),
        RequestFlaw(400, "host in a trailer", .body("0\r\nHost: x\r\n\r\n")),
        RequestFlaw(400, "folded trailer", .body("0\r\nX-A: b\r\n c\r\n\r\n")),
        RequestFlaw(400, "no name in a trailer", .body("0\r\n: b\r\n\r\n")),
        RequestFlaw(
            400, "long trailers",
            .body("0\r\nX-A: " + String(repeating: "t", count: 70_000) + "\r\n\r\n")),
    ]
}
