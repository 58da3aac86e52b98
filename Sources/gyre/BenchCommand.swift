// `gyre bench`: what io_uring buys over epoll on this machine.

internal import ArgumentParser
internal import ControlPlane
internal import LoadGeneration
internal import Protocols

extension BenchOptions.Mode: ExpressibleByArgument {}
extension BenchOptions.Backends: ExpressibleByArgument {}

struct BenchCommand: ParsableCommand {
    private static let defaults = BenchOptions()

    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure what io_uring costs and what epoll costs on this machine.",
        discussion: """
            Starts a proxy with one worker on a processor of its own, and drives it from another \
            one: clients that keep their connection and ask again when they have been answered, \
            and an origin, both built in. io_uring and epoll take turns. Status and length of \
            every answer are checked. Where io_uring cannot be used it says why and measures epoll \
            alone.

            The exit code is 0 when every request was answered as it should, 1 when not, 130 after \
            SIGINT, 143 after SIGTERM.

            Examples:
              gyre bench
              gyre bench --mode tcp --connections 64 --rounds 5
              gyre bench --target http://127.0.0.1:9000/index.html
              gyre bench --json > bench.json
            """)

    @Option(
        help: ArgumentHelp(
            "Which proxy: http, or tcp, which forwards the same requests unread.",
            valueName: "mode"))
    var mode = Self.defaults.mode

    @Option(help: ArgumentHelp("Which backends.", valueName: "backends"))
    var backend = Self.defaults.backends

    @Option(
        help: ArgumentHelp(
            """
            An endpoint to put the proxy in front of instead of the built-in origin: host:port or \
            http://host[:port][/path]. It is asked with GET and has to speak HTTP/1.1.
            """,
            valueName: "target"),
        transform: Values.benchTarget)
    var target: BenchTarget?

    @Option(
        help: ArgumentHelp(
            """
            Clients at the same time, 1 to \(BenchOptions.connectionsMax) each. (default: \
            \(Self.defaults.connections.map { "\($0)" }.joined(separator: ",")))
            """,
            valueName: "N[,N...]"),
        transform: Values.connectionCounts)
    var connections = ValueList(items: Self.defaults.connections)

    @Option(
        help: ArgumentHelp(
            """
            How long each measurement takes, 100ms to 1m. (default: \
            \(DurationText.text(milliseconds: Self.defaults.durationMs)))
            """,
            valueName: "time"),
        transform: Values.benchDuration)
    var duration = Self.defaults.durationMs

    @Option(count: "How often everything is measured", in: 1...BenchOptions.roundsMax)
    var rounds = Self.defaults.rounds

    @Flag(help: "One line of JSON with every measurement instead of a table.")
    var json = false

    var options: BenchOptions {
        var options = BenchOptions()
        options.mode = mode
        options.backends = backend
        options.target = target
        options.connections = connections.items
        options.durationMs = duration
        options.rounds = rounds
        return options
    }

    func run() throws {
        let isWatched = ErrorOutput.isTerminal
        // Carriage return and "erase in line" of ECMA-48.
        let erase = isWatched ? "\r\u{1B}[K" : ""
        do throws(BenchStop) {
            let bench = try Bench(options) { line in
                if isWatched { ErrorOutput.write("\(erase)\(line)") }
            }
            let report = try bench.run { reason in
                ErrorOutput.write(
                    line: "gyre: io_uring cannot be used: \(reason); measuring epoll alone")
            }
            ErrorOutput.write(erase)
            print(json ? report.json : report.text)
            guard report.failures > 0 else { return }
            throw BenchStop.failed("\(report.failures) requests failed")
        } catch {
            ErrorOutput.write(erase)
            switch error {
            case .failed(let reason): throw StartError(reason)
            // What shells say of a program that a signal has ended.
            case .interrupted(let number): throw ExitCode(128 + number)
            }
        }
    }
}
