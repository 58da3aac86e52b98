// A configuration taken apart for comparison: each part that has a name, with its settings as text.

extension Configuration {
    /// The process, listeners, routes, upstreams and endpoints, in their order.
    var parts: [PlanPart] {
        var shown = process
        // Nobody's business who may see a plan.
        shown.admin.token = ""
        return [part(.process, "process", shown)]
            + listeners.map { listener in
                var own = listener
                own.routes = []
                return part(.listener, listener.name, own)
            }
            + listeners.flatMap { listener in
                listener.routes.enumerated().map { index, route in
                    let name = route.name.isEmpty ? "\(index + 1)" : route.name
                    return part(.route, "\(listener.name)/\(name)", route)
                }
            }
            + upstreams.map { upstream in
                var own = upstream
                own.endpoints = []
                return part(.upstream, upstream.name, own)
            }
            + upstreams.flatMap { upstream in
                upstream.endpoints.map { endpoint in
                    part(.endpoint, "\(upstream.name)/\(endpoint.text)", endpoint)
                }
            }
    }

    private func part(
        _ kind: PlanPart.Kind, _ name: String, _ value: some Equatable & Sendable
    ) -> PlanPart {
        PlanPart(kind, name, of: value) { Self.settings(value) }
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
