// One measurement: what the clients saw and what the proxy counted meanwhile, and what that is for
// each request. Pure.

internal import DataPlane

/// A figure that is compared between the backends.
enum Figure: String, CaseIterable, Sendable {
    case requestsPerSecond
    /// How much of its processor the proxy used, 1 is all.
    case busy
    // For each request; times in microseconds.
    case processorUs, userUs, systemUs, systemCalls
    case completionsPerTurn
    // Latencies in microseconds.
    case p50Us, p90Us, p99Us, p999Us

    /// Whether one backend's divided by the other's says something.
    var isCompared: Bool {
        switch self {
        // The kernel tells user and system time apart too roughly.
        case .busy, .completionsPerTurn, .userUs, .systemUs: false
        default: true
        }
    }
}

/// One backend under one load in one round.
struct Measurement: Sendable {
    let backend: Backend
    let connections: Int
    /// From 1 on.
    let round: Int
    let load: LoadResult
    /// Of the proxy during the load, as are the counters.
    let processor: ProcessorUse
    let counters: CounterSet

    /// Not a number where there is nothing to divide by.
    subscript(figure: Figure) -> Double {
        let requests = Double(load.requests)
        switch figure {
        case .requestsPerSecond: return requests / Double(load.elapsedNs) * 1e9
        case .busy: return Double(processor.totalNs) / Double(load.elapsedNs)
        case .processorUs: return Double(processor.totalNs) / requests / 1e3
        case .userUs: return Self.microseconds(processor.userNs) / requests
        case .systemUs: return Self.microseconds(processor.systemNs) / requests
        case .systemCalls: return Double(counters.systemCalls) / requests
        case .completionsPerTurn:
            return Double(counters[.completions]) / Double(counters[.turns])
        case .p50Us: return latencyUs(50)
        case .p90Us: return latencyUs(90)
        case .p99Us: return latencyUs(99)
        case .p999Us: return latencyUs(99.9)
        }
    }

    private static func microseconds(_ nanoseconds: UInt64?) -> Double {
        nanoseconds.map { Double($0) / 1e3 } ?? .nan
    }

    private func latencyUs(_ percent: Double) -> Double {
        Double(load.latencies.percentile(percent)) / 1e3
    }
}

extension CounterSet {
    /// What was counted since an earlier moment.
    func since(_ start: CounterSet) -> CounterSet {
        var result = self
        for counter in Counter.allCases { result[counter] = self[counter] &- start[counter] }
        return result
    }
}
