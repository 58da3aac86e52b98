// The seam between what is asked for and what serves it. One listener in front of one upstream, in
// turns, is what can be served; everything else is refused here, in one line.

package import DataPlane
internal import Logging
internal import Protocols

/// Runs a configuration.
package struct ConfigurationRunner {
    private let configuration: Configuration
    private let options: ServiceOptions

    /// - Throws: what of it cannot be served.
    package init(_ configuration: Configuration) throws(StartError) {
        self.configuration = configuration
        options = try ServiceOptions(configuration)
    }

    /// Serves to the end.
    ///
    /// - Parameter onListening: as in `Supervisor.run`.
    /// - Returns: false when connections had to be cut.
    package func run(onListening: ([String]) -> Void = { _ in }) throws(StartError) -> Bool {
        let level = Logger.Level(rawValue: configuration.process.log.level.rawValue) ?? .info
        return try Supervisor(options, log: LineLogHandler.logger(level: level))
            .run(onListening: onListening)
    }
}

extension ServiceOptions {
    /// - Throws: what of it cannot be served.
    package init(_ configuration: Configuration) throws(StartError) {
        guard configuration.listeners.count == 1, let listener = configuration.listeners.first,
            let name = listener.upstream, let upstream = configuration[upstream: name],
            configuration.upstreams.count == 1
        else {
            throw StartError(
                "cannot serve this configuration: expected one listener with one upstream")
        }
        try Self.refuseUnserved(configuration, listener, upstream)
        var addresses: [AddressText] = []
        for endpoint in upstream.endpoints {
            guard case .address(let address) = endpoint.place, endpoint.weight == 1 else {
                throw StartError(
                    "cannot serve upstream '\(name)': expected endpoints without weight and dns_srv"
                )
            }
            addresses.append(address)
        }
        self.init(listen: listener.addresses, upstream: addresses)
        let process = configuration.process
        backend = process.backend
        workers = process.workers
        relay = listener.relay
        waits = WaitPolicy(mode: process.wait, busyPollNs: process.busyPollUs * 1_000)
        idleTimeoutMs = listener.timeouts.idleMs
        drainTimeoutMs = process.drainTimeoutMs
        connectionsMax = process.connectionsMax
        usesDirectDescriptors = process.usesDirectDescriptors
        pinsWorkers = process.pinsWorkers
        upstreamPolicy = UpstreamPolicy(upstream)
        if listener.service == .http {
            protocols = .http(HTTPPolicy(listener), trusted: listener.trusted)
        }
    }

    private static func refuseUnserved(
        _ configuration: Configuration, _ listener: Configuration.Listener,
        _ upstream: Configuration.Upstream
    ) throws(StartError) {
        var served = Configuration.UpstreamConnections()
        served.idleMax = upstream.connections.idleMax
        served.pipelineMax = upstream.connections.pipelineMax
        let unserved = [
            ("log.format", configuration.process.log.format != .text),
            ("proxy_protocol", listener.proxyProtocol != nil || upstream.proxyProtocol != nil),
            ("rate_limit", listener.rateLimit != nil),
            ("limits.connections", listener.limits.connectionsMax != nil),
            ("balance", upstream.balance != .roundRobin),
            ("sticky", upstream.sticky != nil),
            ("slow_start", upstream.slowStartMs != 0),
            ("connections", upstream.connections != served),
            ("retries", upstream.retries != Configuration.Retries()),
            ("health", upstream.health != Configuration.Health()),
        ]
        guard let first = unserved.first(where: \.1) else { return }
        throw StartError("cannot serve this configuration: expected no '\(first.0)' in it")
    }
}

extension HTTPPolicy {
    /// What a listener says of HTTP.
    package init(_ listener: Configuration.Listener) {
        self.init()
        deadlines.headMs = listener.timeouts.headMs
        deadlines.bodyMs = listener.timeouts.bodyMs
        deadlines.keepAliveMs = listener.timeouts.keepAliveMs
        deadlines.tunnelMs = listener.timeouts.tunnelMs
        deadlines.halfCloseMs = listener.timeouts.halfCloseMs
        heads = HeadLimits(
            headBytesMax: listener.limits.headBytesMax, fieldsMax: listener.limits.fieldsMax,
            targetBytesMax: listener.limits.targetBytesMax)
        chunks = ChunkLimits(
            lineBytesMax: listener.limits.chunkLineBytesMax,
            trailerBytesMax: listener.limits.trailerBytesMax)
        bodyBytesMax = listener.limits.bodyBytesMax
        requestsMax = listener.limits.requestsMax
        pipelineDepthMax = listener.limits.pipelineDepthMax
        forwarded = listener.forwarded
        allowsConnect = listener.allowsConnect
    }
}

extension UpstreamPolicy {
    /// What an upstream says of its connections.
    package init(_ upstream: Configuration.Upstream) {
        self.init()
        connectMs = upstream.timeouts.connectMs
        responseMs = upstream.timeouts.responseMs
        silenceMs = upstream.timeouts.upstreamMs
        keepAliveMs = upstream.timeouts.keepAliveMs
        idleMax = upstream.connections.idleMax
        pipelineMax = upstream.connections.pipelineMax > 1 ? upstream.connections.pipelineMax : 0
        host = upstream.host
    }
}
