// Options that every serving command shares.

internal import ArgumentParser
internal import ControlPlane
internal import DataPlane
internal import Logging
internal import Protocols

extension BackendRequest: ExpressibleByArgument {}
extension RelayMode: ExpressibleByArgument {}

/// How to serve, whatever the addresses and the protocol.
struct ServiceArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The I/O backend. auto takes io_uring where it works, else epoll.",
            valueName: "backend"))
    var backend = BackendRequest.auto

    @Option(
        help: ArgumentHelp(
            "Worker threads, 1 to \(Values.workersMax). (default: auto, one per processor)",
            valueName: "N|auto"),
        transform: Values.workers)
    var workers: WorkerCount?

    @Option(
        help: ArgumentHelp(
            """
            How bytes are passed on. copy suits small messages, splice bulk; splice-ring needs \
            io_uring; auto decides for each direction of each flow.
            """,
            valueName: "relay"))
    var relay = RelayMode.auto

    @Option(
        help: ArgumentHelp(
            "How long connecting to an endpoint may take. (default: 5s)", valueName: "time"),
        transform: Values.positiveDuration)
    var connectTimeout: UInt64?

    @Option(
        help: ArgumentHelp(
            "How long a flow may be silent in both directions. (default: 1h)",
            valueName: "time"),
        transform: Values.positiveDuration)
    var idleTimeout: UInt64?

    @Option(
        help: ArgumentHelp(
            "Connections at once, 1 to \(ResourceShares.connectionsMax). "
                + "(default: what the descriptor limit allows)",
            valueName: "N"),
        transform: Values.connections)
    var maxConnections: Int?

    @Flag(name: .customLong("no-pin"), help: "Do not bind each worker to one processor.")
    var leavesUnpinned = false

    @Option(
        help: ArgumentHelp(
            """
            Least severe events to log, on the standard error stream: \
            \(Values.logLevels.joined(separator: ", ")). (default: info)
            """,
            valueName: "level"),
        transform: Values.logLevel)
    var logLevel = Logger.Level.info

    func validate() throws {
        if backend == .epoll && relay == .spliceRing {
            throw ValidationError(
                "--relay splice-ring needs io_uring, it cannot be used with --backend epoll")
        }
    }

    /// Everything but the addresses and the drain timeout.
    func apply(to options: inout ServiceOptions) {
        options.backend = backend
        options.relay = relay
        options.pinsWorkers = !leavesUnpinned
        options.connectionsMax = maxConnections
        options.connectTimeoutMs = connectTimeout ?? options.connectTimeoutMs
        options.idleTimeoutMs = idleTimeout ?? options.idleTimeoutMs
        if case .exactly(let count) = workers { options.workers = count }
    }
}
