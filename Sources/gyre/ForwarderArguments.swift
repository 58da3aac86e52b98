// Options that every forwarding command shares, and the reading of their values.

internal import ArgumentParser
internal import ControlPlane
internal import DataPlane
internal import Logging
internal import Protocols

extension BackendRequest: ExpressibleByArgument {}
extension RelayMode: ExpressibleByArgument {}

/// How to forward, whatever the addresses.
struct ForwarderArguments: ParsableArguments {
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
    func apply(to options: inout ForwarderOptions) {
        options.backend = backend
        options.relay = relay
        options.pinsWorkers = !leavesUnpinned
        options.connectionsMax = maxConnections
        options.connectTimeoutMs = connectTimeout ?? options.connectTimeoutMs
        options.idleTimeoutMs = idleTimeout ?? options.idleTimeoutMs
        if case .exactly(let count) = workers { options.workers = count }
    }
}

/// The value of `--workers`.
enum WorkerCount: Equatable {
    case automatic
    case exactly(Int)
}

/// A list of addresses that was given as one value.
struct AddressList {
    let items: [AddressText]
}

/// Readers of option values; what they throw says what was expected.
enum Values {
    static let workersMax = 1024

    static func address(_ text: String) throws -> AddressText {
        do {
            return try AddressText(parsing: text)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    static func addressList(_ text: String) throws -> AddressList {
        do {
            return AddressList(items: try CommaList.items(text).map { try address(String($0)) })
        } catch let error as CommaListError {
            throw ValidationError("\(error)")
        }
    }

    static func duration(_ text: String) throws -> UInt64 {
        do {
            return try DurationText.milliseconds(text)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    static func positiveDuration(_ text: String) throws -> UInt64 {
        let milliseconds = try duration(text)
        guard milliseconds > 0 else { throw ValidationError("expected at least 1ms") }
        return milliseconds
    }

    static func workers(_ text: String) throws -> WorkerCount {
        text == "auto" ? .automatic : .exactly(try count(text, maximum: workersMax, or: "auto"))
    }

    static func connections(_ text: String) throws -> Int {
        try count(text, maximum: ResourceShares.connectionsMax)
    }

    static let logLevels = Logger.Level.allCases.map(\.rawValue)

    static func logLevel(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            throw ValidationError("expected one of \(logLevels.joined(separator: ", "))")
        }
        return level
    }

    private static func count(_ text: String, maximum: Int, or other: String? = nil) throws -> Int {
        let number = DecimalParser.parse(Substring(text).utf8, maximum: UInt64(maximum))
        guard let number, number > 0 else {
            let alternative = other.map { " or '\($0)'" } ?? ""
            throw ValidationError("expected a number from 1 to \(maximum)\(alternative)")
        }
        return Int(number)
    }
}
