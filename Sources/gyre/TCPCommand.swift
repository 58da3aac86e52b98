// `gyre tcp`: the TCP forwarder.

internal import ArgumentParser
internal import ControlPlane
internal import DataPlane

struct TCPCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tcp",
        abstract: "Forward TCP connections to one or more endpoints.",
        discussion: """
            \(AddressArguments.discussion)

            \(ServiceArguments.discussion)

            Examples:
              gyre tcp --listen :8080 --to 127.0.0.1:9000
              gyre tcp --listen [::1]:5432 --to db1.internal:5432,db2.internal:5432
              gyre tcp --listen unix:/run/app.sock --to 10.0.0.7:80 --backend epoll
            """)

    @OptionGroup var addresses: AddressArguments
    @OptionGroup var service: ServiceArguments
    @OptionGroup(title: "CONTROL") var admin: AdminArguments

    @Option(duration: "How long a flow may be silent in both directions.")
    var idleTimeout = ServiceOptions(listen: [], upstream: []).idleTimeoutMs

    func run() throws {
        var options = addresses.options
        service.apply(to: &options)
        options.idleTimeoutMs = idleTimeout
        options.admin = try admin.options()
        try service.serve(options)
    }
}
