// Rows of the live report: listeners, routes, upstreams and endpoints with their counts and rates,
// the busiest where there are too many.

internal import DataPlane

/// Chooses rows and fills them.
struct LiveRows {
    let counts: SiteCounts
    /// When the last second began.
    let before: MetricsHistory.Requests
    let rate: PerSecond

    init(_ counts: SiteCounts, before: MetricsHistory.Requests, nowNs: UInt64) {
        self.counts = counts
        self.before = before
        rate = PerSecond(fromNs: before.atNs, toNs: nowNs)
    }

    private func perSecond(_ now: UInt64, _ earlier: UInt64?) -> Double { rate(earlier ?? 0, now) }

    private func perSecond(_ route: SiteCounts.Route) -> Double {
        perSecond(route.tally.requests.total, before.routes[route.id])
    }

    private func perSecond(_ endpoint: SiteCounts.Endpoint) -> Double {
        perSecond(endpoint.tally.requests, before.endpoints[endpoint.id])
    }

    /// Ids of those that are shown, the busiest now, else those that had most to do.
    private static func busiest(
        _ max: Int, _ all: [(id: UInt32, rate: Double, total: UInt64)]
    ) -> Set<UInt32> {
        guard all.count > max else { return Set(all.map(\.id)) }
        let sorted = all.sorted {
            ($0.rate, $0.total, $1.id) > ($1.rate, $1.total, $0.id)
        }
        return Set(sorted.prefix(max).map(\.id))
    }

    var shownRoutes: Set<UInt32> {
        Self.busiest(
            LiveReport.routesShownMax,
            counts.routes.map { ($0.id, perSecond($0), $0.tally.requests.total) })
    }

    var shownUpstreams: Set<UInt32> {
        var sums: [UInt32: (rate: Double, total: UInt64)] = [:]
        for endpoint in counts.endpoints {
            sums[endpoint.upstreamID, default: (0, 0)].rate += perSecond(endpoint)
            sums[endpoint.upstreamID, default: (0, 0)].total &+= endpoint.tally.requests
        }
        return Self.busiest(
            LiveReport.upstreamsShownMax,
            counts.upstreams.map { ($0.id, sums[$0.id]?.rate ?? 0, sums[$0.id]?.total ?? 0) })
    }

    private func shownEndpoints(of upstreams: Set<UInt32>) -> Set<UInt32> {
        Self.busiest(
            LiveReport.endpointsShownMax,
            counts.endpoints.filter { upstreams.contains($0.upstreamID) }
                .map { ($0.id, perSecond($0), $0.tally.requests) })
    }

    /// - Parameter recent: histograms of some time ago.
    func routes(_ recent: RecentTimes) -> [LiveReport.Route] {
        let shown = shownRoutes
        var rows = counts.routes.filter { shown.contains($0.id) }.map { route in
            LiveReport.Route(
                listener: route.listener, name: route.name,
                requests: route.tally.requests.total, requestsPerSecond: perSecond(route),
                errors: route.tally.requests.total(.serverError),
                total: LiveReport.Latency(recent.since(route.id, route.tally.total)))
        }
        for listener in counts.listeners {
            let requests = listener.tally.unrouted.requests
            guard requests.total > 0 else { continue }
            rows.append(
                LiveReport.Route(
                    listener: listener.name, name: "", requests: requests.total,
                    requestsPerSecond: perSecond(requests.total, before.unrouted[listener.id]),
                    errors: requests.total(.serverError), total: LiveReport.Latency(nil)))
        }
        return rows
    }

    /// Requests of a listener, by its name: of all its routes, also those that are gone.
    var requestsOfListeners: [String: RequestTally] {
        var sums: [String: RequestTally] = [:]
        for (group, removed) in counts.removedRoutes {
            sums[group.name, default: RequestTally()].add(removed.requests)
        }
        for listener in counts.listeners {
            sums[listener.name, default: RequestTally()].add(listener.tally.unrouted.requests)
        }
        for route in counts.routes {
            sums[route.listener, default: RequestTally()].add(route.tally.requests)
        }
        return sums
    }

    /// Requests in the last second, by listener.
    var requestsPerSecondOfListeners: [String: Double] {
        var sums: [String: Double] = [:]
        for listener in counts.listeners {
            sums[listener.name, default: 0] += perSecond(
                listener.tally.unrouted.requests.total, before.unrouted[listener.id])
        }
        for route in counts.routes { sums[route.listener, default: 0] += perSecond(route) }
        return sums
    }

    /// Connections accepted in the last second.
    func acceptedPerSecond(_ listener: SiteCounts.Listener) -> Double {
        perSecond(listener.tally[.accepted], before.accepted[listener.id])
    }

    /// - Parameters:
    ///   - waiting: how many requests and flows wait for an upstream.
    ///   - fill: adds to an endpoint's row what is not counted but so.
    func upstreams(
        _ history: MetricsHistory, waiting: (UInt32) -> UInt64,
        fill: (UInt32, inout LiveReport.Endpoint) -> Void
    ) -> [LiveReport.Upstream] {
        let shown = shownUpstreams
        let shownEndpoints = shownEndpoints(of: shown)
        var rows: [UInt32: LiveReport.Upstream] = [:]
        var removed: [String: UInt64] = [:]
        for (group, tally) in counts.removedEndpoints {
            removed[group.name, default: 0] &+= tally.requests
        }
        for upstream in counts.upstreams where shown.contains(upstream.id) {
            rows[upstream.id] = LiveReport.Upstream(
                name: upstream.name, requests: removed[upstream.name] ?? 0,
                requestsPerSecond: 0, waiting: waiting(upstream.id),
                firstByte: LiveReport.Latency(
                    history.firstBytes.since(upstream.id, upstream.tally.firstByte)),
                connect: LiveReport.Latency(
                    history.connects.since(upstream.id, upstream.tally.connect)),
                endpoints: [])
        }
        for endpoint in counts.endpoints where shown.contains(endpoint.upstreamID) {
            var row = row(endpoint)
            rows[endpoint.upstreamID]?.requests &+= row.requests
            rows[endpoint.upstreamID]?.requestsPerSecond += row.requestsPerSecond
            guard shownEndpoints.contains(endpoint.id) else { continue }
            fill(endpoint.id, &row)
            rows[endpoint.upstreamID]?.endpoints.append(row)
        }
        return counts.upstreams.compactMap { rows[$0.id] }
    }

    private func row(_ endpoint: SiteCounts.Endpoint) -> LiveReport.Endpoint {
        LiveReport.Endpoint(
            name: endpoint.name, id: "\(endpoint.upstream)/\(endpoint.address)",
            address: endpoint.address, state: .usable, reason: nil, weight: endpoint.weight,
            connections: 0, inFlight: 0, requests: endpoint.tally.requests,
            requestsPerSecond: perSecond(endpoint),
            errors: endpoint.tally[.serverError] &+ endpoint.tally.failures,
            failures: endpoint.tally.failures)
    }
}
