// Heads as they are handed on: fields copied as they came, in runs where nothing lies between them;
// what concerns only one connection left out; what the operator wants told added. A head is made of
// pieces that the parser has found free of line ends, so nothing in it can begin another line.

internal import Protocols

/// Names of fields, as a set.
struct FieldNames: OptionSet, BitwiseCopyable, Sendable {
    let rawValue: UInt64

    init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    init(_ name: FieldName) {
        rawValue = 1 << UInt64(name.rawValue)
    }

    static let xForwarded: FieldNames = [
        FieldNames(.xForwardedFor), FieldNames(.xForwardedProto), FieldNames(.xForwardedHost),
    ]
}

extension HeadWriter {
    /// Appends all fields that are not of one connection only, and not among `dropped` or `names`.
    ///
    /// - Parameter names: further names, as parts of the view's text.
    mutating func append(
        _ fields: borrowing FieldTable, of head: Span<UInt8>, without dropped: FieldNames,
        _ names: TablePart, in view: SiteView
    ) {
        var run = 0..<0
        for position in 0..<fields.count {
            let field = fields[position]
            if field.isHopByHop || dropped.contains(FieldNames(field.known)) { continue }
            if !names.isEmpty, fields.isAmong(names, of: view, position, in: head) { continue }
            let start = Int(field.name.start)
            if field.isPlain && start == run.upperBound {
                run = run.lowerBound..<field.plainEnd
                continue
            }
            append(head, run)
            run = 0..<0
            if field.isPlain {
                run = start..<field.plainEnd
            } else {
                append(head, field.name)
                append(": ")
                append(head, field.value)
                append("\r\n")
            }
        }
        append(head, run)
    }
}

extension FieldTable {
    /// Whether a field's name is one of some in the view's table of names.
    fileprivate func isAmong(
        _ names: TablePart, of view: SiteView, _ position: Int, in head: Span<UInt8>
    ) -> Bool {
        for place in names.range
        where isNamed(view.bytes(view.names[place]), at: position, in: head) {
            return true
        }
        return false
    }
}

extension Field {
    /// Where the line of a plain field ends: behind name, colon, space, value and line end.
    fileprivate var plainEnd: Int { name.end + 2 + Int(value.count) + 2 }
}

extension FieldTable {
    /// Whether a length has leading zeros. They are allowed (RFC 9110 section 8.6), but who reads
    /// such a number as octal would see another message: it is not passed on like this.
    fileprivate func hasPaddedLength(_ head: Span<UInt8>) -> Bool {
        guard let field = first(.contentLength), !field.isHopByHop else { return false }
        return field.value.count > 1 && head[Int(field.value.start)] == UInt8(ascii: "0")
    }
}

extension HTTPProxy {
    /// The head in `requestHead` as the endpoint gets it.
    ///
    /// - Returns: `nil` when no buffer is free.
    mutating func makeRequestHead(
        _ x: UInt32, _ head: Span<UInt8>, in pool: BufferPool
    ) -> BufferChain? {
        // A head is told to the endpoint once, and its host once or twice more.
        let bound = requestHead.length + 2 * Int(requestHead.authority.count)
        let route = route(ofExchange: x)
        let added = route.text.count + route.hostName.count + route.requestFields.lines.count
        let sizeMax = bound + Int(added) + HTTPLimits.rewriteBytesMax
        return make(sizeMax: sizeMax, in: pool) { proxy, writer in
            proxy.writeRequestHead(x, head, to: &writer)
        }
    }

    /// The head in `responseHead` as the client gets it.
    ///
    /// - Returns: `nil` when no buffer is free.
    mutating func makeResponseHead(
        _ x: UInt32, _ head: Span<UInt8>, in pool: BufferPool
    ) -> BufferChain? {
        let upstream = destination(ofExchange: x)
        let added =
            Int(route(ofExchange: x).responseFields.lines.count)
            + Int(upstream.stickyName.count + upstream.stickyAttributes.count)
        let sizeMax = responseHead.length + added + HTTPLimits.rewriteBytesMax
        return make(sizeMax: sizeMax, in: pool) { proxy, writer in
            proxy.writeResponseHead(x, head, to: &writer)
        }
    }

