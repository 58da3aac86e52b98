// `gyre demo`: a built-in origin with a forwarder in front of it.

internal import ArgumentParser
internal import ControlPlane
internal import DataPlane
internal import Glibc
internal import Protocols

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Start a small origin and a TCP forwarder in front of it, on free ports.",
        discussion: """
            Both listen on 127.0.0.1 only. Ctrl-C ends them.

            Examples:
              gyre demo
              gyre demo --backend epoll
            """)

    @OptionGroup var service: ServiceArguments

    func run() throws {
        let origin = try DemoOrigin.start()
        defer { origin.stop() }
        var options = ServiceOptions(
            listen: [.host("127.0.0.1", port: 0)],
            upstream: [.host("127.0.0.1", port: origin.address.port ?? 0)])
        service.apply(to: &options)
        let log = LineLogHandler.logger(level: service.logLevel)
        _ = try Supervisor(options, log: log).run { addresses in
            print("origin     http://\(origin.address)/")
            for address in addresses {
                print("forwarder  http://\(address)/")
                print("try        curl -v http://\(address)/")
            }
            print("Ctrl-C ends it, kill -USR1 \(getpid()) prints the counters.")
            fflush(nil)
        }
    }
}
