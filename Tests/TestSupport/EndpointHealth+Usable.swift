// The health of endpoints in simulated worlds.

import DataPlane

extension EndpointHealth {
    /// A table in which all of these are usable endpoints of upstream 0.
    package static func allUsable(_ endpoints: [Endpoint]) -> EndpointHealth {
        let health = EndpointHealth()
        for endpoint in endpoints { health.assign(endpoint.id, toUpstream: 0, nowMs: 0) }
        return health
    }
}
