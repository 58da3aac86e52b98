// What the operator asked for, checked in form but not yet against this machine.

package import DataPlane
package import Protocols

/// The operator's choice of an I/O backend.
package enum BackendRequest: String, CaseIterable, Sendable {
    /// io_uring where it works, else epoll.
    case auto
    case ioUring = "io_uring"
    case epoll
}

/// A TCP forwarder or an HTTP proxy as configured.
package struct ServiceOptions: Sendable {
    /// At least one.
    package var listen: [AddressText]
    /// At least one.
    package var upstream: [AddressText]
    package var protocols: ServedProtocol = .tcp
    package var upstreamPolicy = UpstreamPolicy()
    package var backend: BackendRequest = .auto
    /// `nil`: one per processor that the process may use.
    package var workers: Int?
    package var relay: RelayMode = .auto
    package var waits = WaitPolicy()
    /// Of TCP flows; HTTP has deadlines of its own.
    package var idleTimeoutMs: UInt64 = 3_600_000
    package var drainTimeoutMs: UInt64 = 30_000
    /// `nil`: as many as the descriptor limit allows.
    package var connectionsMax: Int?
    /// Whether sockets live in the rings' file tables instead of the process's.
    package var usesDirectDescriptors = false
    /// Whether each worker is bound to one processor.
    package var pinsWorkers = true
    /// Where the control API is served.
    package var admin = AdminOptions()

    package init(listen: [AddressText], upstream: [AddressText]) {
        self.listen = listen
        self.upstream = upstream
    }

    /// One listener with all its addresses, and one upstream.
    ///
    /// - Parameter endpoints: at least one.
    package func site(_ endpoints: [Endpoint]) -> SiteDescription {
        let service: Service
        switch protocols {
        case .tcp:
            var policy = TCPPolicy()
            policy.relay = relay
            policy.idleTimeoutMs = idleTimeoutMs
            service = .tcp(policy, upstream: 0)
        case .http(var policy, let trusted):
            policy.relay = relay
            service = .http(policy, trusted: trusted, upstream: 0)
        }
        return SiteDescription(service, to: endpoints, upstreamPolicy)
    }
}

/// What clients speak.
package enum ServedProtocol: Sendable {
    case tcp
    /// With the clients whose forwarding fields are believed.
    case http(HTTPPolicy, trusted: [IPBlock])

    package var isHTTP: Bool {
        if case .http = self { return true }
        return false
    }
}
