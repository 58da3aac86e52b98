// Address space reserved once and made real by the kernel page by page: tables can be sized for
// the configured maximum and still cost only what is in use.

internal import CLinux

/// A zero-filled anonymous mapping. Owned by one table or pool, freed with it.
@safe
struct MappedRegion: ~Copyable {
    let base: UnsafeMutableRawPointer
    let bytes: Int

    /// Reserves `bytes` (rounded up to whole pages by the kernel).
    ///
    /// - Parameter bytes: the size; at least 1. The process cannot start without its tables, so a
    ///   refusal (address space limit) ends it here rather than later under load.
    init(bytes: Int) {
        unsafe base = Self.reserve(bytes: bytes)
        self.bytes = bytes
    }

    deinit {
        unsafe Self.release(base, bytes)
    }

    /// The same for owners that are shared by value and end their mapping explicitly.
    static func reserve(bytes: Int) -> UnsafeMutableRawPointer {
        precondition(bytes > 0)
        guard let memory = unsafe gyre_memory_reserve(bytes) else { gyre_memory_refused(bytes) }
        return unsafe memory
    }

    static func release(_ base: UnsafeMutableRawPointer, _ bytes: Int) {
        unsafe gyre_memory_release(base, bytes)
    }
}
