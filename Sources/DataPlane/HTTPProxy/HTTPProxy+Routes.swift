// Which route a request takes, and the answers of routes that ask nobody.

internal import Protocols

/// What came of looking for a route.
enum RouteChoice {
    /// Its position in the snapshot.
    case taken(UInt32)
    case none
    /// The path cannot be decided by.
    case refused(PathRefusal)
}

extension HTTPProxy {
    /// Finds the route of the request that is in `requestHead`.
    ///
    /// - Parameter head: what it was parsed from.
    func chooseRoute(_ slot: UInt32, _ head: Span<UInt8>) -> RouteChoice {
        let listener = sessions[slot: slot].listener
        let routes = site.value.listeners[slot: listener].record.routes
        if site.value.listeners[slot: listener].record.hasOneRoute { return .taken(routes.start) }
        let index = site.value.listeners[slot: listener].record.index
        let paths = paths
        do throws(PathRefusal) {
            let path = try paths.value.path(of: requestHead, in: head)
            guard let place = index.value.match(requestHead, head, path: path) else { return .none }
            return .taken(routes.start + place)
        } catch {
            return .refused(error)
        }
    }

    /// Answers the request in `requestHead` as its route says.
    mutating func answerByRoute<R: Reactor & ~Copyable>(
        _ slot: UInt32, _ head: Span<UInt8>, on reactor: inout R
    ) {
        reactor.counters[.localReplies] &+= 1
        let x = sessions[slot: slot].exchange
        let manner = answerManner(slot, losesFraming: false, in: reactor.buffers)
        let route = route(ofExchange: x)
        let sizeMax =
            HTTPLimits.rewriteBytesMax + Int(route.text.count + route.responseFields.lines.count)
            + (route.keepsPath ? requestHead.length : 0)
        let chain = make(sizeMax: sizeMax, in: reactor.buffers) { proxy, writer in
            proxy.writeAnswer(route, x, head, manner, to: &writer)
        }
        guard let chain else {
            abandonForWantOfBuffers(slot, on: &reactor)
            return
        }
        let content = manner.isHead || route.kind == .redirect ? 0 : Int(route.text.count)
        noteReason(x, .done)
        noteReply(x, route.status, head: Int(chain.bytes) - content, content: content)
        let length = requestHead.length
        sessions[slot: slot].transport.received.consume(length, in: reactor.buffers)
        sendAnswer(slot, chain, manner, on: &reactor)
    }

    private func writeAnswer(
        _ route: RouteRecord, _ x: UInt32, _ head: Span<UInt8>, _ manner: AnswerManner,
        to writer: inout HeadWriter
    ) {
        let view = view(ofExchange: x)
        writer.append("HTTP/1.1 ")
        writer.appendDecimal(UInt64(route.status))
        writer.append(" ")
        writer.append(StatusPhrase.of(route.status))
        writer.append("\r\nServer: gyre\r\n")
        writer.appendDate()
        writer.appendConnection(manner.connection)
        var body = TablePart.empty
        if route.kind == .redirect {
            writer.append("Location: ")
            writeLocation(route, view, head, to: &writer)
            writer.append("\r\n")
        } else {
            body = route.text
            writer.append(view.text.span, route.responseFields.lines.range)
        }
        if StatusPhrase.hasContent(route.status) {
            writer.append("Content-Length: ")
            writer.appendDecimal(UInt64(body.count))
            writer.append("\r\n")
        }
        writer.append("\r\n")
        if !manner.isHead { writer.append(view.text.span, body.range) }
    }

    private func writeLocation(
        _ route: RouteRecord, _ view: SiteView, _ head: Span<UInt8>, to writer: inout HeadWriter
    ) {
        guard route.keepsPath else {
            writer.append(view.text.span, route.text.range)
            return
        }
        let paths = paths
        // It had a normal form when the route was chosen, or the route takes everything and the
        // path is told as it came.
        if let path = try? paths.value.path(of: requestHead, in: head) {
            writer.appendLocation(
                view.bytes(route.text), keeping: path, query: requestHead.query(in: head),
                of: head)
        } else {
            writer.append(view.text.span, route.text.range)
        }
    }
}

/// Reason phrases (RFC 9110 section 15, RFC 6585).
enum StatusPhrase {
    static func of(_ status: UInt16) -> StaticString {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 410: "Gone"
        case 421: "Misdirected Request"
        case 429: "Too Many Requests"
        case 451: "Unavailable For Legal Reasons"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        // A phrase may be empty (RFC 9112 section 4).
        default: ""
        }
    }

    /// Whether a response with this status says how long its content is (RFC 9110 section 8.6).
    static func hasContent(_ status: UInt16) -> Bool { status != 204 && status != 304 }
}
