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
