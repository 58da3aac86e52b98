// Addresses for the endpoints of the configuration.

/// Resolves everything that upstreams name.
enum EndpointSource {
    /// - Returns: for each upstream at least one endpoint, in the order of the configuration.
    /// - Throws: when a name has no address.
    static func resolve(
        _ configuration: Configuration
    ) throws(StartError) -> [[ResolvedEndpoint]] {
        var resolved: [[ResolvedEndpoint]] = []
        for upstream in configuration.upstreams {
            var endpoints: [ResolvedEndpoint] = []
            for endpoint in upstream.endpoints {
                switch endpoint.place {
                case .address(let text):
                    endpoints += try HostResolver.endpoints(text, weight: endpoint.weight)
                case .service(let name):
                    throw StartError("cannot resolve the service \(name) yet")
                }
            }
            resolved.append(endpoints)
        }
        return resolved
    }
}
