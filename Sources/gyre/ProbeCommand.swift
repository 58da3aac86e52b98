// `gyre probe`: what this machine offers.

internal import ArgumentParser
internal import ControlPlane

struct ProbeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Show the kernel's io_uring features, the backend auto takes, and the limits.",
        discussion: """
            Every feature is tried out, not looked up. Run it where Gyre will run: a container's \
            seccomp profile or limits may forbid what the kernel can do.

            Examples:
              gyre probe
              gyre probe --json
            """)

    @Flag(help: "One line of JSON instead of text.")
    var json = false

    func run() throws {
        let report = try ProbeReport.gather()
        print(json ? report.json : report.text)
    }
}
