// From the configuration, with its names resolved, to the description that snapshots are built
// from. Keeps the ids. Main thread only.

internal import DataPlane
internal import Protocols

/// What a snapshot is built from, and what its ids are called.
struct AssembledSite: Sendable {
    var description: SiteDescription
    /// By the listeners' names.
    var listenerIDs: [String: UInt32] = [:]
    /// By the ids that metrics count routes by; routes that have none of their own are missing.
    var routes: [UInt32: AssembledRoute] = [:]
    var upstreamIDs: [String: UInt32] = [:]
    /// By endpoint id.
    var endpoints: [UInt32: AssembledEndpoint] = [:]
    /// Endpoints that were not there before, and those that are there no more.
    var added: [UInt32] = []
    var retired: [UInt32] = []
}

extension AssembledSite {
    /// Lets the health table know endpoints.
    ///
    /// - Parameters:
    ///   - ids: of some of the site.
    ///   - nowMs: when they come into service; 0 for those that are there from the start.
    func assign(_ ids: [UInt32], in health: EndpointHealth, nowMs: UInt64) {
        for id in ids {
            guard let upstream = endpoints[id]?.upstreamID else { continue }
            health.assign(id, toUpstream: upstream, nowMs: nowMs)
        }
    }
}

/// What a route is called.
struct AssembledRoute: Hashable, Sendable {
    let listener: String
    /// What there is in place of routes, when it goes to one upstream, has the upstream's name.
    let name: String
}

struct AssembledEndpoint: Sendable {
    let upstream: String
    let upstreamID: UInt32
    let endpoint: ResolvedEndpoint
}

/// Builds descriptions one after the other.
struct SiteAssembly: Sendable {
    private struct EndpointKey: Hashable, Sendable {
        let upstream: String
        let address: String
    }

    private var listenerIDs = IDPool<String>(capacity: SiteLimits.listenersMax)
    private var upstreamIDs = IDPool<String>(capacity: SiteLimits.upstreamsMax)
    private var endpointIDs = IDPool<EndpointKey>(capacity: SiteLimits.endpointsMax)
    private var routeIDs = IDPool<AssembledRoute>(capacity: MetricLimits.routesMax)

    /// - Parameters:
    ///   - configuration: checked.
    ///   - endpoints: for each of its upstreams at least one.
    ///   - drained: names of listeners that are not to be served, and keep their ids.
    ///   - change: the number of the change that it is for; 0 for the first site.
    /// - Throws: when there are no ids left, or a route does not fit.
    mutating func assemble(
        _ configuration: Configuration, _ endpoints: [[ResolvedEndpoint]],
        without drained: Set<String> = [], change: UInt64 = 0
    ) throws(StartError) -> AssembledSite {
        var site = AssembledSite(description: SiteDescription(listeners: [], upstreams: []))
        var keys: Set<EndpointKey> = []
        for (upstream, addresses) in zip(configuration.upstreams, endpoints) {
            try append(upstream, addresses, &keys, to: &site)
        }
        for listener in configuration.listeners {
            guard let id = listenerIDs.id(of: listener.name) else {
                throw Self.tooMany("listeners", SiteLimits.listenersMax)
            }
            site.listenerIDs[listener.name] = id
            if drained.contains(listener.name) { continue }
            var description = ListenerDescription(
                id: id, service: try service(listener, configuration, &site),
                limits: AdmissionLimits(listener))
            if let accepted = listener.proxyProtocol {
                description.acceptsProxy = ProxyAcceptance(accepted)
            }
            description.requestIDName = listener.requestIDName ?? ""
            site.description.listeners.append(description)
        }
        _ = listenerIDs.keep(
            only: Set(configuration.listeners.map(\.name)), change: change)
        _ = routeIDs.keep(only: Set(site.routes.values), change: change)
        _ = upstreamIDs.keep(
            only: Set(configuration.upstreams.map(\.name)), change: change)
        site.retired = endpointIDs.keep(only: keys, change: change)
        return site
    }

