// Answers of the admin address and their bytes.

internal import FoundationEssentials

/// A complete answer.
package struct AdminResponse: Equatable, Sendable {
    package enum Content: String, Sendable {
        case json = "application/json"
        case yaml = "application/yaml"
        case openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8"
        case classicMetrics = "text/plain; version=0.0.4; charset=utf-8"
        case html = "text/html; charset=utf-8"
        case css = "text/css; charset=utf-8"
        case javascript = "text/javascript; charset=utf-8"
    }

    package var status: UInt16
    package var content = Content.json
    /// Field lines beside the usual ones, without line ends.
    package var fieldLines: [String] = []
    package var body: [UInt8]
    /// Whether nothing more is read from the connection.
    package var closes = false

    package init(_ status: UInt16, _ content: Content = .json, body: [UInt8]) {
        self.status = status
        self.content = content
        self.body = body
    }

    /// A report as JSON.
    static func report(_ value: some Encodable, status: UInt16 = 200) -> AdminResponse {
        guard let body = try? AdminJSON.encode(value) else {
            return AdminResponse(500, body: Array("{\"error\":\"no JSON can say it\"}".utf8))
        }
        return AdminResponse(status, body: body)
    }

    /// What went wrong, as `{"error":"..."}`.
    static func failure(_ status: UInt16, _ error: String) -> AdminResponse {
        .report(FailureReport(error: error), status: status)
    }

    /// The same, and the connection is closed.
    func closing() -> AdminResponse {
        var response = self
        response.closes = true
        return response
    }

    /// - Parameters:
    ///   - isHEAD: leaves the body out.
    ///   - keepsAlive: whether the connection stays open.
    func bytes(isHEAD: Bool, keepsAlive: Bool) -> [UInt8] {
        var lines = Self.commonLines(status, content.rawValue)
        lines += ["Content-Length: \(body.count)"] + fieldLines
        if !keepsAlive { lines.append("Connection: close") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (isHEAD ? [] : body)
    }

    /// The head of an answer that goes on until the connection ends.
    static func streamHead(contentType: String) -> [UInt8] {
        let lines = commonLines(200, contentType) + ["Connection: close"]
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// Nothing here may be kept by a cache or taken for another type than it says.
    private static func commonLines(_ status: UInt16, _ contentType: String) -> [String] {
        [
            "HTTP/1.1 \(status) \(phrase(status))", "Server: gyre", "Date: \(ClockText.httpDate)",
            "Content-Type: \(contentType)", "Cache-Control: no-store",
            "X-Content-Type-Options: nosniff",
        ]
    }

    /// RFC 9110 section 15.
    private static func phrase(_ status: UInt16) -> String {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Answer"
        }
    }
}

/// What went wrong, in one line.
package struct FailureReport: Codable, Equatable, Sendable {
    package let error: String
}

/// Reports as JSON: one line, members in alphabetical order.
package enum AdminJSON {
    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    package static func decode<Value: Decodable>(
        _ type: Value.Type, _ bytes: [UInt8]
    ) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
    }
}
