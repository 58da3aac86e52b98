// From what the operator asked for and what the machine has to what each worker is told.

package import DataPlane

/// Everything that is decided before a socket is opened.
package struct ServicePlan: Sendable {
    package let choice: BackendChoice
    package let shares: ResourceShares
    package let endpoints: [Endpoint]
    package let snapshot: SiteSnapshot
    /// One per worker.
    package let workers: [WorkerConfiguration]
    /// What the operator should know although it does not keep Gyre from starting.
    package let warnings: [String]
    /// How many connections there is room for, and what says so.
    package let room: String

    /// More endpoints than this are a mistake in the configuration.
    static let endpointsMax = 1024
    private static let adminDescriptors = UInt64(AdminLimits.descriptors)

    /// - Parameters:
    ///   - options: at least one endpoint.
    ///   - host: this machine.
    ///   - choice: the backend.
    ///   - endpoints: resolved, at least one.
    package init(
        _ options: ServiceOptions, host: HostFacts, choice: BackendChoice, endpoints: [Endpoint]
    ) throws(StartError) {
        let limit = host.descriptors.soft
        let table =
            options.usesDirectDescriptors
            ? FileTableShares(descriptors: limit, isHTTP: options.protocols.isHTTP) : nil
        let wished = options.workers ?? Self.workersNeeded(options, table, host)
        guard
            let shares = ResourceShares(
                workers: wished, connections: options.connectionsMax,
                descriptors: limit - (options.admin.isOff ? 0 : min(limit, Self.adminDescriptors)),
                table: table)
        else {
            throw StartError(
                "cannot run \(wished) worker\(wished == 1 ? "" : "s"): the descriptor limit of"
                    + " \(limit) (ulimit -n) is too low for one connection each")
        }
        guard endpoints.count <= Self.endpointsMax else {
            throw StartError(
                "cannot forward to \(endpoints.count) addresses, at most \(Self.endpointsMax)")
        }
        self.choice = choice
        self.shares = shares
        self.endpoints = endpoints
        snapshot = SiteSnapshot(options.site(endpoints))
        workers = (0..<shares.workers).map { index in
            Self.configuration(options, host: host, shares: shares, index)
        }
        warnings = Self.warnings(options, wished: wished, shares, host)
        room =
            "room for \(shares.connections) connections: "
            + (options.usesDirectDescriptors
                ? "direct descriptors, at most \(limit) (ulimit -n) for each worker"
                : "two of at most \(limit) descriptors (ulimit -n) for each")
    }

    /// One worker per processor, and with direct descriptors as many as have the tables for the
    /// connections that were asked for.
    private static func workersNeeded(
        _ options: ServiceOptions, _ table: FileTableShares?, _ host: HostFacts
    ) -> Int {
        guard let table, table.clients > 0, let connections = options.connectionsMax else {
            return host.workersDefault
        }
        return max(host.workersDefault, (connections + table.clients - 1) / table.clients)
    }

    private static func configuration(
        _ options: ServiceOptions, host: HostFacts, shares: ResourceShares, _ index: Int
    ) -> WorkerConfiguration {
        let table = shares.table(ofWorker: index)
        return WorkerConfiguration(
            index: index,
            processor: options.pinsWorkers
                ? host.processors[index % host.processors.count] : nil,
            waits: options.waits,
            flowsMax: shares.flows(ofWorker: index),
            upstreamsMax: table?.upstreams,
            filesMax: table?.slots,
            buffersMax: shares.buffers(
                memoryBytes: host.memoryBytes, bufferBytes: BufferPool.bufferBytes),
            pipesMax: ResourceShares.pipes(workers: shares.workers))
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
                    + " the descriptor limit is \(host.descriptors.soft) (ulimit -n)"
                    + (options.usesDirectDescriptors ? " for each worker" : ""))
        }
        return lines
    }
}
