// `gyre check`: what is wrong with configuration files.

internal import ArgumentParser
internal import ControlPlane

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check configuration files without running them.",
        discussion: """
            Every mistake is told in a line of its own, with the file, the line and the column. \
            Names are not resolved, and nothing is listened on. The exit code is 0 when all files \
            are right, 1 when not.

            Example:
              gyre check /etc/gyre/*.yaml
            """)

    @Argument(help: "Configuration files.")
    var files: [String]

    func run() throws {
        var areRight = true
        for file in files {
            if let configuration = ConfigurationText.read(file) {
                print("\(file): ok, \(configuration.summary)")
            } else {
                areRight = false
            }
        }
        if !areRight { throw ExitCode.failure }
    }
}

/// What commands do with configuration files.
enum ConfigurationText {
    /// - Returns: `nil` after telling every mistake on the standard error stream.
    static func read(_ file: String) -> Configuration? {
        do throws(ConfigurationError) {
            return try ConfigurationFile.read(file, environment: ProcessEnvironment.read())
        } catch {
            for line in error.lines(file: file) { ErrorOutput.write(line: line) }
            return nil
        }
    }
}

extension Configuration {
    /// How much of everything there is.
    var summary: String {
        let counted = { (count: Int, what: String) in "\(count) \(what)\(count == 1 ? "" : "s")" }
        return [
            counted(listeners.count, "listener"),
            counted(listeners.reduce(0) { $0 + $1.routes.count }, "route"),
            counted(upstreams.count, "upstream"),
            counted(upstreams.reduce(0) { $0 + $1.endpoints.count }, "endpoint"),
        ].joined(separator: ", ")
    }
}
