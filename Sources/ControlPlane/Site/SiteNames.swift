// What the ids of a site are called, for whoever tells people about what workers counted.

/// Names by id. Ids of things that are gone keep their names until they are given to others.
struct SiteNames: Sendable {
    struct Endpoint: Equatable, Sendable {
        let upstream: String
        /// As reports call it.
        let name: String
        /// Its address, as it is written.
        let address: String
    }

    private(set) var listeners: [UInt32: String] = [:]
    private(set) var routes: [UInt32: AssembledRoute] = [:]
    private(set) var upstreams: [UInt32: String] = [:]
    private(set) var endpoints: [UInt32: Endpoint] = [:]

    /// Of no site.
    init() {}

    /// Names what is in a site, besides what was named before.
    mutating func add(_ site: AssembledSite) {
        for (name, id) in site.listenerIDs { listeners[id] = name }
        for (id, route) in site.routes { routes[id] = route }
        for (name, id) in site.upstreamIDs { upstreams[id] = name }
        for (id, assembled) in site.endpoints {
            endpoints[id] = Endpoint(
                upstream: assembled.upstream, name: assembled.endpoint.name,
                address: assembled.endpoint.key)
        }
    }
}
