// Options that every serving command shares.

internal import ArgumentParser
internal import ControlPlane
internal import DataPlane
internal import Logging
internal import Protocols

extension BackendRequest: ExpressibleByArgument {}
extension RelayMode: ExpressibleByArgument {}
extension WaitMode: ExpressibleByArgument {}

/// Where clients come from and where they are taken to.
struct AddressArguments: ParsableArguments {
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("Where to listen. Can be given several times.", valueName: "ADDR"),
        transform: Values.address)
    var listen: [AddressText]

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Where to forward to, round robin. Can be given several times.",
            valueName: "ADDR[,ADDR...]"),
        transform: Values.addressList)
    var to: [ValueList<AddressText>]

    /// What `--help` says of addresses and of how the process ends.
    static let discussion = """
        ADDR is host:port, :port, [v6]:port or unix:/path. Names are resolved once, at start, \
        and all their addresses are used, in turns. To listen on :port is to listen on every \
        IPv4 and IPv6 address of this machine; to forward to :port is to forward to \
        127.0.0.1. Port 0 listens on any free port; the log tells which.
        """

    func validate() throws {
        let fixed = listen.filter { $0.port != 0 }
        for (index, address) in fixed.enumerated() where fixed[..<index].contains(address) {
            throw ValidationError("--listen \(address) is given twice")
        }
        for address in to.flatMap(\.items) {
            if address.port == 0 {
                throw ValidationError("--to \(address) has port 0; expected 1 to 65535")
            }
            if listen.contains(address) {
                throw ValidationError("--to \(address) is also an address to listen on")
            }
        }
    }

    /// One listener and one upstream; everything else is as if nothing had been asked for.
    static func configuration(
        _ service: Configuration.ListenerProtocol, listen: [AddressText], to: [AddressText]
    ) -> Configuration {
        var listener = Configuration.Listener()
        listener.name = service.rawValue
        listener.service = service
        listener.addresses = listen
        var upstream = Configuration.Upstream()
        upstream.name = "endpoints"
        upstream.endpoints = to.map { Configuration.Endpoint($0) }
        listener.upstream = upstream.name
        var configuration = Configuration()
        configuration.listeners = [listener]
        configuration.upstreams = [upstream]
        return configuration
    }

    func configuration(_ service: Configuration.ListenerProtocol) -> Configuration {
        Self.configuration(service, listen: listen, to: to.flatMap(\.items))
    }
}

/// How to serve, whatever the addresses and the protocol.
struct ServiceArguments: ParsableArguments {
    private static let defaults = Configuration.Process()

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
            io_uring and is for gyre tcp; auto decides for each direction of each connection.
            """,
            valueName: "relay"))
    var relay = RelayMode.auto

    @Flag(
        help: """
            Keep sockets in the rings' file tables: the descriptor limit is one for each worker \
            then, and with --max-connections as many workers are started as it takes. Needs \
            io_uring, kernel 6.15.
            """)
    var directDescriptors = false

    @Option(
        help: ArgumentHelp(
            """
            What a worker waits for. adaptive: the next event, and up to 100us for several while \
            it needs most of its processor. latency: the next event, always. throughput: up to \
            300us for several, earlier. Without io_uring and kernel 6.12 it is always the next \
            event.
            """,
            valueName: "wait"))
    var wait = WaitMode.adaptive

    @Option(
        help: ArgumentHelp(
            """
            How long a worker watches for the next event before it sleeps: no wake-up, but a busy \
            processor, also when there is little to do. (default: off)
            """,
            valueName: "time|off"),
        transform: Values.busyPoll)
    var busyPoll: UInt64 = 0

    @Option(duration: "How long connecting to an endpoint may take.")
    var connectTimeout = Configuration.UpstreamTimeouts().connectMs

    @Option(
        help: ArgumentHelp(
            "Connections at once, 1 to \(ResourceShares.connectionsMax). "
                + "(default: what the descriptor limit allows)",
            valueName: "N"),
        transform: Values.connections)
    var maxConnections: Int?

    @Option(
        duration: "How long what is under way may take to finish after SIGTERM.", minimumMs: 0)
    var drainTimeout = Self.defaults.drainTimeoutMs

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
    var logLevel = Configuration.LogLevel.info

    @Option(
        help: ArgumentHelp(
            """
            Write a line for each request or connection that ended: to the standard output stream, \
            a file, or a Unix datagram socket. (default: off)
            """,
            valueName: "stdout|PATH|syslog:PATH"),
        transform: Values.accessTarget)
    var accessLog: AccessTarget?

    @Option(
        help: ArgumentHelp(
            """
            What its lines are: json, combined, or a text with names of values such as $client \
            and $status. (default: \(AccessFormat.json))
            """,
            valueName: "format"),
        transform: Values.accessFormat)
    var accessLogFormat: AccessFormat?

    @Flag(help: "Print what was asked for as a configuration file, for gyre run, and end.")
    var printConfig = false

    /// What `--help` says of signals and exit codes.
    static let discussion = """
        SIGTERM and SIGINT stop accepting and wait for what is under way to finish, a second one \
        cuts it. SIGUSR1 prints the counters as one line of JSON and opens the access log again. \
        The exit code is 0 when everything could finish, 1 when not or when starting failed, 64 \
        when the command line is wrong.
        """

    func validate() throws {
        if backend == .epoll && relay == .spliceRing {
            throw ValidationError(
                "--relay splice-ring needs io_uring, it cannot be used with --backend epoll")
        }
        if accessLogFormat != nil && accessLog == nil {
            throw ValidationError("--access-log-format is given without --access-log")
        }
        if directDescriptors && backend == .epoll {
            throw ValidationError(
                "--direct-descriptors needs io_uring, it cannot be used with --backend epoll")
        }
        if directDescriptors && relay == .splice {
            throw ValidationError(
                "--relay splice needs descriptors, it cannot be used with --direct-descriptors;"
                    + " expected auto or copy, or splice-ring with gyre tcp")
        }
    }

    /// IORING_OP_SPLICE is there to be measured, which `gyre tcp` does.
    func validateForHTTP() throws {
        if relay == .spliceRing {
            throw ValidationError(
                "--relay splice-ring is for gyre tcp; expected auto, copy or splice")
        }
    }

    /// Everything but the addresses and the service.
    func apply(to configuration: inout Configuration) {
        configuration.process.backend = backend
        configuration.process.wait = wait
        configuration.process.busyPollUs = busyPoll
        configuration.process.pinsWorkers = !leavesUnpinned
        configuration.process.usesDirectDescriptors = directDescriptors
        configuration.process.connectionsMax = maxConnections
        configuration.process.drainTimeoutMs = drainTimeout
        configuration.process.log.level = logLevel
        configuration.process.log.access = accessLog.map { target in
            var access = Configuration.AccessLog()
            access.to = target
            access.format = accessLogFormat ?? .json
            return access
        }
        if case .exactly(let count) = workers { configuration.process.workers = count }
        for index in configuration.listeners.indices {
            configuration.listeners[index].relay = relay
        }
        for index in configuration.upstreams.indices {
            configuration.upstreams[index].timeouts.connectMs = connectTimeout
        }
    }
}

extension ServiceArguments {
    var log: Logger {
        var log = Configuration.Log()
        log.level = logLevel
        return LineLogHandler.logger(log)
    }

    /// Serves to the end; a failure when something had to be cut.
    func serve(_ configuration: Configuration) throws {
        guard !printConfig else {
            print(configuration.yaml, terminator: "")
            return
        }
        let isClean = try Supervisor(configuration, from: .commandLine, log: log).run()
        if !isClean { throw ExitCode.failure }
    }
}
