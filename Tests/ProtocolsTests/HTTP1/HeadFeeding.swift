// Gives heads to the parsers in one piece, in two, and byte by byte, and writes down all that was
// found, so that the outcomes can be compared as text.

import Protocols

/// What came of a head.
struct HeadOutcome: Equatable, CustomStringConvertible {
    let verdict: HeadVerdict
    /// Everything the head says; empty unless complete.
    let facts: String

    var description: String { "\(verdict) \(facts)" }
}

/// Bytes of a text in which U+0080 to U+00FF stand for the bytes 0x80 to 0xFF.
func bytes(_ text: String) -> [UInt8] {
    text.unicodeScalars.map { scalar in
        precondition(scalar.value < 256, "not a byte: \(scalar)")
        return UInt8(scalar.value)
    }
}

/// A head of these lines.
func head(_ lines: String...) -> String {
    lines.map { $0 + "\r\n" }.joined() + "\r\n"
}

/// Feeds a head in growing pieces: after each, the parser sees all bytes up to there, at an address
/// of their own and with nothing behind them.
///
/// - Parameters:
///   - cuts: where the pieces end, ascending; the whole text follows.
///   - parse: one look at the bytes, with the facts if they are complete.
func feed(
    _ text: [UInt8], cuts: some Sequence<Int>,
    parse: (Span<UInt8>, inout HeadProgress) -> HeadOutcome
) -> HeadOutcome {
    var progress = HeadProgress()
    for cut in cuts {
        let piece = Array(text[..<cut])
        let outcome = parse(piece.span, &progress)
        if outcome.verdict != .incomplete { return outcome }
    }
    return parse(text.span, &progress)
}

/// Parses request heads with one value for all of them, as a worker does.
struct RequestFeeder: ~Copyable {
    private var request = RequestHead()
    var limits = HeadLimits()

    mutating func feed(_ text: [UInt8], cuts: some Sequence<Int> = []) -> HeadOutcome {
        ProtocolsTests.feed(text, cuts: cuts) { bytes, progress in
            parse(bytes, &progress)
        }
    }

    mutating func parse(_ bytes: Span<UInt8>, _ progress: inout HeadProgress) -> HeadOutcome {
        let verdict = request.parse(bytes, limits: limits, progress: &progress)
        return HeadOutcome(
            verdict: verdict, facts: verdict == .complete ? describe(request, bytes) : "")
    }
}

/// Parses response heads with one value for all of them.
struct ResponseFeeder: ~Copyable {
    private var response = ResponseHead()
    var limits = HeadLimits()
    var answering = RequestKind.other

    mutating func feed(_ text: [UInt8], cuts: some Sequence<Int> = []) -> HeadOutcome {
        ProtocolsTests.feed(text, cuts: cuts) { bytes, progress in
            parse(bytes, &progress)
        }
    }

    mutating func parse(_ bytes: Span<UInt8>, _ progress: inout HeadProgress) -> HeadOutcome {
        let verdict = response.parse(
            bytes, limits: limits, answering: answering, progress: &progress)
        return HeadOutcome(
            verdict: verdict, facts: verdict == .complete ? describe(response, bytes) : "")
    }
}

/// `get /x @host 1.1 keep 41; Host[a]`: method, target, authority, version, what becomes of the
/// connection, length of the head, then what is not usual, then the fields. A field in parentheses
/// is not to be passed on; `~` marks lines that cannot be copied as they are.
func describe(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> String {
    var parts = ["\(head.method)"]
    if head.method == .other { parts[0] = "other(\(text(bytes, head.methodBytes)))" }
    parts.append(text(bytes, head.target))
    if head.targetForm != .origin {
        parts.append("\(head.targetForm)(\(text(bytes, head.originTarget)))")
    }
    parts.append("@" + text(bytes, head.authority))
    parts.append(head.version == .http11 ? "1.1" : "1.0")
    parts.append(head.isPersistent ? "keep" : "close")
    parts.append("\(head.length)")
    if head.framing != .none { parts.append("\(head.framing)") }
    if head.expectsContinue { parts.append("continue") }
    if !head.upgrade.isEmpty { parts.append("upgrade(\(text(bytes, head.upgrade)))") }
    if head.upgradesToH2C { parts.append("h2c") }
    if let forwards = head.maxForwards { parts.append("forwards(\(forwards))") }
    if head.acceptsTrailers { parts.append("trailers") }
    return parts.joined(separator: " ") + describe(head.fields, bytes)
}

/// `200 OK 1.1 keep 54 length(5); Server[x]`, in the same way.
func describe(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>) -> String {
    var parts = ["\(head.status)"]
    if !head.reason.isEmpty { parts.append(text(bytes, head.reason)) }
    parts.append(head.version == .http11 ? "1.1" : "1.0")
    parts.append(head.isPersistent ? "keep" : "close")
    parts.append("\(head.length)")
    parts.append("\(head.framing)")
    if let length = head.contentLength { parts.append("says(\(length))") }
    if !head.upgrade.isEmpty { parts.append("upgrade(\(text(bytes, head.upgrade)))") }
    if head.isInterim { parts.append("interim") }
    if head.hasDate { parts.append("dated") }
    return parts.joined(separator: " ") + describe(head.fields, bytes)
}

private func describe(_ fields: borrowing FieldTable, _ bytes: Span<UInt8>) -> String {
    var result = ";"
    for index in 0..<fields.count {
        let field = fields[index]
        let line =
            (field.isPlain ? "" : "~")
            + "\(text(bytes, field.name))[\(text(bytes, field.value))]"
        result += field.isHopByHop ? " (\(line))" : " \(line)"
    }
    return result
}

/// A part of a head as text, one scalar for one byte.
func text(_ bytes: Span<UInt8>, _ range: ByteRange) -> String {
    var result = ""
    for index in Int(range.start)..<range.end {
        result.unicodeScalars.append(Unicode.Scalar(bytes[index]))
    }
    return result
}
