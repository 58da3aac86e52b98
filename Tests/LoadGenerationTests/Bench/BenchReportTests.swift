// From measurements to medians, ratios, the table and JSON.

import DataPlane
import Foundation
import Testing

@testable import LoadGeneration

/// Not Foundation's.
private typealias Measurement = LoadGeneration.Measurement

/// A measurement of so many requests in one second, `costUs` of processor time and two system calls
/// each, one of them a turn with four completions.
private func measurement(
    _ backend: Backend, _ connections: Int, round: Int, requests: UInt64, costUs: UInt64,
    failures: UInt64 = 0
) -> Measurement {
    var load = LoadResult()
    load.requests = requests
    load.failures = failures
    load.elapsedNs = 1_000_000_000
    for _ in 0..<requests { load.latencies.record(50_000) }
    var counters = CounterSet()
    counters[.enter] = requests * 2
    counters[.turns] = requests
    counters[.completions] = requests * 4
    counters[.requests] = requests
    let processorNs = requests * costUs * 1_000
    return Measurement(
        backend: backend, connections: connections, round: round, load: load,
        processor: ProcessorUse(totalNs: processorNs, userNs: processorNs / 4),
        counters: counters)
}

private func report(
    _ measurements: [Measurement], backends: [Backend] = [.ioUring, .epoll],
    _ change: (inout BenchOptions) -> Void = { _ in }
) -> BenchReport {
    var options = BenchOptions()
    options.rounds = 2
    change(&options)
    return BenchReport(
        options: options, kernelRelease: "6.18.0", loadAverage: "0.25",
        placement: Placement(processors: [0, 1]), ringFailure: nil,
        expected: Expectation(status: 200, bodyBytes: 64),
        summary: BenchSummary(
            measurements: measurements, connections: [16], backends: backends))
}

@Suite struct BenchSummaryTests {
    @Test func mediansAreThoseOfFiniteValues() {
        #expect(BenchSummary.median([3, 1, 2]) == 2)
        #expect(BenchSummary.median([4, 1, 2, 3]) == 2.5)
        #expect(BenchSummary.median([.nan, 7, .infinity]) == 7)
        #expect(BenchSummary.median([]) == nil)
        #expect(BenchSummary.median([.nan]) == nil)
    }

    @Test func figuresAreForEachRequest() {
        let one = measurement(.epoll, 16, round: 1, requests: 200, costUs: 40)
        #expect(one[.requestsPerSecond] == 200)
        #expect(one[.busy] == 0.008)
        #expect(one[.processorUs] == 40)
        #expect(one[.userUs] == 10)
        #expect(one[.systemUs] == 30)
        #expect(one[.systemCalls] == 2)
        #expect(one[.completionsPerTurn] == 4)
        #expect(abs(one[.p99Us] - 50) < 0.1)
    }

    /// The ratio of the medians would be 20 / 40.
    @Test func theRatioIsTakenWithinEachRound() throws {
        let summary = BenchSummary(
            measurements: [
                measurement(.ioUring, 16, round: 1, requests: 10, costUs: 10),
                measurement(.epoll, 16, round: 1, requests: 10, costUs: 100),
                measurement(.epoll, 16, round: 2, requests: 10, costUs: 25),
                measurement(.ioUring, 16, round: 2, requests: 10, costUs: 20),
                measurement(.ioUring, 16, round: 3, requests: 10, costUs: 36),
                measurement(.epoll, 16, round: 3, requests: 10, costUs: 40),
            ], connections: [16], backends: [.ioUring, .epoll])
        #expect(summary.median(.processorUs, .ioUring, 16) == 20)
        #expect(summary.median(.processorUs, .epoll, 16) == 40)
        #expect(summary.ratio(.processorUs, 16) == 0.8)
        #expect(summary.ratio(.processorUs, 64) == nil)
    }
}

@Suite struct BenchReportTests {
    private let both = report([
        measurement(.ioUring, 16, round: 1, requests: 1_200, costUs: 20),
        measurement(.epoll, 16, round: 1, requests: 1_000, costUs: 40),
        measurement(.epoll, 16, round: 2, requests: 1_000, costUs: 40, failures: 3),
        measurement(.ioUring, 16, round: 2, requests: 1_200, costUs: 20),
    ])

