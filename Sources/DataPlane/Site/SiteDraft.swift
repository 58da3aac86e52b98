// The tables of a snapshot while it is built. Off the data path.

internal import Protocols

struct SiteDraft {
    private(set) var text: [UInt8] = []
    private(set) var names: [TablePart] = []
    private(set) var blocks: [IPBlock] = []
    private(set) var listeners: [ListenerRecord] = []
    private(set) var routes: [RouteRecord] = []
    private(set) var upstreams: [UpstreamRecord] = []
    private(set) var endpoints: [EndpointRecord] = []
    private(set) var balancers: [UInt32: SharedBalancer] = [:]
    private let previous: [UInt32: SharedBalancer]
    private(set) var gates: [UInt32: SharedGate] = [:]
    private let previousGates: [UInt32: SharedGate]

    /// - Parameters:
    ///   - previous: of the snapshot before, by the upstreams' ids.
    ///   - previousGates: of the same, by the listeners' ids.
    init(_ previous: [UInt32: SharedBalancer], _ previousGates: [UInt32: SharedGate]) {
        self.previous = previous
        self.previousGates = previousGates
    }

    mutating func append(_ upstream: UpstreamDescription) {
        let start = endpoints.count
        for endpoint in upstream.endpoints {
            endpoints.append(
                EndpointRecord(
                    id: endpoint.id, address: endpoint.address,
                    host: keep(Array(endpoint.host.utf8)),
                    sticky: StickyName.of(Array(endpoint.key.utf8))))
        }
        let plan = upstream.plan
        let kept = previous[upstream.id].flatMap { $0.plan == plan ? $0 : nil }
        let balancer = kept ?? SharedBalancer(plan)
        balancers[upstream.id] = balancer
        let (kind, keyName) = key(upstream.balance)
        var (sticky, attributes) = (TablePart.empty, TablePart.empty)
        if let cookie = upstream.balance.stickyCookie {
            sticky = keep(Array(cookie.name.utf8))
            let age = cookie.maxAgeSeconds == 0 ? "" : "; Max-Age=\(cookie.maxAgeSeconds)"
            attributes = keep(Array("; Path=/; HttpOnly; SameSite=Lax\(age)\r\n".utf8))
        }
        upstreams.append(
            UpstreamRecord(
                id: upstream.id, policy: upstream.policy,
                endpoints: TablePart(start..<endpoints.count), balancer: balancer.tables,
                balancesBy: kind, keyName: keyName, stickyName: sticky,
                stickyAttributes: attributes))
    }

    private mutating func key(_ balance: Balance) -> (BalanceKeyKind, TablePart) {
        switch balance.policy {
        case .roundRobin, .leastConnections, .powerOfTwo: return (.none, .empty)
        case .sourceHash: return (.source, .empty)
        case .consistentHash:
            switch balance.key {
            case .source: return (.source, .empty)
            case .path: return (.path, .empty)
            case .field(let name): return (.field, keep(Array(name.lowercased().utf8)))
            case .cookie(let name): return (.cookie, keep(Array(name.utf8)))
            }
        }
    }

    mutating func append(_ listener: ListenerDescription) throws(RouteError) {
        let proxies = keep(listener.acceptsProxy.from)
        let proxyTimeoutMs = listener.acceptsProxy.timeoutMs
        let clientsMax = listener.limits.clientsMax ?? .max
        let gate = gate(listener)
        switch listener.service {
        case .tcp(let policy, let upstream):
            precondition(upstreams.indices.contains(upstream))
            listeners.append(
                ListenerRecord(
                    id: listener.id, isHTTP: false, tcp: policy, http: HTTPPolicy(),
                    trusted: .empty, requestIDName: .empty, requestIDKey: .empty, proxies: proxies,
                    proxyTimeoutMs: proxyTimeoutMs, upstream: UInt32(upstream), routes: .empty,
                    hasOneRoute: false,
                    index: Shared(try RouteIndex([])), clientsMax: clientsMax, gate: gate))
        case .http(let policy, let trusted, let routes):
            let index = Shared(try RouteIndex(routes.map(\.rule)))
            let firstRoute = self.routes.count
            // Those that came are written anew, whether they count or not.
            var replaced = listener.requestIDName.isEmpty ? [] : [listener.requestIDName]
            if policy.makesTraceparent { replaced.append("traceparent") }
            for route in routes { append(route, without: replaced) }
            listeners.append(
                ListenerRecord(
                    id: listener.id, isHTTP: true, tcp: TCPPolicy(), http: policy,
                    trusted: keep(trusted),
                    requestIDName: keep(Array(listener.requestIDName.utf8)),
                    requestIDKey: keep(Array(listener.requestIDName.lowercased().utf8)),
                    proxies: proxies,
                    proxyTimeoutMs: proxyTimeoutMs, upstream: .max,
                    routes: TablePart(firstRoute..<self.routes.count),
                    hasOneRoute: routes.first?.rule == RouteRule(), index: index,
                    clientsMax: clientsMax, gate: gate))
        }
    }

