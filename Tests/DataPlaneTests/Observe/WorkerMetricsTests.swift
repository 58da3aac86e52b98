// The words in which a worker counts: each metric has one of its own, up to the largest ids.

import Protocols
import Testing

@testable import DataPlane

/// Everything that can be read of a worker's metrics for some ids, by its name.
private struct Readings {
    /// The smallest ids, two in the middle that are neighbours, and the largest ones.
    static let listeners = ids(SiteLimits.listenersMax)
    static let endpoints = ids(SiteLimits.endpointsMax)
    static let upstreams = ids(SiteLimits.upstreamsMax)
    static let routes =
        ids(MetricLimits.routesMax) + [MetricLimits.otherRoutes]
        + listeners.map(MetricLimits.noRoute(ofListener:))

    static let methods = (0...UInt8.max).compactMap(Method.init(rawValue:))

    private static func ids(_ count: Int) -> [UInt32] {
        [0, 1, count / 2, count / 2 + 1, count - 2, count - 1].map(UInt32.init)
    }

    let metrics: WorkerMetrics

    /// What is not zero, and how much it is.
    var all: [String: UInt64] {
        var result: [String: UInt64] = [:]
        func note(_ name: @autoclosure () -> String, _ value: UInt64) {
            if value != 0 { result[name()] = value }
        }
        func note(_ name: String, _ histogram: LatencyHistogram) {
            for (index, value) in histogram.buckets.enumerated() where value != 0 {
                result["\(name) bucket \(index)"] = value
            }
            note("\(name) sum", histogram.sumNs)
        }
        for end in EndReason.allCases { note("end \(end)", metrics.ends(end)) }
        for wait in Deadline.allCases { note("past \(wait)", metrics.timeouts(wait)) }
        for refusal in HeadRefusal.allCases {
            note("refusal \(refusal)", metrics.refusals(refusal))
        }
        for kind in WorkerHistogram.allCases { note("\(kind)", metrics.histogram(kind)) }
        for id in Self.listeners {
            for metric in ListenerMetric.allCases {
                note("listener \(id) \(metric)", metrics.value(metric, ofListener: id))
            }
        }
        for id in Self.endpoints {
            for metric in EndpointMetric.allCases {
                note("endpoint \(id) \(metric)", metrics.value(metric, ofEndpoint: id))
            }
            for status in StatusClass.allCases {
                note("answer \(id) \(status)", metrics.requests(ofEndpoint: id, status))
            }
        }
        for id in Self.routes {
            for method in Self.methods {
                for status in StatusClass.allCases {
                    note(
                        "route \(id) \(method) \(status)",
                        metrics.requests(ofRoute: id, method, status))
                }
            }
            note("route \(id) tunnels", metrics.tunnels(ofRoute: id))
            note("route \(id) total", metrics.totals(ofRoute: id))
        }
        for id in Self.upstreams {
            note("upstream \(id) first byte", metrics.firstBytes(ofUpstream: id))
            note("upstream \(id) connect", metrics.connects(ofUpstream: id))
        }
        return result
    }
}

@Suite struct WorkerMetricsTests {
    private typealias Write = (name: String, write: (MetricsWriter) -> Void)

    private static var simpleWrites: [Write] {
        EndReason.allCases.map { end in ("end \(end)", { $0.countEnd(end) }) }
            + Deadline.allCases.map { wait in ("past \(wait)", { $0.countPast(wait) }) }
            + HeadRefusal.allCases.map { refusal in
                ("refusal \(refusal)", { $0.countRefusal(refusal) })
            }
            + Readings.listeners.flatMap { id in
                ListenerMetric.allCases.map { metric in
                    ("listener \(id) \(metric)", { $0.count(metric, ofListener: id) })
                }
            }
            + Readings.endpoints.flatMap { id in
                EndpointMetric.allCases.map { metric in
                    ("endpoint \(id) \(metric)", { $0.count(metric, ofEndpoint: id) })
                }
            }
            + Readings.endpoints.flatMap { id in
                StatusClass.allCases.map { status in
                    ("answer \(id) \(status)", { $0.countRequest(ofEndpoint: id, status) })
                }
            }
            + Readings.routes.flatMap { id in
                Readings.methods.flatMap { method in
                    StatusClass.allCases.map { status -> Write in
                        (
                            "route \(id) \(method) \(status)",
                            { $0.countRequest(ofRoute: id, method, status) }
                        )
                    }
                }
            }
    }

    private static var histogramWrites: [(name: String, write: (MetricsWriter, UInt64) -> Void)] {
        WorkerHistogram.allCases.map { kind in ("\(kind)", { $0.record($1, kind) }) }
            + Readings.routes.map { id in
                ("route \(id) total", { $0.recordTotal($1, ofRoute: id) })
            }
            + Readings.upstreams.map { id in
                ("upstream \(id) first byte", { $0.recordFirstByte($1, ofUpstream: id) })
            }
            + Readings.upstreams.map { id in
                ("upstream \(id) connect", { $0.recordConnect($1, ofUpstream: id) })
            }
    }

