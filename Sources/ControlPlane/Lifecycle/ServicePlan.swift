// From what the operator asked for and what the machine has to what each worker is told.

package import DataPlane

/// Everything that is decided before a socket is opened.
package struct ServicePlan: Sendable {
    package let choice: BackendChoice
    package let shares: ResourceShares
    package let endpoints: [Endpoint]
    /// One per worker.
    package let workers: [WorkerConfiguration]
    /// What the operator should know although it does not keep Gyre from starting.
    package let warnings: [String]

    /// More endpoints than this are a mistake in the configuration.
    static let endpointsMax = 1024

    /// - Parameters:
    ///   - options: at least one endpoint.
    ///   - host: this machine.
    ///   - choice: the backend.
    ///   - endpoints: resolved, at least one.
    package init(
        _ options: ServiceOptions, host: HostFacts, choice: BackendChoice, endpoints: [Endpoint]
    ) throws(StartError) {
        let wished = options.workers ?? host.workersDefault
        guard
            let shares = ResourceShares(
                workers: wished, connections: options.connectionsMax,
                descriptors: host.descriptors.soft)
        else {
            throw StartError(
                "cannot run \(wished) worker\(wished == 1 ? "" : "s"): the descriptor limit of"
                    + " \(host.descriptors.soft) (ulimit -n) is too low for one connection each")
        }
        guard endpoints.count <= Self.endpointsMax else {
            throw StartError(
                "cannot forward to \(endpoints.count) addresses, at most \(Self.endpointsMax)")
        }
        self.choice = choice
        self.shares = shares
        self.endpoints = endpoints
        workers = (0..<shares.workers).map { index in
            Self.configuration(options, host: host, shares: shares, endpoints, index)
        }
        warnings = Self.warnings(options, wished: wished, shares, host)
    }

    private static func configuration(
        _ options: ServiceOptions, host: HostFacts, shares: ResourceShares,
        _ endpoints: [Endpoint], _ index: Int
    ) -> WorkerConfiguration {
        WorkerConfiguration(
            index: index,
            processor: options.pinsWorkers
                ? host.processors[index % host.processors.count] : nil,
            service: options.service,
            relay: options.relay,
            connectTimeoutMs: options.connectTimeoutMs,
            idleTimeoutMs: options.idleTimeoutMs,
            flowsMax: shares.flows(ofWorker: index),
            buffersMax: shares.buffers(
                memoryBytes: host.memoryBytes, bufferBytes: BufferPool.bufferBytes),
            pipesMax: ResourceShares.pipes(workers: shares.workers),
            endpoints: endpoints)
    }

    private static func warnings(
        _ options: ServiceOptions, wished: Int, _ shares: ResourceShares, _ host: HostFacts
    ) -> [String] {
        var lines: [String] = []
        if shares.workers < wished {
            lines.append(
                "running \(shares.workers) workers instead of \(wished):"
                    + " there are only as many connections")
        }
        if let asked = options.connectionsMax, asked > shares.connections {
            lines.append(
                "holding \(shares.connections) connections at most instead of \(asked):"
                    + " the descriptor limit is \(host.descriptors.soft) (ulimit -n)")
        }
        return lines
    }
}
