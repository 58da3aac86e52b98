// Words that all workers and the control plane share: a table that lives as long as the process,
// read on the data path with plain loads.

internal import Synchronization

/// A fixed number of atomic words, all zero at first. Copies refer to the same words. The memory is
/// never given back, because any thread may still look at it; it becomes real page by page.
@safe
struct SharedWords: BitwiseCopyable, @unchecked Sendable {
    private let words: UnsafeMutablePointer<Atomic<UInt64>>

    let count: Int

    /// - Parameter count: words, at least 1.
    init(count: Int) {
        self.count = count
        let stride = MemoryLayout<Atomic<UInt64>>.stride
        // A mapping is zero, and so is an atomic word that was never stored to.
        let memory = unsafe MappedRegion.reserve(bytes: count * stride)
        unsafe words = memory.bindMemory(to: Atomic<UInt64>.self, capacity: count)
    }

    private func word(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        precondition(index >= 0 && index < count)
        return unsafe words + index
    }

    /// Relaxed: tells nothing about other words.
    func load(_ index: Int) -> UInt64 {
        unsafe word(index).pointee.load(ordering: .relaxed)
    }

    /// Whoever reads a word this way sees what its writer stored before it.
    func loadAcquiring(_ index: Int) -> UInt64 {
        unsafe word(index).pointee.load(ordering: .acquiring)
    }

    /// Relaxed.
    func store(_ index: Int, _ value: UInt64) {
        unsafe word(index).pointee.store(value, ordering: .relaxed)
    }

    /// Makes what was stored before visible to `loadAcquiring`.
    func storeReleasing(_ index: Int, _ value: UInt64) {
        unsafe word(index).pointee.store(value, ordering: .releasing)
    }

    /// Adds, wrapping around.
    ///
    /// - Returns: the sum.
    @discardableResult
    func add(_ index: Int, _ value: UInt64) -> UInt64 {
        unsafe word(index).pointee.wrappingAdd(value, ordering: .acquiringAndReleasing).newValue
    }

    func exchange(_ index: Int, _ value: UInt64) -> UInt64 {
        unsafe word(index).pointee.exchange(value, ordering: .acquiringAndReleasing)
    }

    /// Stores `desired` if the word is `expected`.
    func replace(_ index: Int, _ expected: UInt64, with desired: UInt64) -> Bool {
        unsafe word(index).pointee.compareExchange(
            expected: expected, desired: desired, ordering: .acquiringAndReleasing
        ).exchanged
    }

    /// Replaces the word by what `change` makes of it, however many others do the same.
    ///
    /// - Parameter change: pure; `nil` leaves the word as it is.
    /// - Returns: the word before and after; `nil` when it was left.
    @inline(__always)
    func update(
        _ index: Int, _ change: (UInt64) -> UInt64?
    ) -> (before: UInt64, after: UInt64)? {
        var before = load(index)
        while let after = change(before) {
            if replace(index, before, with: after) { return (before, after) }
            before = load(index)
        }
        return nil
    }
}
