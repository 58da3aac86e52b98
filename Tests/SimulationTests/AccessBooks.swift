// What a worker of a simulated run tells of itself, as records and as metrics, and the laws that
// hold between the two whatever happened in the run.

import Protocols
import TestSupport

@testable import DataPlane

/// Planted bugs: as if the worker told wrong what it counted right. Each strikes now and then.
enum AccessBug: String, CaseIterable, Sendable {
    case losesRecord, tellsTwice, swapsStatus, losesByte, takesTooLong

    /// What is said of it.
    var words: String {
        switch self {
        case .losesRecord, .tellsTwice: "ends are counted as"
        case .swapsStatus: "are told"
        case .losesByte: "counts other bytes than are told"
        case .takesTooLong: "the histogram"
        }
    }
}

final class AccessBooks {
    let ring = AccessRing(wake: .none)
    let metrics = WorkerMetrics()
    private let bug: AccessBug?
    private var taken = 0
    private(set) var records: [AccessRecord] = []
    private(set) var failures: [String] = []

    init(bug: AccessBug? = nil) {
        self.bug = bug
    }

    /// Takes what the worker has told so far.
    func look() {
        _ = ring.take(atMost: .max) { record, texts in
            taken += 1
            if let bug, taken % 5 == 0 { spoil(record, bug) } else { records.append(record) }
        }
    }

    private func spoil(_ record: AccessRecord, _ bug: AccessBug) {
        var record = record
        switch bug {
        case .losesRecord: return
        case .tellsTwice: records.append(record)
        case .swapsStatus: record.status = record.status == 200 ? 404 : 200
        case .losesByte: record.bytesOut &+= 1
        case .takesTooLong: record.totalNs &+= 1
        }
        records.append(record)
    }

