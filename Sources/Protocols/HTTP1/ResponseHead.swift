// The head of a response (RFC 9112 sections 4 and 5). One value serves all connections of a worker,
// like `RequestHead`. What is refused here becomes a 502.

/// A response head, as places in the bytes it was read from.
package struct ResponseHead: ~Copyable {
    /// Bytes of the head, with the empty line behind it.
    package private(set) var length = 0
    /// 100 to 599 (RFC 9110 section 15).
    package private(set) var status: UInt16 = 0
    package private(set) var version = MessageVersion.http11
    /// May be empty.
    package private(set) var reason = ByteRange()
    package private(set) var fields = FieldTable()
    package private(set) var framing = BodyFraming.none
    /// Whether the connection can be used again after this message: not when its end is the
    /// connection's, and as the sender wants it otherwise. Says nothing in an interim response.
    package private(set) var isPersistent = false
    /// The protocols to which a 101 switches, a 426 wants to switch and others could (RFC 9110
    /// section 7.8), if Connection names the field and it is given once. Never empty in a 101.
    package private(set) var upgrade = ByteRange()
    /// Whether there is a Date to be passed on.
    package private(set) var hasDate = false
    /// The value of Content-Length, also where no body follows (HEAD, 304).
    package private(set) var contentLength: UInt64?

    package init() {}

    /// Whether another response to the same request follows (RFC 9110 section 15.2).
    package var isInterim: Bool { status < 200 && status != 101 }

    /// Parses the head at the beginning of `bytes`, in place. Lines are judged as by `RequestHead`.
    ///
    /// - Parameters:
    ///   - bytes: from the head's first byte on; may hold more than the head. After `incomplete`
    ///     the same bytes and more, at any address.
    ///   - request: what the response answers.
    ///   - progress: a fresh one at a head's beginning; afterwards as this function left it.
    package mutating func parse(
        _ bytes: Span<UInt8>, limits: HeadLimits, answering request: RequestKind,
        progress: inout HeadProgress
    ) -> HeadVerdict {
        let end = min(bytes.count, limits.headBytesMax)
        guard end == 0 || bytes[0] == 0x48 else { return .refused(.notHTTP) }
        if progress.scanned > 0 {
            guard let position = progress.newLines(bytes, to: end) else {
                return Self.unfinished(at: end, limits, &progress)
            }
            if progress.lines > 0 {
                let verdict = readLines(bytes, from: position, to: end, limits, &progress)
                guard verdict == .complete else { return verdict }
                // Whole at last, and every line of it good: read again for what it says.
                progress = HeadProgress()
            }
        }
        let verdict = readLines(bytes, from: 0, to: end, limits, &progress)
        guard verdict == .complete else { return verdict }
        do throws(HeadRefusal) {
            try conclude(bytes, answering: request)
        } catch {
            return .refused(error)
        }
        return .complete
    }

    /// What is said when the bytes end within a line: nothing yet, or that the head is too long.
    private static func unfinished(
        at end: Int, _ limits: HeadLimits, _ progress: inout HeadProgress
    ) -> HeadVerdict {
        guard end < limits.headBytesMax else { return .refused(.headTooLong) }
        progress.scanned = UInt16(truncatingIfNeeded: end)
        return .incomplete
    }

    /// Reads the lines from `position` on, the first of which is the status line when `progress`
    /// knows of none.
    private mutating func readLines(
        _ bytes: Span<UInt8>, from position: Int, to end: Int, _ limits: HeadLimits,
        _ progress: inout HeadProgress
    ) -> HeadVerdict {
        var outcome = LineOutcome.next(position)
        if progress.lines == 0 { outcome = readStatusLine(bytes, to: end) }
        if case .next(let fieldsStart) = outcome {
            fields.reset(count: max(Int(progress.lines) - 1, 0))
            outcome = fields.read(
                bytes, from: fieldsStart, to: end, fieldsMax: limits.fieldsMax)
            progress.lines = UInt16(truncatingIfNeeded: fields.count + 1)
            if case .next(let headEnd) = outcome {
                length = headEnd
                return .complete
            }
        }
        if case .broken(let refusal, let fault) = outcome,
            HeadScanner.lineFeed(bytes, from: fault, to: end) != nil
        {
            return .refused(refusal)
        }
        return Self.unfinished(at: end, limits, &progress)
    }

    /// RFC 9112 section 4. The space behind the status is missing from some origins when there is
    /// no reason phrase; that is the one thing taken here that the grammar does not have. The line
    /// can be read in one way only, and it is not passed on but written anew.
    private mutating func readStatusLine(_ bytes: Span<UInt8>, to end: Int) -> LineOutcome {
        let versionEnd = MessageVersion.bytes
        let statusEnd = versionEnd + 4
        do throws(HeadRefusal) {
            guard versionEnd < end else { throw .malformedVersion }
            version = try MessageVersion.read(bytes, at: 0)
            guard statusEnd < end, bytes[versionEnd] == ASCII.space else {
                throw .malformedStatusLine
            }
            var number: UInt16 = 0
            for index in versionEnd + 1..<statusEnd {
                guard ASCII.isDigit(bytes[index]) else { throw .malformedStatusLine }
                number = number * 10 + UInt16(bytes[index] - ASCII.zero)
            }
            // RFC 9110 section 15: the first digit says what kind of answer it is.
            guard number >= 100, number < 600 else { throw .statusOutOfRange }
            status = number
        } catch {
            return .broken(error, at: 0)
        }
        guard bytes[statusEnd] == ASCII.space else {
            reason = ByteRange(statusEnd, statusEnd)
            return .lineEnd(bytes, at: statusEnd, to: end, otherwise: .malformedStatusLine)
        }
        let reasonEnd = HeadScanner.valueEnd(bytes, from: statusEnd + 1, to: end)
        guard reasonEnd < end else { return .cut }
        reason = ByteRange(statusEnd + 1, reasonEnd)
        return .lineEnd(bytes, at: reasonEnd, to: end, otherwise: .controlInReason)
    }

    /// Decides what depends on several lines.
    private mutating func conclude(
        _ bytes: Span<UInt8>, answering request: RequestKind
    ) throws(HeadRefusal) {
        let options = try fields.readConnection(bytes)
        contentLength = try fields.contentLength(bytes)
        let isChunked = try fields.isChunked(bytes, version)
        hasDate = fields.first(.date).map { !$0.isHopByHop } ?? false
        if isBodiless(request) {
            framing = .none
        } else if isChunked {
            framing = .chunked
        } else if let contentLength {
            framing = contentLength > 0 ? .length(contentLength) : .none
        } else {
            framing = .untilClose
        }
        isPersistent =
            framing != .untilClose && FieldTable.isPersistent(version, options)
        upgrade = fields.upgrade(version, options)
        // RFC 9110 sections 7.8 and 15.2.2.
        if status == 101, upgrade.isEmpty { throw .switchingWithoutUpgrade }
    }

    /// RFC 9112 section 6.3, rules 1 and 2. Where a length must not be sent (RFC 9110 sections 8.6
    /// and 9.3.6) it is not passed on either, so that nobody waits for a body.
    private mutating func isBodiless(_ request: RequestKind) -> Bool {
        let opensTunnel = request == .connect && status / 100 == 2
        if status < 200 || status == 204 || opensTunnel {
            fields.markHopByHop(.contentLength)
            return true
        }
        return request == .head || status == 304
    }
}
