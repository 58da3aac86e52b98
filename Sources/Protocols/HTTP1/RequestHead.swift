// The head of a request (RFC 9112 sections 2, 3 and 5). One value serves all connections of a
// worker: it is filled when a head is whole and means nothing between two looks at a head that is
// not.

/// A request head, as places in the bytes it was read from.
package struct RequestHead: ~Copyable {
    /// Bytes of the head, with the empty line before it, if there was one, and that behind it.
    package private(set) var length = 0
    package private(set) var method = Method.other
    package private(set) var methodBytes = ByteRange()
    /// The request target as it came.
    package private(set) var target = ByteRange()
    package private(set) var targetForm = TargetForm.origin
    /// Path and query, which is what origins get (RFC 9112 section 3.2.1). Empty in authority-form
    /// and asterisk-form. In absolute-form it may lack the path: when it is empty, `/` is to be
    /// sent (`*` with OPTIONS, section 3.2.4), and when it begins with `?`, `/` goes before it.
    package private(set) var originTarget = ByteRange()
    /// The host that is meant, maybe with a port (RFC 9112 section 3.3): of the target if it has
    /// one, else of Host. Empty when HTTP/1.0 gave none or Host is empty.
    package private(set) var authority = ByteRange()
    package private(set) var version = MessageVersion.http11
    package private(set) var fields = FieldTable()
    /// `none`, `length` or `chunked`.
    package private(set) var framing = BodyFraming.none
    /// Whether the client may send another request behind this one.
    package private(set) var isPersistent = false
    /// Whether the client waits for a 100 before it sends the body (RFC 9110 section 10.1.1).
    /// HTTP/1.0 clients never do; the field must then not be passed on.
    package private(set) var expectsContinue = false
    /// The protocols to which the client offers to switch (RFC 9110 section 7.8). Empty when it
    /// does not: the field is missing or repeated, Connection does not name it, HTTP/1.0.
    package private(set) var upgrade = ByteRange()
    /// Whether `h2c` is among them.
    package private(set) var upgradesToH2C = false
    /// How often the request may still be passed on (RFC 9110 section 7.6.2); only for OPTIONS and
    /// TRACE, `nil` without the field. Larger numbers are cut to the largest that fits.
    package private(set) var maxForwards: UInt32?
    /// Whether TE holds `trailers` (RFC 9110 section 10.1.4).
    package private(set) var acceptsTrailers = false

    package init() {}

    /// Parses the head at the beginning of `bytes`, in place.
    ///
    /// One empty line may stand before it (RFC 9112 section 2.2). Lines are judged in their order,
    /// each when it is whole; what depends on several is judged behind the last one. Only the first
    /// byte is judged at once, so that who speaks another protocol is told so.
    ///
    /// - Parameters:
    ///   - bytes: from the head's first byte on; may hold more than the head. After `incomplete`
    ///     the same bytes and more, at any address.
    ///   - progress: a fresh one at a head's beginning; afterwards as this function left it.
    package mutating func parse(
        _ bytes: Span<UInt8>, limits: HeadLimits, progress: inout HeadProgress
    ) -> HeadVerdict {
        let end = min(bytes.count, limits.headBytesMax)
        guard let start = Self.beginning(bytes, to: end) else { return .refused(.notHTTP) }
        if progress.scanned > 0 {
            guard let position = progress.newLines(bytes, to: end) else {
                return Self.unfinished(from: start, at: end, limits, &progress)
            }
            if progress.lines > 0 {
                let verdict = readLines(bytes, from: position, to: end, limits, &progress)
                guard verdict == .complete else { return verdict }
                // Whole at last, and every line of it good: read again for what it says.
                progress = HeadProgress()
            }
        }
        let verdict = readLines(bytes, from: start, to: end, limits, &progress)
        guard verdict == .complete else { return verdict }
        do throws(HeadRefusal) {
            try conclude(bytes)
        } catch {
            return .refused(error)
        }
        return .complete
    }

    /// Where the request line begins; `nil` when the first byte cannot begin one.
    private static func beginning(_ bytes: Span<UInt8>, to end: Int) -> Int? {
        guard end > 0 else { return 0 }
        guard bytes[0] == ASCII.carriageReturn else {
            return ByteClass.isIn(ByteClass.token, bytes[0]) ? 0 : nil
        }
        guard end > 1, bytes[1] == ASCII.lineFeed else { return 0 }
        guard end == 2 || ByteClass.isIn(ByteClass.token, bytes[2]) else { return nil }
        return 2
    }

    /// What is said when the bytes end within a line: nothing yet, or that the line is too long.
    private static func unfinished(
        from start: Int, at end: Int, _ limits: HeadLimits, _ progress: inout HeadProgress
    ) -> HeadVerdict {
        let isFirst = progress.lines == 0
        let limit =
            isFirst
            ? min(start + limits.requestLineBytesMax, limits.headBytesMax) : limits.headBytesMax
        guard end < limit else { return .refused(isFirst ? .targetTooLong : .headTooLong) }
        progress.scanned = UInt16(truncatingIfNeeded: end)
        return .incomplete
    }

    /// Reads the lines from `position` on, the first of which is the request line when `progress`
    /// knows of none.
    private mutating func readLines(
        _ bytes: Span<UInt8>, from position: Int, to end: Int, _ limits: HeadLimits,
        _ progress: inout HeadProgress
    ) -> HeadVerdict {
        var outcome = LineOutcome.next(position)
        if progress.lines == 0 {
            let limit = min(end, position + limits.requestLineBytesMax)
            outcome = readRequestLine(bytes, from: position, to: limit, limits)
            if case .broken(let refusal, let fault) = outcome,
                HeadScanner.lineFeed(bytes, from: fault, to: limit) != nil
            {
                return .refused(refusal)
            }
        }
        if case .next(let fieldsStart) = outcome {
            fields.reset(count: max(Int(progress.lines) - 1, 0))
            outcome = fields.read(
                bytes, from: fieldsStart, to: end, fieldsMax: limits.fieldsMax)
            progress.lines = UInt16(truncatingIfNeeded: fields.count + 1)
            switch outcome {
            case .next(let headEnd):
                length = headEnd
                return .complete
            case .broken(let refusal, let fault):
                if HeadScanner.lineFeed(bytes, from: fault, to: end) != nil {
                    return .refused(refusal)
                }
            case .cut: break
            }
        }
        return Self.unfinished(from: position, at: end, limits, &progress)
    }

    /// RFC 9112 section 3: three parts, one space between them.
    private mutating func readRequestLine(
        _ bytes: Span<UInt8>, from start: Int, to end: Int, _ limits: HeadLimits
    ) -> LineOutcome {
        let methodEnd = HeadScanner.tokenEnd(bytes, from: start, to: end)
        guard methodEnd < end else { return .cut }
        guard bytes[methodEnd] == ASCII.space else {
            return .broken(Self.fault(bytes[methodEnd], .malformedMethod), at: methodEnd)
        }
        let targetStart = methodEnd + 1
        let plainEnd = HeadScanner.runEnd(bytes, from: targetStart, to: end, of: ByteClass.path)
        let targetEnd = HeadScanner.runEnd(bytes, from: plainEnd, to: end, of: ByteClass.query)
        guard targetEnd < end else { return .cut }
        guard bytes[targetEnd] == ASCII.space, targetEnd > targetStart else {
            return .broken(Self.fault(bytes[targetEnd], .malformedTarget), at: targetEnd)
        }
        let versionStart = targetEnd + 1
        let versionEnd = versionStart + MessageVersion.bytes
        guard versionEnd < end else { return .broken(.malformedVersion, at: versionStart) }
        let lineEnd = LineOutcome.lineEnd(
            bytes, at: versionEnd, to: end, otherwise: .malformedVersion)
        do throws(HeadRefusal) {
            let read = try MessageVersion.read(bytes, at: versionStart)
            guard case .next = lineEnd else { return lineEnd }
            version = read
            // RFC 9110 section 9.1 and RFC 9112 section 3.
            guard methodEnd - start <= HeadLimits.methodBytesMax else { throw .methodTooLong }
            guard targetEnd - targetStart <= limits.targetBytesMax else { throw .targetTooLong }
            methodBytes = ByteRange(start, methodEnd)
            method = Method(bytes, methodBytes)
            target = ByteRange(targetStart, targetEnd)
            let parts = try RequestTarget(bytes, target, plainEnd: plainEnd, method)
            targetForm = parts.form
            originTarget = parts.origin
            authority = parts.authority
        } catch {
            return .broken(error, at: versionStart)
        }
        return lineEnd
    }

    private static func fault(_ byte: UInt8, _ otherwise: HeadRefusal) -> HeadRefusal {
        switch byte {
        case ASCII.lineFeed: .bareLineFeed
        case ASCII.carriageReturn, ASCII.space: .malformedRequestLine
        default: otherwise
        }
    }

    /// Decides what depends on several lines.
    private mutating func conclude(_ bytes: Span<UInt8>) throws(HeadRefusal) {
        framing = .none
        isPersistent = version == .http11
        expectsContinue = false
        upgrade = ByteRange()
        upgradesToH2C = false
        maxForwards = nil
        acceptsTrailers = false
        try concludeHost(bytes)
        guard fields.containsAny(of: Self.telling) else { return }
        let options = try fields.readConnection(bytes)
        isPersistent = FieldTable.isPersistent(version, options)
        try concludeFraming(bytes)
        try concludeExpectation(bytes)
        upgrade = fields.upgrade(version, options)
        upgradesToH2C = Self.hasElement("h2c", in: upgrade, bytes)
        try concludeMaxForwards(bytes)
        concludeTrailers(bytes)
    }

    /// The fields besides Host that decide anything; many requests have none of them.
    private static let telling: FieldNameSet = [
        FieldNameSet(.connection), FieldNameSet(.contentLength), FieldNameSet(.transferEncoding),
        FieldNameSet(.expect), FieldNameSet(.maxForwards), FieldNameSet(.te),
    ]

    /// RFC 9112 section 3.2, RFC 9110 section 7.2.
    private mutating func concludeHost(_ bytes: Span<UInt8>) throws(HeadRefusal) {
        guard let host = fields.first(.host) else {
            guard version == .http10 else { throw .hostMissing }
            return
        }
        guard !fields.isRepeated(.host) else { throw .hostRepeated }
        let value = host.value
        guard value.isEmpty || Authority.isValid(bytes, from: Int(value.start), to: value.end)
        else { throw .malformedHost }
        switch targetForm {
        case .origin, .asterisk: authority = value
        case .absolute:
            // Section 3.2.2 has the proxy ignore Host here. Those who look at it nevertheless see
            // another host, so the two have to be the same, as section 3.2 asks of the client.
            guard HeadScanner.equalsIgnoringCase(bytes, authority, value) else {
                throw .hostDisagrees
            }
        case .authority: break
        }
    }

    /// RFC 9112 section 6.3, for requests: nothing, so many bytes, or chunks.
    private mutating func concludeFraming(_ bytes: Span<UInt8>) throws(HeadRefusal) {
        let length = try fields.contentLength(bytes)
        if try fields.isChunked(bytes, version) {
            framing = .chunked
        } else if let length, length > 0 {
            framing = .length(length)
        }
        // RFC 9110 sections 9.3.6 and 9.3.8: what follows these heads is not a body, and an origin
        // may not take it for one.
        if framing != .none, method == .connect || method == .trace { throw .bodyNotAllowed }
    }

    /// RFC 9110 section 10.1.1.
    private mutating func concludeExpectation(_ bytes: Span<UInt8>) throws(HeadRefusal) {
        guard let field = fields.first(.expect) else { return }
        guard !fields.isRepeated(.expect),
            HeadScanner.equalsIgnoringCase(bytes, field.value, "100-continue")
        else { throw .unknownExpectation }
        expectsContinue = version == .http11
        if version == .http10 { fields.markHopByHop(.expect) }
    }

    /// RFC 9110 section 7.6.2.
    private mutating func concludeMaxForwards(_ bytes: Span<UInt8>) throws(HeadRefusal) {
        guard method == .options || method == .trace, let field = fields.first(.maxForwards)
        else { return }
        guard !fields.isRepeated(.maxForwards), !field.value.isEmpty else {
            throw .malformedMaxForwards
        }
        var number: UInt32 = 0
        for index in Int(field.value.start)..<field.value.end {
            guard ASCII.isDigit(bytes[index]) else { throw .malformedMaxForwards }
            let (tenfold, overflowed) = number.multipliedReportingOverflow(by: 10)
            let (sum, carried) = tenfold.addingReportingOverflow(UInt32(bytes[index] - ASCII.zero))
            number = overflowed || carried ? .max : sum
        }
        maxForwards = number
    }

    /// RFC 9110 section 10.1.4.
    private mutating func concludeTrailers(_ bytes: Span<UInt8>) {
        guard fields.contains(.te) else { return }
        for index in 0..<fields.count where fields[index].known == .te {
            if Self.hasElement("trailers", in: fields[index].value, bytes) {
                acceptsTrailers = true
            }
        }
    }

    /// Whether a list has an element, in any case and without parameters.
    private static func hasElement(
        _ element: StaticString, in value: ByteRange, _ bytes: Span<UInt8>
    ) -> Bool {
        var list = ListCursor(value)
        while let candidate = list.next(bytes) {
            if HeadScanner.equalsIgnoringCase(bytes, candidate, element) { return true }
        }
        return false
    }
}
