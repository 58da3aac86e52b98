// The counters of all workers as one line of JSON.

package import DataPlane

/// What SIGUSR1 prints.
package struct CountersReport: Sendable {
    private let backend: Backend
    private let counters: CounterSet
    private let processorTimesNs: [UInt64]

    /// - Parameters:
    ///   - counters: of all workers, merged.
    ///   - processorTimesNs: of each worker; their number is the number of workers.
    package init(backend: Backend, counters: CounterSet, processorTimesNs: [UInt64]) {
        self.backend = backend
        self.counters = counters
        self.processorTimesNs = processorTimesNs
    }

    /// `workers`, `backend`, `systemCalls` by kind and `systemCallsTotal`, every other counter
    /// under its own name, `processorTimeNs` of each worker and `processorTimeNsTotal`.
    package var json: String {
        let calls = Counter.systemCalls
        let others = Counter.allCases.filter { !calls.contains($0) }
        let total = processorTimesNs.reduce(0, &+)
        return JSONText.object(
            [
                ("workers", .number(UInt64(processorTimesNs.count))),
                ("backend", .string(backend.rawValue)),
                ("systemCalls", .object(calls.map(member))),
                ("systemCallsTotal", .number(counters.systemCalls)),
            ] + others.map(member) + [
                ("processorTimeNs", .array(processorTimesNs.map { .number($0) })),
                ("processorTimeNsTotal", .number(total)),
            ]
        ).text
    }

    private func member(_ counter: Counter) -> (String, JSONText) {
        ("\(counter)", .number(counters[counter]))
    }
}
