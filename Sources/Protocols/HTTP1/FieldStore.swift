// The memory behind a field table. It is taken once per table, of which a worker has two. An inline
// array in its place is copied by the compiler as a whole to read one field (measured: 3 KiB a
// look, with elements that cannot be copied, too).

/// Room for a fixed number of fields, each by its number.
@safe
struct FieldStore: ~Copyable {
    static let capacity = 256

    private let fields: UnsafeMutablePointer<Field>

    init() {
        unsafe fields = .allocate(capacity: Self.capacity)
        unsafe fields.initialize(repeating: Field(), count: Self.capacity)
    }

    deinit {
        unsafe fields.deallocate()
    }

    /// - Parameter index: 0 to `capacity` - 1.
    subscript(index: Int) -> Field {
        @inline(__always)
        unsafeAddress {
            precondition(index >= 0 && index < Self.capacity)
            return unsafe UnsafePointer(fields + index)
        }
        @inline(__always)
        unsafeMutableAddress {
            precondition(index >= 0 && index < Self.capacity)
            return unsafe fields + index
        }
    }
}
