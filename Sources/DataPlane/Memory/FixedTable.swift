// Values that are known at a worker's start and only read afterwards: for the data path, which
// never touches an `Array`.

/// An immutable list of plain values.
@safe
struct FixedTable<Element: BitwiseCopyable>: ~Copyable {
    private let elements: UnsafeMutablePointer<Element>

    let count: Int

    /// Where they stand.
    var start: UnsafeMutablePointer<Element> { unsafe elements }

    init(_ values: some Collection<Element>) {
        count = values.count
        unsafe elements = .allocate(capacity: max(count, 1))
        for (position, value) in values.enumerated() {
            unsafe (elements + position).initialize(to: value)
        }
    }

    deinit {
        unsafe elements.deallocate()
    }

    /// All of them.
    var span: Span<Element> {
        @_lifetime(borrow self)
        get {
            let span = unsafe Span(_unsafeStart: UnsafePointer(elements), count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    subscript(position: Int) -> Element {
        precondition(position >= 0 && position < count)
        return unsafe elements[position]
    }
}

/// Nothing in it ever changes.
extension FixedTable: @unchecked Sendable where Element: Sendable {}

extension FixedTable<UInt8> {
    /// Whether a part of the table stands in other bytes.
    ///
    /// - Parameters:
    ///   - start: of the part.
    ///   - length: of the part, in bytes; it lies within the table.
    ///   - other: the bytes; too few of them are no match.
    ///   - offset: where they are looked at, 0 to their count.
    ///   - fold: bits that are taken for set in each of the other bytes.
    @inline(__always)
    func matches(
        _ start: Int, _ length: Int, _ other: Span<UInt8>, at offset: Int, folding fold: UInt8 = 0
    ) -> Bool {
        precondition(start >= 0 && length >= 0 && length <= count - start)
        precondition(offset >= 0 && offset <= other.count)
        guard length <= other.count &- offset else { return false }
        let own = unsafe UnsafeRawPointer(elements + start)
        var index = 0
        while index &+ 8 <= length {
            let one = unsafe own.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let two = unsafe other.bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset &+ index, as: UInt64.self)
            if one != two | 0x0101_0101_0101_0101 &* UInt64(fold) { return false }
            index &+= 8
        }
        while index < length {
            let byte = unsafe other[unchecked: offset &+ index] | fold
            if unsafe elements[start &+ index] != byte { return false }
            index &+= 1
        }
        return true
    }
}