    /// All are written, each how often its place in the list says: two that shared a word would
    /// both have the sum.
    @Test func everyMetricHasAWordOfItsOwn() {
        let metrics = WorkerMetrics()
        var expected: [String: UInt64] = [:]
        for (position, (name, write)) in Self.simpleWrites.enumerated() {
            for _ in 0...(position % 7) { write(metrics.writer) }
            expected[name] = UInt64(position % 7 + 1)
        }
        let buckets = [0, 1, LatencyBuckets.count - 1]
        for (position, (name, write)) in Self.histogramWrites.enumerated() {
            var sum: UInt64 = 0
            for bucket in buckets {
                let count = UInt64(position % 5 + bucket % 3 + 1)
                let value = LatencyBuckets.values(of: bucket).lowerBound + 1
                for _ in 0..<count { write(metrics.writer, value) }
                expected["\(name) bucket \(bucket)"] = count
                sum += count * value
            }
            expected["\(name) sum"] = sum
        }
        let read = Readings(metrics: metrics).all
        #expect(expected.count == Self.simpleWrites.count + 4 * Self.histogramWrites.count)
        let wrong = Set(read.keys).union(expected.keys).filter { read[$0] != expected[$0] }
        #expect(wrong.isEmpty, "\(wrong.sorted().prefix(9))")
    }

    /// One of each family at a time, with nothing else anywhere.
    @Test func aWriteChangesNothingElse() {
        for (position, (name, write)) in Self.simpleWrites.enumerated()
        where position % 97 == 0 || !name.hasPrefix("route") && position % 11 == 0 {
            let metrics = WorkerMetrics()
            write(metrics.writer)
            #expect(Readings(metrics: metrics).all == [name: 1])
        }
    }

    @Test func tunnelsAreThoseThatAreNotOver() {
        let metrics = WorkerMetrics()
        for id in Readings.routes {
            for _ in 0..<3 { metrics.writer.countTunnel(ofRoute: id) }
            metrics.writer.countTunnelEnd(ofRoute: id)
        }
        let expected = Readings.routes.map { ("route \($0) tunnels", UInt64(2)) }
        #expect(Readings(metrics: metrics).all == Dictionary(uniqueKeysWithValues: expected))
    }

    @Test func amountsAreAdded() {
        let metrics = WorkerMetrics()
        metrics.writer.add(5, .bytesIn, ofListener: 3)
        metrics.writer.add(1 << 40, .bytesIn, ofListener: 3)
        metrics.writer.add(7, .bytesOut, ofEndpoint: 3)
        #expect(metrics.value(.bytesIn, ofListener: 3) == 5 + 1 << 40)
        #expect(metrics.value(.bytesOut, ofEndpoint: 3) == 7)
    }

    @Test func sumsAreThoseOfTheWords() {
        let metrics = WorkerMetrics()
        let writer = metrics.writer
        for (index, method) in Readings.methods.enumerated() {
            for _ in 0...index { writer.countRequest(ofRoute: 9, method, .success) }
        }
        for metric in EndpointMetric.allCases {
            writer.add(UInt64(metric.rawValue + 1), metric, ofEndpoint: 9)
        }
        writer.countRequest(ofEndpoint: 9, .serverError)
        let classes = StatusClass.allCases.count
        var requests = InlineArray<60, UInt64>(repeating: 1)
        metrics.addRequests(ofRoute: 9, to: &requests)
        for index in 0..<60 {
            let isSuccess = index % classes == StatusClass.success.rawValue
            #expect(requests[index] == 1 + (isSuccess ? UInt64(index / classes + 1) : 0))
        }
        var counts = InlineArray<16, UInt64>(repeating: 0)
        metrics.addCounts(ofEndpoint: 9, to: &counts)
        for index in 0..<16 {
            let isAnswer = index == StatusClass.serverError.rawValue
            #expect(counts[index] == (index < classes ? (isAnswer ? 1 : 0) : UInt64(index - 5)))
        }
    }

    @Test func statusesHaveTheirClasses() {
        let classes: [(UInt16, StatusClass)] = [
            (0, .none), (99, .none), (100, .informational), (101, .informational), (200, .success),
            (299, .success), (304, .redirection), (404, .clientError), (499, .clientError),
            (500, .serverError), (599, .serverError), (600, .none), (999, .none), (.max, .none),
        ]
        for (status, expected) in classes { #expect(StatusClass(status) == expected) }
    }
}

@Suite struct ObservedWordTests {
    /// Room for them in the table in memory: see `Place` in WorkerMetrics.
    @Test func wordsAreWrittenAsPromised() {
        let ends = EndReason.allCases.map { "\($0.word)" }
        let waits = Deadline.allCases.map { "\($0.word)" }
        #expect(Set(ends).count == ends.count && ends.count <= 32)
        #expect(Set(waits).count == waits.count && waits.count <= 16)
        #expect(HeadRefusal.allCases.allSatisfy { $0.rawValue < 64 })
        #expect(EndReason.allCases.allSatisfy { $0.rawValue < 32 })
        #expect(Deadline.allCases.allSatisfy { (0..<16).contains($0.rawValue) })
        for (words, joint) in [(ends, Character("-")), (waits, "_")] {
            for word in words {
                let parts = word.split(separator: joint, omittingEmptySubsequences: false)
                #expect(parts.allSatisfy { $0.contains(#/^[a-z]+$/#) }, "\(word)")
            }
        }
    }
}
