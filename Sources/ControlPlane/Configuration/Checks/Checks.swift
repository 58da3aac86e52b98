// What cannot be said of one value alone: names that meet, addresses that clash, options that
// exclude each other.

internal import DataPlane
internal import Protocols

/// Looks at a configuration as a whole, beside the tree it was read from.
struct Checks {
    private let configuration: Configuration
    private let root: YAMLNode
    private let upstreamsByName: [String: Configuration.Upstream]
    var reading: Reading

    /// - Parameters:
    ///   - configuration: read from `root`; where that was wrong, defaults stand.
    ///   - reading: has the mistakes that were found until now.
    init(_ configuration: Configuration, _ root: YAMLNode, _ reading: Reading) {
        self.configuration = configuration
        self.root = root
        upstreamsByName = Dictionary(
            configuration.upstreams.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.reading = reading
    }

    mutating func run() {
        checkNames(root["listeners"]?.items ?? [], of: "a listener")
        checkNames(root["upstreams"]?.items ?? [], of: "an upstream")
        checkProcess()
        checkCounts()
        for (listener, node) in listeners { check(listener, node) }
        for (upstream, node) in upstreams { check(upstream, node) }
        checkAddresses()
    }

    /// Objects of lists are read even when something in them is wrong: their places agree.
    private var listeners: [(Configuration.Listener, YAMLNode)] {
        Array(zip(configuration.listeners, root["listeners"]?.items ?? []))
    }

    private var upstreams: [(Configuration.Upstream, YAMLNode)] {
        Array(zip(configuration.upstreams, root["upstreams"]?.items ?? []))
    }

    /// - Parameter nodes: mappings with a `name`.
    private mutating func checkNames(_ nodes: [YAMLNode], of what: String) {
        var lines: [String: Int] = [:]
        for node in nodes {
            guard let name = node["name"], let text = name.scalar, !text.isEmpty else { continue }
            if let line = lines[text] {
                reading.refuse(
                    name.place,
                    "'\(text)' is already the name of \(what) in line \(line); expected another")
            } else {
                lines[text] = name.place.line
            }
        }
    }

    private mutating func checkProcess() {
        let process = configuration.process
        if process.usesDirectDescriptors, process.backend == .epoll {
            refuse(root["direct_descriptors"], "needs io_uring; expected another backend")
        }
        if let address = process.admin.address, let node = root["admin"]?["address"],
            process.admin.token.isEmpty, !address.isLoopback
        {
            refuse(node, "is not loopback; expected a 'token' beside it")
        }
    }

    private mutating func checkCounts() {
        let limits = (Configuration.Limits.routesMax, Configuration.Limits.endpointsMax)
        let routes = configuration.listeners.reduce(0) { $0 + $1.routes.count }
        if routes > limits.0 {
            refuse(root["listeners"], "with \(routes) routes; expected at most \(limits.0)")
        }
        let endpoints = configuration.upstreams.reduce(0) { $0 + $1.endpoints.count }
        if endpoints > limits.1 {
            refuse(root["upstreams"], "with \(endpoints) endpoints; expected at most \(limits.1)")
        }
    }

    private mutating func refuse(_ node: YAMLNode?, _ text: String, hint: String? = nil) {
        guard let node else { return }
        reading.refuse(node.place, "\(node.description) \(text)", hint: hint)
    }

    // MARK: Listeners

    private mutating func check(_ listener: Configuration.Listener, _ node: YAMLNode) {
        checkReference(node["upstream"], from: listener)
        checkRelay(listener, node)
        if let limit = node["rate_limit"], case .mapping = limit.content,
            [limit["connections"], limit["requests"]].allSatisfy({
                $0 == nil || $0?.scalar == "unlimited"
            })
        {
            let needed = listener.service == .http ? "'connections' or 'requests'" : "'connections'"
            reading.refuse(limit.place, "a rate limit of nothing; expected \(needed) in it")
        }
        let nodes = node["routes"]?.items ?? []
        checkNames(nodes, of: "a route")
        for (route, node) in zip(listener.routes, nodes) { check(route, node, listener) }
        // A route whose condition was wrong, and is missing, takes more than it is meant to.
        guard reading.mistakes.isEmpty else { return }
        for shadow in RouteShadows.find(listener.routes) where shadow.route < nodes.count {
            let by = nodes[shadow.by]
            reading.refuse(
                nodes[shadow.route].place,
                "route '\(listener.routes[shadow.route].name)' is never reached: route"
                    + " '\(listener.routes[shadow.by].name)' in line \(by.place.line) takes all of"
                    + " its requests; expected the narrower one first")
        }
    }

    private mutating func checkRelay(_ listener: Configuration.Listener, _ node: YAMLNode) {
        let process = configuration.process
        guard let relay = node["relay"] else { return }
        if listener.relay == .spliceRing, listener.service == .http {
            refuse(relay, "is for tcp; expected auto, copy or splice")
        } else if listener.relay == .spliceRing, process.backend == .epoll {
            refuse(relay, "needs io_uring; expected auto, copy or splice, or another backend")
        } else if listener.relay == .splice, process.usesDirectDescriptors {
            refuse(relay, "needs descriptors; expected auto or copy, or no direct_descriptors")
        }
    }

    /// A request has one id and one trace.
    private mutating func checkIdentity(
        _ route: Configuration.Route, _ node: YAMLNode, _ listener: Configuration.Listener
    ) {
        var taken = [listener.requestIDName?.lowercased()]
        if listener.traceparent == .generate { taken.append("traceparent") }
        let changes = route.rewrite.requestHeaders
        for header in changes.set + changes.add where taken.contains(header.name.lowercased()) {
            refuse(
                node["rewrite"]?["request_headers"],
                "writes \(header.name), as the listener does; expected other fields only")
        }
    }

    private mutating func check(
        _ route: Configuration.Route, _ node: YAMLNode, _ listener: Configuration.Listener
    ) {
        checkIdentity(route, node, listener)
        switch route.action {
        case .upstream:
            checkReference(node["upstream"], from: listener)
        case .redirect(let redirect):
            tellUseless(["rewrite", "timeouts", "retries"], in: node, of: "a redirect")
            if redirect.keepsPath, redirect.to.contains(where: { "?#".contains($0) }) {
                refuse(
                    node["redirect"]?["to"],
                    "has a query or a fragment; expected none where the path is kept")
            }
        case .respond:
            tellUseless(["rewrite", "timeouts", "retries"], in: node, of: "a fixed response")
        }
    }

    private mutating func tellUseless(_ keys: [String], in node: YAMLNode, of what: String) {
        guard case .mapping(let pairs) = node.content else { return }
        for pair in pairs {
            guard let name = pair.key.scalar, keys.contains(name) else { continue }
            reading.refuse(
                pair.key.place, "'\(name)' beside \(what); expected it where there is an upstream")
        }
    }

    private mutating func checkReference(
        _ node: YAMLNode?, from listener: Configuration.Listener
    ) {
        guard let node, let name = node.scalar, !node.isNothing else { return }
        guard let upstream = upstreamsByName[name] else {
            let known = upstreamsByName.keys.filter { !$0.isEmpty }.sorted()
            let list =
                known.isEmpty
                ? "one that 'upstreams' has" : "one of \(known.prefix(10).joined(separator: ", "))"
            let meant = Suggestion.nearest(to: name, among: known)
            refuse(node, "is no upstream; expected \(list)", hint: meant.map { "'\($0)'" })
            return
        }
        guard listener.service == .tcp else { return }
        if case .consistentHash(let key) = upstream.balance, key != .source {
            refuse(node, "hashes what only requests have; expected consistent_hash: source")
        }
        if upstream.sticky != nil {
            refuse(node, "has sticky cookies; expected an upstream without, for tcp")
        }
    }

    // MARK: Upstreams

    private mutating func check(_ upstream: Configuration.Upstream, _ node: YAMLNode) {
        var lines: [String: Int] = [:]
        for item in node["endpoints"]?.items ?? [] {
            let place = item.scalar == nil ? item["address"] ?? item["dns_srv"] : item
            guard let place, let text = place.scalar else { continue }
            if let line = lines[text], item.scalar == nil {
                refuse(place, "is already an endpoint, in line \(line); expected it once")
            }
            lines[text] = place.place.line
        }
        checkProxyProtocol(upstream, node)
        if let passive = upstream.health.passive, passive.ejectionMs > passive.ejectionMaxMs {
            let node = node["health"]?["passive"]
            let longest = DurationText.text(milliseconds: passive.ejectionMaxMs)
            let first = DurationText.text(milliseconds: passive.ejectionMs)
            if let ejection = node?["ejection"] {
                refuse(ejection, "is more than ejection_max; expected at most \(longest)")
            } else {
                refuse(
                    node?["ejection_max"], "is less than ejection; expected at least \(first)")
            }
        }
    }

    /// A connection that began with a client's address is for that client alone, and the address
    /// that it came to is asked of its descriptor.
    private mutating func checkProxyProtocol(
        _ upstream: Configuration.Upstream, _ node: YAMLNode
    ) {
        guard upstream.proxyProtocol != nil else { return }
        if configuration.process.usesDirectDescriptors {
            refuse(
                node["proxy_protocol"], "needs descriptors; expected off, or no direct_descriptors")
        }
        if upstream.connections.pipelineMax > 1 {
            refuse(
                node["connections"]?["pipeline"],
                "would have clients share a connection that speaks for one; expected 1, or no"
                    + " proxy_protocol")
        }
    }

    // MARK: Addresses

    /// Two listeners cannot have one address, and whoever forwards to one of them goes in circles.
    private mutating func checkAddresses() {
        var lines: [String: Int] = [:]
        var nodes: [YAMLNode] = []
        for (_, node) in listeners {
            nodes += (node["address"].map { [$0] } ?? []) + (node["addresses"]?.items ?? [])
        }
        if let admin = root["admin"]?["address"] { nodes.append(admin) }
        for node in nodes {
            guard let address = node.address, address.port != 0 else { continue }
            let spellings = address.spellings
            if let line = spellings.compactMap({ lines[$0] }).first {
                refuse(node, "is already listened on, in line \(line); expected another address")
            }
            for spelling in spellings { lines[spelling] = node.place.line }
        }
        for (_, node) in upstreams {
            for item in node["endpoints"]?.items ?? [] {
                let place = item.scalar == nil ? item["address"] : item
                guard let place, let address = place.address else { continue }
                let target =
                    if case .anyHost(let port) = address { "127.0.0.1:\(port)" } else {
                        "\(address)"
                    }
                if let line = lines[target] {
                    refuse(place, "is listened on in line \(line); expected another address")
                }
            }
        }
    }
}

extension YAMLNode {
    fileprivate var address: AddressText? {
        guard let scalar else { return nil }
        do {
            return try AddressText(parsing: scalar)
        } catch {
            return nil
        }
    }
}

extension AddressText {
    /// The texts of all addresses that are listened on.
    fileprivate var spellings: [String] {
        guard case .anyHost(let port) = self else { return ["\(self)"] }
        return ["0.0.0.0:\(port)", "[::]:\(port)"]
    }

    /// Whether only this machine can reach it. A name may be anything, except `localhost`.
    fileprivate var isLoopback: Bool {
        switch self {
        case .host(let host, _):
            host == "localhost" || IPText.isIPv4(Substring(host).utf8) && host.hasPrefix("127.")
        case .ipv6(let host, _): host == "::1"
        case .anyHost: false
        case .unix: true
        }
    }
}
