// The fields of one head: where each stands and what a proxy has to know of it. Filled line by line
// by `read`; what depends on several fields is decided after the last line, in HopByHop.swift and
// MessageFraming.swift.

/// One field line.
package struct Field: BitwiseCopyable, Sendable {
    package internal(set) var name = ByteRange()
    /// Without the white space around it (RFC 9112 section 5.1).
    package internal(set) var value = ByteRange()
    package internal(set) var known = FieldName.other
    /// Whether the field must not be passed on: it is for the next recipient only, by its name or
    /// because Connection names it (RFC 9110 section 7.6.1), or has no meaning in this message.
    package internal(set) var isHopByHop = false
    /// Whether the line reads `name: value`, with one space and nothing behind the value, so that
    /// the bytes from `name.start` to two behind `value.end` can be copied as they are.
    package internal(set) var isPlain = false

    init() {}
}

/// The fields of one head, in their order.
package struct FieldTable: ~Copyable {
    package static let capacity = FieldStore.capacity

    package private(set) var count = 0
    private var store = FieldStore()
    /// The first field of each known name; counts when the name is in `seen`.
    private var firsts = InlineArray<32, UInt8>(repeating: 0)
    private var seen: FieldNameSet = []
    private var repeated: FieldNameSet = []

    init() {}

    /// - Parameter index: 0 to `count` - 1.
    package subscript(index: Int) -> Field {
        precondition(index >= 0 && index < count)
        return store[index]
    }

    /// Whether there is a field of that name.
    package func contains(_ name: FieldName) -> Bool {
        seen.contains(FieldNameSet(name))
    }

    /// Whether there is a field of any of these names.
    func containsAny(of names: FieldNameSet) -> Bool {
        !seen.isDisjoint(with: names)
    }

    /// The first field of that name.
    package func first(_ name: FieldName) -> Field? {
        contains(name) ? store[Int(firsts[Int(name.rawValue)])] : nil
    }

    /// Whether there is more than one field of that name.
    package func isRepeated(_ name: FieldName) -> Bool {
        repeated.contains(FieldNameSet(name))
    }

    /// The first field of any name, known or not.
    ///
    /// - Parameters:
    ///   - name: in lower case.
    ///   - head: the head.
    ///   - start: where to begin, 0 to `count`.
    /// - Returns: its place; `nil` when there is none.
    package func place(
        of name: Span<UInt8>, in head: Span<UInt8>, from start: Int
    ) -> Int? {
        for index in start..<count
        where HeadScanner.equalsIgnoringCase(head, store[index].name, lowered: name) {
            return index
        }
        return nil
    }

    /// Whether a field is called so, in any case.
    ///
    /// - Parameter name: in lower case.
    package func isNamed(_ name: Span<UInt8>, at index: Int, in head: Span<UInt8>) -> Bool {
        HeadScanner.equalsIgnoringCase(head, store[index].name, lowered: name)
    }

    /// Marks a field as not to be passed on.
    mutating func markHopByHop(_ index: Int) {
        store[index].isHopByHop = true
    }

    /// Marks every field of a known name as not to be passed on.
    mutating func markHopByHop(_ name: FieldName) {
        guard contains(name) else { return }
        for index in 0..<count where self[index].known == name { markHopByHop(index) }
    }

    /// Makes the table forget its fields.
    ///
    /// - Parameter count: lines that were found good in an earlier look and are not read again.
    ///   What the table says of them means nothing until they are.
    mutating func reset(count: Int) {
        precondition(count <= Self.capacity)
        self.count = count
        seen = []
        repeated = []
    }

    /// Reads field lines up to and including the empty line behind them.
    ///
    /// - Parameters:
    ///   - bytes: the head.
    ///   - start: offset of a line's first byte.
    ///   - end: how far may be looked.
    ///   - fieldsMax: 1 to `capacity`.
    mutating func read(
        _ bytes: Span<UInt8>, from start: Int, to end: Int, fieldsMax: Int
    ) -> LineOutcome {
        var position = start
        while position < end {
            if bytes[position] == ASCII.carriageReturn {
                return .lineEnd(bytes, at: position, to: end, otherwise: .bareCarriageReturn)
            }
            let outcome = readLine(bytes, from: position, to: end, fieldsMax: fieldsMax)
            guard case .next(let next) = outcome else { return outcome }
            position = next
        }
        return .cut
    }

    /// One field line (RFC 9112 section 5).
    @inline(__always)
    private mutating func readLine(
        _ bytes: Span<UInt8>, from start: Int, to end: Int, fieldsMax: Int
    ) -> LineOutcome {
        let nameEnd = HeadScanner.tokenEnd(bytes, from: start, to: end)
        guard nameEnd < end else { return .cut }
        guard bytes[nameEnd] == ASCII.colon, nameEnd > start else {
            return .broken(Self.nameFault(bytes[nameEnd], isFirst: nameEnd == start), at: nameEnd)
        }
        var valueStart = nameEnd + 1
        while valueStart < end, ASCII.isBlank(bytes[valueStart]) { valueStart += 1 }
        let contentEnd = HeadScanner.valueEnd(bytes, from: valueStart, to: end)
        guard contentEnd < end else { return .cut }
        let outcome = LineOutcome.lineEnd(
            bytes, at: contentEnd, to: end, otherwise: .controlInValue)
        guard case .next = outcome else { return outcome }
        guard count < fieldsMax else { return .broken(.tooManyFields, at: start) }
        var valueEnd = contentEnd
        while valueEnd > valueStart, ASCII.isBlank(bytes[valueEnd - 1]) { valueEnd -= 1 }
        var field = Field()
        field.name = ByteRange(start, nameEnd)
        field.value = ByteRange(valueStart, valueEnd)
        field.known = FieldName.recognise(bytes, start, nameEnd - start)
        field.isHopByHop = field.known.isHopByHop
        field.isPlain =
            valueStart == nameEnd + 2 && bytes[nameEnd + 1] == ASCII.space
            && valueEnd == contentEnd
        append(field)
        return outcome
    }

    @inline(__always)
    private mutating func append(_ field: Field) {
        if field.known != .other {
            let name = FieldNameSet(field.known)
            if seen.contains(name) {
                repeated.insert(name)
            } else {
                seen.insert(name)
                firsts[Int(field.known.rawValue)] = UInt8(truncatingIfNeeded: count)
            }
        }
        store[count] = field
        count += 1
    }

    /// Why a line does not begin with a name and a colon.
    private static func nameFault(_ byte: UInt8, isFirst: Bool) -> HeadRefusal {
        switch byte {
        case ASCII.lineFeed: .bareLineFeed
        case ASCII.carriageReturn: .malformedFieldName
        // RFC 9112 section 5.2, and section 2.2 for the line behind the start line.
        case ASCII.space, ASCII.tab: isFirst ? .folded : .spaceBeforeColon
        case ASCII.colon: .fieldNameEmpty
        default: .malformedFieldName
        }
    }
}
