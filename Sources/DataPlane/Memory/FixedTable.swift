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
