// Requests that two readers could read differently, and what each has to be answered with. From
// RFC 9112 rule by rule, and from what has been used against proxies.

/// A request that must not go on.
struct RequestVector: CustomStringConvertible, Sendable {
    let name: String
    /// Latin-1: a scalar is a byte.
    let text: String
    /// Any of these; more than one where the RFC leaves it open or names no status.
    let statuses: Set<Int>

    init(_ name: String, _ statuses: Int..., text: String) {
        self.name = name
        self.text = text
        self.statuses = Set(statuses)
    }

    var description: String { name }

    /// What is sent after the vector in the same write, and must never be served.
    static let follower = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

    /// A POST with these field lines and body.
    private static func post(_ fields: String, _ body: String = "") -> String {
        "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n\(body)"
    }

    /// A GET with these field lines.
    private static func get(_ fields: String) -> String {
        "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n"
    }

    static let all = lengths + codings + lines + fields + hosts + targets + versions

    /// Content-Length (RFC 9112 section 6.3, RFC 9110 section 8.6).
    private static let lengths =
        [
            "+5", "-5", "0x5", "5 5", "5,6", "5, 6", "5;", "\"5\"", "1e1", "5.0", "", ",", "five",
            "\u{B2}", "5\u{A0}", "18446744073709551616", "18446744073709551621",
            "9223372036854775808", "99999999999999999999999999999999",
        ].map {
            RequestVector(
                "Content-Length: \($0)", 400, text: post("Content-Length: \($0)", "hello"))
        } + [
            RequestVector(
                "lengths differ", 400,
                text: post("Content-Length: 5\r\nContent-Length: 6", "hello")),
            RequestVector(
                "lengths differ in case of name", 400,
                text: post("Content-Length: 0\r\ncontent-length: 36", "hello")),
            RequestVector(
                "length and coding", 400,
                text: post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n")),
            RequestVector(
                "coding and length", 400,
                text: post("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n")),
            RequestVector(
                "unknown coding and length", 400, 501,
                text: post("Transfer-Encoding: x\r\nContent-Length: 5", "hello")),
            RequestVector("space in length", 400, text: post("Content-Length: 1 0", "hello")),
            RequestVector("space before colon", 400, text: post("Content-Length : 5", "hello")),
            RequestVector("tab before colon", 400, text: post("Content-Length\t: 5", "hello")),
            RequestVector("folded length", 400, text: post("Content-Length:\r\n 5", "hello")),
        ]

    /// Transfer-Encoding (RFC 9112 sections 6.1 and 7).
    private static let codings =
        [
            "gzip", "identity", "xchunked", "chunked-x", "gzip, chunked", "chunked, identity",
            "chunked, gzip", "identity, chunked",
        ].map {
            RequestVector(
                "Transfer-Encoding: \($0)", 501,
                text: post("Transfer-Encoding: \($0)", "0\r\n\r\n"))
        }
        // Empty members of a list would have to be ignored (RFC 9110 section 5.6.1.2), but here
        // they are what only an attacker writes.
        + [
            "chunked, chunked", "chunked;q=1", "chunked,", ", chunked", "", "\"chunked\"",
            "chun ked", "chunked\u{A0}", "\u{A0}chunked", "chunked x",
        ].map {
            RequestVector(
                "Transfer-Encoding: \($0)", 400,
                text: post("Transfer-Encoding: \($0)", "0\r\n\r\n"))
        } + [
            RequestVector(
                "vertical tab before coding", 400,
                text: post("Transfer-Encoding: \u{B}chunked", "0\r\n\r\n")),
            RequestVector(
                "form feed after coding", 400,
                text: post("Transfer-Encoding: chunked\u{C}", "0\r\n\r\n")),
            RequestVector(
                "two codings", 400, 501,
                text: post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x", "0\r\n\r\n")),
            RequestVector(
                "coding twice", 400,
                text: post("Transfer-Encoding: chunked\r\ntransfer-encoding: chunked", "0\r\n\r\n")
            ),
            RequestVector(
                "folded coding", 400, text: post("Transfer-Encoding:\r\n chunked", "0\r\n\r\n")),
            RequestVector(
                "coding in HTTP/1.0", 400,
                text: "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            RequestVector(
                "coding name with space", 400,
                text: post("Transfer-Encoding : chunked", "0\r\n\r\n")),
            RequestVector(
                "coding behind a bare LF", 400,
                text: post("X: y\nTransfer-Encoding: chunked", "0\r\n\r\n")),
            RequestVector(
                "coding behind a bare CR", 400,
                text: post("X: y\rTransfer-Encoding: chunked", "0\r\n\r\n")),
        ]

    /// Line ends and folding (RFC 9112 sections 2.2 and 5.2).
    private static let lines = [
        RequestVector("bare LF everywhere", 400, text: "GET / HTTP/1.1\nHost: a\n\n"),
        RequestVector("bare LF after request line", 400, text: "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        RequestVector("bare LF after field", 400, text: get("X: y\nY: z")),
        RequestVector("bare LF as empty line", 400, text: "GET / HTTP/1.1\r\nHost: a\r\n\n"),
        RequestVector("bare CR in value", 400, text: get("X: a\rb")),
        RequestVector("bare CR before line end", 400, text: get("X: a\r")),
        RequestVector("bare CR in request line", 400, text: "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n"),
        RequestVector("CR CR LF", 400, text: "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"),
        RequestVector("LF CR", 400, text: "GET / HTTP/1.1\n\rHost: a\n\r\n\r"),
        RequestVector("folded value", 400, text: get("X: a\r\n b")),
        RequestVector("folded with tab", 400, text: get("X: a\r\n\tb")),
        RequestVector(
            "space before first field", 400, text: "GET / HTTP/1.1\r\n Host: a\r\nHost: a\r\n\r\n"),
        RequestVector("line of blanks", 400, text: get("X: a\r\n \r\nY: b")),
        RequestVector("NUL in front", 400, text: "\0GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]

    /// Names and values (RFC 9110 section 5).
    private static let fields =
        [
            "X : a", "X\t: a", ": a", "X a: b", "X", "X\0: a", "X(: a", "X/: a", "X=: a", "X@: a",
            "X[: a", "X{: a", "\"X\": a", "X,: a", "X;: a", "X\u{E9}: a", "X\u{7F}: a", "X\u{1}: a",
            "X: a\0b", "X: \0", "X: a\u{1}b", "X: \u{1B}[0m", "X: a\u{7F}", "X: a\u{8}", "X: \u{B}",
        ].map { RequestVector("field \($0.debugDescription)", 400, text: get($0)) }

    /// Host (RFC 9112 section 3.2).
    private static let hosts =
        [
            "a b", "a/b", "a?b", "a#b", "user@a", "a:b", "a:80:80", "a:-1", "a\\b", "[::1", "::1",
            "a, b", "a\tb", "a<b", "a\u{E9}",
        ].map {
            RequestVector("Host: \($0)", 400, text: "GET / HTTP/1.1\r\nHost: \($0)\r\n\r\n")
        } + [
            RequestVector("no Host", 400, text: "GET / HTTP/1.1\r\nX: y\r\n\r\n"),
            RequestVector("no field", 400, text: "GET / HTTP/1.1\r\n\r\n"),
            RequestVector("two Hosts", 400, text: get("Host: b")),
            RequestVector("Host twice", 400, text: get("Host: a")),
            RequestVector(
                "two Hosts in HTTP/1.0", 400, text: "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
            RequestVector(
                "Host and absolute form differ", 400,
                text: "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"),
            RequestVector(
                "ports of Host and absolute form differ", 400,
                text: "GET http://a:81/ HTTP/1.1\r\nHost: a:82\r\n\r\n"),
            RequestVector(
                "absolute form without Host", 400, text: "GET http://a/ HTTP/1.1\r\n\r\n"),
        ]

    /// Methods and targets (RFC 9112 section 3).
    private static let targets =
        [
            "GET x", "GET a/b", "GET *", "POST *", "GET /a b", "GET /\t", "GET /\u{1}", "GET /\0",
            "GET /\u{7F}", "GET /#a", "GET /\u{E9}", "GET  /", "GET\t/", "GET ", " GET /", "GET / ",
            "GET http://", "GET http:///x", "GET http:/a/", "GET http://a b/", "GET ftp://a/",
            "GET http://user@a/", "GET a:80", "GET /<", "GET /\"", "GET /\\",
            "G@T /", "G(T /", "GET: /", "G\u{E9}T /", "\"GET\" /", "/ GET",
        ].map {
            RequestVector(
                "line \($0.debugDescription)", 400, text: "\($0) HTTP/1.1\r\nHost: a\r\n\r\n")
        } + [
            RequestVector("CONNECT", 405, text: "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"),
            RequestVector(
                "CONNECT in origin form", 400, 405, text: "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n"),
            RequestVector(
                "unknown expectation", 417,
                text: post("Expect: magic\r\nContent-Length: 5", "hello")),
        ]

    /// Versions (RFC 9112 section 2.3).
    private static let versions =
        ["HTTP/2.0", "HTTP/3.0", "HTTP/9.9"].map {
            RequestVector("\($0)", 505, text: "GET / \($0)\r\nHost: a\r\n\r\n")
        }
        + [
            "HTTP/0.9", "HTTP/1", "HTTP/11", "HTTP/1.", "HTTP/.1", "HTTP/1.1.1", "HTTP/01.1",
            "HTTP/1.01", "http/1.1", "Http/1.1", "HTTPS/1.1", "HTTP 1.1", "HTTP/1,1", "HTTP/1.1x",
            "HTTP/-1.1", "HTTP/1.\u{B9}", "HTTP/ 1.1", "HTTP/1.1 HTTP/1.1", "XTTP/1.1",
        ].map {
            RequestVector("\($0)", 400, 505, text: "GET / \($0)\r\nHost: a\r\n\r\n")
        } + [
            RequestVector("HTTP/0.9", 400, 505, text: "GET /\r\n"),
            RequestVector("HTTP/2 preface", 400, 505, text: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            RequestVector(
                "TLS", 400, text: "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{FC}\u{3}\u{3}\r\n\r\n"),
        ]
}

/// A chunked body that is malformed, after a head that is not.
enum ChunkVector {
    /// Latin-1. No byte of what is wrong, nor anything behind it, may reach the origin.
    static let all = [
        "g\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n", "\r\nhello\r\n0\r\n\r\n",
        "5,\r\nhello\r\n0\r\n\r\n", "5 5\r\nhello\r\n0\r\n\r\n", "5\u{A0}\r\nhello\r\n0\r\n\r\n",
        "5\0\r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5\rhello\r\n0\r\n\r\n",
        "5\r\r\nhello\r\n0\r\n\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n", "5\r\nhello\rX0\r\n\r\n", "5;\0=b\r\nhello\r\n0\r\n\r\n",
        "5;a\rb\r\nhello\r\n0\r\n\r\n", "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "5;\u{1}\r\nhello\r\n0\r\n\r\n", "10000000000000000\r\nhello\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n", "8000000000000000\r\nhello\r\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\n\r\n", "5\r\nhello\r\n0\r\n\n",
        "5\r\nhello\r\n0\r\nX : y\r\n\r\n", "5\r\nhello\r\n0\r\n: y\r\n\r\n",
        "5\r\nhello\r\n0\r\nX\r\n\r\n", "5\r\nhello\r\n0\r\nX: y\n\r\n",
        "5\r\nhello\r\n0\r\nX: \0\r\n\r\n",
        "5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n", "5\r\nhello\r\n0\r\n X: y\r\n\r\n",
        "5\r\nhello\r\n0\r\nX: y\rZ: z\r\n\r\n", "5\r\nhello\r\n-0\r\n\r\n",
        "5\r\nhello\r\n0;\u{7F}\r\n\r\n",
    ]
}
