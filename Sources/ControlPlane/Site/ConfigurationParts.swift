// A configuration taken apart for comparison: each part that has a name, with its settings as text.

extension Configuration {
    /// The process, listeners, routes, upstreams and endpoints, in their order.
    var parts: [PlanPart] {
        var shown = process
        // Nobody's business who may see a plan.
        shown.admin.token = ""
        return [PlanPart(.process, "process", Self.settings(shown))]
            + listeners.map { listener in
                var own = listener
                own.routes = []
                return PlanPart(.listener, listener.name, Self.settings(own))
            }
            + listeners.flatMap { listener in
                listener.routes.enumerated().map { index, route in
                    let name = route.name.isEmpty ? "\(index + 1)" : route.name
                    return PlanPart(.route, "\(listener.name)/\(name)", Self.settings(route))
                }
            }
            + upstreams.map { upstream in
                var own = upstream
                own.endpoints = []
                return PlanPart(.upstream, upstream.name, Self.settings(own))
            }
            + upstreams.flatMap { upstream in
                upstream.endpoints.map { endpoint in
                    PlanPart(
                        .endpoint, "\(upstream.name)/\(endpoint.text)",
                        [("weight", "\(endpoint.weight)")])
                }
            }
    }

    /// The stored properties of a value by their names.
    private static func settings(_ value: Any) -> [(key: String, value: String)] {
        Mirror(reflecting: value).children.compactMap { child in
            child.label.map {
                ($0, "\(child.value)".replacing("ControlPlane.Configuration.", with: ""))
            }
        }
    }
}

extension Configuration.Endpoint {
    /// As it is written.
    var text: String {
        switch place {
        case .address(let address): "\(address)"
        case .service(let name): name
        }
    }
}
