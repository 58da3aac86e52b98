// The counters of all workers as one line of JSON.

package import DataPlane
internal import Protocols

/// What SIGUSR1 prints.
package struct CountersReport: Sendable {
    package let backend: Backend
    package let counters: CounterSet
    package let processorTimesNs: [UInt64]

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

    /// Reads what `json` writes.
    ///
    /// - Returns: `nil` for any other line.
    package init?(parsing line: some StringProtocol) {
        let line = String(line)
        guard line.hasPrefix("{"), line.hasSuffix("}"),
            let name = Self.value("backend", in: line),
            let backend = Backend(rawValue: String(name.dropFirst().dropLast())),
            let times = Self.value("processorTimeNs", in: line)
        else { return nil }
        var counters = CounterSet()
        for counter in Counter.allCases {
            guard let number = Self.value("\(counter)", in: line).flatMap(Self.number) else {
                return nil
            }
            counters[counter] = number
        }
        self.init(
            backend: backend, counters: counters,
            processorTimesNs: times.split(separator: ",").compactMap(Self.number))
    }

    /// The text of a member's value, of an array without its brackets.
    private static func value(_ name: String, in line: String) -> Substring? {
        guard let key = line.firstRange(of: "\"\(name)\":") else { return nil }
        let rest = line[key.upperBound...]
        return rest.first == "["
            ? rest.dropFirst().prefix { $0 != "]" } : rest.prefix { $0 != "," && $0 != "}" }
    }

    private static func number(_ text: Substring) -> UInt64? {
        DecimalParser.parse(text.utf8, maximum: .max)
    }
}
