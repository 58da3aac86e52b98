// Where a message ends (RFC 9112 section 6.3): the one place that decides it, for both directions.
// What two recipients could read in two ways is refused here.

/// What follows a head.
package enum BodyFraming: BitwiseCopyable, Equatable, Sendable {
    /// No body; the next message begins behind the head.
    case none
    /// So many bytes, at least one.
    case length(UInt64)
    /// Chunks and a trailer section (RFC 9112 section 7.1).
    case chunked
    /// Everything until the sender closes. Responses only.
    case untilClose
}

/// What decides whether a response has a body.
package enum RequestKind: UInt8, BitwiseCopyable, Sendable {
    case head
    case connect
    case other
}

extension FieldTable {
    /// The value of Content-Length; `nil` without the field (RFC 9110 section 8.6). A list of equal
    /// values may be taken for one or refused; it is refused.
    func contentLength(_ bytes: Span<UInt8>) throws(HeadRefusal) -> UInt64? {
        guard let field = first(.contentLength) else { return nil }
        guard !isRepeated(.contentLength) else { throw .lengthRepeated }
        guard !field.value.isEmpty else { throw .malformedLength }
        var length: UInt64 = 0
        for index in Int(field.value.start)..<field.value.end {
            guard ASCII.isDigit(bytes[index]) else { throw .malformedLength }
            // Nineteen digits cannot overflow, and more are refused below.
            length = length &* 10 &+ UInt64(bytes[index] &- ASCII.zero)
        }
        // Not every recipient counts in unsigned numbers.
        guard field.value.count <= 19, length <= UInt64(Int64.max) else { throw .lengthTooLarge }
        return length
    }

    /// Whether the body is chunked (RFC 9112 sections 6.1 and 6.3). The only transfer coding that
    /// is understood is chunked, alone and once.
    func isChunked(
        _ bytes: Span<UInt8>, _ version: MessageVersion
    ) throws(HeadRefusal) -> Bool {
        guard contains(.transferEncoding) else { return false }
        // Section 6.1: such a message was passed on by somebody who does not know the field.
        guard version == .http11 else { throw .codingInHTTP10 }
        guard !contains(.contentLength) else { throw .lengthWithCoding }
        var codings = 0
        for index in 0..<count where self[index].known == .transferEncoding {
            let value = self[index].value
            if HeadScanner.equalsIgnoringCase(bytes, value, "chunked") {
                codings += 1
            } else {
                try refuseCoding(bytes, value)
            }
        }
        guard codings == 1 else { throw .codingRepeated }
        return true
    }

    /// Says what is wrong with a list that is not just `chunked`.
    private func refuseCoding(
        _ bytes: Span<UInt8>, _ value: ByteRange
    ) throws(HeadRefusal) {
        var list = ListCursor(value)
        var codings = 0
        while let coding = list.next(bytes) {
            let start = Int(coding.start)
            let nameEnd = HeadScanner.tokenEnd(bytes, from: start, to: coding.end)
            guard nameEnd == coding.end else { throw .malformedCoding }
            guard HeadScanner.equalsIgnoringCase(bytes, coding, "chunked") else {
                throw .unknownCoding
            }
            codings += 1
        }
        throw codings > 1 ? .codingRepeated : .malformedCoding
    }
}
