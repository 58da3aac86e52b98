// One value that several parts of a worker work on: its address is handed round, its owner ends it.

/// Refers to a value on the heap. Copies refer to the same one. One thread's, unless nothing
/// changes it any more.
@safe
struct Shared<Value: ~Copyable>: BitwiseCopyable {
    private let address: UnsafeMutablePointer<Value>

    init(_ value: consuming Value) {
        unsafe address = .allocate(capacity: 1)
        unsafe address.initialize(to: value)
    }

    var value: Value {
        unsafeAddress { unsafe UnsafePointer(address) }
        nonmutating unsafeMutableAddress { unsafe address }
    }

    /// Whether both refer to the same one.
    func isSame(as other: Shared) -> Bool { unsafe address == other.address }

    /// Ends the value. Its owner calls it once, when nobody refers to it any more.
    func destroy() {
        unsafe address.deinitialize(count: 1)
        unsafe address.deallocate()
    }
}

extension Shared: @unchecked Sendable where Value: Sendable & ~Copyable {}
