// The loops over a head's bytes, and the place where they are read without a check each: every
// function checks once that what it was given lies in the span.

/// Raw loops over bytes.
enum HeadScanner {
    /// The first byte that is not a `tchar`.
    ///
    /// - Returns: its offset; `end` when there is none.
    @inline(__always)
    static func tokenEnd(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
        runEnd(bytes, from: start, to: end, of: ByteClass.token)
    }

    /// The first byte that is in none of `classes`.
    @inline(__always)
    static func runEnd(
        _ bytes: Span<UInt8>, from start: Int, to end: Int, of classes: UInt8
    ) -> Int {
        precondition(start >= 0 && end <= bytes.count)
        var index = start
        while index < end, unsafe ByteClass.isIn(classes, bytes[unchecked: index]) { index &+= 1 }
        return index
    }

    /// The first byte that a field value cannot hold, CR among them (RFC 9110 section 5.5).
    ///
    /// - Returns: its offset; `end` when there is none.
    @inline(__always)
    static func valueEnd(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
        precondition(start >= 0 && end <= bytes.count)
        var index = start
        while index &+ 8 <= end {
            let place = eight(bytes, at: index).firstControl
            index &+= place
            guard place < 8 else { continue }
            guard unsafe bytes[unchecked: index] == ASCII.tab else { return index }
            index &+= 1
        }
        return runEnd(bytes, from: index, to: end, of: ByteClass.value)
    }

    /// The first byte at which a path ends or may not be normal: `?`, `%`, or a `/` with `/` or `.`
    /// behind it.
    ///
    /// - Returns: its offset; `end` when there is none.
    @inline(__always)
    static func pathMark(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
        precondition(start >= 0 && end <= bytes.count)
        var index = start
        // Looking behind the end is no harm: what is found there does not count.
        while index < end, index &+ 9 <= bytes.count {
            let place = eight(bytes, at: index).firstPathMark(eight(bytes, at: index &+ 1))
            index &+= place
            if place < 8 { return min(index, end) }
        }
        while index < end {
            let byte = unsafe bytes[unchecked: index]
            if byte == ASCII.percent || byte == ASCII.question { return index }
            if byte == ASCII.slash, index &+ 1 < end,
                unsafe bytes[unchecked: index &+ 1] | 1 == ASCII.slash
            {
                return index
            }
            index &+= 1
        }
        return end
    }

    /// The first LF.
    ///
    /// - Returns: its offset; `nil` when there is none before `end`.
    static func lineFeed(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int? {
        precondition(start >= 0 && end <= bytes.count)
        var index = start
        while index &+ 8 <= end {
            let place = eight(bytes, at: index).first(ASCII.lineFeed)
            index &+= place
            if place < 8 { return index }
        }
        while index < end {
            if unsafe bytes[unchecked: index] == ASCII.lineFeed { return index }
            index &+= 1
        }
        return nil
    }

    /// The beginning of the line that reaches to `position`.
    ///
    /// - Returns: offset behind the last LF before `position`; 0 when there is none.
    static func lineStart(_ bytes: Span<UInt8>, before position: Int) -> Int {
        precondition(position >= 0 && position <= bytes.count)
        var index = position
        while index > 0, unsafe bytes[unchecked: index &- 1] != ASCII.lineFeed { index &-= 1 }
        return index
    }

    /// Whether the bytes from `start` to `end` are `text`, with letters in any case.
    ///
    /// - Parameter text: lower case, without bytes that are a control character plus 0x20.
    @inline(__always)
    static func equalsIgnoringCase(
        _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ text: StaticString
    ) -> Bool {
        precondition(start >= 0 && end <= bytes.count)
        guard end &- start == text.utf8CodeUnitCount else { return false }
        var index = 0
        while index < text.utf8CodeUnitCount {
            let lower = unsafe bytes[unchecked: start &+ index] | 0x20
            guard unsafe lower == text.utf8Start[index] else { return false }
            index &+= 1
        }
        return true
    }

    /// Whether two parts of the head are the same, with letters in any case.
    static func equalsIgnoringCase(
        _ bytes: Span<UInt8>, _ left: ByteRange, _ right: ByteRange
    ) -> Bool {
        guard left.count == right.count else { return false }
        precondition(left.end <= bytes.count && right.end <= bytes.count)
        for index in 0..<Int(left.count) {
            let one = unsafe bytes[unchecked: Int(left.start) &+ index]
            let other = unsafe bytes[unchecked: Int(right.start) &+ index]
            guard ASCII.lowered(one) == ASCII.lowered(other) else { return false }
        }
        return true
    }

    /// Whether a part of the head is `text`, with letters in any case.
    ///
    /// - Parameter text: in lower case.
    static func equalsIgnoringCase(
        _ bytes: Span<UInt8>, _ range: ByteRange, lowered text: Span<UInt8>
    ) -> Bool {
        guard Int(range.count) == text.count else { return false }
        precondition(range.end <= bytes.count)
        for index in 0..<text.count {
            let byte = unsafe bytes[unchecked: Int(range.start) &+ index]
            guard unsafe ASCII.lowered(byte) == text[unchecked: index] else { return false }
        }
        return true
    }

    /// Whether a part of the head is `text`.
    @inline(__always)
    static func equals(_ bytes: Span<UInt8>, _ range: ByteRange, _ text: StaticString) -> Bool {
        precondition(range.end <= bytes.count)
        guard Int(range.count) == text.utf8CodeUnitCount else { return false }
        for index in 0..<text.utf8CodeUnitCount {
            let byte = unsafe bytes[unchecked: Int(range.start) &+ index]
            guard unsafe byte == text.utf8Start[index] else { return false }
        }
        return true
    }

    /// A byte of a text.
    static func byte(_ text: StaticString, _ index: Int) -> UInt8 {
        precondition(index >= 0 && index < text.utf8CodeUnitCount)
        return unsafe text.utf8Start[index]
    }

    /// - Parameter index: at least 8 bytes follow from there.
    @inline(__always)
    static func eight(_ bytes: Span<UInt8>, at index: Int) -> EightBytes {
        precondition(index >= 0 && index &+ 8 <= bytes.count)
        return unsafe EightBytes(
            word: UInt64(
                littleEndian: bytes.bytes.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: index, as: UInt64.self)))
    }
}
