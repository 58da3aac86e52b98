// What reading one line of a head ends with. A line is only judged when its LF has arrived: how the
// bytes were cut on their way can then not change what is said about them.

/// The outcome of reading a line, or several.
enum LineOutcome {
    /// All good; what follows begins at this offset.
    case next(Int)
    /// The bytes end before the line does.
    case cut
    /// A rule is broken by the byte at this offset; there is no LF in the line before it.
    case broken(HeadRefusal, at: Int)
}

extension LineOutcome {
    /// The end of a line: CR LF and nothing else (RFC 9112 section 2.2 lets a recipient take a
    /// bare LF, and where two recipients differ in that they see different messages).
    ///
    /// - Parameters:
    ///   - position: where the line's contents end; below `end`.
    ///   - fault: what any other byte means there.
    @inline(__always)
    static func lineEnd(
        _ bytes: Span<UInt8>, at position: Int, to end: Int, otherwise fault: HeadRefusal
    ) -> LineOutcome {
        let byte = bytes[position]
        guard byte == ASCII.carriageReturn else {
            return .broken(byte == ASCII.lineFeed ? .bareLineFeed : fault, at: position)
        }
        guard position + 1 < end else { return .cut }
        guard bytes[position + 1] == ASCII.lineFeed else {
            return .broken(.bareCarriageReturn, at: position)
        }
        return .next(position + 2)
    }
}
