// Working tables of one owner: sized once, plain values, written in place. For what only grows and
// shrinks by records there is `Slab`; for what never changes, `FixedTable`.

internal import CLinux
internal import Glibc

/// A fixed number of plain values that begin as zero bytes. Large tables cost nothing before they
/// are written to: the C library maps them, and the kernel makes their pages real one by one.
@safe
struct MutableTable<Element: BitwiseCopyable>: ~Copyable {
    private let elements: UnsafeMutablePointer<Element>

    let count: Int

    /// - Parameter count: elements, 0 or more. All zero bytes must be a valid one.
    init(zeroed count: Int) {
        precondition(count >= 0)
        self.count = count
        let stride = MemoryLayout<Element>.stride
        guard let memory = unsafe calloc(max(count, 1), stride) else {
            gyre_memory_refused(count * stride)
        }
        unsafe elements = memory.bindMemory(to: Element.self, capacity: max(count, 1))
    }

    deinit {
        unsafe free(elements)
    }

    subscript(position: Int) -> Element {
        unsafeAddress {
            precondition(position >= 0 && position < count)
            return unsafe UnsafePointer(elements + position)
        }
        unsafeMutableAddress {
            precondition(position >= 0 && position < count)
            return unsafe elements + position
        }
    }
}

/// It owns its memory alone, and writing takes exclusive access to it.
extension MutableTable: @unchecked Sendable where Element: Sendable {}
