// Answers that are Gyre's own: what went wrong, told in a status, one line of text and a
// Proxy-Status field (RFC 9209) that tells them from an origin's.

internal import Glibc
internal import Protocols

/// What is answered, in constant text only.
struct LocalReply {
    let status: UInt16
    /// The reason phrase.
    let reason: StaticString
    /// The error's type in Proxy-Status (RFC 9209 section 2.3); empty for none.
    let error: StaticString
    /// What exactly was wrong.
    let details: StaticString
    /// Whether it is known no more where the next request begins.
    let losesFraming: Bool
    /// Methods for an Allow field; empty for none.
    let allow: StaticString
    /// After how many seconds it is worth asking again; 0 for not saying.
    let retrySeconds: UInt64
    /// Why the request comes to its end with this.
    let end: EndReason

    init(
        _ end: EndReason, _ status: UInt16, _ reason: StaticString, error: StaticString = "",
        _ details: StaticString, losesFraming: Bool = false, allow: StaticString = "",
        retrySeconds: UInt64 = 0
    ) {
        self.end = end
        self.status = status
        self.reason = reason
        self.error = error
        self.details = details
        self.losesFraming = losesFraming
        self.allow = allow
        self.retrySeconds = retrySeconds
    }

    /// A request head that was refused.
    init(_ refusal: HeadRefusal) {
        self.init(
            refusal.isOfSize ? .tooLarge : .badRequest, refusal.status, Self.phrase(refusal.status),
            error: "http_request_error",
            refusal.reason, losesFraming: true)
    }

    /// A request body that was refused.
    init(badBody refusal: ChunkRefusal) {
        self.init(
            .badRequest, 400, "Bad Request", error: "http_request_error", refusal.reason,
            losesFraming: true)
    }

    /// A path that cannot be decided by.
    init(badPath refusal: PathRefusal) {
        self.init(.badRequest, 400, "Bad Request", error: "http_request_error", refusal.reason)
    }

    /// A response head that was refused.
    init(badResponse refusal: HeadRefusal) {
        let error: StaticString =
            refusal.status == 431 ? "http_response_header_section_size" : "http_protocol_error"
        self.init(.badResponse, 502, "Bad Gateway", error: error, refusal.reason)
    }

    static let bodyTooLarge = LocalReply(
        .tooLarge, 413, "Content Too Large", error: "http_request_error",
        "request body over the limit",
        losesFraming: true)
    static let connectRefused = LocalReply(
        .methodRefused, 405, "Method Not Allowed", error: "http_request_denied",
        "CONNECT is not allowed",
        losesFraming: true, allow: "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH")
    static let options = LocalReply(
        .done, 200, "OK", "no forwards left", allow: "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH")
    static let traceRefused = LocalReply(
        .methodRefused, 405, "Method Not Allowed", "no forwards left", losesFraming: true,
        allow: "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH")
    static let noRoute = LocalReply(.noRoute, 404, "Not Found", "no route takes this request")
    static let headTimeout = LocalReply(
        .headTimeout, 408, "Request Timeout", error: "http_request_error",
        "request head took too long",
        losesFraming: true)
    static let bodyTimeout = LocalReply(
        .bodyTimeout, 408, "Request Timeout", error: "http_request_error",
        "request body took too long",
        losesFraming: true)
    static let noEndpoint = LocalReply(
        .noEndpoint, 503, "Service Unavailable", error: "destination_unavailable",
        "no endpoint to connect to")
    static let overloaded = LocalReply(
        .shed, 503, "Service Unavailable", error: "proxy_internal_error",
        "nearly all buffers are in use")
    static let upstreamFull = LocalReply(
        .upstreamFull, 503, "Service Unavailable", error: "connection_limit_reached",
        "as much is under way and waiting as the upstream may have")
    static let pendingTimeout = LocalReply(
        .pendingTimeout, 503, "Service Unavailable", error: "connection_limit_reached",
        "no connection to the upstream became free in time")
    static let closedBeforeResponse = LocalReply(
        .upstreamReset, 502, "Bad Gateway", error: "connection_terminated",
        "closed before a response")
    static let tooManyInterimResponses = LocalReply(
        .badResponse, 502, "Bad Gateway", error: "http_protocol_error", "too many interim responses"
    )
    static let unexpectedUpgrade = LocalReply(
        .badResponse, 502, "Bad Gateway", error: "http_upgrade_failed",
        "upgrade that was not asked for")
    static let connectTimeout = LocalReply(
        .connectTimeout, 504, "Gateway Timeout", error: "connection_timeout",
        "connecting took too long")
    static let responseTimeout = LocalReply(
        .responseTimeout, 504, "Gateway Timeout", error: "http_response_timeout",
        "no response in time")
    static let requestNotTaken = LocalReply(
        .upstreamStalled, 504, "Gateway Timeout", error: "connection_write_timeout",
        "request was not taken in time")