    @Test func theTableIsAsItIs() throws {
        let lines = both.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0].hasPrefix("HTTP proxy with 1 worker in front of the built-in origin, 64 "))
        #expect(lines[0].hasSuffix(" bytes of body, 2 rounds of 1s"))
        #expect(lines[1].hasPrefix("Linux 6.18.0, load average 0.25, 2 processors: proxy on 0, "))
        let rows = [
            "clients backend req/s busy CPU user sys calls batch p50 p90 p99 p99.9 failed",
            "16 io_uring 1,200 2% 20.0 5.0 15.0 2.00 4.0 50 50 50 50 0",
            "16 epoll 1,000 4% 40.0 10.0 30.0 2.00 4.0 50 50 50 50 3",
            "ratio 1.20 0.50 1.00 1.00 1.00 1.00 1.00",
        ]
        for (line, row) in zip(lines[3...], rows) {
            #expect(line.split(separator: " ") == row.split(separator: " "))
        }
        // Columns end at the same place.
        #expect(Set(lines[3..<6].map(\.count)).count == 1)
        for name in ["backend", "req/s", "CPU"] {
            let end = try #require(lines[3].firstRange(of: name)).upperBound
            let width = lines[3][..<end].count
            for line in lines[3..<7] {
                #expect(line.dropFirst(width - 1).first != " ", "\(line)")
                #expect(line.dropFirst(width).first == " ", "\(line)")
            }
        }
        #expect(both.failures == 3)
    }

    @Test func aProxyWithTimeLeftIsTold() {
        #expect(both.text.contains("never more than 4% busy"))
        let full = report([measurement(.epoll, 16, round: 1, requests: 950, costUs: 1_000)])
        #expect(!full.text.contains("% busy:"))
    }

    @Test func oneBackendHasNoRatio() {
        let alone = report(
            [measurement(.epoll, 16, round: 1, requests: 10, costUs: 1)], backends: [.epoll])
        #expect(!alone.text.contains("\n            ratio"))
        #expect(alone.json.contains("\"ratios\":[]"))
    }

    @Test func theHeadTellsTarget() throws {
        let target = try BenchTarget(parsing: "http://127.0.0.1:9/x")
        let text = report([], backends: [.epoll]) {
            $0.target = target
            $0.mode = .tcp
            $0.rounds = 1
            $0.durationMs = 250
        }.text
        #expect(text.hasPrefix("TCP forwarder with 1 worker in front of 127.0.0.1:9/x, "))
        #expect(text.contains(", 1 round of 250ms\n"))
        #expect(text.contains(": proxy on 0, clients on 1\n"))
    }

    @Test func nothingMeasuredIsADash() {
        let empty = report([measurement(.epoll, 16, round: 1, requests: 0, costUs: 1)])
        #expect(empty.text.contains("-"))
        #expect(!empty.text.contains("nan"))
        #expect(!empty.json.contains("nan"))
    }

    @Test func programsGetTheSame() throws {
        let value = try JSONSerialization.jsonObject(with: Data(both.json.utf8))
        let document = try #require(value as? [String: Any])
        let measurements = try #require(document["measurements"] as? [[String: Any]])
        #expect(measurements.count == 4)
        #expect(measurements[0]["requests"] as? Int == 1_200)
        #expect(measurements[0]["proxyRequests"] as? Int == 1_200)
        let medians = try #require(document["medians"] as? [[String: Any]])
        #expect(medians.count == 2)
        #expect(medians[1]["processorUs"] as? Double == 40)
        let ratios = try #require(document["ratios"] as? [[String: Any]])
        #expect(ratios[0]["processorUs"] as? Double == 0.5)
        #expect(ratios[0]["busy"] == nil)
        #expect(document["ringFailure"] is NSNull)
    }
}

@Suite struct NumberTextTests {
    @Test(arguments: [
        (0.0, 0, "0"), (999.4, 0, "999"), (999.5, 0, "1,000"), (1_234_567.0, 0, "1,234,567"),
        (0.004, 2, "0.00"), (0.005, 2, "0.01"), (1.999, 2, "2.00"), (12_345.06, 1, "12,345.1"),
        (Double.nan, 1, "-"), (-.infinity, 1, "-"), (1e30, 0, "-"),
    ])
    func isFixed(value: Double, places: Int, text: String) {
        #expect(NumberText.fixed(value, places: places) == text)
    }
}
