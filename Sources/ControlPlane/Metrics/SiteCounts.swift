// What was counted of a site: every listener, route, upstream and endpoint that there is, and what
// is left of those that are gone, so that no sum ever falls.

internal import DataPlane
internal import Protocols

/// One reading.
struct SiteCounts: Sendable {
    struct Listener: Sendable {
        let id: UInt32
        let name: String
        var tally: ListenerTally
    }

    struct Route: Sendable {
        let id: UInt32
        let listener: String
        let name: String
        var tally: RouteTally
    }

    struct Upstream: Sendable {
        let id: UInt32
        let name: String
        var tally: UpstreamTally
    }

    struct Endpoint: Sendable {
        let id: UInt32
        let upstreamID: UInt32
        let upstream: String
        let name: String
        let address: String
        let weight: Int
        var tally: EndpointTally
    }

    /// All in the order of their ids.
    var listeners: [Listener] = []
    var routes: [Route] = []
    var upstreams: [Upstream] = []
    var endpoints: [Endpoint] = []

    /// Of routes that have no id of their own.
    var otherRoutes = RouteTally()
    var removedListeners = ListenerTally()
    /// By listener.
    var removedRoutes: [IDLedger<RouteTally>.Group: RouteTally] = [:]
    var removedUpstreams = UpstreamTally()
    /// By upstream.
    var removedEndpoints: [IDLedger<EndpointTally>.Group: EndpointTally] = [:]

    /// All requests that ended.
    var requests: RequestTally {
        var sum = otherRoutes.requests
        // By position: a route is half a kilobyte, and need not be copied to be looked at.
        for index in listeners.indices { sum.add(listeners[index].tally.unrouted.requests) }
        for index in routes.indices { sum.add(routes[index].tally.requests) }
        for removed in removedRoutes.values { sum.add(removed.requests) }
        sum.add(removedListeners.unrouted.requests)
        return sum
    }

    /// Of all listeners, those that are gone included.
    func total(_ metric: ListenerMetric) -> UInt64 {
        listeners.reduce(removedListeners[metric]) { $0 &+ $1.tally[metric] }
    }
}

/// The words of all workers, added up.
struct MergedWords {
    let workers: [WorkerMetrics]

    func requests(ofRoute id: UInt32) -> RequestTally {
        var tally = RequestTally()
        for worker in workers { tally.add(worker, route: id) }
        return tally
    }

    /// - Parameter needsTimes: whether its histogram is wanted.
    func route(_ id: UInt32, needsTimes: Bool) -> RouteTally {
        let requests = requests(ofRoute: id)
        guard needsTimes, requests.total > 0 else { return RouteTally(requests: requests) }
        return RouteTally(requests: requests, total: sum { $0.totals(ofRoute: id) })
    }

    func listener(_ id: UInt32, needsTimes: Bool) -> ListenerTally {
        var tally = ListenerTally()
        for worker in workers {
            for metric in ListenerMetric.allCases {
                tally[metric] &+= worker.value(metric, ofListener: id)
            }
        }
        let unrouted = MetricLimits.noRoute(ofListener: id)
        tally.unrouted = route(unrouted, needsTimes: needsTimes)
        return tally
    }

    func upstream(_ id: UInt32) -> UpstreamTally {
        UpstreamTally(
            firstByte: sum { $0.firstBytes(ofUpstream: id) },
            connect: sum { $0.connects(ofUpstream: id) })
    }

    func endpoint(_ id: UInt32) -> EndpointTally {
        var tally = EndpointTally()
        for worker in workers { tally.add(worker, endpoint: id) }
        return tally
    }

    func histogram(_ kind: WorkerHistogram) -> LatencyHistogram {
        sum { $0.histogram(kind) }.histogram ?? LatencyHistogram()
    }

    func ends(_ reason: EndReason) -> UInt64 { workers.reduce(0) { $0 &+ $1.ends(reason) } }

    func timeouts(_ deadline: Deadline) -> UInt64 {
        workers.reduce(0) { $0 &+ $1.timeouts(deadline) }
    }

    func refusals(_ reason: HeadRefusal) -> UInt64 {
        workers.reduce(0) { $0 &+ $1.refusals(reason) }
    }

    private func sum(_ read: (WorkerMetrics) -> LatencyHistogram) -> LatencyTally {
        workers.reduce(into: LatencyTally()) { $0.add(LatencyTally(histogram: read($1))) }
    }
}
