// A `gyre run` with its configuration file, which can be written anew while it serves.

import Foundation

/// A running gyre and the file that says what it serves.
public final class ServedSite: Sendable {
    public let gyre: GyreProcess
    /// The configuration file, and the socket of its control API.
    public let file: String
    public let socket: String
    private let directory: TemporaryDirectory
    private let head: String

    /// - Parameters:
    ///   - text: listeners and upstreams, as YAML.
    ///   - settings: of the process, as YAML.
    ///   - options: further arguments.
    ///   - listeners: how many addresses it listens on.
    public init(
        _ text: String, backend: Backend, settings: String = "", options: [String] = [],
        listeners: Int = 1
    ) throws {
        directory = try TemporaryDirectory()
        socket = directory.file("gyre.sock")
        head = """
            backend: \(backend.name)
            direct_descriptors: \(backend == .direct)
            admin: {socket: \(socket)}
            \(settings)

            """
        file = try directory.write(head + text + "\n", to: "site.yaml")
        gyre = try GyreProcess(
            launching: ["--config", file] + options, command: "run", listening: listeners)
    }

    /// Another process in the place of this one: on the same addresses, with the same file.
    ///
    /// - Parameter text: with the real ports.
    public init(takingOver other: ServedSite, _ text: String) throws {
        (directory, socket, head, file) = (other.directory, other.socket, other.head, other.file)
        try other.rewrite(text)
        gyre = try GyreProcess(launching: ["--config", file, "--takeover"], command: "run")
    }

    /// Writes the file anew, in one step as an editor does.
    public func rewrite(_ text: String) throws {
        let next = try directory.write(head + text + "\n", to: "next.yaml")
        guard rename(next, file) == 0 else { throw TestFailure("cannot rename \(next)") }
    }

    /// Runs a command against it.
    @discardableResult
    public func run(
        _ arguments: [String]
    ) throws -> (status: ProcessEnd, output: String, errorOutput: String) {
        try ChildProcess.run([Product.binary] + arguments + ["--socket", socket], within: 30)
    }

    /// Writes the file anew and has it read.
    ///
    /// - Throws: when it is refused.
    public func reload(_ text: String) throws {
        try rewrite(text)
        let run = try run(["reload"])
        guard run.status == .exited(0) else { throw TestFailure("reload: \(run.errorOutput)") }
    }

    /// A connection to the address at a position.
    public func client(_ listener: Int = 0) throws -> HTTPStream {
        HTTPStream(try Connection(to: gyre.addresses[listener]))
    }
}
