// Tables that the data path reads and somebody else keeps alive: a snapshot of the configuration
// owns them, every worker looks at them.

/// An immutable list of plain values without an owner. Valid as long as its `FixedTable` is.
@safe
struct TableView<Element: BitwiseCopyable>: BitwiseCopyable, @unchecked Sendable {
    private let elements: UnsafePointer<Element>

    let count: Int

    fileprivate init(_ elements: UnsafePointer<Element>, count: Int) {
        unsafe self.elements = elements
        self.count = count
    }

    subscript(position: Int) -> Element {
        unsafeAddress {
            precondition(position >= 0 && position < count)
            return unsafe elements + position
        }
    }

    /// All of them.
    ///
    /// Its lifetime is that of the table's owner, which the compiler cannot know.
    var span: Span<Element> {
        @_lifetime(immortal)
        get {
            let span = unsafe Span(_unsafeStart: elements, count: count)
            return unsafe _overrideLifetime(span, borrowing: ())
        }
    }
}

extension FixedTable {
    /// The table for those whom its owner outlives.
    var view: TableView<Element> {
        unsafe TableView(UnsafePointer(start), count: count)
    }
}
