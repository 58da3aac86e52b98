// The root command: what Gyre is, its version and its subcommands.

internal import ArgumentParser
internal import ControlPlane

struct Gyre: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gyre",
        abstract: "A proxy for Linux on io_uring or epoll.",
        discussion: """
            Try it:
              gyre demo

            Measure what io_uring buys over epoll on this machine:
              gyre bench

            Proxy HTTP from port 8080 to a server on port 9000, or forward any TCP:
              gyre http --listen :8080 --to 127.0.0.1:9000
              gyre tcp --listen :8080 --to 127.0.0.1:9000

            Serve what a file says, once it is right:
              gyre check site.yaml
              gyre run --config site.yaml

            See what this kernel offers, and what a process with --admin-socket auto does:
              gyre probe
              gyre status
              gyre top
            """,
        version: GyreVersion.text,
        subcommands: [
            HTTPCommand.self, TCPCommand.self, RunCommand.self, CheckCommand.self,
            StatusCommand.self, TopCommand.self, TraceCommand.self, ReloadCommand.self,
            PlanCommand.self, DrainCommand.self, ReopenCommand.self, ProbeCommand.self,
            DemoCommand.self, BenchCommand.self,
            FormatCommand.self,
        ])
}
