// `gyre run`: serves what a configuration file says.

internal import ArgumentParser
internal import ControlPlane

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Serve what a configuration file says.",
        discussion: """
            The file is checked completely before anything is listened on; the exit code is 78 \
            when it is wrong. Otherwise:

            \(ServiceArguments.discussion)

            Examples:
              gyre run --config /etc/gyre/gyre.yaml
              gyre run --config site.yaml --print-config
            """)

    /// `EX_CONFIG` of sysexits.h.
    private static let wrongFile = ExitCode(78)

    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String

    @Flag(help: "Reload the file whenever it has changed, besides on SIGHUP.")
    var watch = false

    @Flag(
        help: """
            Take the place of a running gyre: start beside it on the same addresses, then have it \
            leave its clients to this one and end. It is found at the file's admin socket or \
            address. No connection is refused meanwhile.
            """)
    var takeover = false

    @Flag(help: "Print it as it is understood, without what is default, and end.")
    var printConfig = false

    func run() throws {
        let firstLook = watch ? FileWatch(config) : nil
        guard let configuration = ConfigurationText.read(config) else { throw Self.wrongFile }
        guard !printConfig else {
            print(configuration.yaml, terminator: "")
            return
        }
        var manner = ServingManner()
        manner.watch = firstLook
        manner.takesOver = takeover
        let isClean = try Supervisor(
            configuration, from: .file(config), manner: manner,
            log: LineLogHandler.logger(configuration.process.log)
        ).run()
        if !isClean { throw ExitCode.failure }
    }
}
