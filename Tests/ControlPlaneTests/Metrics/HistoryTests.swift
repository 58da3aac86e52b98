// Windows: what they begin with, that they are divided by the time there really was, and that a
// reload makes no rate of the counts of others.

import Testing

@testable import ControlPlane
@testable import DataPlane

@Suite struct HistoryTests {
    private static let second: UInt64 = 1_000_000_000
    private static let startNs: UInt64 = 5_000_000_000

    private func sample(_ atNs: UInt64, requests: UInt64, calls: UInt64) -> ProcessSample {
        var sample = ProcessSample(startNs: Self.startNs + atNs, workers: 2)
        sample.workers[0].counters[.requests] = requests
        sample.workers[1].counters[.send] = calls
        sample.workers[1].processorTimeNs = requests * 10_000
        return sample
    }

    @Test func windowsBeginAtSamples() {
        var history = MetricsHistory(startNs: Self.startNs, workers: 2)
        // As late as a busy machine makes them.
        for index in 0..<100 as Range<UInt64> {
            let atNs = index * 1_010_000_000
            history.take(sample(atNs, requests: index * 100, calls: index * 50), SiteCounts())
        }
        let nowNs = Self.startNs + 99 * 1_010_000_000 + 400_000_000
        var now = sample(0, requests: 10_000, calls: 5_000)
        now.atNs = nowNs
        let second = LiveReport.Window(from: history.secondStart(nowNs), to: now)
        #expect(second.seconds == 1.41)
        #expect(second.requests == 200 / 1.41)
        #expect(second.systemCallsPerRequest == 0.5)
        #expect(second.processorUsPerRequest == 10)
        let minute = LiveReport.Window(from: history.minuteStart(nowNs), to: now)
        #expect(minute.seconds > 58.5 && minute.seconds <= 60.5)
        let whole = LiveReport.Window(from: history.processStart, to: now)
        #expect(whole.requests * whole.seconds == 10_000)
    }

    @Test func aYoungProcessHasShortWindows() {
        var history = MetricsHistory(startNs: Self.startNs, workers: 2)
        history.take(sample(1_000_000, requests: 0, calls: 0), SiteCounts())
        var now = sample(0, requests: 10, calls: 0)
        now.atNs = Self.startNs + Self.second / 2
        for from in [history.secondStart(now.atNs), history.minuteStart(now.atNs)] {
            let window = LiveReport.Window(from: from, to: now)
            #expect(window.seconds == 0.5 && window.requests == 20)
            #expect(window.systemCallsPerRequest == 0 && window.completionsPerTurn == nil)
        }
    }

    @Test func workersHaveRatesOfTheirOwn() {
        let (from, to) = (sample(0, requests: 0, calls: 0), sample(0, requests: 30, calls: 60))
        let rate = PerSecond(fromNs: 0, toNs: 3 * Self.second)
        let first = LiveReport.Worker.Rates(from: from.workers[0], to: to.workers[0], rate)
        #expect(first.requests == 10 && first.systemCallsPerRequest == 0)
        let other = LiveReport.Worker.Rates(from: from.workers[1], to: to.workers[1], rate)
        #expect(other.systemCalls == 20 && other.systemCallsPerRequest == nil)
        #expect(other.processors == 0.0001)
    }

    /// Histograms of a route over a minute of seconds, in each of which it counts one.
    @Test func recentTimesAreOfTheLastHalfToWholeMinute() {
        var site = CountedSite()
        site.change(to: ["web": ["a", "b"]], [:])
        var history = MetricsHistory(startNs: 0, workers: 2)
        func take(_ second: UInt64) {
            let counts = site.ledger.read(site.workers, histograms: history.histogramsDue)
            history.take(sample(second * Self.second, requests: 0, calls: 0), counts)
        }
        func recent(_ name: String) -> UInt64? {
            let counts = site.read()
            return counts.routes.first { $0.name == name }.flatMap {
                history.routes.since($0.id, $0.tally.total)?.count
            }
        }
        take(0)
        for second in 1...20 as ClosedRange<UInt64> {
            site.count("web", "a")
            take(second)
        }
        #expect(recent("a") == 20 && recent("b") == nil)
        for second in 21...200 as ClosedRange<UInt64> {
            site.count("web", "a", 1, worker: 1)
            take(second)
            if second > 70 { #expect((29...61).contains(recent("a") ?? 0)) }
        }
        // Another thing with the same id has nothing of it.
        site.change(to: ["web": ["b"]], [:])
        site.change(to: ["web": ["b", "c"]], [:])
        site.count("web", "c")
        take(201)
        #expect(recent("c") == 1)
    }

    @Test func rowsHaveTheRatesOfTheLastSecond() {
        var site = CountedSite()
        site.change(to: ["web": ["a", "b"]], ["u": ["x", "y"]])
        site.count("web", "a", 10)
        var history = MetricsHistory(startNs: Self.startNs, workers: 2)
        history.take(sample(0, requests: 0, calls: 0), site.read())
        site.count("web", "a", 4)
        site.count("web", "b", 2)
        site.id(ofEndpoint: "y", in: "u").map {
            site.workers[0].writer.countRequest(ofEndpoint: $0, .serverError)
            site.workers[0].writer.add(2, .resets, ofEndpoint: $0)
        }
        let nowNs = Self.startNs + 2 * Self.second
        let rows = LiveRows(site.read(), before: history.requests(before: nowNs), nowNs: nowNs)
        let routes = rows.routes(history.routes)
        #expect(routes.map(\.requestsPerSecond) == [2, 1])
        #expect(routes.map(\.requests) == [14, 2])
        #expect(rows.requestsOfListeners["web"]?.total == 16)
        #expect(rows.requestsPerSecondOfListeners["web"] == 3)
        let upstreams = rows.upstreams(history, waiting: { _ in 3 }) { _, row in row.inFlight = 8 }
        #expect(upstreams.map(\.waiting) == [3] && upstreams.map(\.requests) == [1])
        #expect(upstreams[0].endpoints.map(\.id) == ["u/x", "u/y"])
        #expect(upstreams[0].endpoints.map(\.errors) == [0, 3])
        #expect(upstreams[0].endpoints.map(\.inFlight) == [8, 8])
    }
}
