// A site that changes while workers count, without workers: ids are given out as the control plane
// gives them out, and every count is also kept by name, to be compared.

import Protocols

@testable import ControlPlane
@testable import DataPlane

/// Things with ids, two workers' words, and the ledger of them.
struct CountedSite {
    struct RouteKey: Hashable {
        let listener: String
        let name: String
    }

    struct EndpointKey: Hashable {
        let upstream: String
        let name: String
    }

    let ledger = MetricsLedger()
    let workers = [WorkerMetrics(), WorkerMetrics()]
    private var listenerIDs = IDPool<String>(capacity: 8)
    private var routeIDs = IDPool<AssembledRoute>(capacity: 16)
    private var upstreamIDs = IDPool<String>(capacity: 8)
    private var endpointIDs = IDPool<EndpointKey>(capacity: 16)
    private var changes: UInt64 = 0

    private(set) var site = AssembledSite(
        description: SiteDescription(listeners: [], upstreams: []))

    /// Serves these from now on; ids of what is gone are free again.
    ///
    /// - Parameters:
    ///   - routes: names by listener.
    ///   - endpoints: names by upstream.
    mutating func change(to routes: [String: [String]], _ endpoints: [String: [String]]) {
        changes += 1
        listenerIDs.reclaim(before: changes) { _ in true }
        routeIDs.reclaim(before: changes) { _ in true }
        upstreamIDs.reclaim(before: changes) { _ in true }
        endpointIDs.reclaim(before: changes) { _ in true }
        site = AssembledSite(description: SiteDescription(listeners: [], upstreams: []))
        for (listener, names) in routes.sorted(by: { $0.key < $1.key }) {
            site.listenerIDs[listener] = listenerIDs.id(of: listener)
            for name in names {
                let route = AssembledRoute(listener: listener, name: name)
                routeIDs.id(of: route).map { site.routes[$0] = route }
            }
        }
        var keys: Set<EndpointKey> = []
        for (upstream, names) in endpoints.sorted(by: { $0.key < $1.key }) {
            guard let upstreamID = upstreamIDs.id(of: upstream) else { continue }
            site.upstreamIDs[upstream] = upstreamID
            for name in names {
                let key = EndpointKey(upstream: upstream, name: name)
                keys.insert(key)
                guard let address = SocketAddress(unixPath: "/\(name)"),
                    let id = endpointIDs.id(of: key)
                else { continue }
                site.endpoints[id] = AssembledEndpoint(
                    upstream: upstream, upstreamID: upstreamID,
                    endpoint: ResolvedEndpoint(
                        address: AddressReference(keeping: address), key: name, name: name,
                        host: name, weight: 1))
            }
        }
        _ = listenerIDs.keep(only: Set(routes.keys), change: changes)
        _ = routeIDs.keep(only: Set(site.routes.values), change: changes)
        _ = upstreamIDs.keep(only: Set(endpoints.keys), change: changes)
        _ = endpointIDs.keep(only: keys, change: changes)
        ledger.note(site, workers)
    }

    func id(_ listener: String, _ route: String) -> UInt32? {
        routeIDs.ids[AssembledRoute(listener: listener, name: route)]
    }

    func id(ofEndpoint name: String, in upstream: String) -> UInt32? {
        endpointIDs.ids[EndpointKey(upstream: upstream, name: name)]
    }

    /// Counts requests of a route, on one of the workers.
    func count(_ listener: String, _ route: String, _ times: Int = 1, worker: Int = 0) {
        guard let id = id(listener, route) else { return }
        for _ in 0..<times {
            workers[worker].writer.countRequest(ofRoute: id, .get, .success)
            workers[worker].writer.recordTotal(1_000_000, ofRoute: id)
        }
    }

    func read() -> SiteCounts { ledger.read(workers) { _ in .all } }
}
