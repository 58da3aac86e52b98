// Response heads that break a rule, and which.

import Protocols

/// Response heads to be refused.
enum RefusedResponses {
    /// A response of these fields.
    private static func with(_ lines: String...) -> String {
        "HTTP/1.1 200 OK\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    static let statusLines: [(String, HeadRefusal)] = [
        ("\u{16}\u{03}", .notHTTP),
        ("<html>", .notHTTP),
        ("\r\n" + head("HTTP/1.1 200 OK"), .notHTTP),
        (" HTTP/1.1 200 OK\r\n\r\n", .notHTTP),
        (head("http/1.1 200 OK"), .notHTTP),
        (head("ICY 200 OK"), .notHTTP),
        (head("HTTP/2.0 200 OK"), .unsupportedVersion),
        (head("HTTP/1.2 200 OK"), .unsupportedVersion),
        (head("HTTP/0.9 200 OK"), .unsupportedVersion),
        ("HTTP/2.0\n", .unsupportedVersion),
        (head("HTTP/1.10 200 OK"), .malformedStatusLine),
        (head("HTTP/1 200 OK"), .malformedVersion),
        (head("HTTPS/1.1 200 OK"), .malformedVersion),
        (head("HTTP/1.1\t200 OK"), .malformedStatusLine),
        (head("HTTP/1.1  200 OK"), .malformedStatusLine),
        (head("HTTP/1.1 20 OK"), .malformedStatusLine),
        (head("HTTP/1.1 2000 OK"), .malformedStatusLine),
        (head("HTTP/1.1 +20 OK"), .malformedStatusLine),
        (head("HTTP/1.1 -99 OK"), .malformedStatusLine),
        (head("HTTP/1.1 0x2 OK"), .malformedStatusLine),
        (head("HTTP/1.1 20x OK"), .malformedStatusLine),
        (head("HTTP/1.1 200OK"), .malformedStatusLine),
        (head("HTTP/1.1 200\tOK"), .malformedStatusLine),
        (head("HTTP/1.1 OK"), .malformedStatusLine),
        (head("HTTP/1.1 "), .malformedStatusLine),
        (head("HTTP/1.1"), .malformedStatusLine),
        (head("HTTP/1."), .malformedVersion),
        (head("H"), .malformedVersion),
        (head("HTTP/1.1 099 x"), .statusOutOfRange),
        (head("HTTP/1.1 000 x"), .statusOutOfRange),
        (head("HTTP/1.1 600 x"), .statusOutOfRange),
        (head("HTTP/1.1 999 x"), .statusOutOfRange),
        (head("HTTP/1.1 200 O\u{0}K"), .controlInReason),
        (head("HTTP/1.1 200 O\u{7F}K"), .controlInReason),
        (head("HTTP/1.1 200 \u{1B}[1m"), .controlInReason),
        ("HTTP/1.1 200 OK\nServer: x\r\n\r\n", .bareLineFeed),
        ("HTTP/1.1 200 OK\n\n", .bareLineFeed),
        ("HTTP/1.1 200\nServer: x\r\n\r\n", .bareLineFeed),
        ("HTTP/1.1 200 OK\rServer: x\r\n\r\n", .bareCarriageReturn),
        ("HTTP/1.1 200\rServer: x\r\n\r\n", .bareCarriageReturn),
        ("HTTP/1.1 200 OK\r\r\n\r\n", .bareCarriageReturn),
    ]

    static let fieldLines: [(String, HeadRefusal)] = [
        (with("X : b"), .spaceBeforeColon),
        (with("Content-Length : 5"), .spaceBeforeColon),
        (with(": b"), .fieldNameEmpty),
        (with("X: b", " c"), .folded),
        ("HTTP/1.1 200 OK\r\n X: b\r\n\r\n", .folded),
        (with("X"), .malformedFieldName),
        (with("X\u{0}: b"), .malformedFieldName),
        (with("<html>"), .malformedFieldName),
        (with("X: a\u{0}b"), .controlInValue),
        (with("X: a\u{7F}b"), .controlInValue),
        ("HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: b\r\n\r\n", .bareLineFeed),
        ("HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\n\r\n", .bareCarriageReturn),
        ("HTTP/1.1 200 OK\r\nX: a\r\n\n", .bareLineFeed),
    ]

    static let framing: [(String, HeadRefusal)] = [
        (with("Content-Length: 5", "Transfer-Encoding: chunked"), .lengthWithCoding),
        (with("Transfer-Encoding: gzip", "Content-Length: 5"), .lengthWithCoding),
        (with("Content-Length: 5", "Content-Length: 5"), .lengthRepeated),
        (with("Content-Length: 5, 5"), .malformedLength),
        (with("Content-Length: +5"), .malformedLength),
        (with("Content-Length:"), .malformedLength),
        (with("Content-Length: -1"), .malformedLength),
        (with("Content-Length: 9223372036854775808"), .lengthTooLarge),
        (with("Transfer-Encoding: gzip"), .unknownCoding),
        (with("Transfer-Encoding: gzip, chunked"), .unknownCoding),
        (with("Transfer-Encoding: chunked, gzip"), .unknownCoding),
        (with("Transfer-Encoding: chunked, chunked"), .codingRepeated),
        (with("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), .codingRepeated),
        (with("Transfer-Encoding: chunked;x=y"), .malformedCoding),
        (with("Transfer-Encoding:"), .malformedCoding),
        (head("HTTP/1.0 200 OK", "Transfer-Encoding: chunked"), .codingInHTTP10),
        (head("HTTP/1.1 204 x", "Content-Length: 5", "Content-Length: 5"), .lengthRepeated),
        (head("HTTP/1.1 304 x", "Content-Length: x"), .malformedLength),
        (head("HTTP/1.1 100 x", "Transfer-Encoding: gzip"), .unknownCoding),
        (with("Connection: content-length", "Content-Length: 5"), .connectionOptionForbidden),
        (with("Connection: transfer-encoding"), .connectionOptionForbidden),
        (with("Connection: close close"), .malformedConnection),
    ]

    static let switching: [(String, HeadRefusal)] = [
        (head("HTTP/1.1 101 x"), .switchingWithoutUpgrade),
        (head("HTTP/1.1 101 x", "Upgrade: websocket"), .switchingWithoutUpgrade),
        (head("HTTP/1.1 101 x", "Connection: upgrade"), .switchingWithoutUpgrade),
        (
            head("HTTP/1.1 101 x", "Connection: upgrade", "Upgrade:"),
            .switchingWithoutUpgrade
        ),
        (
            head("HTTP/1.1 101 x", "Connection: upgrade", "Upgrade: a", "Upgrade: b"),
            .switchingWithoutUpgrade
        ),
        (
            head("HTTP/1.0 101 x", "Connection: upgrade", "Upgrade: a"),
            .switchingWithoutUpgrade
        ),
    ]

    static let all = statusLines + fieldLines + framing + switching
}
