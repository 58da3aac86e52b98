// `gyre tcp`: the TCP forwarder.

internal import ArgumentParser
internal import ControlPlane
internal import DataPlane
internal import Protocols

struct TCPCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tcp",
        abstract: "Forward TCP connections to one or more endpoints.",
        discussion: """
            ADDR is host:port, :port, [v6]:port or unix:/path. Names are resolved once, at start, \
            and all their addresses are used, in turns. To listen on :port is to listen on every \
            IPv4 and IPv6 address of this machine; to forward to :port is to forward to \
            127.0.0.1. Port 0 listens on any free port; the log tells which.

            SIGTERM and SIGINT stop accepting and wait for flows to finish, a second one cuts \
            them. SIGUSR1 prints the counters as one line of JSON. The exit code is 0 when every \
            flow could finish, 1 when not or when starting failed, 64 when the command line is \
            wrong.

            Examples:
              gyre tcp --listen :8080 --to 127.0.0.1:9000
              gyre tcp --listen [::1]:5432 --to db1.internal:5432,db2.internal:5432
              gyre tcp --listen unix:/run/app.sock --to 10.0.0.7:80 --backend epoll
            """)

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
    var to: [AddressList]

    @OptionGroup var service: ServiceArguments

    @Option(
        help: ArgumentHelp(
            "How long flows may take to finish after SIGTERM. (default: 30s)",
            valueName: "time"),
        transform: Values.duration)
    var drainTimeout: UInt64?

    private var upstream: [AddressText] { to.flatMap(\.items) }

    func validate() throws {
        let fixed = listen.filter { $0.port != 0 }
        for (index, address) in fixed.enumerated() where fixed[..<index].contains(address) {
            throw ValidationError("--listen \(address) is given twice")
        }
        for address in upstream {
            if address.port == 0 {
                throw ValidationError("--to \(address) has port 0; expected 1 to 65535")
            }
            if listen.contains(address) {
                throw ValidationError("--to \(address) is also an address to listen on")
            }
        }
    }

    func run() throws {
        var options = ServiceOptions(listen: listen, upstream: upstream)
        service.apply(to: &options)
        options.drainTimeoutMs = drainTimeout ?? options.drainTimeoutMs
        let log = LineLogHandler.logger(level: service.logLevel)
        let isClean = try Supervisor(options, log: log).run()
        if !isClean { throw ExitCode.failure }
    }
}