    /// Has a head written: right into a buffer when it must fit one, else by way of the scratch.
    mutating func make(
        sizeMax: Int, in pool: BufferPool,
        _ write: (inout HTTPProxy, inout HeadWriter) -> Void
    ) -> BufferChain? {
        var chain = BufferChain()
        guard sizeMax > BufferPool.bufferBytes else {
            guard let buffer = pool.take() else { return nil }
            var writer = pool.writer(buffer)
            write(&self, &writer)
            precondition(!writer.hasOverflowed, "a head grew beyond its bound")
            pool.setCount(buffer, writer.count)
            chain.append(buffer, in: pool)
            return chain
        }
        let scratch = scratch
        var writer = scratch.writer
        write(&self, &writer)
        precondition(!writer.hasOverflowed, "a head grew beyond its bound")
        guard scratch.appendWritten(writer.count, to: &chain, in: pool) else {
            chain.discard(in: pool)
            return nil
        }
        return chain
    }

    private mutating func writeRequestHead(
        _ x: UInt32, _ head: Span<UInt8>, to writer: inout HeadWriter
    ) {
        writer.append(head, requestHead.methodBytes)
        writer.append(" ")
        writeTarget(x, head, to: &writer)
        writer.append(" HTTP/1.1\r\n")
        writeHost(x, head, to: &writer)
        let slot = exchanges[slot: x].session
        let isTrusted = sessions[slot: slot].flags.contains(.isTrusted)
        var dropped = FieldNames(.host)
        if requestHead.version == .http10 { dropped.insert(FieldNames(.expect)) }
        let tells = policy(ofClient: slot).forwarded
        if tells.contains(.via) { dropped.insert(FieldNames(.via)) }
        if !tells.isDisjoint(with: [.xForwarded, .forwarded]) {
            if !isTrusted { dropped.formUnion([.xForwarded, FieldNames(.forwarded)]) }
            if tells.contains(.xForwarded) { dropped.insert(FieldNames(.xForwardedFor)) }
            if tells.contains(.forwarded) { dropped.insert(FieldNames(.forwarded)) }
        }
        let countsForwards =
            requestHead.maxForwards != nil
            && (requestHead.method == .options || requestHead.method == .trace)
        if countsForwards { dropped.insert(FieldNames(.maxForwards)) }
        let hasPaddedLength = requestHead.fields.hasPaddedLength(head)
        if hasPaddedLength { dropped.insert(FieldNames(.contentLength)) }
        let view = view(ofExchange: x)
        let changes = route(ofExchange: x).requestFields
        dropped.formUnion(changes.known)
        writer.append(requestHead.fields, of: head, without: dropped, changes.names, in: view)
        writer.append(view.text.span, changes.lines.range)
        if hasPaddedLength {
            if case .length(let count) = requestHead.framing {
                writer.appendLength(count)
            } else {
                writer.appendLength(0)
            }
        }
        if countsForwards, let left = requestHead.maxForwards {
            writer.append("Max-Forwards: ")
            writer.appendDecimal(UInt64(left) - 1)
            writer.append("\r\n")
        }
        writeForwarding(slot, head, isTrusted, to: &writer)
        if site.value.listeners[slot: sessions[slot: slot].listener].record.identifies {
            writeIdentity(slot, head, to: &writer)
        }
        writeRequestConnection(x, head, to: &writer)
        writer.append("\r\n")
    }

    /// The target in the form an origin expects (RFC 9112 section 3.2).
    private func writeTarget(
        _ x: UInt32, _ head: Span<UInt8>, to writer: inout HeadWriter
    ) {
        let route = route(ofExchange: x)
        if route.pathChange != .none, writeChangedTarget(route, x, head, to: &writer) { return }
        guard requestHead.targetForm == .absolute else {
            writer.append(head, requestHead.target)
            return
        }
        let target = requestHead.originTarget
        if target.isEmpty {
            writer.append(requestHead.method == .options ? "*" : "/")
            return
        }
        if head[Int(target.start)] != UInt8(ascii: "/") { writer.append("/") }
        writer.append(head, target)
    }