    static let tooManyClients = LocalReply(
        .tooManyConnections, 503, "Service Unavailable", error: "http_request_denied",
        "too many connections",
        losesFraming: true, retrySeconds: 1)

    /// - Parameter ms: until there may be a request again.
    static func tooManyRequests(retryInMs ms: UInt64) -> LocalReply {
        LocalReply(
            .rateLimited, 429, "Too Many Requests", error: "http_request_denied",
            "too many requests",
            retrySeconds: (ms + 999) / 1_000)
    }

    /// No endpoint could be connected; this is what the last one said.
    static func connectFailed(_ code: Int32) -> LocalReply {
        switch code {
        case ECONNREFUSED:
            LocalReply(
                .connectFailed, 502, "Bad Gateway", error: "connection_refused",
                "connection was refused")
        case ETIMEDOUT: .connectTimeout
        default:
            LocalReply(
                .connectFailed, 502, "Bad Gateway", error: "destination_ip_unroutable",
                "could not be connected")
        }
    }

    private static func phrase(_ status: UInt16) -> StaticString {
        switch status {
        case 414: "URI Too Long"
        case 417: "Expectation Failed"
        case 431: "Request Header Fields Too Large"
        case 501: "Not Implemented"
        case 505: "HTTP Version Not Supported"
        default: "Bad Request"
        }
    }

    /// - Parameters:
    ///   - isHead: the answer is to a HEAD: it ends with its head.
    ///   - connection: the value of the Connection field; empty for none.
    /// - Returns: bytes of content that were written.
    fileprivate func write(
        isHead: Bool, connection: StaticString, to writer: inout HeadWriter
    ) -> Int {
        writer.append("HTTP/1.1 ")
        writer.appendDecimal(UInt64(status))
        writer.append(" ")
        writer.append(reason)
        writer.append("\r\nServer: gyre\r\n")
        writer.appendDate()
        if error.utf8CodeUnitCount > 0 {
            writer.append("Proxy-Status: gyre; error=")
            writer.append(error)
            writer.append("; details=\"")
            writer.append(details)
            writer.append("\"\r\n")
        }
        if allow.utf8CodeUnitCount > 0 {
            writer.append("Allow: ")
            writer.append(allow)
            writer.append("\r\n")
        }
        if retrySeconds > 0 {
            writer.append("Retry-After: ")
            writer.appendDecimal(retrySeconds)
            writer.append("\r\n")
        }
        writer.appendConnection(connection)
        let length = 3 + 1 + reason.utf8CodeUnitCount + 2 + details.utf8CodeUnitCount + 1
        writer.append("Content-Type: text/plain\r\nContent-Length: ")
        writer.appendDecimal(UInt64(length))
        writer.append("\r\n\r\n")
        guard !isHead else { return 0 }
        writer.appendDecimal(UInt64(status))
        writer.append(" ")
        writer.append(reason)
        writer.append(": ")
        writer.append(details)
        writer.append("\n")
        return length
    }
}

/// How a request is answered.
struct AnswerManner {
    /// What was true of its exchange.
    let flags: ExchangeFlags
    /// The answer ends with its head.
    let isHead: Bool
    /// The client's connection goes on.
    let persists: Bool

