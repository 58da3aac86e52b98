// `gyre demo`: two built-in origins with an HTTP proxy in front of them.

internal import ArgumentParser
internal import ControlPlane
internal import DataPlane
internal import Glibc
internal import LoadGeneration
internal import Protocols

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Start two small origins and an HTTP proxy in front of them, on free ports.",
        discussion: """
            All of them listen on 127.0.0.1 only. The origins answer with what they were asked. \
            Ctrl-C ends them.

            Examples:
              gyre demo
              gyre demo --backend epoll
            """)

    @OptionGroup var service: ServiceArguments

    func validate() throws {
        try service.validateForHTTP()
    }

    func run() throws {
        let origins = try ["one", "two"].map { try OriginServer.demo(named: $0) }
        defer { for origin in origins { origin.stop() } }
        var configuration = AddressArguments.configuration(
            .http, listen: [.host("127.0.0.1", port: 0)],
            to: origins.map { .host("127.0.0.1", port: $0.port) })
        service.apply(to: &configuration)
        configuration.process.admin = .off
        let supervisor = Supervisor(
            configuration, from: .commandLine, log: service.log)
        _ = try supervisor.run { addresses in
            for origin in origins { print("origin  http://127.0.0.1:\(origin.port)/") }
            for address in addresses {
                print(
                    """
                    proxy   http://\(address)/

                    one request     curl -v http://\(address)/
                    one each        curl http://\(address)/1 http://\(address)/2
                    with a body     curl --data hello http://\(address)/
                    many requests   wrk -c 64 -d 5s http://\(address)/

                    Ctrl-C ends it, kill -USR1 \(getpid()) prints the counters.
                    """)
            }
            fflush(nil)
        }
    }
}
