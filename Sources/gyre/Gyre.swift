// The root command: what Gyre is, its version and its subcommands.

internal import ArgumentParser

struct Gyre: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gyre",
        abstract: "A proxy for Linux on io_uring or epoll.",
        discussion: """
            Try it:
              gyre demo

            Proxy HTTP from port 8080 to a server on port 9000, or forward any TCP:
              gyre http --listen :8080 --to 127.0.0.1:9000
              gyre tcp --listen :8080 --to 127.0.0.1:9000

            Serve what a file says, once it is right:
              gyre check site.yaml
              gyre run --config site.yaml

            See what this kernel offers:
              gyre probe
            """,
        version: "0.1.0",
        subcommands: [
            HTTPCommand.self, TCPCommand.self, RunCommand.self, CheckCommand.self,
            ProbeCommand.self, DemoCommand.self, FormatCommand.self,
        ])
}
