// What is served, as plain values: the control plane writes it, a snapshot is built from it. Ids
// are given out by the control plane and stay the same while the thing stays the same, so that
// what workers know of it outlives a change of the rest.

package import Protocols

/// All listeners with their policies and routes, and all upstreams.
package struct SiteDescription: Sendable {
    package var listeners: [ListenerDescription]
    package var upstreams: [UpstreamDescription]

    package init(listeners: [ListenerDescription], upstreams: [UpstreamDescription]) {
        self.listeners = listeners
        self.upstreams = upstreams
    }

    /// One listener, with id 0, whose clients all go to one upstream, with id 0.
    ///
    /// - Parameter endpoints: each has its position as its id.
    package init(_ service: Service, to endpoints: [Endpoint], _ policy: UpstreamPolicy) {
        listeners = [ListenerDescription(id: 0, service: service)]
        upstreams = [UpstreamDescription(id: 0, policy: policy, endpoints: endpoints)]
    }
}

/// A listening address, or several that are the same to their clients.
package struct ListenerDescription: Sendable {
    /// Below `SiteLimits.listenersMax`.
    package var id: UInt32
    package var service: Service
    /// Which clients begin with a PROXY header.
    package var acceptsProxy = ProxyAcceptance()
    package var limits: AdmissionLimits
    /// The field that has each request's id, a token: what a client says there counts if it is
    /// trusted, else one is made. Empty for no ids. HTTP only.
    package var requestIDName = ""

    package init(id: UInt32, service: Service, limits: AdmissionLimits = AdmissionLimits()) {
        self.id = id
        self.service = service
        self.limits = limits
    }
}

/// What is done with the clients of a listener. Upstreams are named by their position in the
/// description.
package enum Service: Sendable {
    case tcp(TCPPolicy, upstream: Int)
    /// With the clients whose forwarding fields are believed, and the routes in their order; none
    /// for requests means that they are answered with a 404.
    case http(HTTPPolicy, trusted: [IPBlock], routes: [Route])

    /// Everything goes to one upstream.
    package static func http(
        _ policy: HTTPPolicy, trusted: [IPBlock], upstream: Int
    ) -> Service {
        .http(
            policy, trusted: trusted, routes: [Route(.forward(ForwardAction(upstream: upstream)))])
    }
}

/// What holds for the flows of a TCP listener.
package struct TCPPolicy: Sendable, BitwiseCopyable {
    package var relay = RelayMode.auto
    /// Silence in both directions, in milliseconds.
    package var idleTimeoutMs: UInt64 = 3_600_000
    /// Whether its flows are told to the access log.
    package var isLogged = true

    package init() {}
}

/// A named group of endpoints that serve the same thing.
package struct UpstreamDescription: Sendable {
    /// Below `SiteLimits.upstreamsMax`.
    package var id: UInt32
    package var policy: UpstreamPolicy
    package var balance: Balance
    /// At least one; at most `SiteLimits.endpointsMax` in all upstreams together.
    package var endpoints: [Endpoint]

    package init(
        id: UInt32, policy: UpstreamPolicy, balance: Balance = Balance(), endpoints: [Endpoint]
    ) {
        self.id = id
        self.policy = policy
        self.balance = balance
        self.endpoints = endpoints
    }

    var plan: BalancerPlan {
        BalancerPlan(
            policy: balance.policy,
            members: endpoints.map { endpoint in
                BalancerPlan.Member(
                    id: endpoint.id, weight: endpoint.weight, key: Array(endpoint.key.utf8))
            },
            slowStartMs: balance.slowStartMs,
            panicThresholdPercent: balance.panicThresholdPercent)
    }
}

/// How work is spread over an upstream's endpoints.
package struct Balance: Sendable {
    package var policy = BalancePolicy.roundRobin
    /// What `consistentHash` goes by.
    package var key = BalanceKeySource.source
    /// The name of the cookie that keeps clients at their endpoints, a token, and how long they
    /// keep it, in seconds; 0 for as long as a browser runs.
    package var stickyCookie: (name: String, maxAgeSeconds: UInt64)?
    /// How long an endpoint that came back takes to grow to its full weight; 0: it has it at once.
    package var slowStartMs: UInt32 = 0
    /// When fewer than this share of the endpoints are usable, 0 to 100 %, all are used; 0: never.
    package var panicThresholdPercent: UInt32 = 50

    package init() {}
}

/// What tells requests apart for `consistentHash`.
package enum BalanceKeySource: Sendable, Equatable {
    case source
    case path
    /// The value of the first field of this name; the source when there is none.
    case field(String)
    /// The value of a cookie; the source when there is none.
    case cookie(String)
}

/// What holds for all endpoints of an upstream. Times are positive milliseconds.
package struct UpstreamPolicy: Sendable, BitwiseCopyable {
    /// The most that `pipelineMax` may be: each request is kept in a buffer of its own.
    package static let pipelineLimit: UInt32 = 128

    /// Connecting to one endpoint.
    package var connectMs: UInt64 = 5_000
    /// An HTTP response head, after the request has been handed on.
    package var responseMs: UInt64 = 60_000
    /// Silence of an endpoint within a response, or while it has request bytes to take.
    package var silenceMs: UInt64 = 60_000
    /// An idle connection of the pool.
    package var keepAliveMs: UInt64 = 60_000
    /// Idle connections kept per endpoint; 0 keeps none.
    package var idleMax: UInt32 = 256
    /// Requests of several clients that may be under way on one connection to an endpoint, at most
    /// `pipelineLimit`; with less than 2 each has a connection of its own.
    package var pipelineMax: UInt32 = 0
    /// Connections to all endpoints, idle ones included, of all workers, and as much work under
    /// way, also where several requests share a connection; `.max` for any number.
    package var connectionsMax = UInt32.max
    /// Requests and flows of all workers that wait for a connection at once, and for how long.
    package var pendingMax: UInt32 = 1024
    package var pendingMs: UInt64 = 5_000
    /// Requests of all workers at once, those that wait included; `.max` for any number.
    package var requestsMax = UInt32.max
    package var host = HostPolicy.client
    package var retries = RetryPolicy()
    /// When requests that fail take an endpoint out of service.
    package var ejection = EjectionPolicy(
        consecutiveFailures: 0, ejectionMs: 30_000, ejectionMaxMs: 300_000,
        ejectedShareMaxPercent: 50)
    /// The PROXY header that connections begin with; `nil` for none.
    package var sendsProxy: ProxyVersion?

    package init() {}

    /// Not where each connection speaks for one client.
    var pipelines: Bool { pipelineMax > 1 && sendsProxy == nil }

    /// Whether there is a limit that work has to be held against.
    var isLimited: Bool { connectionsMax != .max || requestsMax != .max }
}

/// What the Host field of a forwarded request says.
package enum HostPolicy: String, CaseIterable, Sendable, BitwiseCopyable {
    /// What the client sent.
    case client
    /// The endpoint's name as configured.
    case upstream
}
