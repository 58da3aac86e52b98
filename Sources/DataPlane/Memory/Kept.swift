// A counted reference as a plain value: for records in slabs, which know themselves when they need
// the object no more.

/// Keeps an object alive until `release`.
@safe
struct Kept<Object: AnyObject>: BitwiseCopyable {
    private let reference: Unmanaged<Object>

    init(_ object: Object) {
        unsafe reference = Unmanaged.passRetained(object)
    }

    /// Lets the object go. Once only; no copy of this value may be used afterwards.
    func release() {
        unsafe reference.release()
    }
}
