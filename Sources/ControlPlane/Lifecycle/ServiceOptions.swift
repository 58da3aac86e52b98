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
    package var admin = Configuration.Admin.off

    package init(listen: [AddressText], upstream: [AddressText]) {
        self.listen = listen
        self.upstream = upstream
    }

    /// The same as a configuration: one listener with all its addresses, and one upstream.
    package var configuration: Configuration {
        var configuration = Configuration()
        configuration.process.workers = workers
        configuration.process.backend = backend
        configuration.process.pinsWorkers = pinsWorkers
        configuration.process.wait = waits.mode
        configuration.process.busyPollUs = waits.busyPollNs / 1_000
        configuration.process.usesDirectDescriptors = usesDirectDescriptors
        configuration.process.connectionsMax = connectionsMax
        configuration.process.drainTimeoutMs = drainTimeoutMs
        configuration.process.admin = admin
        configuration.listeners = [listener]
        var group = Configuration.Upstream()
        group.name = "default"
        group.endpoints = upstream.map { Configuration.Endpoint($0) }
        group.timeouts.connectMs = upstreamPolicy.connectMs
        group.timeouts.responseMs = upstreamPolicy.responseMs
        group.timeouts.upstreamMs = upstreamPolicy.silenceMs
        group.timeouts.keepAliveMs = upstreamPolicy.keepAliveMs
        group.connections.idleMax = upstreamPolicy.idleMax
        group.connections.pipelineMax = max(upstreamPolicy.pipelineMax, 1)
        group.host = upstreamPolicy.host
        configuration.upstreams = [group]
        return configuration
    }

    private var listener: Configuration.Listener {
        var listener = Configuration.Listener()
        listener.name = "default"
        listener.addresses = listen
        listener.upstream = "default"
        listener.relay = relay
        listener.timeouts.idleMs = idleTimeoutMs
        switch protocols {
        case .tcp: listener.service = .tcp
        case .http(let policy, let trusted):
            listener.service = .http
            listener.trusted = trusted
            listener.forwarded = policy.forwarded
            listener.allowsConnect = policy.allowsConnect
            listener.timeouts.headMs = policy.deadlines.headMs
            listener.timeouts.bodyMs = policy.deadlines.bodyMs
            listener.timeouts.keepAliveMs = policy.deadlines.keepAliveMs
            listener.timeouts.tunnelMs = policy.deadlines.tunnelMs
            listener.timeouts.halfCloseMs = policy.deadlines.halfCloseMs
            listener.limits.headBytesMax = policy.heads.headBytesMax
            listener.limits.fieldsMax = policy.heads.fieldsMax
            listener.limits.targetBytesMax = policy.heads.targetBytesMax
            listener.limits.chunkLineBytesMax = policy.chunks.lineBytesMax
            listener.limits.trailerBytesMax = policy.chunks.trailerBytesMax
            listener.limits.bodyBytesMax = policy.bodyBytesMax
            listener.limits.requestsMax = policy.requestsMax
            listener.limits.pipelineDepthMax = policy.pipelineDepthMax
        }
        return listener
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