    /// Makes ids free again that no worker has anything of.
    ///
    /// - Parameters:
    ///   - oldest: no worker looks at what was served before this change.
    ///   - hasClients: whether a listener has any.
    ///   - hasWork: whether an endpoint has connections or requests.
    ///   - hasTunnels: whether a route has any.
    ///   - isCounted: whether an upstream has any that count against its limits.
    mutating func reclaim(
        before oldest: UInt64, hasClients: (UInt32) -> Bool, hasWork: (UInt32) -> Bool,
        isCounted: (UInt32) -> Bool, hasTunnels: (UInt32) -> Bool
    ) {
        listenerIDs.reclaim(before: oldest) { !hasClients($0) }
        upstreamIDs.reclaim(before: oldest) { !isCounted($0) }
        // Exchanges hold the snapshot that their routes are in, tunnels do not.
        routeIDs.reclaim(before: oldest) { !hasTunnels($0) }
        endpointIDs.reclaim(before: oldest) { !hasWork($0) }
    }

    private mutating func append(
        _ upstream: Configuration.Upstream, _ addresses: [ResolvedEndpoint],
        _ keys: inout Set<EndpointKey>, to site: inout AssembledSite
    ) throws(StartError) {
        guard let upstreamID = upstreamIDs.id(of: upstream.name) else {
            throw Self.tooMany("upstreams", SiteLimits.upstreamsMax)
        }
        site.upstreamIDs[upstream.name] = upstreamID
        var endpoints: [Endpoint] = []
        for resolved in addresses {
            let key = EndpointKey(upstream: upstream.name, address: resolved.key)
            // Two names may stand for the same address.
            guard keys.insert(key).inserted else { continue }
            let isNew = endpointIDs.ids[key] == nil
            guard let id = endpointIDs.id(of: key) else {
                throw Self.tooMany("endpoints", SiteLimits.endpointsMax)
            }
            if isNew { site.added.append(id) }
            site.endpoints[id] = AssembledEndpoint(
                upstream: upstream.name, upstreamID: upstreamID, endpoint: resolved)
            endpoints.append(
                Endpoint(
                    id: id, address: resolved.address, name: resolved.name, host: resolved.host,
                    key: resolved.key, weight: UInt16(clamping: resolved.weight)))
        }
        site.description.upstreams.append(
            UpstreamDescription(
                id: upstreamID, policy: UpstreamPolicy(upstream), balance: Balance(upstream),
                endpoints: endpoints))
    }

    private static func tooMany(_ what: String, _ limit: Int) -> StartError {
        StartError(
            "cannot serve more than \(limit) \(what), those that are still finishing included")
    }

    /// The id that a route's requests are counted by.
    private mutating func countedID(
        _ listener: String, _ name: String, _ site: inout AssembledSite
    ) -> UInt32 {
        let route = AssembledRoute(listener: listener, name: name)
        guard let id = routeIDs.id(of: route) else { return MetricLimits.otherRoutes }
        site.routes[id] = route
        return id
    }

    private mutating func service(
        _ listener: Configuration.Listener, _ configuration: Configuration,
        _ site: inout AssembledSite
    ) throws(StartError) -> Service {
        func position(_ name: String) throws(StartError) -> Int {
            guard let position = configuration.upstreams.firstIndex(where: { $0.name == name })
            else { throw StartError("listener \(listener.name): no upstream is named \(name)") }
            return position
        }
        switch listener.service {
        case .tcp:
            var policy = TCPPolicy()
            policy.relay = listener.relay
            policy.idleTimeoutMs = listener.timeouts.idleMs
            policy.isLogged = listener.isLogged
            return .tcp(policy, upstream: try position(listener.upstream ?? ""))
        case .http:
            var routes: [Route] = []
            if let upstream = listener.upstream {
                routes = [Route(.forward(ForwardAction(upstream: try position(upstream))))]
                routes[0].id = countedID(listener.name, upstream, &site)
            }
            for (index, route) in listener.routes.enumerated() {
                do throws(RouteError) {
                    let upstream: Int?
                    if case .upstream(let name) = route.action {
                        upstream = configuration.upstreams.firstIndex { $0.name == name }
                    } else {
                        upstream = nil
                    }
                    var assembled = try Route(route, upstream: upstream ?? 0)
                    let name = route.name.isEmpty ? "#\(index + 1)" : route.name
                    assembled.id = countedID(listener.name, name, &site)
                    routes.append(assembled)
                } catch {
                    throw StartError("listener \(listener.name), route \(route.name): \(error)")
                }
            }
            return .http(HTTPPolicy(listener), trusted: listener.trusted, routes: routes)
        }
    }
}

