// Rate limits that several threads share, and how long they live.

import Foundation
import Protocols
import Synchronization
import Testing

@testable import DataPlane

@Suite struct SharedBucketsTests {
    private static func address(_ number: UInt32) -> IPBytes {
        IPBytes(ipv4: 0x0A00_0000 + number)
    }

    private static func buckets(
        sourcesMax: Int = 65_536, burst: UInt64
    ) -> Shared<SharedBuckets> {
        Shared(
            SharedBuckets(
                sourcesMax: sourcesMax, SourceRate(1, perMs: 3_600_000, burst: burst),
                seed: (3, 4)))
    }

    /// Runs on four threads at the same time.
    private static func onFourThreads(_ body: @escaping @Sendable (Int) -> Void) {
        DispatchQueue.concurrentPerform(iterations: 4, execute: body)
    }

    @Test func allThreadsTakeFromTheSameBucket() {
        let buckets = Self.buckets(burst: 10_000)
        defer { buckets.destroy() }
        let taken = Atomic(0)
        Self.onFourThreads { _ in
            var own = 0
            for _ in 0..<5_000 where buckets.value.take(Self.address(1), nowMs: 5) == 0 {
                own += 1
            }
            taken.wrappingAdd(own, ordering: .relaxed)
        }
        #expect(taken.load(ordering: .relaxed) == 10_000)
        #expect(buckets.value.count == 1)
    }

    @Test func everySourceHasItsOwnBucket() {
        let buckets = Self.buckets(burst: 2)
        defer { buckets.destroy() }
        let taken = Atomic(0)
        Self.onFourThreads { _ in
            var own = 0
            for number in 0..<1_000 as Range<UInt32>
            where buckets.value.take(Self.address(number), nowMs: 5) == 0 {
                own += 1
            }
            taken.wrappingAdd(own, ordering: .relaxed)
        }
        #expect(taken.load(ordering: .relaxed) == 2_000)
        #expect(buckets.value.count == 1_000)
    }

    /// Shards are filled evenly: nearly all that the table may know, and never more.
    @Test(arguments: [1, 2, 300, 1_024, 5_000, 65_536])
    func memoryIsBounded(sourcesMax: Int) {
        let buckets = Self.buckets(sourcesMax: sourcesMax, burst: 1)
        defer { buckets.destroy() }
        for number in 0..<UInt32(sourcesMax * 2) {
            _ = buckets.value.take(Self.address(number), nowMs: 5)
        }
        #expect((sourcesMax * 9 / 10...sourcesMax + 15).contains(buckets.value.count))
    }

    static let rates: [(count: UInt64, unitMs: UInt64, burst: UInt64, ns: UInt64)] = [
        (100, 1_000, 100, 10_000_000),
        (30, 60_000, 7, 2_000_000_000),
        (1, 3_600_000, 1_000_000, 3_600_000_000_000),
        (1_000_000_000, 1_000, 1_000_000_000, 1),
        (1_000_000_000, 3_600_000, 1_000_000_000, 3_600),
    ]

