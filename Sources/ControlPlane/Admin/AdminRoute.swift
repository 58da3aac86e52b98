// What can be asked at the admin address, and the calls of the target behind it.

package import Protocols

/// A path of the control API.
package enum AdminRoute: String, CaseIterable, Sendable {
    /// The dashboard, and its files.
    case page = "/"
    case status = "/v1/status"
    case config = "/v1/config"
    case endpoints = "/v1/endpoints"
    case counters = "/v1/counters"
    case live = "/v1/live"
    /// Server-sent events: the counters and what `live` says, once a second.
    case events = "/v1/events"
    case reload = "/v1/reload"
    case plan = "/v1/plan"
    case drain = "/v1/drain"
    case reopen = "/v1/reopen"
    /// Server-sent events: what happens to the connections that the query names, as it happens.
    case trace = "/v1/trace"
    case metrics = "/metrics"
    /// Whether the process runs: it does when it answers.
    case alive = "/livez"
    case ready = "/readyz"

    /// What becomes of a request.
    package enum Work: Sendable {
        case answer(AdminResponse)
        /// To be done on the command thread.
        case command(@Sendable () -> AdminResponse)
        /// The connection is kept open, and events are pushed to it.
        case stream
        /// The same, with the events of a trace.
        case trace(TraceOrder)
    }

    package var method: Method {
        switch self {
        case .reload, .plan, .drain, .reopen: .post
        default: .get
        }
    }

    /// Whether it is for load balancers and kubelets: they have no token, and learn little.
    package var isProbe: Bool { self == .alive || self == .ready }

    /// The route that a request is for, else the answer that says why there is none.
    package static func find(
        _ request: AdminRequest
    ) -> Result<AdminRoute, AdminRefusal> {
        guard let route = named(request.path) else {
            return .failure(AdminRefusal(.failure(404, "there is no \(request.path) here")))
        }
        let isHEAD = request.method == .head && route.method == .get
        guard request.method == route.method || isHEAD else {
            let allowed = route.method == .get ? "GET, HEAD" : "POST"
            var response = AdminResponse.failure(405, "\(request.path) takes \(allowed)")
            response.fieldLines = ["Allow: \(allowed)"]
            return .failure(AdminRefusal(response))
        }
        return .success(route)
    }

    /// What a path names; `nil` when that is nothing.
    static func named(_ path: String) -> AdminRoute? {
        DashboardFile.answers[path] == nil ? AdminRoute(rawValue: path) : .page
    }

    /// What a request's body may have.
    package func bodyBytesMax(_ limits: AdminLimits) -> Int {
        switch self {
        case .plan: limits.fileBytesMax
        case .drain: limits.orderBytesMax
        default: 0
        }
    }

    /// What is to be done for a request that is for this route.
    package func work(for request: AdminRequest, on target: any ControlTarget) -> Work {
        switch self {
        case .page:
            let missing = AdminResponse.failure(404, "there is no \(request.path) here")
            return .answer(DashboardFile.answers[request.path] ?? missing)
        case .status: return .answer(.report(target.status()))
        case .config:
            let text = target.configurationText()
            return .answer(AdminResponse(200, .yaml, body: Array(text.utf8)))
        case .endpoints: return .answer(.report(target.endpoints()))
        case .counters:
            return .answer(AdminResponse(200, body: Array(target.counters().json.utf8)))
        case .live: return .answer(.report(target.live()))
        case .events:
            return .stream
        case .trace:
            do throws(TraceRefusal) {
                return .trace(try TraceOrder(query: request.query))
            } catch {
                return .answer(.failure(error.status, error.reason))
            }
        case .metrics:
            let format = ExpositionFormat(accepting: request.accept)
            return .answer(
                AdminResponse(200, format.content, body: target.exposition(format)))
        case .alive: return .answer(.report(["alive": true]))
        case .ready:
            let readiness = target.readiness()
            return .answer(.report(readiness, status: readiness.ready ? 200 : 503))
        case .reload:
            return .command { Self.response(target.reload()) }
        case .plan:
            // What is not UTF-8 would be read as something else than it is.
            guard let text = String(validating: request.body, as: UTF8.self) else {
                return .answer(.failure(400, "the body is not UTF-8"))
            }
            return .command { Self.response(target.plan(text)) }
        case .drain:
            guard let order = try? AdminJSON.decode(DrainOrder.self, request.body), order.isValid
            else {
                return .answer(
                    .failure(
                        400,
                        "expected {\"listener\":NAME} or {\"endpoint\":NAME}, and maybe"
                            + " \"undrain\":true, or {\"process\":SOCKETS}"))
            }
            return .command { Self.response(target.drain(order)) }
        case .reopen:
            return .command {
                let outcome = target.reopen()
                return .report(outcome, status: outcome.verdict == .refused ? 409 : 200)
            }
        }
    }

    private static func response(_ outcome: ConfigurationOutcome) -> AdminResponse {
        let status: UInt16 =
            switch outcome.verdict {
            case .accepted: 200
            case .mistaken: 422
            case .refused: 409
            }
        return .report(outcome, status: status)
    }

    private static func response(_ outcome: DrainOutcome) -> AdminResponse {
        let status: UInt16 =
            switch outcome.verdict {
            case .done, .unchanged: 200
            case .unknown: 404
            case .refused: 409
            }
        return .report(outcome, status: status)
    }
}

extension ExpositionFormat {
    fileprivate var content: AdminResponse.Content {
        switch self {
        case .openMetrics: .openMetrics
        case .classic: .classicMetrics
        }
    }
}

/// An answer in the place of a route.
package struct AdminRefusal: Error, Equatable, Sendable {
    package let response: AdminResponse

    package init(_ response: AdminResponse) {
        self.response = response
    }
}
