// Response heads that are good, and what they say, as `describe` writes it.

import Protocols

/// Response heads to be accepted.
enum AcceptedResponses {
    static let statusLines: [(RequestKind, String, String)] = [
        (
            .other, head("HTTP/1.1 200 OK", "Content-Length: 5") + "hello",
            "200 OK 1.1 keep 38 length(5) says(5); Content-Length[5]"
        ),
        (
            .other, head("HTTP/1.1 200 ", "Content-Length: 0"),
            "200 1.1 keep 36 none says(0); Content-Length[0]"
        ),
        (
            .other, head("HTTP/1.1 200", "Content-Length: 0"),
            "200 1.1 keep 35 none says(0); Content-Length[0]"
        ),
        (
            .other, head("HTTP/1.1 404 Not  Found ", "Content-Length: 0"),
            "404 Not  Found  1.1 keep 47 none says(0); Content-Length[0]"
        ),
        (
            .other, head("HTTP/1.1 200 \tO\u{E4}\u{FF}K", "Content-Length: 0"),
            "200 \tO\u{E4}\u{FF}K 1.1 keep 41 none says(0); Content-Length[0]"
        ),
        (
            .other, head("HTTP/1.0 599 x", "Content-Length: 0"),
            "599 x 1.0 close 37 none says(0); Content-Length[0]"
        ),
        (.other, head("HTTP/1.1 200 OK"), "200 OK 1.1 close 19 untilClose;"),
        (.other, head("HTTP/1.0 200 OK") + "until close", "200 OK 1.0 close 19 untilClose;"),
        (
            .other, head("HTTP/1.1 299 Odd", "Content-Length: 0"),
            "299 Odd 1.1 keep 39 none says(0); Content-Length[0]"
        ),
    ]

    static let bodies: [(RequestKind, String, String)] = [
        (
            .other, head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"),
            "200 OK 1.1 keep 47 chunked; (Transfer-Encoding[chunked])"
        ),
        (
            .other, head("HTTP/1.1 200 OK", "transfer-encoding:CHUNKED"),
            "200 OK 1.1 keep 46 chunked; (~transfer-encoding[CHUNKED])"
        ),
        (
            .other, head("HTTP/1.0 200 OK", "Content-Length: 5", "Connection: keep-alive"),
            "200 OK 1.0 keep 62 length(5) says(5); Content-Length[5] (Connection[keep-alive])"
        ),
        (
            .other, head("HTTP/1.1 200 OK", "Content-Length: 9223372036854775807"),
            "200 OK 1.1 keep 56 length(9223372036854775807) says(9223372036854775807); "
                + "Content-Length[9223372036854775807]"
        ),
        (
            .other, head("HTTP/1.1 205 Reset Content", "Content-Length: 0"),
            "205 Reset Content 1.1 keep 49 none says(0); Content-Length[0]"
        ),
        (.other, head("HTTP/1.1 205 Reset Content"), "205 Reset Content 1.1 close 30 untilClose;"),
        (
            .head, head("HTTP/1.1 200 OK", "Content-Length: 5"),
            "200 OK 1.1 keep 38 none says(5); Content-Length[5]"
        ),
        (
            .head, head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"),
            "200 OK 1.1 keep 47 none; (Transfer-Encoding[chunked])"
        ),
        (.head, head("HTTP/1.1 200 OK"), "200 OK 1.1 keep 19 none;"),
        (
            .other, head("HTTP/1.1 304 Not Modified", "Content-Length: 5"),
            "304 Not Modified 1.1 keep 48 none says(5); Content-Length[5]"
        ),
        (
            .other, head("HTTP/1.1 304 Not Modified", "Transfer-Encoding: chunked"),
            "304 Not Modified 1.1 keep 57 none; (Transfer-Encoding[chunked])"
        ),
        (.other, head("HTTP/1.1 204 No Content"), "204 No Content 1.1 keep 27 none;"),
        (
            .other, head("HTTP/1.1 204 No Content", "Content-Length: 5"),
            "204 No Content 1.1 keep 46 none says(5); (Content-Length[5])"
        ),
        (
            .other, head("HTTP/1.1 204 No Content", "Transfer-Encoding: chunked"),
            "204 No Content 1.1 keep 55 none; (Transfer-Encoding[chunked])"
        ),
        (.connect, head("HTTP/1.1 200 Established"), "200 Established 1.1 keep 28 none;"),
        (
            .connect, head("HTTP/1.1 200 Established", "Content-Length: 5"),
            "200 Established 1.1 keep 47 none says(5); (Content-Length[5])"
        ),
        (
            .connect, head("HTTP/1.1 299 Established", "Transfer-Encoding: chunked"),
            "299 Established 1.1 keep 56 none; (Transfer-Encoding[chunked])"
        ),
        (
            .connect, head("HTTP/1.1 407 No", "Content-Length: 5"),
            "407 No 1.1 keep 38 length(5) says(5); Content-Length[5]"
        ),
        (.connect, head("HTTP/1.1 502 No"), "502 No 1.1 close 19 untilClose;"),
    ]