    @Test(arguments: rates)
    func ratesAreIntervals(count: UInt64, unitMs: UInt64, burst: UInt64, ns: UInt64) {
        let rate = SourceRate(count, perMs: unitMs, burst: burst)
        #expect(rate.intervalNs == ns && rate.burst == burst)
        // The whole burst, and then a wait.
        var buckets = TokenBuckets(sourcesMax: 1, rate, seed: (1, 2))
        let nowMs: UInt64 = 1 << 40
        for _ in 0..<min(burst, 1_000) { #expect(buckets.take(Self.address(1), nowMs: nowMs) == 0) }
        if burst <= 1_000 { #expect(buckets.take(Self.address(1), nowMs: nowMs) > 0) }
    }
}

@Suite struct SourceGateTests {
    private static func description(_ limits: AdmissionLimits, id: UInt32 = 3) -> SiteDescription {
        SiteDescription(
            listeners: [
                ListenerDescription(
                    id: id, service: .http(HTTPPolicy(), trusted: [], routes: []), limits: limits)
            ], upstreams: [])
    }

    /// What sources have used up is known as long as the limits stay the same.
    @Test func gatesOutliveSnapshots() throws {
        var limits = AdmissionLimits()
        limits.requests = SourceRate(1, perMs: 1_000, burst: 1)
        let first = try SiteSnapshot(Self.description(limits))
        let gate = first.view.listeners[0].gate
        let requests = try #require(gate.requests)
        #expect(gate.connections == nil)
        var more = limits
        more.clientsMax = 5
        let second = try SiteSnapshot(Self.description(more), after: first)
        #expect(second.view.listeners[0].clientsMax == 5)
        #expect(second.view.listeners[0].gate.requests?.isSame(as: requests) == true)
        let moved = try SiteSnapshot(Self.description(more, id: 4), after: second)
        #expect(moved.view.listeners[0].gate.requests?.isSame(as: requests) == false)
        limits.requests = SourceRate(2, perMs: 1_000, burst: 1)
        let other = try SiteSnapshot(Self.description(limits), after: second)
        #expect(other.view.listeners[0].gate.requests?.isSame(as: requests) == false)
        #expect(other.view.listeners[0].clientsMax == .max)
    }
}

@Suite struct ClientLimitTests {
    /// Workers that serve listener 0. Each of them is used by one thread at a time.
    private final class Workers: @unchecked Sendable {
        let sites: [Shared<WorkerSite>]
        private let gauges: [SiteGauges]
        private let metrics: WorkerMetrics
        private let snapshot: SiteSnapshot

        init(_ count: Int, clientsMax: UInt32?) throws {
            var limits = AdmissionLimits()
            limits.clientsMax = clientsMax
            let service = Service.http(HTTPPolicy(), trusted: [], routes: [])
            let snapshot = try SiteSnapshot(
                SiteDescription(
                    listeners: [ListenerDescription(id: 0, service: service, limits: limits)],
                    upstreams: []))
            let gauges = (0..<count).map { _ in SiteGauges() }
            let metrics = WorkerMetrics()
            sites = (0..<count).map { worker in
                Shared(
                    WorkerSite(
                        snapshot, worker: worker, health: EndpointHealth(),
                        breakers: CircuitBreakers(workers: count), metrics: metrics.writer,
                        gauges: gauges.map(\.writer), nowMs: 0))
            }
            self.snapshot = snapshot
            self.gauges = gauges
            self.metrics = metrics
        }

        deinit {
            for site in sites { site.destroy() }
        }

        /// - Returns: whether there was room.
        func come(to worker: Int) -> Bool {
            sites[worker].value.clientCame(0)
            guard sites[worker].value.hasTooManyClients(0) else { return true }
            sites[worker].value.clientWent(0)
            return false
        }
    }

    @Test func clientsOfAllWorkersCount() throws {
        let workers = try Workers(3, clientsMax: 4)
        #expect([0, 0, 1, 2].allSatisfy { workers.come(to: $0) })
        #expect([0, 1, 2].allSatisfy { !workers.come(to: $0) })
        workers.sites[1].value.clientWent(0)
        #expect(workers.come(to: 2))
        #expect(!workers.come(to: 0))
        let unlimited = try Workers(1, clientsMax: nil)
        #expect((0..<100).allSatisfy { _ in unlimited.come(to: 0) })
    }

    /// However they come and go at the same time.
    @Test func neverMoreThanTheLimit() throws {
        let workers = try Workers(4, clientsMax: 2)
        let present = Atomic(0)
        let most = Atomic(0)
        let admitted = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 4) { worker in
            for _ in 0..<20_000 where workers.come(to: worker) {
                let now = present.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
                most.max(now, ordering: .relaxed)
                admitted.wrappingAdd(1, ordering: .relaxed)
                present.wrappingSubtract(1, ordering: .sequentiallyConsistent)
                workers.sites[worker].value.clientWent(0)
            }
        }
        #expect(most.load(ordering: .relaxed) <= 2)
        #expect(admitted.load(ordering: .relaxed) > 0)
        #expect((0..<2).allSatisfy { workers.come(to: $0) })
        #expect(!workers.come(to: 3))
    }
}
