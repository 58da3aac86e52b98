// A configuration as the parts that a plan compares: what its file would say, part by part, so that
// keys and values are told as the operator writes them.

extension Configuration {
    /// In the order of the file. What is left to a default has no setting.
    package var planParts: [PlanPart] { PlanPart.parts(of: written) }
}

extension PlanPart {
    private static let processName = "process"

    /// - Parameter root: a whole configuration.
    static func parts(of root: YAMLNode) -> [PlanPart] {
        let process = PlanPart(
            .process, processName, root.settings(without: ["listeners", "upstreams"]))
        let listeners = root["listeners"]?.items ?? []
        let upstreams = root["upstreams"]?.items ?? []
        return [process] + listeners.flatMap(listener) + upstreams.flatMap(upstream)
    }

    private static func listener(_ node: YAMLNode) -> [PlanPart] {
        let name = node["name"]?.scalar ?? ""
        let routes = node["routes"]?.items ?? []
        return [PlanPart(.listener, name, node.settings(without: ["name", "routes"]))]
            + routes.map { route in
                PlanPart(
                    .route, "\(name)/\(route["name"]?.scalar ?? "")",
                    route.settings(without: ["name"]))
            }
    }

    private static func upstream(_ node: YAMLNode) -> [PlanPart] {
        let name = node["name"]?.scalar ?? ""
        let endpoints = node["endpoints"]?.items ?? []
        return [PlanPart(.upstream, name, node.settings(without: ["name", "endpoints"]))]
            + endpoints.map { endpoint in
                // One that has nothing but its address is written as that.
                let place = endpoint.scalar ?? endpoint["address"]?.scalar
                let service = endpoint["dns_srv"]?.scalar ?? ""
                return PlanPart(
                    .endpoint, "\(name)/\(place ?? service)",
                    endpoint.settings(without: ["address", "dns_srv"]))
            }
    }
}

extension YAMLNode {
    /// The values of a mapping by their keys, those of mappings within it as `outer.inner`.
    fileprivate func settings(without left: Set<String>) -> [(key: String, value: String)] {
        guard case .mapping(let pairs) = content else { return [] }
        return pairs.flatMap { pair -> [(key: String, value: String)] in
            let key = pair.key.scalar ?? ""
            if left.contains(key) { return [] }
            guard case .mapping = pair.value.content else { return [(key, pair.value.inline)] }
            return pair.value.settings(without: []).map { ("\(key).\($0.key)", $0.value) }
        }
    }
}
