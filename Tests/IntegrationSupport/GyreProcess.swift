// The program under test as a process: started with arguments, watched through what it logs.

import Foundation

/// The counters that SIGUSR1 prints, of all workers together.
public struct GyreCounters: Decodable, Sendable {
    public let workers: Int
    public let backend: String
    public let systemCalls: [String: Int]
    public let completions: Int
    public let turns: Int
    public let bytesCopied: Int
    public let bytesSpliced: Int
    public let bytesRingSpliced: Int
    public let accepted: Int
    public let flowsActive: Int
    public let connectFailures: Int
    public let starvedWaits: Int
    public let proxyHeaders: Int
    public let proxyHeadersRefused: Int
    public let proxyHeaderTimeouts: Int
    /// Of `gyre http`; 0 of another command, as are the rest.
    public let clientsActive: Int
    public let requests: Int
    public let responses: Int
    public let requestsRefused: Int
    public let localReplies: Int
    public let responsesCut: Int
    public let upstreamsOpened: Int
    public let upstreamsReused: Int
    public let upstreamsActive: Int
    public let retries: Int
    public let tunnels: Int
    public let requestsPipelined: Int
    public let requestsResent: Int
    public let answersDropped: Int
    public let upstreamWaits: Int
    public let upstreamOverflows: Int
    /// What limits of listeners turned away.
    public let connectionsOverRate: Int
    public let requestsOverRate: Int
    public let connectionsOverLimit: Int

    /// System calls of every kind.
    public var systemCallsTotal: Int { systemCalls.values.reduce(0, +) }

    /// Bytes handed on, whatever the relay path.
    public var bytesTotal: Int { bytesCopied + bytesSpliced + bytesRingSpliced }
}

/// A running `gyre`. Killed with the last reference when it has not ended before.
public final class GyreProcess: Sendable {
    public let process: ChildProcess
    /// Where it listens, in the order it said so.
    public let addresses: [PeerAddress]

    /// Starts `gyre` with these arguments and waits until it listens.
    ///
    /// - Parameters:
    ///   - arguments: at least one `--listen` and `--to`, or `--config`.
    ///   - command: `tcp` or `http`, or `run`.
    ///   - listening: addresses that it listens on, when the arguments do not say it.
    ///   - launcher: a command that is put in front, to run it under limits.
    ///   - environment: variables to add.
    /// - Throws: `TestFailure`, with what it wrote, when it ends or takes longer than 10 s.
    public init(
        launching arguments: [String], command: String = "tcp", listening: Int = 1,
        launcher: [String] = [], environment: [String: String] = [:]
    ) throws {
        raiseDescriptorLimit()
        let process = try ChildProcess(
            launcher + [Product.binary, command] + arguments, environment: environment)
        let expected = max(listening, arguments.count { $0 == "--listen" })
        var found: [PeerAddress] = []
        _ = eventually(within: 10) {
            found = Self.listeningAddresses(process.errorOutput)
            return found.count >= expected || process.exitStatus != nil
        }
        guard found.count >= expected, process.exitStatus == nil else {
            throw TestFailure("gyre does not listen; it wrote: \(process.errorOutput)")
        }
        self.process = process
        self.addresses = found
    }

    /// Starts `gyre tcp` on a backend.
    ///
    /// - Parameters:
    ///   - endpoints: the values of `--to`.
    ///   - listeners: the values of `--listen`; port 0 takes a free one.
    ///   - options: further arguments.
    public convenience init(
        to endpoints: [String], backend: Backend, listen listeners: [String] = ["127.0.0.1:0"],
        options: [String] = [], launcher: [String] = [], environment: [String: String] = [:]
    ) throws {
        let arguments =
            listeners.flatMap { ["--listen", $0] } + endpoints.flatMap { ["--to", $0] }
            + backend.arguments + options
        try self.init(launching: arguments, launcher: launcher, environment: environment)
    }

    /// Starts `gyre http` on a backend.
    ///
    /// - Parameters:
    ///   - endpoints: the values of `--to`, in turns.
    ///   - listeners: the values of `--listen`; port 0 takes a free one.
    ///   - options: further arguments.
    public convenience init(
        http endpoints: [PeerAddress], backend: Backend,
        listen listeners: [String] = ["127.0.0.1:0"], options: [String] = [],
        launcher: [String] = [], environment: [String: String] = [:]
    ) throws {
        let arguments =
            listeners.flatMap { ["--listen", $0] }
            + ["--to", endpoints.map(\.description).joined(separator: ",")]
            + backend.arguments + options
        try self.init(
            launching: arguments, command: "http", launcher: launcher, environment: environment)
    }

    /// Starts `gyre http` in front of one endpoint.
    public convenience init(
        http endpoint: PeerAddress, backend: Backend, options: [String] = []
    ) throws {
        try self.init(http: [endpoint], backend: backend, options: options)
    }

    /// Starts `gyre tcp` in front of one endpoint.
    public convenience init(
        to endpoint: PeerAddress, backend: Backend, options: [String] = []
    ) throws {
        try self.init(to: [endpoint.description], backend: backend, options: options)
    }

    /// Starts `gyre tcp` in front of one endpoint on a given relay path.
    public convenience init(to endpoint: PeerAddress, route: Route, options: [String] = []) throws {
        try self.init(
            to: endpoint, backend: route.backend, options: ["--relay", route.relay] + options)
    }

