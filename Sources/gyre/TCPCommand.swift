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
              gyre tcp --listen :25 --to mail.internal:25 --send-proxy v2
            """)

    @OptionGroup var addresses: AddressArguments
    @OptionGroup var service: ServiceArguments
    @OptionGroup(title: "PROXY PROTOCOL") var proxyProtocol: ProxyProtocolArguments
    @OptionGroup(title: "CONTROL") var admin: AdminArguments

    @Option(duration: "How long a flow may be silent in both directions.")
    var idleTimeout = Configuration.ListenerTimeouts().idleMs

    var asked: Configuration {
        var configuration = addresses.configuration(.tcp)
        service.apply(to: &configuration)
        proxyProtocol.apply(to: &configuration.listeners[0], &configuration.upstreams[0])
        configuration.listeners[0].timeouts.idleMs = idleTimeout
        configuration.process.admin = admin.asked
        return configuration
    }

    func validate() throws {
        try proxyProtocol.validate(with: service)
    }

    func run() throws {
        try service.serve(asked)
    }
}
