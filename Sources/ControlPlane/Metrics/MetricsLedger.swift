// Which ids of the workers' counts stand for what, through all changes of what is served. Told of
// every site before any worker has it; read by the admin thread.

internal import DataPlane
internal import Synchronization

/// The books of one process.
final class MetricsLedger: Sendable {
    /// Which histograms are read: each is 4 KiB for each worker.
    struct Histograms: Sendable {
        static let all = Histograms(routes: nil, upstreams: nil)
        static let none = Histograms(routes: [], upstreams: [])

        /// Ids; `nil` for all.
        var routes: Set<UInt32>?
        var upstreams: Set<UInt32>?
    }

    fileprivate struct State: Sendable {
        /// Without counts.
        var site = SiteCounts()
        var listeners = IDLedger<ListenerTally>()
        var routes = IDLedger<RouteTally>()
        var upstreams = IDLedger<UpstreamTally>()
        var endpoints = IDLedger<EndpointTally>()
    }

    private let state = Mutex(State())

    /// Takes down what ids stand for from now on. No worker has counted anything of it yet.
    func note(_ site: AssembledSite, _ workers: [WorkerMetrics]) {
        let words = MergedWords(workers: workers)
        state.withLock { state in
            let listeners = Set(site.listenerIDs.keys)
            let upstreams = Set(site.upstreamIDs.keys)
            state.listeners.update(to: Self.groupless(site.listenerIDs)) {
                words.listener($0, needsTimes: true)
            }
            state.routes.update(to: site.routes.mapValues(\.listener), groups: listeners) {
                words.route($0, needsTimes: true)
            }
            state.upstreams.update(to: Self.groupless(site.upstreamIDs)) { words.upstream($0) }
            state.endpoints.update(
                to: site.endpoints.mapValues(\.upstream), groups: upstreams
            ) { words.endpoint($0) }
            state.site = SiteCounts(naming: site)
        }
    }

    private static func groupless(_ ids: [String: UInt32]) -> [UInt32: String] {
        Dictionary(ids.map { ($0.value, "") }, uniquingKeysWith: { first, _ in first })
    }

    /// Reads everything.
    ///
    /// - Parameter choose: which histograms are wanted, when all else has been read.
    func read(
        _ workers: [WorkerMetrics], histograms choose: (SiteCounts) -> Histograms = { _ in .none }
    ) -> SiteCounts {
        let words = MergedWords(workers: workers)
        return state.withLock { state in
            var counts = state.counts(words)
            let choice = choose(counts)
            if choice.routes != [] || choice.upstreams != [] {
                state.addTimes(choice, words, to: &counts)
            }
            return counts
        }
    }
}

extension MetricsLedger.State {
    fileprivate func counts(_ words: MergedWords) -> SiteCounts {
        var counts = site
        for index in counts.listeners.indices {
            let id = counts.listeners[index].id
            counts.listeners[index].tally = listeners.value(
                of: id, words.listener(id, needsTimes: false))
        }
        for index in counts.routes.indices {
            let id = counts.routes[index].id
            counts.routes[index].tally = routes.value(of: id, words.route(id, needsTimes: false))
        }
        for index in counts.endpoints.indices {
            let id = counts.endpoints[index].id
            counts.endpoints[index].tally = endpoints.value(of: id, words.endpoint(id))
        }
        counts.otherRoutes = words.route(MetricLimits.otherRoutes, needsTimes: false)
        counts.removedListeners =
            Self.sum(listeners.removed { words.listener($0, needsTimes: false) })
        counts.removedRoutes = routes.removed { words.route($0, needsTimes: false) }
        counts.removedEndpoints = endpoints.removed { words.endpoint($0) }
        return counts
    }

    /// Histograms in place of none: of whatever was counted at all.
    fileprivate func addTimes(
        _ choice: MetricsLedger.Histograms, _ words: MergedWords, to counts: inout SiteCounts
    ) {
        for index in counts.routes.indices {
            let id = counts.routes[index].id
            guard choice.routes?.contains(id) ?? true,
                counts.routes[index].tally.requests.total > 0
            else { continue }
            counts.routes[index].tally = routes.value(of: id, words.route(id, needsTimes: true))
        }
        let used = Set(counts.endpoints.filter(\.tally.isUsed).map(\.upstreamID))
        for index in counts.upstreams.indices {
            let id = counts.upstreams[index].id
            guard choice.upstreams?.contains(id) ?? true, used.contains(id) else { continue }
            counts.upstreams[index].tally = upstreams.value(of: id, words.upstream(id))
        }
        guard choice.routes == nil else { return }
        for index in counts.listeners.indices {
            let id = counts.listeners[index].id
            counts.listeners[index].tally = listeners.value(
                of: id, words.listener(id, needsTimes: true))
        }
        counts.otherRoutes = words.route(MetricLimits.otherRoutes, needsTimes: true)
        counts.removedListeners =
            Self.sum(listeners.removed { words.listener($0, needsTimes: true) })
        counts.removedRoutes = routes.removed { words.route($0, needsTimes: true) }
        counts.removedUpstreams = Self.sum(upstreams.removed { words.upstream($0) })
    }

    private static func sum<Value: Tally>(_ values: [IDLedger<Value>.Group: Value]) -> Value {
        values.values.reduce(into: Value()) { $0.add($1) }
    }
}

extension SiteCounts {
    /// Names without counts.
    fileprivate init(naming site: AssembledSite) {
        listeners = site.listenerIDs.sorted { $0.value < $1.value }
            .map { Listener(id: $0.value, name: $0.key, tally: ListenerTally()) }
        routes = site.routes.sorted { $0.key < $1.key }.map { id, route in
            Route(id: id, listener: route.listener, name: route.name, tally: RouteTally())
        }
        upstreams = site.upstreamIDs.sorted { $0.value < $1.value }
            .map { Upstream(id: $0.value, name: $0.key, tally: UpstreamTally()) }
        endpoints = site.endpoints.sorted { $0.key < $1.key }.map { id, assembled in
            Endpoint(
                id: id, upstreamID: assembled.upstreamID, upstream: assembled.upstream,
                name: assembled.endpoint.name, address: assembled.endpoint.key,
                weight: assembled.endpoint.weight, tally: EndpointTally())
        }
    }
}
