// The border between a worker, which counts without atomics, and whoever reads: the worker stores
// its counts here once per turn, before it waits; readers load them at any time without stopping
// it. Single words are exact; a reader may see some words of one turn and some of the next.

internal import Synchronization

/// One worker's counters as other threads see them. The worker stores, anyone loads.
@safe
package final class PublishedCounters: @unchecked Sendable {
    private let words: UnsafeMutablePointer<Atomic<UInt64>>

    package init() {
        unsafe words = .allocate(capacity: Counter.total)
        for index in 0..<Counter.total { unsafe (words + index).initialize(to: Atomic(0)) }
    }

    deinit {
        unsafe words.deinitialize(count: Counter.total)
        unsafe words.deallocate()
    }

    /// Worker thread only. A word is stored only if it changed, so an idle line stays shared.
    ///
    /// - Parameter counters: only read; by reference, because the compiler otherwise copies the
    ///   whole set for each word (measured: 186 instructions per request).
    package func publish(_ counters: inout CounterSet) {
        for index in 0..<Counter.total {
            let value = counters[word: index]
            let word = unsafe words + index
            if unsafe word.pointee.load(ordering: .relaxed) != value {
                unsafe word.pointee.store(value, ordering: .relaxed)
            }
        }
    }

    /// Any thread.
    package func snapshot() -> CounterSet {
        var result = CounterSet()
        for index in 0..<Counter.total {
            result[word: index] = unsafe words[index].load(ordering: .relaxed)
        }
        return result
    }
}
