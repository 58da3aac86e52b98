// What came between two samples, as rates and percentiles. Pure.

internal import DataPlane
internal import Protocols

/// What came between two readings, for each second of the time that was really between them.
struct PerSecond {
    let seconds: Double

    /// - Parameter fromNs: not after `toNs`.
    init(fromNs: UInt64, toNs: UInt64) {
        seconds = Double(max(toNs &- fromNs, 1)) / 1e9
    }

    func callAsFunction(_ from: UInt64, _ to: UInt64) -> Double {
        // What was less before is another thing's.
        Double(to >= from ? to - from : to) / seconds
    }
}

extension LiveReport.Window {
    init(from: ProcessSample, to: ProcessSample) {
        let rate = PerSecond(fromNs: from.atNs, toNs: to.atNs)
        let workers = LiveReport.Worker.Rates(
            from: WorkerReading(counters: from.counters, processorTimeNs: from.processorTimeNs),
            to: WorkerReading(counters: to.counters, processorTimeNs: to.processorTimeNs), rate)
        let times = zip(to.histograms, from.histograms).map {
            LiveReport.Latency($0.since($1))
        }
        self.init(
            seconds: rate.seconds, requests: workers.requests,
            accepted: rate(from.counters[.accepted], to.counters[.accepted]),
            bytesIn: rate(from.bytesIn, to.bytesIn), bytesOut: rate(from.bytesOut, to.bytesOut),
            statuses: LiveReport.Statuses { rate(from.statuses[$0], to.statuses[$0]) },
            systemCallsPerRequest: workers.systemCallsPerRequest,
            processorUsPerRequest: workers.processorUsPerRequest, processors: workers.processors,
            completionsPerTurn: workers.completionsPerTurn, total: times[0], connect: times[1],
            firstByte: times[2], own: times[3], queue: times[4])
    }
}

extension LiveReport.Worker.Rates {
    init(from: WorkerReading, to: WorkerReading, _ rate: PerSecond) {
        let requests = to.counters[.requests] &- from.counters[.requests]
        let turns = to.counters[.turns] &- from.counters[.turns]
        let calls = to.counters.systemCalls &- from.counters.systemCalls
        let timeNs = to.processorTimeNs &- from.processorTimeNs
        func ratio(_ amount: UInt64, _ count: UInt64, scale: Double = 1) -> Double? {
            count > 0 ? Double(amount) / Double(count) * scale : nil
        }
        self.init(
            requests: rate(0, requests), processors: rate(0, timeNs) / 1e9,
            systemCalls: rate(0, calls), systemCallsPerRequest: ratio(calls, requests),
            processorUsPerRequest: ratio(timeNs, requests, scale: 1e-3),
            completionsPerTurn: ratio(
                to.counters[.completions] &- from.counters[.completions], turns),
            turns: rate(0, turns))
    }
}

extension LiveReport.Latency {
    /// - Parameter histogram: `nil` where nothing is known.
    init(_ histogram: LatencyHistogram?) {
        guard let histogram, histogram.count > 0 else {
            self.init(count: 0)
            return
        }
        let count = histogram.count
        func quantile(_ share: Double) -> Double? {
            histogram.quantileNs(share).map { Double($0) / 1e3 }
        }
        self.init(
            count: count, meanUs: Double(histogram.sumNs) / Double(count) / 1e3,
            p50Us: quantile(0.5), p90Us: quantile(0.9), p99Us: quantile(0.99),
            p999Us: quantile(0.999))
    }
}

extension LiveReport.Statuses {
    /// - Parameter value: of a status class, by its raw value.
    init(_ value: (Int) -> Double) {
        func of(_ status: StatusClass) -> Double { value(status.rawValue) }
        self.init(
            informational: of(.informational), success: of(.success),
            redirection: of(.redirection), clientError: of(.clientError),
            serverError: of(.serverError), none: of(.none))
    }

    init(_ requests: RequestTally) {
        let totals = StatusClass.allCases.map { Double(requests.total($0)) }
        self.init { totals[$0] }
    }
}
