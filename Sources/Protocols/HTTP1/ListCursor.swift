// Comma-separated lists in field values.

/// Walks over the elements of a list (RFC 9110 section 5.6.1.2). Empty elements are skipped. Commas
/// in quoted strings are not known here: no list that is looked into may hold any.
struct ListCursor {
    private var position: Int
    private let end: Int

    init(_ value: ByteRange) {
        position = Int(value.start)
        end = value.end
    }

    /// The next element without the white space around it; `nil` behind the last one.
    mutating func next(_ bytes: Span<UInt8>) -> ByteRange? {
        while position < end {
            let byte = bytes[position]
            guard byte == ASCII.comma || ASCII.isBlank(byte) else { break }
            position += 1
        }
        guard position < end else { return nil }
        let start = position
        while position < end, bytes[position] != ASCII.comma { position += 1 }
        var last = position
        while ASCII.isBlank(bytes[last - 1]) { last -= 1 }
        return ByteRange(start, last)
    }
}

extension HeadScanner {
    /// Whether a part of the head is `text`, with letters in any case.
    static func equalsIgnoringCase(
        _ bytes: Span<UInt8>, _ range: ByteRange, _ text: StaticString
    ) -> Bool {
        equalsIgnoringCase(bytes, Int(range.start), range.end, text)
    }
}
