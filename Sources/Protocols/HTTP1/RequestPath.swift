// The path of a request in its normal form: one spelling for each path, so that what is decided by
// a path cannot be got round by writing it in another way (RFC 3986 section 6.2.2).
//
// Escapes of bytes that may stand in a path are decoded, all but `%2F`, which is not a border of
// segments; other escapes are in upper case. Dot segments are resolved (RFC 3986 section 5.2.4) and
// empty segments left out, but for the last, which makes a path end in a slash. Path parameters
// (`;`) are part of their segment. What origins are known to read in different ways, so that one of
// them would see another path than the one decided by, is refused.

/// Why a path has no normal form. All of them are a 400.
package enum PathRefusal: UInt8, BitwiseCopyable, Error, Sendable {
    /// It leads above the root.
    case aboveRoot
    /// A dot segment that not all origins take for one, as in `..%2F` or `..;x`, or one that takes
    /// back an empty segment, which not all origins count.
    case ambiguous
    /// It holds `%00`, where some origins take it to end.
    case nul
    /// It does not fit the room given for it.
    case tooLong

    /// For an answer's text.
    package var reason: StaticString {
        switch self {
        case .aboveRoot: "path leads above the root"
        case .ambiguous: "dot segment that can be read in two ways"
        case .nul: "path holds an encoded NUL"
        case .tooLong: "path is too long"
        }
    }
}

/// Where a path ends within its target, and whether it has to be brought into its normal form.
package struct PathExtent: BitwiseCopyable, Equatable, Sendable {
    /// Offset of the query's `?`; of the target's end when there is none.
    package let end: Int
    /// Whether the path is in its normal form as it stands.
    package let isNormal: Bool
}

/// Paths and their normal form.
package enum RequestPath {
    /// Looks for the path's end and for whatever may have to be changed.
    ///
    /// - Parameters:
    ///   - bytes: hold the target.
    ///   - target: path and query, begins with the path's first byte.
    package static func extent(of target: ByteRange, in bytes: Span<UInt8>) -> PathExtent {
        let mark = HeadScanner.pathMark(bytes, from: Int(target.start), to: target.end)
        guard mark < target.end, bytes[mark] != ASCII.question else {
            return PathExtent(end: mark, isNormal: true)
        }
        var end = mark
        while end < target.end, bytes[end] != ASCII.question { end += 1 }
        return PathExtent(end: end, isNormal: false)
    }

    /// Writes the normal form of a path.
    ///
    /// - Parameters:
    ///   - bytes: hold the path.
    ///   - path: begins with a slash; its escapes are whole, as in a head that was parsed.
    ///   - scratch: where it is written to, from the beginning on; as long as the path.
    /// - Returns: how many bytes it has, at most as many as the path.
    package static func normalise(
        _ bytes: Span<UInt8>, _ path: Range<Int>, into scratch: inout MutableSpan<UInt8>
    ) throws(PathRefusal) -> Int {
        guard scratch.count >= path.count else { throw .tooLong }
        var index = path.lowerBound
        var count = 0
        /// How much was written when an empty segment was left out for the last time.
        var floor = -1
        while index < path.upperBound {
            let start = count
            scratch[count] = ASCII.slash
            count += 1
            index += 1
            while index < path.upperBound, bytes[index] != ASCII.slash {
                let step = try unescape(bytes, at: index, to: path.upperBound, &scratch, &count)
                index += step
            }
            let isLast = index == path.upperBound
            switch try segment(scratch.span, from: start + 1, to: count) {
            case .named: continue
            case .empty:
                if isLast { continue }
                floor = start
                count = start
            case .same: count = start
            case .parent:
                guard start > 0 else { throw .aboveRoot }
                guard start != floor else { throw .ambiguous }
                count = start - 1
                while scratch[count] != ASCII.slash { count -= 1 }
            }
            if isLast {
                scratch[count] = ASCII.slash
                count += 1
            }
        }
        return count
    }

    /// Copies a byte or an escape.
    ///
    /// - Returns: how many bytes were read: 1 or 3.
    @inline(__always)
    private static func unescape(
        _ bytes: Span<UInt8>, at index: Int, to end: Int, _ scratch: inout MutableSpan<UInt8>,
        _ count: inout Int
    ) throws(PathRefusal) -> Int {
        guard bytes[index] == ASCII.percent, index + 2 < end,
            let high = ASCII.hexValue(bytes[index + 1]), let low = ASCII.hexValue(bytes[index + 2])
        else {
            scratch[count] = bytes[index]
            count += 1
            return 1
        }
        let byte = high << 4 | low
        if byte == 0 { throw .nul }
        if ByteClass.isIn(ByteClass.path, byte) && byte != ASCII.slash {
            scratch[count] = byte
            count += 1
        } else {
            scratch[count] = ASCII.percent
            scratch[count + 1] = ASCII.upperHexDigit(high)
            scratch[count + 2] = ASCII.upperHexDigit(low)
            count += 3
        }
        return 3
    }

    private enum Segment {
        case named
        case empty
        /// `.`
        case same
        /// `..`
        case parent
    }

    /// What an unescaped segment is.
    private static func segment(
        _ text: Span<UInt8>, from start: Int, to end: Int
    ) throws(PathRefusal) -> Segment {
        if start == end { return .empty }
        var index = start
        while index < end {
            // Here begins a segment for who takes `%2F` or `%5C` for a border.
            var dots = index
            while dots < end, text[dots] == ASCII.dot { dots += 1 }
            let count = dots - index
            if count == 1 || count == 2 {
                if index == start && dots == end { return count == 1 ? .same : .parent }
                let isOver =
                    dots == end || text[dots] == ASCII.semicolon
                    || isBorder(text, at: dots, to: end)
                if isOver { throw .ambiguous }
            }
            index = dots
            while index < end, !isBorder(text, at: index, to: end) { index += 1 }
            index += 3
        }
        return .named
    }

    /// Whether an escaped slash or backslash stands here, in upper case.
    private static func isBorder(_ text: Span<UInt8>, at index: Int, to end: Int) -> Bool {
        guard text[index] == ASCII.percent, index + 2 < end else { return false }
        return text[index + 1] == 0x32 && text[index + 2] == 0x46
            || text[index + 1] == 0x35 && text[index + 2] == 0x43
    }
}

extension RequestHead {
    /// The query with its `?`; empty when there is none.
    package func query(in head: Span<UInt8>) -> ByteRange {
        let end = RequestPath.extent(of: originTarget, in: head).end
        return ByteRange(end, originTarget.end)
    }
}