    func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
        if !condition, failures.count < 20 { failures.append(message()) }
    }

    /// Checks what holds in every run.
    ///
    /// - Parameters:
    ///   - listeners: how many there are, and endpoints; all of one upstream.
    ///   - startNs: when the run began.
    ///   - endNs: when it was over.
    func close(listeners: Int, endpoints: Int, startNs: UInt64, endNs: UInt64) {
        look()
        expect(ring.lostCount == 0, "\(ring.lostCount) records were lost")
        for record in records {
            checkIDs(record, listeners: listeners, endpoints: endpoints)
            checkTimes(record, startNs: startNs, endNs: endNs)
        }
        for end in EndReason.allCases {
            let told = records.count { $0.end == end }
            expect(
                metrics.ends(end) == told,
                "\(metrics.ends(end)) ends are counted as \(end.word), \(told) are told")
        }
        checkRequests(listeners: listeners)
        checkHistograms()
        for listener in 0..<UInt32(listeners) {
            let own = records.filter { $0.listener == listener }
            let flows = own.count { $0.kind != .exchange }
            expect(
                metrics.value(.flows, ofListener: listener) == flows,
                "listener \(listener) counts other flows than are told")
            expect(
                metrics.value(.bytesIn, ofListener: listener) == Self.sum(own, \.bytesIn)
                    && metrics.value(.bytesOut, ofListener: listener) == Self.sum(own, \.bytesOut),
                "listener \(listener) counts other bytes than are told")
        }
        for endpoint in 0..<UInt32(endpoints) {
            let own = records.filter { $0.endpoint == endpoint }
            expect(
                metrics.value(.bytesIn, ofEndpoint: endpoint) == Self.sum(own, \.bytesIn)
                    && metrics.value(.bytesOut, ofEndpoint: endpoint) == Self.sum(own, \.bytesOut),
                "endpoint \(endpoint) counts other bytes than are told")
        }
    }

    static func sum(_ records: [AccessRecord], _ part: KeyPath<AccessRecord, UInt64>) -> UInt64 {
        records.reduce(0) { $0 + $1[keyPath: part] }
    }

    /// Whether a record is that of a request that was begun; else its client was sent away before.
    static func isBegun(_ record: AccessRecord) -> Bool {
        record.kind == .exchange && record.lengths[AccessText.method.rawValue] > 0
    }

    private func checkIDs(_ record: AccessRecord, listeners: Int, endpoints: Int) {
        let name = "the record of connection \(record.connection), \(record.end.word)"
        expect(record.listener < listeners, "\(name) is of listener \(record.listener)")
        let noRoute =
            record.listener < listeners
            ? MetricLimits.noRoute(ofListener: record.listener) : .max
        let routes =
            record.kind == .flow
            ? [UInt32.max] : Self.isBegun(record) ? [MetricLimits.otherRoutes, noRoute] : [noRoute]
        expect(
            record.kind == .tunnel && record.route == MetricLimits.otherRoutes
                || routes.contains(record.route), "\(name) is of route \(record.route)")
        expect(
            record.upstream == 0 || record.upstream == .max && record.endpoint == .max,
            "\(name) is of upstream \(record.upstream)")
        expect(
            record.endpoint < endpoints || record.endpoint == .max,
            "\(name) is of endpoint \(record.endpoint)")
        expect(record.connection > 0, "\(name) is of no connection")
        expect(
            record.tries == 0 || record.endpoint != .max || record.kind == .flow,
            "\(name) was sent to nobody \(record.tries) times")
    }

    private func checkTimes(_ record: AccessRecord, startNs: UInt64, endNs: UInt64) {
        let name = "the record of connection \(record.connection), \(record.end.word)"
        let none = AccessRecord.noTime
        expect(record.beganNs >= startNs && record.beganNs <= endNs, "\(name) began then")
        expect(
            record.totalNs != none && record.totalNs <= endNs - record.beganNs,
            "\(name) took \(record.totalNs) ns")
        let parts: [(String, UInt64)] = [
            ("connecting", record.connectNs), ("the first byte", record.firstByteNs),
            ("its own share", record.ownNs), ("the line", record.queueNs),
        ]
        for (part, ns) in parts where ns != none {
            expect(ns <= record.totalNs, "\(name): \(part) took \(ns) of \(record.totalNs) ns")
        }
        expect(
            record.bodyBytesOut <= record.bytesOut, "\(name): more content than bytes for it")
        guard Self.isBegun(record) else { return }
        expect(record.ownNs != none, "\(name) has no share of its own")
        expect(record.bytesIn > 0, "\(name) came without a byte")
        expect(
            record.end != .done || record.status >= 200 && record.bytesOut > 0,
            "\(name) with the status \(record.status) and \(record.bytesOut) bytes")
    }

    /// Requests of all routes are the exchanges that were begun, and who was answered before one.
    private func checkRequests(listeners: Int) {
        let routes =
            [MetricLimits.otherRoutes]
            + (0..<UInt32(listeners)).map(MetricLimits.noRoute(ofListener:))
        for route in routes {
            var counts = InlineArray<60, UInt64>(repeating: 0)
            metrics.addRequests(ofRoute: route, to: &counts)
            for status in StatusClass.allCases {
                let counted = stride(from: status.rawValue, to: 60, by: 6).reduce(0) {
                    $0 + counts[$1]
                }
                let told = records.count {
                    $0.route == route && $0.kind == .exchange
                        && StatusClass($0.status) == status
                        && (Self.isBegun($0) || $0.status > 0)
                }
                expect(
                    counted == told,
                    "route \(route) counts \(counted) answers of \(status), \(told) are told")
            }
        }
    }

    private func checkHistograms() {
        let begun = records.filter(Self.isBegun)
        let flows = records.filter { $0.kind != .exchange }
        let histograms: [(WorkerHistogram, [UInt64])] = [
            (.total, begun.map(\.totalNs)), (.own, begun.map(\.ownNs)),
            (.flow, flows.map(\.totalNs)),
        ]
        for (kind, told) in histograms {
            let histogram = metrics.histogram(kind)
            expect(
                histogram.count == told.count && histogram.sumNs == told.reduce(0, &+),
                "the histogram \(kind) has other values than are told")
        }
    }
}