    /// - Returns: false when the request has no path to change.
    private func writeChangedTarget(
        _ route: RouteRecord, _ x: UInt32, _ head: Span<UInt8>, to writer: inout HeadWriter
    ) -> Bool {
        let paths = paths
        guard let path = try? paths.value.path(of: requestHead, in: head), !path.isEmpty else {
            return false
        }
        let fixed = route.pathChange == .whole ? path.count : Int(route.fixedBytes)
        writer.appendTarget(
            path, replacing: fixed, by: view(ofExchange: x).bytes(route.text),
            query: requestHead.query(in: head), of: head)
        return true
    }

    /// The Host field comes first (RFC 9110 section 7.2). Where it stands is remembered when it
    /// names the endpoint.
    private mutating func writeHost(
        _ x: UInt32, _ head: Span<UInt8>, to writer: inout HeadWriter
    ) {
        let start = writer.count
        writer.append("Host: ")
        let route = route(ofExchange: x)
        if route.hasHostName {
            writer.append(view(ofExchange: x).text.span, route.hostName.range)
            writer.append("\r\n")
            return
        }
        guard route.host == .upstream || requestHead.authority.isEmpty else {
            writer.append(head, requestHead.authority)
            writer.append("\r\n")
            return
        }
        writeEndpointName(x, to: &writer)
        writer.append("\r\n")
        exchanges[slot: x].hostStart = UInt32(start)
        exchanges[slot: x].hostEnd = UInt32(writer.count)
    }

    private func writeEndpointName(_ x: UInt32, to writer: inout HeadWriter) {
        let view = view(ofExchange: x)
        let host = view.endpoints[Int(exchanges[slot: x].target)].host
        writer.append(view.text.span, host.range)
    }

    /// What concerns the connection to the endpoint (RFC 9110 section 7.6.1).
    private func writeRequestConnection(
        _ x: UInt32, _ head: Span<UInt8>, to writer: inout HeadWriter
    ) {
        if requestHead.framing == .chunked { writer.append("Transfer-Encoding: chunked\r\n") }
        if requestHead.acceptsTrailers { writer.append("TE: trailers\r\n") }
        let upgrades = exchanges[slot: x].flags.contains(.upgrades)
        if upgrades {
            writer.append("Upgrade: ")
            writer.append(head, requestHead.upgrade)
            writer.append("\r\n")
        }
        let closes = destination(ofExchange: x).policy.idleMax == 0 && !upgrades
        guard upgrades || closes || requestHead.acceptsTrailers else { return }
        writer.append("Connection: ")
        if upgrades { writer.append("upgrade") }
        if closes { writer.append("close") }
        if requestHead.acceptsTrailers { writer.append(upgrades || closes ? ", TE" : "TE") }
        writer.append("\r\n")
    }

