// An origin in Python, for what is shorter said there than here.

/// A running script that serves on loopback and printed its port first.
public final class ScriptedOrigin: Sendable {
    public let process: ChildProcess
    public let address: PeerAddress

    /// - Parameters:
    ///   - script: its path below `Tests/IntegrationTests`.
    ///   - arguments: of the script.
    /// - Throws: `TestFailure`, with what it wrote, when it prints no port within 10 s.
    public init(_ script: String, arguments: [String] = []) throws {
        process = try Script.start(script, arguments)
        var port: UInt16?
        _ = eventually(within: 10) { [process] in
            let lines = process.output.split(separator: "\n", omittingEmptySubsequences: false)
            port = lines.count > 1 ? UInt16(lines[0]) : nil
            return port != nil || process.exitStatus != nil
        }
        guard let port else {
            throw TestFailure("\(script) prints no port; it wrote: \(process.errorOutput)")
        }
        address = .loopback4(port: port)
    }
}

/// The Python programs that lie beside the tests.
public enum Script {
    /// Starts one with Debian's interpreter, for which Debian packages its modules.
    ///
    /// - Parameter script: its path below `Tests/IntegrationTests`.
    public static func start(_ script: String, _ arguments: [String]) throws -> ChildProcess {
        try ChildProcess(command(script, arguments))
    }

    /// Runs one to its end.
    public static func run(
        _ script: String, _ arguments: [String], within seconds: Double = 60
    ) throws -> (status: ProcessEnd, output: String, errorOutput: String) {
        try ChildProcess.run(command(script, arguments), within: seconds)
    }

    private static func command(_ script: String, _ arguments: [String]) -> [String] {
        ["/usr/bin/python3", "\(Product.root)/Tests/IntegrationTests/\(script)"] + arguments
    }
}
