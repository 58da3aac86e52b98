// A connection that HTTP/1 messages are read from and raw bytes are written to, as client or as
// origin. Tests write the bytes themselves, because what matters is often that they are wrong.

import Synchronization

/// One end of an HTTP/1 connection. One thread may send while another receives.
public final class HTTPStream: Sendable {
    public let connection: Connection
    /// What was received beyond the message that was read last.
    private let pending = Mutex<[UInt8]>([])

    public init(_ connection: Connection) {
        self.connection = connection
    }

    /// Sends text as it is.
    public func send(_ text: String) throws { try connection.send(Array(text.utf8)) }

    /// Sends bytes as they are.
    public func send(_ bytes: [UInt8]) throws { try connection.send(bytes) }

    /// Reads one message head, from its start line to its empty line.
    ///
    /// - Throws: `TestFailure` when the stream ends first, `SocketError` when nothing comes.
    public func readHead() throws -> HTTPHead {
        guard let head = try readHeadIfAny() else { throw TestFailure("the stream has ended") }
        return head
    }

    /// Reads one message head; `nil` when the stream ends instead.
    public func readHeadIfAny() throws -> HTTPHead? {
        let bytes = try read { Self.headEnd($0) }
        guard let bytes, bytes.count >= 4 else { return nil }
        // Latin-1: field values may hold any byte, and no two byte strings may look alike.
        let text = String(String.UnicodeScalarView(bytes.dropLast(2).map { Unicode.Scalar($0) }))
        return try HTTPHead(text)
    }

    /// Reads one request with its body.
    public func readRequest() throws -> HTTPRequest {
        guard let request = try readRequestIfAny() else {
            throw TestFailure("the stream has ended")
        }
        return request
    }

    /// Reads one request with its body; `nil` when the stream ends instead.
    public func readRequestIfAny() throws -> HTTPRequest? {
        guard let head = try readHeadIfAny() else { return nil }
        let (body, trailers) = try readBody(try head.framing() ?? .length(0))
        return HTTPRequest(head: head, body: body, trailers: trailers)
    }

    /// Reads the rest of a request whose head was read apart.
    public func readRequest(after head: HTTPHead) throws -> HTTPRequest {
        let (body, trailers) = try readBody(try head.framing() ?? .length(0))
        return HTTPRequest(head: head, body: body, trailers: trailers)
    }

    /// Reads one response with its body; an interim response is one of its own.
    ///
    /// - Parameter method: of the request; the answer to HEAD has no body.
    public func readResponse(to method: String = "GET") throws -> HTTPResponse {
        let head = try readHead()
        let status = HTTPResponse.status(head)
        guard status > 0 else { throw TestFailure("no status line: \(head.startLine)") }
        let hasBody = method != "HEAD" && status >= 200 && status != 204 && status != 304
        let framing = hasBody ? try head.framing() ?? .untilEnd : .length(0)
        let (body, trailers) = try readBody(framing)
        return HTTPResponse(head: head, body: body, trailers: trailers)
    }

    /// Sends a request as it is and reads the answer.
    public func exchange(_ text: String, method: String = "GET") throws -> HTTPResponse {
        try send(text)
        return try readResponse(to: method)
    }

    /// Sends a GET for `path` and reads the answer.
    public func get(_ path: String) throws -> HTTPResponse {
        try exchange("GET \(path) HTTP/1.1\r\nHost: gyre.test\r\n\r\n")
    }

    /// Receives `count` bytes, fewer only at the end of the stream.
    public func readBytes(_ count: Int) throws -> [UInt8] {
        try pending.withLock { pending in
            let buffered = Array(pending.prefix(count))
            pending.removeFirst(buffered.count)
            return buffered + (try connection.receive(count - buffered.count))
        }
    }

    /// Reads a body, in whatever framing its head announces, and compares it with a pattern.
    ///
    /// - Returns: its length.
    /// - Throws: `TestFailure` at the first wrong byte, or when the body ends early.
    public func receiveBody(_ pattern: Pattern, after head: HTTPHead) throws -> Int {
        var position = 0
        _ = try readBody(try head.framing() ?? .untilEnd) { bytes in
            let wrong = bytes.withUnsafeBytes { pattern.firstDifference($0, at: position) }
            if let wrong { throw TestFailure("byte \(wrong) is wrong") }
            position += bytes.count
        }
        return position
    }

    /// Everything up to the end of the stream.
    ///
    /// - Returns: what came, and whether the end was orderly; a reset is not.
    public func readToEnd() -> (bytes: [UInt8], isOrderly: Bool) {
        pending.withLock { pending in
            defer { pending = [] }
            do {
                while try fill(&pending) {}
                return (pending, true)
            } catch {
                return (pending, false)
            }
        }
    }