    /// The first address it listens on.
    public var address: PeerAddress { addresses[0] }

    public var usage: ProcessUsage { ProcessUsage(pid: process.pid) }

    /// Connects to its first listener.
    public func connect() throws -> Connection { try Connection(to: address) }

    /// Connects to its first listener as an HTTP client.
    public func client() throws -> HTTPStream { HTTPStream(try connect()) }

    /// A URL at its first listener.
    public func url(_ path: String) -> String { "http://\(address)\(path)" }

    /// Asks for the counters with SIGUSR1.
    public func counters() throws -> GyreCounters {
        let before = Self.counterLines(process.errorOutput).count
        process.signal(SIGUSR1)
        var lines: [Substring] = []
        let answered = eventually {
            lines = Self.counterLines(process.errorOutput)
            return lines.count > before
        }
        guard answered, let line = lines.last else {
            throw TestFailure("no counters after SIGUSR1; it wrote: \(process.errorOutput)")
        }
        return try JSONDecoder().decode(GyreCounters.self, from: Data(line.utf8))
    }

    /// Asks for the counters until they are as expected, for at most 2 s: a worker publishes its
    /// own when its turn ends, and who was answered in that turn may be ahead of it.
    ///
    /// - Returns: the last ones, as expected or not.
    public func counters(_ isAsExpected: (GyreCounters) -> Bool) throws -> GyreCounters {
        var last = try counters()
        _ = try eventually(within: 2) {
            if isAsExpected(last) { return true }
            last = try counters()
            return false
        }
        return last
    }

    /// Clients that it has now, as flows or as HTTP clients.
    public var connectionsActive: Int {
        get throws {
            let counters = try counters()
            return counters.flowsActive + counters.clientsActive
        }
    }

    /// Waits until it forwards nothing any more and has closed what it opened for its flows.
    ///
    /// - Parameters:
    ///   - base: descriptors it held before; pipes are apart, because it keeps them for reuse.
    ///   - flowsAtOnce: the most there were, of which each may have used a pipe each way.
    /// - Throws: `TestFailure`, saying what is left over, when that takes longer than 5 s.
    public func awaitRest(descriptors base: Int, flowsAtOnce: Int) throws {
        var active = 0
        var open = 0
        var pipeEnds = 0
        let isBack = try eventually {
            active = try connectionsActive
            open = try usage.descriptorCount()
            pipeEnds = try usage.pipeEndCount()
            return active == 0 && open <= base && pipeEnds <= 4 * flowsAtOnce
        }
        guard !isBack else { return }
        throw TestFailure(
            """
            \(active) flows or clients, \(open) descriptors over a base of \(base), \
            \(pipeEnds) pipe ends
            """
        )
    }

    /// Changes its soft descriptor limit while it runs; at its start it would size itself to fit.
    public func limitDescriptors(to count: Int) throws {
        let run = try ChildProcess.run(["prlimit", "--pid", "\(process.pid)", "--nofile=\(count):"])
        guard run.status == .exited(0) else { throw TestFailure("prlimit: \(run.errorOutput)") }
    }

    /// Ends it with SIGTERM.
    ///
    /// - Returns: how it ended.
    @discardableResult
    public func terminate(within seconds: Double = 10) throws -> ProcessEnd {
        process.signal(SIGTERM)
        return try process.wait(within: seconds)
    }

    private static func counterLines(_ log: String) -> [Substring] {
        completeLines(log).filter { $0.hasPrefix("{") && $0.contains("\"systemCalls\"") }
    }

    private static func listeningAddresses(_ log: String) -> [PeerAddress] {
        completeLines(log).compactMap { line in
            guard let mark = line.range(of: "listening on ") else { return nil }
            let word = line[mark.upperBound...].prefix { !$0.isWhitespace && $0 != "," }
            return PeerAddress(String(word))
        }
    }

    /// The last line may still be half written.
    private static func completeLines(_ log: String) -> [Substring] {
        guard let end = log.lastIndex(of: "\n") else { return [] }
        return log[..<end].split(separator: "\n")
    }
}

extension GyreProcess {
    /// Starts `gyre run` on a backend, without a control API.
    ///
    /// - Parameters:
    ///   - site: the configuration, without the keys for the above.
    ///   - directory: where it is written to, as `site.yaml`.
    public convenience init(
        site: String, backend: Backend, in directory: TemporaryDirectory
    ) throws {
        let file = try Self.write(site, backend, to: directory)
        try self.init(launching: ["--config", file], command: "run")
    }

    /// Has it read another configuration, and waits until it serves that.
    public func reload(
        site: String, backend: Backend, in directory: TemporaryDirectory
    ) throws {
        let before = reloads
        _ = try Self.write(site, backend, to: directory)
        process.signal(SIGHUP)
        guard eventually(within: 10, { reloads > before }) else {
            throw TestFailure("not reloaded; it wrote: \(process.errorOutput)")
        }
    }

    private var reloads: Int { process.errorOutput.ranges(of: " reloaded ").count }

    private static func write(
        _ site: String, _ backend: Backend, to directory: TemporaryDirectory
    ) throws -> String {
        try directory.write(
            """
            backend: \(backend.name)
            direct_descriptors: \(backend == .direct)
            admin: {socket: off}
            \(site)
            """, to: "site.yaml")
    }
}
