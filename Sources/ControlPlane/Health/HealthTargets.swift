// From the configuration and the endpoints it has come to, to what is checked.

internal import DataPlane
internal import Protocols

extension AssembledSite {
    /// The endpoints that are checked, each once.
    func healthTargets(_ configuration: Configuration) -> [HealthTarget] {
        let upstreams = configuration.upstreams.compactMap { upstream in
            upstream.health.active.map { active in
                let preamble = upstream.proxyProtocol?.ownHeader ?? []
                return (upstream.name, (check: HealthCheck(active), preamble: preamble))
            }
        }
        let checks = Dictionary(upstreams) { first, _ in first }
        return endpoints.compactMap { id, assembled in
            checks[assembled.upstream].map { check, preamble in
                HealthTarget(
                    endpoint: id, address: assembled.endpoint.address,
                    host: assembled.endpoint.host, preamble: preamble, check: check)
            }
        }
    }
}

extension HealthCheck {
    /// What the configuration says of it.
    init(_ active: Configuration.ActiveHealth) {
        let kind: Kind =
            switch active.type {
            case .tcp: .tcp
            case .http:
                .http(
                    path: active.path, host: nil,
                    statuses: [active.status.lowest...active.status.highest])
            }
        self.init(
            kind, intervalMs: active.intervalMs, jitterPercent: UInt64(active.jitterPercent),
            timeoutMs: active.timeoutMs, rise: active.rise, fall: active.fall)
    }
}