    /// The value of the Connection field; empty for none.
    var connection: StaticString {
        persists ? (flags.contains(.clientIsHTTP10) ? "keep-alive" : "") : "close"
    }
}

extension HeadWriter {
    /// - Parameter value: of the Connection field; empty for none.
    mutating func appendConnection(_ value: StaticString) {
        guard value.utf8CodeUnitCount > 0 else { return }
        append("Connection: ")
        append(value)
        append("\r\n")
    }
}

extension HTTPProxy {
    /// Answers a client's present request, of which no response has begun. Its exchange, if there
    /// is one, is over.
    mutating func answer<R: Reactor & ~Copyable>(
        _ slot: UInt32, _ reply: LocalReply, on reactor: inout R
    ) {
        reactor.counters[.localReplies] &+= 1
        let manner = answerManner(
            slot, losesFraming: reply.losesFraming, in: reactor.buffers)
        guard let buffer = reactor.buffers.take() else {
            abandonForWantOfBuffers(slot, on: &reactor)
            return
        }
        var writer = reactor.buffers.writer(buffer)
        let content = reply.write(
            isHead: manner.isHead, connection: manner.connection, to: &writer)
        reactor.buffers.setCount(buffer, writer.count)
        noteReply(
            slot, reply, head: writer.count - content, content: content, on: &reactor)
        var chain = BufferChain()
        chain.append(buffer, in: reactor.buffers)
        sendAnswer(slot, chain, manner, on: &reactor)
    }

    /// How the present request of a client is answered, of which no response has begun.
    ///
    /// - Parameter losesFraming: whether it is known no more where the next request begins.
    func answerManner(_ slot: UInt32, losesFraming: Bool, in pool: BufferPool) -> AnswerManner {
        guard sessions[slot: slot].phase == .exchange else {
            // A head that was refused or never ended.
            return AnswerManner(flags: [], isHead: asksForHead(slot, in: pool), persists: false)
        }
        let flags = exchanges[slot: sessions[slot: slot].exchange].flags
        let persists =
            !losesFraming && !isLeaving(slot)
            && flags.isSuperset(of: [.requestComplete, .clientPersists])
        return AnswerManner(flags: flags, isHead: flags.contains(.isHead), persists: persists)
    }

    /// Sends an answer. The exchange, if there is one, is over.
    mutating func sendAnswer<R: Reactor & ~Copyable>(
        _ slot: UInt32, _ answer: BufferChain, _ manner: AnswerManner, on reactor: inout R
    ) {
        if sessions[slot: slot].phase == .exchange {
            removeExchange(sessions[slot: slot].exchange, on: &reactor)
        }
        var rest = answer
        let isMoved = rest.moveFirst(
            Int(rest.bytes), to: &sessions[slot: slot].transport.waiting, in: reactor.buffers)
        precondition(isMoved, "whole buffers change hands without another one")
        sessions[slot: slot].phase = .idle
        sessions[slot: slot].flags.insert(.hasServed)
        sessions[slot: slot].activeAtMs = nowMs
        if manner.persists {
            sessions[slot: slot].transport.flush(on: &reactor)
            receiveFromClient(slot, on: &reactor)
        } else {
            noteWhatMayCome(slot, manner.flags)
            closeWhenSent(slot, on: &reactor)
        }
        watch(slot)
    }

    /// Whether what has come of a request begins as a HEAD does, as far as it has come: no answer
    /// to one has content (RFC 9110 section 9.3.2).
    private func asksForHead(_ slot: UInt32, in pool: BufferPool) -> Bool {
        let received = sessions[slot: slot].transport.received
        guard !received.isEmpty else { return false }
        let scratch = scratch
        let bytes =
            received.buffers == 1
            ? pool.bytes(received.head) : scratch.bytes(of: received, in: pool)
        // One empty line may stand before it.
        let start = bytes[0] == UInt8(ascii: "\r") ? 2 : 0
        let method: InlineArray<5, UInt8> = [0x48, 0x45, 0x41, 0x44, 0x20]
        for index in 0..<min(method.count, max(bytes.count - start, 0))
        where bytes[start + index] != method[index] {
            return false
        }
        return true
    }
}
