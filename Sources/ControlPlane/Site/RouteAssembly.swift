// From routes as the configuration has them to routes as the data plane describes them.

internal import DataPlane
internal import Protocols

extension Route {
    /// - Parameter upstream: the position of its upstream, if it has one.
    /// - Throws: what cannot be part of a route.
    init(_ route: Configuration.Route, upstream: Int) throws(RouteError) {
        self.init(try RouteRule(route), try RouteAction(route, upstream: upstream))
        isLogged = route.isLogged
    }
}

extension RouteRule {
    fileprivate init(_ route: Configuration.Route) throws(RouteError) {
        self.init()
        for host in route.hosts { hosts.append(try RouteHost(parsing: host)) }
        switch route.path {
        case .any: path = .any
        case .exact(let text): path = .exact(try PathText(parsing: text))
        case .prefix(let text): path = .prefix(try PathText(parsing: text))
        case .pattern(let text): path = .pattern(try PathPattern(parsing: text))
        }
        for method in route.methods { methods.append(try RouteMethod(parsing: method)) }
        for header in route.headers {
            let test: FieldTest =
                switch header.test {
                case .present: .present
                case .absent: .absent
                case .value(let value): .equals(value)
                case .prefix(let value): .prefix(value)
                }
            fields.append(try FieldCondition(name: header.name, test))
        }
    }
}

extension RouteAction {
    fileprivate init(_ route: Configuration.Route, upstream: Int) throws(RouteError) {
        switch route.action {
        case .upstream: self = .forward(try ForwardAction(route, upstream: upstream))
        case .redirect(let redirect):
            self = .redirect(
                RedirectAction(
                    status: redirect.status, to: try RedirectPlace(parsing: redirect.to),
                    keepsPath: redirect.keepsPath))
        case .respond(let respond):
            var fields = respond.headers.map { FieldLine($0.name, $0.value) }
            let hasType = fields.contains { $0.name.lowercased() == "content-type" }
            if !hasType && !respond.body.isEmpty {
                fields.append(FieldLine("Content-Type", "text/plain; charset=utf-8"))
            }
            self = .respond(
                RespondAction(
                    status: respond.status, fields: fields, body: Array(respond.body.utf8)))
        }
    }
}

extension ForwardAction {
    fileprivate init(_ route: Configuration.Route, upstream: Int) throws(RouteError) {
        self.init(upstream: upstream)
        switch route.rewrite.path {
        case .none: break
        case .path(let text): path = .path(try PathText(parsing: text))
        case .prefix(let text): path = .prefix(try PathText(parsing: text))
        }
        switch route.rewrite.host {
        case nil: break
        case .client: host = .client
        case .upstream: host = .upstream
        case .name(let name): host = .name(name)
        }
        requestFields = FieldChanges(route.rewrite.requestHeaders)
        responseFields = FieldChanges(route.rewrite.responseHeaders)
        responseMs = route.timeouts.responseMs
        silenceMs = route.timeouts.upstreamMs
        retries = route.retries.map { RetryPolicy($0) }
    }
}

extension FieldChanges {
    fileprivate init(_ changes: Configuration.HeaderChanges) {
        self.init()
        dropped = changes.remove + changes.set.map(\.name)
        added = (changes.set + changes.add).map { FieldLine($0.name, $0.value) }
    }
}
