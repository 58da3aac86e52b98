// curl, with the options that every test wants.

/// One run of curl.
public struct Curl: Sendable {
    public let status: ProcessEnd
    /// The body, or with `--include` and `--head` the heads and the body.
    public let output: String
    public let errorOutput: String

    /// Runs it to its end.
    ///
    /// - Parameter arguments: options and URLs.
    /// - Throws: when it runs longer than 30 s, which `--max-time` should prevent.
    public init(_ arguments: [String]) throws {
        let run = try ChildProcess.run(
            ["curl", "--silent", "--show-error", "--max-time", "20"] + arguments)
        (status, output, errorOutput) = run
    }

    /// Runs it and expects success, of curl and of the exchange.
    ///
    /// - Returns: the output.
    public static func fetch(_ arguments: [String]) throws -> String {
        let curl = try Curl(["--fail"] + arguments)
        guard curl.status == .exited(0) else {
            throw TestFailure("curl \(arguments): \(curl.status) \(curl.errorOutput)")
        }
        return curl.output
    }

    /// The SHA-256 of a file, as hexadecimal digits.
    public static func digest(ofFile path: String) throws -> String {
        let run = try ChildProcess.run(["sha256sum", path])
        guard run.status == .exited(0) else { throw TestFailure(run.errorOutput) }
        return String(run.output.prefix(64))
    }
}
