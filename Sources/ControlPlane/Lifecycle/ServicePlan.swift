// From what the operator asked for and what the machine has to what each worker is told.

package import DataPlane

/// Everything that is decided before a socket is opened.
package struct ServicePlan: Sendable {
    package let choice: BackendChoice
    package let shares: ResourceShares
    /// One per worker.
    package let workers: [WorkerConfiguration]
    /// What the operator should know although it does not keep Gyre from starting.
    package let warnings: [String]
    /// How many connections there is room for, and what says so.
    package let room: String

    private static let adminDescriptors = UInt64(AdminLimits.descriptors)
    private static let checkDescriptors = UInt64(CheckLoop.checksMax)

    /// - Parameters:
    ///   - options: what was asked for.
    ///   - servesHTTP: whether there is an HTTP listener, whose clients can keep more connections.
    ///   - checksEndpoints: whether endpoints are checked, which takes descriptors, too.
    ///   - host: this machine.
    ///   - choice: the backend.
    package init(
        _ options: Configuration.Process, servesHTTP: Bool, checksEndpoints: Bool = false,
        host: HostFacts, choice: BackendChoice
    ) throws(StartError) {
        let limit = host.descriptors.soft
        let others =
            (options.admin.isOff ? 0 : Self.adminDescriptors)
            + (checksEndpoints ? Self.checkDescriptors : 0)
        let table =
            options.usesDirectDescriptors
            ? FileTableShares(descriptors: limit, isHTTP: servesHTTP) : nil
        let wished = options.workers ?? Self.workersNeeded(options, table, host)
        guard
            let shares = ResourceShares(
                workers: wished, connections: options.connectionsMax,
                descriptors: limit - min(limit, others),
                table: table)
        else {
            throw StartError(
                "cannot run \(wished) worker\(wished == 1 ? "" : "s"): the descriptor limit of"
                    + " \(limit) (ulimit -n) is too low for one connection each")
        }
        self.choice = choice
        self.shares = shares
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
        _ options: Configuration.Process, _ table: FileTableShares?, _ host: HostFacts
    ) -> Int {
        guard let table, table.clients > 0, let connections = options.connectionsMax else {
            return host.workersDefault
        }
        return max(host.workersDefault, (connections + table.clients - 1) / table.clients)
    }

    private static func configuration(
        _ options: Configuration.Process, host: HostFacts, shares: ResourceShares, _ index: Int
    ) -> WorkerConfiguration {
        let table = shares.table(ofWorker: index)
        var worker = WorkerConfiguration(
            index: index,
            processor: options.pinsWorkers
                ? host.processors[index % host.processors.count] : nil,
            waits: WaitPolicy(mode: options.wait, busyPollNs: options.busyPollUs * 1_000),
            flowsMax: shares.flows(ofWorker: index),
            upstreamsMax: table?.upstreams,
            filesMax: table?.slots,
            buffersMax: shares.buffers(
                memoryBytes: host.memoryBytes, bufferBytes: BufferPool.bufferBytes),
            pipesMax: ResourceShares.pipes(workers: shares.workers))
        if let access = options.log.access {
            worker.accessSample = UInt32(clamping: (access.samplePercent * 65_536 + 50) / 100)
        }
        return worker
    }

    private static func warnings(
        _ options: Configuration.Process, wished: Int, _ shares: ResourceShares, _ host: HostFacts
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
