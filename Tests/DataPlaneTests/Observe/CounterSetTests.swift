// Counters: every name has its own word, merging adds, publishing shows other threads the same.

import Testing

@testable import DataPlane

@Suite struct CounterSetTests {
    @Test func everyCounterHasItsOwnPlace() {
        var counters = CounterSet()
        for counter in Counter.allCases {
            #expect(counter.rawValue < Counter.total)
            counters[counter] = UInt64(counter.rawValue) + 1
        }
        for counter in Counter.allCases {
            #expect(counters[counter] == UInt64(counter.rawValue) + 1)
        }
    }

    @Test func systemCallsAreThoseAndNoOthers() {
        var counters = CounterSet()
        for counter in Counter.allCases { counters[counter] = 1 }
        #expect(counters.systemCalls == UInt64(Counter.systemCalls.count))
        #expect(Set(Counter.systemCalls).count == Counter.systemCalls.count)
    }

    @Test func addingWrapsInsteadOfStopping() {
        var (first, second) = (CounterSet(), CounterSet())
        first[.turns] = .max
        second[.turns] = 2
        second[.send] = 7
        first.add(second)
        #expect(first[.turns] == 1)
        #expect(first[.send] == 7)
    }
}

@Suite struct PublishedCountersTests {
    @Test func aSnapshotIsWhatWasPublishedLast() {
        let published = PublishedCounters()
        var counters = CounterSet()
        for round in 1...3 as ClosedRange<UInt64> {
            for counter in Counter.allCases { counters[counter] = round * UInt64(counter.rawValue) }
            published.publish(&counters)
            let snapshot = published.snapshot()
            #expect(Counter.allCases.allSatisfy { snapshot[$0] == counters[$0] })
        }
    }

    /// Every word that a reader sees was published, and none goes back.
    @Test func aReaderOnAnotherThreadSeesWholeWordsInOrder() async {
        let published = PublishedCounters()
        let rounds: UInt64 = 100_000
        // Both halves of the word change together, so a torn one shows.
        let step: UInt64 = 0x1_0000_0001
        let writer = Task.detached {
            var counters = CounterSet()
            for round in 1...rounds {
                counters[.turns] = round &* step
                counters[.bytesCopied] = round &* step
                published.publish(&counters)
            }
        }
        var last = CounterSet()
        var looks = 0
        while last[.turns] < rounds &* step, looks < 1 << 30 {
            let snapshot = published.snapshot()
            for counter in [Counter.turns, .bytesCopied] {
                let value = snapshot[counter]
                if value % step != 0 || value < last[counter] {
                    Issue.record("\(counter) went from \(last[counter]) to \(value)")
                    return
                }
            }
            last = snapshot
            looks += 1
        }
        await writer.value
        #expect(published.snapshot()[.bytesCopied] == rounds &* step)
    }
}
