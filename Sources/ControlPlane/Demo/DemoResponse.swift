// What the demo's origin answers: just enough HTTP/1 for curl, a browser and load generators.
// Pure; an origin for trying Gyre out, not a server.

/// The answer to one request.
package struct DemoResponse: Equatable, Sendable {
    /// The whole response, head and body.
    package let bytes: [UInt8]
    /// Whether the connection can be used for another request.
    package let keepsAlive: Bool

    /// A longer head is refused.
    package static let headBytesMax = 8 * 1024

    private static let body = "Hello from behind Gyre.\n"
    private static let headEnd: [UInt8] = Array("\r\n\r\n".utf8)

    /// Takes the first request off `input`.
    ///
    /// - Parameter input: what a client sent so far; the request's bytes are removed.
    /// - Returns: `nil` while the head is not complete.
    package static func take(from input: inout [UInt8]) -> DemoResponse? {
        guard let end = input.firstRange(of: headEnd) else {
            return input.count > headBytesMax
                ? refusal("431 Request Header Fields Too Large") : nil
        }
        let head = String(decoding: input[..<end.lowerBound], as: UTF8.self)
        input.removeSubrange(..<end.upperBound)
        return answer(to: head)
    }

    private static func answer(to head: String) -> DemoResponse {
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3, words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0" else {
            return refusal("400 Bad Request")
        }
        guard words[0] == "GET" || words[0] == "HEAD" else {
            return refusal("405 Method Not Allowed", "Allow: GET, HEAD\r\n")
        }
        let connection =
            lines.dropFirst().map { $0.lowercased() }
            .first { $0.hasPrefix("connection:") } ?? ""
        let keepsAlive =
            words[2] == "HTTP/1.1"
            ? !connection.contains("close") : connection.contains("keep-alive")
        return response(
            "200 OK", "Content-Type: text/plain\r\n", keepsAlive: keepsAlive,
            body: body, sendsBody: words[0] == "GET")
    }

    private static func refusal(_ status: String, _ fields: String = "") -> DemoResponse {
        response(status, fields, keepsAlive: false, body: status + "\n", sendsBody: true)
    }

    private static func response(
        _ status: String, _ fields: String, keepsAlive: Bool, body: String, sendsBody: Bool
    ) -> DemoResponse {
        let head =
            "HTTP/1.1 \(status)\r\n\(fields)Content-Length: \(body.utf8.count)\r\n"
            + "Connection: \(keepsAlive ? "keep-alive" : "close")\r\n\r\n"
        return DemoResponse(
            bytes: Array((head + (sendsBody ? body : "")).utf8), keepsAlive: keepsAlive)
    }
}