    /// Expects an orderly end of the stream with nothing before it.
    public func expectEnd() throws {
        let (rest, isOrderly) = readToEnd()
        guard rest.isEmpty, isOrderly else {
            let text = String(decoding: rest.prefix(200), as: UTF8.self)
            throw TestFailure("\(rest.count) bytes before the end: \(text)")
        }
    }

    /// Whether the other side is gone, in order or by a reset, with nothing before it.
    public func isEnded(within seconds: Double = 5) -> Bool {
        guard connection.isReadable(within: seconds) else { return false }
        return pending.withLock { $0.isEmpty } && ((try? connection.receive(1)) ?? []).isEmpty
    }

    public func finishSending() throws { try connection.finishSending() }

    public func close() { connection.close() }

    private func readBody(
        _ framing: HTTPFraming
    ) throws -> (body: [UInt8], trailers: [HTTPHead.Field]) {
        var body: [UInt8] = []
        let trailers = try readBody(framing) { body += $0 }
        return (body, trailers)
    }

    /// - Parameter take: gets the body piece by piece.
    /// - Returns: the trailers.
    private func readBody(
        _ framing: HTTPFraming, _ take: ([UInt8]) throws -> Void
    ) throws -> [HTTPHead.Field] {
        switch framing {
        case .length(let length):
            try readPieces(length, take)
            return []
        case .chunked: return try readChunks(take)
        case .untilEnd:
            while true {
                let piece = try readSome(upTo: Pattern.chunkBytesMax)
                if piece.isEmpty { return [] }
                try take(piece)
            }
        }
    }

    private func readPieces(_ count: Int, _ take: ([UInt8]) throws -> Void) throws {
        var left = count
        while left > 0 {
            let piece = try readSome(upTo: left)
            guard !piece.isEmpty else {
                throw TestFailure("body ended at \(count - left) of \(count)")
            }
            try take(piece)
            left -= piece.count
        }
    }

    /// What has been received already, else what comes next; nothing at the end of the stream.
    private func readSome(upTo count: Int) throws -> [UInt8] {
        try pending.withLock { pending in
            guard !pending.isEmpty else { return try connection.receiveSome(upTo: count) }
            let piece = Array(pending.prefix(count))
            pending.removeFirst(piece.count)
            return piece
        }
    }

    private func readChunks(_ take: ([UInt8]) throws -> Void) throws -> [HTTPHead.Field] {
        while true {
            let line = try readLine()
            let digits = line.prefix { $0 != ";" }
            guard let size = Int(digits, radix: 16), digits.allSatisfy(\.isHexDigit) else {
                throw TestFailure("chunk size: \(line)")
            }
            if size == 0 { break }
            try readPieces(size, take)
            guard try readLine().isEmpty else { throw TestFailure("no end of a chunk of \(size)") }
        }
        var trailers = ""
        while true {
            let line = try readLine()
            if line.isEmpty { break }
            trailers += line + "\r\n"
        }
        return try HTTPHead("trailers\r\n" + trailers).fields
    }

    /// A line without its CR LF.
    private func readLine() throws -> String {
        let bytes = try read { bytes in
            bytes.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
        }
        guard let bytes, bytes.dropLast().last == UInt8(ascii: "\r") else {
            throw TestFailure("no CR LF at the end of a line of a chunked body")
        }
        return String(decoding: bytes.dropLast(2), as: UTF8.self)
    }

    /// Receives until `end` says how many bytes belong together; `nil` when the stream ends before
    /// the first byte.
    private func read(upTo end: ([UInt8]) -> Int?) throws -> [UInt8]? {
        try pending.withLock { pending in
            while true {
                if let count = end(pending) {
                    defer { pending.removeFirst(count) }
                    return Array(pending.prefix(count))
                }
                if try !fill(&pending) {
                    if pending.isEmpty { return nil }
                    let text = String(decoding: pending.prefix(200), as: UTF8.self)
                    throw TestFailure("the stream ends within: \(text)")
                }
            }
        }
    }

    /// Receives once more; `false` at the end of the stream.
    private func fill(_ pending: inout [UInt8]) throws -> Bool {
        let more = try connection.receiveSome()
        pending += more
        return !more.isEmpty
    }

    /// The length of the head that `bytes` starts with.
    private static func headEnd(_ bytes: [UInt8]) -> Int? {
        let end = Array("\r\n\r\n".utf8)
        var start = 0
        while let mark = bytes[start...].firstIndex(of: end[0]) {
            if bytes[mark...].starts(with: end) { return mark + end.count }
            start = mark + 1
        }
        return nil
    }
}
