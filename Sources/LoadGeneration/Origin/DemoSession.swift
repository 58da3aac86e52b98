// One client connection of a demo origin: bytes in, bytes out. It answers every request with what
// it got, so that a client sees what a proxy in between has changed; late when its path ends in
// `/slow/MS`, and with a status of its own when it ends in `/status/CODE`. Pure.

internal import Protocols

/// The server's side of one HTTP/1 connection.
package struct DemoSession: OriginSession, Sendable {
    private enum Phase {
        case head
        /// So many bytes of the request's body are still to come.
        case body(Request, left: UInt64)
        case chunkedBody(Request, ChunkedDecoder)
    }

    private struct Request {
        let head: String
        let wish: Wish
        let isHEAD: Bool
        let isPersistent: Bool
        var bodyBytes: UInt64 = 0
    }

    /// What a path asks for.
    private struct Wish {
        private static let delayMsMax = 2_000
        /// Those that can have a body and mean that something is wrong.
        private static let statuses = 400...599

        var status = 200
        var delayMs: UInt64 = 0

        init(target: Substring) {
            let parts = target.prefix { $0 != "?" }.split(separator: "/").suffix(2)
            guard parts.count == 2, let last = parts.last, let number = Int(last) else { return }
            if parts.first == "slow" {
                delayMs = UInt64(max(0, min(number, Self.delayMsMax)))
            } else if parts.first == "status", Self.statuses.contains(number) {
                status = number
            }
        }
    }

    private let name: String
    private var phase = Phase.head
    private var input: [UInt8] = []
    private var progress = HeadProgress()

    /// Whether nothing more is answered and the connection is to be closed.
    package private(set) var isOver = false

    /// Of what `receive` returned last, the longest one.
    package private(set) var delayMs: UInt64 = 0

    /// - Parameter name: of the origin, to be told in every answer.
    package init(of name: String) {
        self.name = name
    }

    /// Takes in what a client has sent.
    ///
    /// - Returns: what the client is to be sent.
    package mutating func receive(_ bytes: some Collection<UInt8>) -> [UInt8] {
        input += bytes
        delayMs = 0
        var output: [UInt8] = []
        while !isOver, advance(&output) {}
        return output
    }

    /// Takes one step through what has come in.
    ///
    /// - Returns: false when more is needed for the next one.
    private mutating func advance(_ output: inout [UInt8]) -> Bool {
        switch phase {
        case .head:
            return readHead(&output)
        case .body(let request, let left):
            guard !input.isEmpty else { return false }
            let taken = min(left, UInt64(input.count))
            input.removeFirst(Int(taken))
            phase = .body(request, left: left - taken)
            if taken == left { answer(request, &output) }
        case .chunkedBody(var request, var decoder):
            guard !input.isEmpty else { return false }
            switch decoder.consume(input.span) {
            case .more:
                input.removeAll()
                phase = .chunkedBody(request, decoder)
            case .finished(let end):
                input.removeFirst(end)
                request.bodyBytes = decoder.bodyBytes
                answer(request, &output)
            case .refused(let refusal):
                refuse(400, refusal.reason, &output)
            }
        }
        return true
    }

    private mutating func readHead(_ output: inout [UInt8]) -> Bool {
        var head = RequestHead()
        var progress = progress
        switch head.parse(input.span, limits: HeadLimits(), progress: &progress) {
        case .incomplete:
            self.progress = progress
            return false
        case .refused(let refusal):
            refuse(refusal.status, refusal.reason, &output)
            return true
        case .complete:
            self.progress = HeadProgress()
        }
        let text = String(decoding: input[..<head.length], as: UTF8.self)
        let words = text.split(separator: " ", maxSplits: 2)
        var request = Request(
            head: text, wish: Wish(target: words.count > 1 ? words[1] : ""),
            isHEAD: head.method == .head, isPersistent: head.isPersistent)
        input.removeFirst(head.length)
        switch head.framing {
        // A request never goes on until the connection closes (RFC 9112 section 6.3).
        case .none, .untilClose: answer(request, &output)
        case .length(let count):
            request.bodyBytes = count
            phase = .body(request, left: count)
        case .chunked: phase = .chunkedBody(request, ChunkedDecoder(limits: ChunkLimits()))
        }
        if head.expectsContinue && head.framing != .none && input.isEmpty {
            output += "HTTP/1.1 100 Continue\r\n\r\n".utf8
        }
        return true
    }

    /// The request is complete.
    private mutating func answer(_ request: Request, _ output: inout [UInt8]) {
        phase = .head
        isOver = !request.isPersistent
        let head = request.head.replacing("\r\n", with: "\n")
        let body =
            "This is origin \(name). It was asked:\n\n\(head)\(request.bodyBytes) bytes of body\n"
        let wish = request.wish
        delayMs = max(delayMs, wish.delayMs)
        respond(
            wish.status == 200 ? "200 OK" : "\(wish.status) As Asked For", body,
            sendsBody: !request.isHEAD, &output)
    }

    private mutating func refuse(_ status: UInt16, _ reason: StaticString, _ output: inout [UInt8])
    {
        isOver = true
        respond("\(status) Refused", "\(reason)\n", sendsBody: true, &output)
    }

    private func respond(
        _ status: String, _ body: String, sendsBody: Bool, _ output: inout [UInt8]
    ) {
        let head = """
            HTTP/1.1 \(status)\r
            Content-Type: text/plain; charset=utf-8\r
            Content-Length: \(body.utf8.count)\r
            Connection: \(isOver ? "close" : "keep-alive")\r
            \r\n
            """
        output += head.utf8
        if sendsBody { output += body.utf8 }
    }
}
