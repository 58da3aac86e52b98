// Whose counts are whose through changes: a thing's own are exact, and no sum ever falls.

import Protocols
import Testing
import TestSupport

@testable import ControlPlane
@testable import DataPlane

@Suite struct LedgerTests {
    private func requests(_ counts: SiteCounts, _ listener: String, _ route: String) -> UInt64? {
        counts.routes.first { $0.listener == listener && $0.name == route }?.tally.requests.total
    }

    @Test func anIDThatIsGivenAwayTakesNoCountsWithIt() {
        var site = CountedSite()
        site.change(to: ["web": ["a", "b"]], [:])
        let id = site.id("web", "b")
        site.count("web", "a", 3)
        site.count("web", "b", 5, worker: 1)
        site.change(to: ["web": ["a"]], [:])
        // One that was under way when its route was taken away.
        id.map { site.workers[0].writer.countRequest(ofRoute: $0, .post, .serverError) }
        #expect(site.read().requests.total == 9)
        site.change(to: ["web": ["a", "c"]], [:])
        #expect(site.id("web", "c") == id)
        site.count("web", "c", 2)
        let counts = site.read()
        #expect(requests(counts, "web", "a") == 3)
        #expect(requests(counts, "web", "b") == nil)
        #expect(requests(counts, "web", "c") == 2)
        let gone = counts.removedRoutes.filter { $0.key.name == "web" }.values
        #expect(gone.map(\.requests.total) == [6])
        #expect(gone.map(\.requests[.post, .serverError]) == [1])
        #expect(gone.map { $0.total.histogram?.count } == [5])
        #expect(counts.requests.total == 11)
        let own = counts.routes.first { $0.name == "c" }
        #expect(own?.tally.total.histogram?.count == 2)
        #expect(own?.tally.total.histogram?.sumNs == 2_000_000)
    }

    /// What comes back under its old name is another thing: sums of what is gone never fall.
    @Test func whatComesBackBeginsAnew() {
        var site = CountedSite()
        site.change(to: ["web": ["a"]], [:])
        site.count("web", "a", 4)
        site.change(to: ["web": []], [:])
        site.change(to: ["web": ["a"]], [:])
        site.count("web", "a")
        let counts = site.read()
        #expect(requests(counts, "web", "a") == 1)
        #expect(counts.removedRoutes.values.map(\.requests.total) == [4])
    }

    @Test func countsOfListenersThatAreGoneAreNobodys() {
        var site = CountedSite()
        site.change(to: ["web": ["a"], "tcp": []], [:])
        let id = site.site.listenerIDs["web"] ?? 9
        site.count("web", "a", 2)
        site.workers[0].writer.add(7, .accepted, ofListener: id)
        site.workers[1].writer.countRequest(
            ofRoute: MetricLimits.noRoute(ofListener: id), .get, .clientError)
        site.change(to: ["tcp": []], [:])
        var counts = site.read()
        #expect(counts.removedRoutes.map(\.key.name) == [""])
        #expect(counts.removedListeners[.accepted] == 7)
        #expect(counts.removedListeners.unrouted.requests.total == 1)
        #expect(counts.requests.total == 3 && counts.total(.accepted) == 7)
        site.change(to: ["tcp": [], "web": ["a"]], [:])
        counts = site.read()
        #expect(counts.listeners.map { $0.tally[.accepted] } == [0, 0])
        #expect(counts.requests.total == 3 && counts.total(.accepted) == 7)
    }

    /// Changes and counts at random, compared with books that are kept by name.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func booksAgreeThroughAnyChanges(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var site = CountedSite()
        var own: [CountedSite.EndpointKey: UInt64] = [:]
        var ownRoutes: [CountedSite.RouteKey: UInt64] = [:]
        var all: UInt64 = 0
        for _ in 0..<60 {
            func some(_ names: [String]) -> [String] {
                names.filter { _ in Bool.random(using: &random) }
            }
            let routes = Dictionary(
                some(["l", "m", "n"]).map { ($0, some(["a", "b", "c"])) }, uniquingKeysWith: { $1 })
            let endpoints = Dictionary(
                some(["u", "v"]).map { ($0, some(["x", "y", "z"])) }, uniquingKeysWith: { $1 })
            site.change(to: routes, endpoints)
            let listed = routes.flatMap { listener, names in
                names.map { CountedSite.RouteKey(listener: listener, name: $0) }
            }
            ownRoutes = ownRoutes.filter { listed.contains($0.key) }
            own = own.filter { endpoints[$0.key.upstream]?.contains($0.key.name) == true }
            for route in listed where Bool.random(using: &random) {
                let count = Int.random(in: 1...5, using: &random)
                site.count(route.listener, route.name, count, worker: Int(seed % 2))
                ownRoutes[route, default: 0] += UInt64(count)
                all += UInt64(count)
            }
            for (upstream, names) in endpoints {
                for name in names {
                    guard let id = site.id(ofEndpoint: name, in: upstream) else { continue }
                    site.workers[1].writer.countRequest(ofEndpoint: id, .success)
                    own[.init(upstream: upstream, name: name), default: 0] += 1
                }
            }
            let counts = site.read()
            #expect(counts.requests.total == all)
            for route in counts.routes {
                let key = CountedSite.RouteKey(listener: route.listener, name: route.name)
                #expect(route.tally.requests.total == ownRoutes[key] ?? 0)
                #expect(route.tally.total.histogram?.count ?? 0 == ownRoutes[key] ?? 0)
            }
            #expect(counts.routes.count == listed.count)
            for endpoint in counts.endpoints {
                let key = CountedSite.EndpointKey(
                    upstream: endpoint.upstream, name: endpoint.address)
                #expect(endpoint.tally.requests == own[key])
            }
        }
    }

    @Test func onlyWantedHistogramsAreRead() {
        var site = CountedSite()
        site.change(to: ["web": ["a", "b"]], [:])
        site.count("web", "a")
        site.count("web", "b")
        let id = site.id("web", "b") ?? 9
        let counts = site.ledger.read(site.workers) { _ in
            MetricsLedger.Histograms(routes: [id], upstreams: [])
        }
        #expect(counts.routes.map { $0.tally.total.histogram?.count } == [nil, 1])
        let none = site.ledger.read(site.workers).routes
        #expect(none.allSatisfy { $0.tally.total.histogram == nil })
    }
}
