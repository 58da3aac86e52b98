// Responses of an origin that must not be passed on: each becomes a 502.

/// Bytes that an origin answers with. Latin-1: a scalar is a byte.
enum ResponseVector {
    private static func ok(_ fields: String, _ body: String = "") -> String {
        "HTTP/1.1 200 OK\r\n\(fields)\r\n\r\n\(body)"
    }

    static let all = statusLines + lengths + codings + fields + lines

    private static let statusLines = [
        "hello", "200 OK", "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK",
        "HTTP/1.1 2x0 OK", "HTTP/1.1 +20 OK", "HTTP/1.1 099 OK", "HTTP/1.1 000 OK",
        "HTTP/1.1  200 OK", "HTTP/1.1\t200 OK", " HTTP/1.1 200 OK", "HTTP/2.0 200 OK",
        "HTTP/1 200 OK", "http/1.1 200 OK", "HTTP/11 200 OK", "HTTPS/1.1 200 OK", "ICY 200 OK",
        "HTTP/1.1 200 O\0K", "HTTP/1.1 200 O\rK", "HTTP/1.1 200 O\u{1}K", "HTTP/1.1 200\u{A0}OK",
        "\u{0}HTTP/1.1 200 OK", "GET / HTTP/1.1",
    ].map { "\($0)\r\nContent-Length: 0\r\n\r\n" }

    private static let lengths =
        [
            "+5", "-5", "0x5", "5 5", "5,6", "", "five", "18446744073709551621",
            "9223372036854775808", "5;", "\"5\"",
        ].map { ok("Content-Length: \($0)", "hello") } + [
            ok("Content-Length: 5\r\nContent-Length: 6", "hello"),
            ok("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
            ok("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n"),
        ]

    private static let codings =
        [
            "gzip", "identity", "xchunked", "chunked, gzip", "chunked, chunked", "", "chunked;q=1",
            "gzip, chunked", "\u{B}chunked",
        ].map { ok("Transfer-Encoding: \($0)", "0\r\n\r\n") } + [
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            ok("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "0\r\n\r\n"),
        ]

    private static let fields = [
        ": a", "X a: b", "X", "X\0: a", "X(: a", "X\u{E9}: a", "X: a\0b", "X: a\u{1}b",
        "X: a\u{7F}",
        "X : a", "X: a\rb", "X: a\r\n b", "Set-Cookie: a\r\n\tb", "Content-Length : 5",
    ].map { ok("\($0)\r\nContent-Length: 0") }

    private static let lines = [
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n",
        "HTTP/1.1 200 OK\r\n Content-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        // Interim responses are judged like final ones, and there must be a final one.
        "HTTP/1.1 100 Continue\r\nX : y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ]

    /// Ends of the connection before the head was complete.
    static let unfinished = [
        "", "H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
        "HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1",
    ]

    /// Bodies that go wrong after the head was right.
    static let bodies =
        [
            "g\r\n", "-1\r\n", " 5\r\n", "5\n", "\r\n", "5\r\nhelloX", "5\r\nhello\n",
            "FFFFFFFFFFFFFFFFF\r\n", "5;\0\r\nhello\r\n0\r\n\r\n", "0\n\r\n", "0\r\n\n",
            "0\r\nX : y\r\n\r\n", "0\r\nX: \0\r\n\r\n", "0\r\n X: y\r\n\r\n",
        ].map { ok("Transfer-Encoding: chunked", "5\r\nfirst\r\n" + $0) }
}