    static let interim: [(RequestKind, String, String)] = [
        (
            .other, head("HTTP/1.1 100 Continue") + head("HTTP/1.1 200 OK"),
            "100 Continue 1.1 keep 25 none interim;"
        ),
        (
            .other, head("HTTP/1.1 103 Early Hints", "Link: </a>; rel=preload"),
            "103 Early Hints 1.1 keep 53 none interim; Link[</a>; rel=preload]"
        ),
        (
            .other, head("HTTP/1.1 100 Continue", "Content-Length: 5"),
            "100 Continue 1.1 keep 44 none says(5) interim; (Content-Length[5])"
        ),
        (.other, head("HTTP/1.0 100 Continue"), "100 Continue 1.0 close 25 none interim;"),
        (
            .other, head("HTTP/1.1 199 x", "Connection: close"),
            "199 x 1.1 close 37 none interim; (Connection[close])"
        ),
        (.head, head("HTTP/1.1 100 Continue"), "100 Continue 1.1 keep 25 none interim;"),
        (
            .other, head("HTTP/1.1 101 Switching", "Upgrade: websocket", "Connection: Upgrade"),
            "101 Switching 1.1 keep 67 none upgrade(websocket); (Upgrade[websocket]) "
                + "(Connection[Upgrade])"
        ),
        (
            .other,
            head(
                "HTTP/1.1 101 Switching", "Connection: upgrade", "Upgrade: a", "Content-Length: 3"),
            "101 Switching 1.1 keep 78 none says(3) upgrade(a); (Connection[upgrade]) "
                + "(Upgrade[a]) (Content-Length[3])"
        ),
    ]

    static let connections: [(RequestKind, String, String)] = [
        (
            .other, head("HTTP/1.1 200 OK", "Content-Length: 5", "Connection: close"),
            "200 OK 1.1 close 57 length(5) says(5); Content-Length[5] (Connection[close])"
        ),
        (
            .other, head("HTTP/1.1 200 OK", "Content-Length: 5", "Connection: X-a", "X-A: b"),
            "200 OK 1.1 keep 63 length(5) says(5); Content-Length[5] (Connection[X-a]) (X-A[b])"
        ),
        (
            .other, head("HTTP/1.0 200 OK", "Content-Length: 5"),
            "200 OK 1.0 close 38 length(5) says(5); Content-Length[5]"
        ),
        (
            .other, head("HTTP/1.0 200 OK", "Connection: keep-alive"),
            "200 OK 1.0 close 43 untilClose; (Connection[keep-alive])"
        ),
        (
            .other, head("HTTP/1.1 200 OK", "Content-Length: 0", "Date: now", "Server: x"),
            "200 OK 1.1 keep 60 none says(0) dated; Content-Length[0] Date[now] Server[x]"
        ),
        (
            .other, head("HTTP/1.1 200 OK", "Content-Length: 0", "Date: x", "Connection: date"),
            "200 OK 1.1 keep 65 none says(0); Content-Length[0] (Date[x]) (Connection[date])"
        ),
        (
            .other,
            head("HTTP/1.1 426 Upgrade", "Content-Length: 0", "Upgrade: a", "Connection: upgrade"),
            "426 Upgrade 1.1 keep 76 none says(0) upgrade(a); Content-Length[0] (Upgrade[a]) "
                + "(Connection[upgrade])"
        ),
        (
            .other, head("HTTP/1.1 426 Upgrade", "Content-Length: 0", "Upgrade: a"),
            "426 Upgrade 1.1 keep 55 none says(0); Content-Length[0] (Upgrade[a])"
        ),
        (
            .other,
            head(
                "HTTP/1.1 200 OK", "Server: nginx/1.22.1", "Date: Sun, 06 Nov 1994 08:49:37 GMT",
                "Content-Type: text/html", "Content-Length: 615", "Connection: keep-alive",
                "ETag: \"5c0a-267\"", "Accept-Ranges: bytes"),
            "200 OK 1.1 keep 188 length(615) says(615) dated; Server[nginx/1.22.1] "
                + "Date[Sun, 06 Nov 1994 08:49:37 GMT] Content-Type[text/html] "
                + "Content-Length[615] (Connection[keep-alive]) ETag[\"5c0a-267\"] "
                + "Accept-Ranges[bytes]"
        ),
    ]

    static let all = statusLines + bodies + interim + connections
}