extension UpstreamPolicy {
    /// What the configuration says of an upstream.
    init(_ upstream: Configuration.Upstream) {
        self.init()
        connectMs = upstream.timeouts.connectMs
        responseMs = upstream.timeouts.responseMs
        silenceMs = upstream.timeouts.upstreamMs
        keepAliveMs = upstream.timeouts.keepAliveMs
        idleMax = upstream.connections.idleMax
        connectionsMax = upstream.connections.connectionsMax.map(UInt32.init(clamping:)) ?? .max
        pendingMax = UInt32(clamping: upstream.connections.pendingMax)
        pendingMs = upstream.connections.pendingTimeoutMs
        requestsMax = upstream.connections.requestsMax.map(UInt32.init(clamping:)) ?? .max
        pipelineMax = upstream.connections.pipelineMax
        host = upstream.host
        sendsProxy = upstream.proxyProtocol
        retries = RetryPolicy(upstream.retries)
        if let passive = upstream.health.passive {
            ejection = EjectionPolicy(
                consecutiveFailures: UInt32(clamping: passive.consecutiveFailures),
                ejectionMs: UInt32(clamping: passive.ejectionMs),
                ejectionMaxMs: UInt32(clamping: passive.ejectionMaxMs),
                ejectedShareMaxPercent: UInt32(clamping: passive.ejectedShareMaxPercent))
        }
    }
}

extension ProxyAcceptance {
    fileprivate init(_ accepted: Configuration.ProxyProtocolIn) {
        self.init()
        from = accepted.from
        timeoutMs = accepted.timeoutMs
    }
}

extension RetryPolicy {
    /// What the configuration says of an upstream, or of a route in its place.
    init(_ retries: Configuration.Retries) {
        self.init()
        attemptsMax = UInt32(clamping: retries.attempts)
        perTryMs = retries.perTryTimeoutMs
        budgetPercent = UInt32(clamping: retries.budgetPercent)
        causes = []
        for cause in retries.causes {
            switch cause {
            case .connectFailure: causes.insert(.connectFailure)
            case .reset: causes.insert(.reset)
            case .timeout: causes.insert(.timeout)
            case .status(let status): statuses.insert(status)
            }
        }
    }
}

extension Balance {
    fileprivate init(_ upstream: Configuration.Upstream) {
        self.init()
        switch upstream.balance {
        case .roundRobin: policy = .roundRobin
        case .leastConnections: policy = .leastConnections
        case .powerOfTwo: policy = .powerOfTwo
        case .sourceHash: policy = .sourceHash
        case .consistentHash(let hashKey):
            policy = .consistentHash
            switch hashKey {
            case .source: key = .source
            case .path: key = .path
            case .header(let name): key = .field(name)
            case .cookie(let name): key = .cookie(name)
            }
        }
        if let sticky = upstream.sticky {
            stickyCookie = (sticky.cookie, (sticky.maxAgeMs + 999) / 1_000)
        }
        slowStartMs = UInt32(clamping: upstream.slowStartMs)
        panicThresholdPercent = UInt32(clamping: upstream.health.panicThresholdPercent)
    }
}

extension HTTPPolicy {
    /// What the configuration says of an HTTP listener.
    init(_ listener: Configuration.Listener) {
        self.init()
        relay = listener.relay
        deadlines.headMs = listener.timeouts.headMs
        deadlines.bodyMs = listener.timeouts.bodyMs
        deadlines.keepAliveMs = listener.timeouts.keepAliveMs
        deadlines.tunnelMs = listener.timeouts.tunnelMs
        deadlines.halfCloseMs = listener.timeouts.halfCloseMs
        heads = HeadLimits(
            headBytesMax: listener.limits.headBytesMax, fieldsMax: listener.limits.fieldsMax,
            targetBytesMax: listener.limits.targetBytesMax)
        chunks = ChunkLimits(
            lineBytesMax: listener.limits.chunkLineBytesMax,
            trailerBytesMax: listener.limits.trailerBytesMax)
        bodyBytesMax = listener.limits.bodyBytesMax
        requestsMax = listener.limits.requestsMax
        pipelineDepthMax = listener.limits.pipelineDepthMax
        forwarded = listener.forwarded
        allowsConnect = listener.allowsConnect
        isLogged = listener.isLogged
        makesTraceparent = listener.traceparent == .generate
    }
}