    /// What was counted of sources stays as long as the limits do.
    private mutating func gate(_ listener: ListenerDescription) -> SourceGate {
        var limits = listener.limits
        limits.clientsMax = nil
        let kept = previousGates[listener.id].flatMap { $0.limits == limits ? $0 : nil }
        let gate = kept ?? SharedGate(limits)
        gates[listener.id] = gate
        return gate.gate
    }

    /// - Parameter replaced: names of fields that requests are handed on without.
    private mutating func append(_ route: Route, without replaced: [String]) {
        defer {
            routes[routes.count - 1].id = route.id
            routes[routes.count - 1].isLogged = route.isLogged
        }
        switch route.action {
        case .forward(var action):
            action.requestFields.dropped += replaced
            routes.append(record(action, route.rule))
        case .redirect(let action):
            var record = RouteRecord(.redirect)
            record.status = action.status
            record.keepsPath = action.keepsPath
            record.text = keep(action.place.bytes)
            routes.append(record)
        case .respond(let action):
            var record = RouteRecord(.respond)
            record.status = action.status
            record.text = keep(action.body)
            record.responseFields.lines = keep(action.fields.flatMap(\.bytes))
            routes.append(record)
        }
    }

    private mutating func record(_ action: ForwardAction, _ rule: RouteRule) -> RouteRecord {
        precondition(upstreams.indices.contains(action.upstream))
        let policy = upstreams[action.upstream].policy
        var record = RouteRecord(.forward)
        record.upstream = UInt32(action.upstream)
        record.responseMs = action.responseMs ?? policy.responseMs
        record.silenceMs = action.silenceMs ?? policy.silenceMs
        record.retries = action.retries ?? policy.retries
        switch action.path {
        case nil: break
        case .path(let path):
            record.pathChange = .whole
            record.text = keep(path.bytes)
        case .prefix(let path):
            record.pathChange = .beginning
            record.fixedBytes = UInt32(rule.path.fixedBytes)
            record.text = keep(path.bytes)
        }
        switch action.host {
        case nil: record.host = policy.host
        case .client: record.host = .client
        case .upstream: record.host = .upstream
        case .name(let name):
            record.hasHostName = true
            record.hostName = keep(Array(name.utf8))
        }
        record.requestFields = keep(action.requestFields)
        record.responseFields = keep(action.responseFields)
        return record
    }

    private mutating func keep(_ changes: FieldChanges) -> FieldChangesRecord {
        var record = FieldChangesRecord()
        let first = names.count
        for name in changes.dropped {
            let lowered = Array(name.lowercased().utf8)
            let known = FieldName.recognise(lowered.span)
            if known == .other {
                names.append(keep(lowered))
            } else {
                record.known.insert(FieldNames(known))
            }
        }
        record.names = TablePart(first..<names.count)
        record.lines = keep(changes.added.flatMap(\.bytes))
        return record
    }

    private mutating func keep(_ addresses: [IPBlock]) -> TablePart {
        let start = blocks.count
        blocks += addresses
        return TablePart(start..<blocks.count)
    }

    private mutating func keep(_ bytes: [UInt8]) -> TablePart {
        let start = text.count
        text += bytes
        return TablePart(start..<text.count)
    }
}