    private mutating func writeResponseHead(
        _ x: UInt32, _ head: Span<UInt8>, to writer: inout HeadWriter
    ) {
        let flags = exchanges[slot: x].flags
        let tellsVia = policy(ofExchange: x).forwarded.contains(.via)
        writer.append("HTTP/1.1 ")
        writer.appendDecimal(UInt64(responseHead.status))
        writer.append(" ")
        writer.append(head, responseHead.reason)
        writer.append("\r\n")
        var dropped: FieldNames = []
        // RFC 9110 section 8.6: neither has a length, whatever the endpoint says.
        if responseHead.status < 200 || responseHead.status == 204 {
            dropped.insert(FieldNames(.contentLength))
        }
        if tellsVia { dropped.insert(FieldNames(.via)) }
        let hasPaddedLength = responseHead.fields.hasPaddedLength(head)
        if hasPaddedLength { dropped.insert(FieldNames(.contentLength)) }
        let view = view(ofExchange: x)
        var changes = FieldChangesRecord()
        if !responseHead.isInterim { changes = route(ofExchange: x).responseFields }
        dropped.formUnion(changes.known)
        writer.append(responseHead.fields, of: head, without: dropped, changes.names, in: view)
        writer.append(view.text.span, changes.lines.range)
        if exchanges[slot: x].flags.contains(.setsCookie) && !responseHead.isInterim {
            writeCookie(x, view, to: &writer)
        }
        if hasPaddedLength, let count = responseHead.contentLength { writer.appendLength(count) }
        if tellsVia {
            writeVia(responseHead.fields, head, responseHead.version, to: &writer)
        }
        if !responseHead.isInterim && responseHead.status != 101 {
            if !responseHead.hasDate { writer.appendDate() }
            let isChunked = responseHead.framing == .chunked && !flags.contains(.unchunks)
            if isChunked || flags.contains(.chunksResponse) {
                writer.append("Transfer-Encoding: chunked\r\n")
            }
        }
        writeResponseConnection(flags, head, to: &writer)
        writer.append("\r\n")
    }

    /// Tells the client's browser where to come back to.
    private func writeCookie(_ x: UInt32, _ view: SiteView, to writer: inout HeadWriter) {
        let upstream = destination(ofExchange: x)
        writer.append("Set-Cookie: ")
        writer.append(view.text.span, upstream.stickyName.range)
        writer.append("=")
        writer.appendHex(view.endpoints[Int(exchanges[slot: x].target)].sticky)
        writer.append(view.text.span, upstream.stickyAttributes.range)
    }

    /// What concerns the client's connection.
    private func writeResponseConnection(
        _ flags: ExchangeFlags, _ head: Span<UInt8>, to writer: inout HeadWriter
    ) {
        if responseHead.isInterim { return }
        let tunnels = responseHead.status == 101
        // RFC 9110 section 15.5.22: 426 says what to upgrade to.
        if tunnels || responseHead.status == 426 && !responseHead.upgrade.isEmpty {
            writer.append("Upgrade: ")
            writer.append(head, responseHead.upgrade)
            writer.append("\r\nConnection: upgrade\r\n")
        }
        guard flags.contains(.responseStarted) else { return }
        if !flags.contains(.clientPersists) {
            writer.append("Connection: close\r\n")
        } else if flags.contains(.clientIsHTTP10) {
            writer.append("Connection: keep-alive\r\n")
        }
    }

    /// Puts the present endpoint's name into a head that was made for another one.
    ///
    /// - Returns: false when no buffer is free; the chain is only good to be dropped then.
    mutating func renameHost(
        _ x: UInt32, in chain: inout BufferChain, _ pool: BufferPool
    ) -> Bool {
        let (start, end) = (exchanges[slot: x].hostStart, exchanges[slot: x].hostEnd)
        var renamed = BufferChain()
        guard chain.moveFirst(Int(start), to: &renamed, in: pool), let buffer = pool.take() else {
            renamed.discard(in: pool)
            return false
        }
        chain.consume(Int(end - start), in: pool)
        var writer = pool.writer(buffer)
        writer.append("Host: ")
        writeEndpointName(x, to: &writer)
        writer.append("\r\n")
        pool.setCount(buffer, writer.count)
        exchanges[slot: x].hostEnd = start + UInt32(writer.count)
        renamed.append(buffer, in: pool)
        guard chain.moveFirst(Int(chain.bytes), to: &renamed, in: pool) else {
            renamed.discard(in: pool)
            return false
        }
        chain = renamed
        return true
    }
}

extension HeadWriter {
    fileprivate mutating func appendLength(_ count: UInt64) {
        append("Content-Length: ")
        appendDecimal(count)
        append("\r\n")
    }

    /// A Date field for now.
    mutating func appendDate() {
        append("Date: ")
        HTTPDate.write(WallClock.nowSeconds, into: &self)
        append("\r\n")
    }
}
