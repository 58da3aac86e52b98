// Heads of requests and responses as they are seen most: parsed whole, and in pieces.

import Protocols

/// Lines with their ends, as bytes.
func message(_ lines: String...) -> [UInt8] {
    Array(lines.map { $0 + "\r\n" }.joined().utf8) + [13, 10]
}

/// What load generators send.
let smallRequest = message("GET / HTTP/1.1", "Host: origin")

/// What browsers send.
let browserRequest = message(
    "GET /search?q=gyre&page=2 HTTP/1.1", "Host: www.example.org",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Language: en-GB,en;q=0.5", "Accept-Encoding: gzip, deflate, br",
    "Referer: https://www.example.org/", "Connection: keep-alive",
    "Cookie: session=5f2b8c1d9e7a4630b1c2d3e4f5a6b7c8; theme=dark; consent=1",
    "Upgrade-Insecure-Requests: 1", "Sec-Fetch-Dest: document", "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-Site: same-origin", "Cache-Control: max-age=0")

/// What nginx answers.
let originResponse = message(
    "HTTP/1.1 200 OK", "Server: nginx/1.22.1", "Date: Mon, 23 Nov 2026 12:00:00 GMT",
    "Content-Type: text/plain", "Content-Length: 64", "Connection: keep-alive")

let headCases = [
    Case("head-request-small") { parseRequest(smallRequest, times: $0, pieces: 1) },
    Case("head-request-browser") { parseRequest(browserRequest, times: $0, pieces: 1) },
    Case("head-request-browser-in-8-pieces") { parseRequest(browserRequest, times: $0, pieces: 8) },
    Case("head-response") { times in
        var head = ResponseHead()
        for _ in 0..<times {
            var progress = HeadProgress()
            let verdict = head.parse(
                originResponse.span, limits: HeadLimits(), answering: .other, progress: &progress)
            precondition(verdict == .complete)
            keep(head.framing)
        }
    },
]

/// Parses a head that comes in so many pieces, each look seeing all bytes up to there.
private func parseRequest(_ bytes: [UInt8], times: Int, pieces: Int) {
    var head = RequestHead()
    for _ in 0..<times {
        var progress = HeadProgress()
        for piece in 1...pieces {
            let verdict = head.parse(
                bytes.span.extracting(first: bytes.count * piece / pieces), limits: HeadLimits(),
                progress: &progress)
            precondition(verdict == (piece == pieces ? .complete : .incomplete))
        }
        keep(head.framing)
    }
}
