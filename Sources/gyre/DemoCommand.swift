// `gyre demo`: built-in origins with an HTTP proxy and a TCP forwarder in front of them, clients
// that use them, and the dashboard that shows it.

internal import ArgumentParser
internal import ControlPlane
internal import DataPlane
internal import Glibc
internal import LoadGeneration
internal import Protocols

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Start small origins, a proxy in front of them, traffic, and the dashboard.",
        discussion: """
            All of it is on free ports of 127.0.0.1. The origins answer with what they were asked, \
            later when the path ends in /slow/MS, with an error when it ends in /status/CODE. \
            Clients ask about 20 times a second, unless --no-traffic says otherwise. Ctrl-C ends \
            everything.

            Examples:
              gyre demo
              gyre demo --no-traffic --backend epoll
            """)

    @OptionGroup var service: ServiceArguments

    @Flag(name: .customLong("no-traffic"), help: "Start no clients.")
    var isQuiet = false

    func validate() throws {
        try service.validateForHTTP()
    }

    func run() throws {
        let origins = try ["one", "two", "three"].map { try OriginServer.demo(named: $0) }
        defer { for origin in origins { origin.stop() } }
        let configuration = try configuration(origins.map(\.port))
        let supervisor = Supervisor(
            configuration, from: .commandLine, log: service.log)
        var traffic: DemoTraffic?
        defer { traffic?.stop() }
        _ = try supervisor.run { places in
            print(Self.text(places))
            fflush(nil)
            guard !isQuiet else { return }
            do throws(StartError) {
                traffic = try DemoTraffic.start(
                    web: places.listeners[0], flows: places.listeners[1])
            } catch {
                ErrorOutput.write(line: "gyre: \(error)")
            }
        }
    }

    /// The site, as one would write it in a file.
    ///
    /// - Parameter ports: of the three origins.
    func configuration(_ ports: [UInt16]) throws -> Configuration {
        let text = """
            listeners:
              - name: web
                protocol: http
                address: "127.0.0.1:0"
                routes:
                  - {name: api, path_prefix: /api/, upstream: api}
                  - {name: old, path_prefix: /old/, redirect: {status: 308, to: /}}
                  - {name: missing, path: /missing, respond: {status: 404, body: "not here\\n"}}
                  - {name: rest, upstream: app}
              - {name: tcp, protocol: tcp, address: "127.0.0.1:0", upstream: app}
            upstreams:
              - name: app
                endpoints: ["127.0.0.1:\(ports[0])", "127.0.0.1:\(ports[1])"]
                health: {active: {type: http, path: /, interval: 1s}}
              - name: api
                endpoints: ["127.0.0.1:\(ports[2])"]
                balance: least_connections
                health: {active: {type: http, path: /, interval: 1s}}
            """
        var configuration: Configuration
        do throws(ConfigurationError) {
            configuration = try ConfigurationFile.parse(Array(text.utf8), environment: [:])
        } catch {
            throw StartError(error.lines(file: "demo").joined(separator: "; "))
        }
        service.apply(to: &configuration)
        configuration.process.admin = .off
        configuration.process.admin.address = .host("127.0.0.1", port: 0)
        return configuration
    }

    private static func text(_ places: ServedPlaces) -> String {
        let admin = places.admin[0]
        let proxy = places.listeners[0]
        return """
            dashboard  http://\(admin)/
            proxy      http://\(proxy)/
            tcp        \(places.listeners[1])

            one request      curl -v http://\(proxy)/
            with a body      curl --data hello http://\(proxy)/api/
            a slow answer    curl http://\(proxy)/slow/500
            many requests    wrk -c 64 -d 5s http://\(proxy)/
            in a terminal    gyre top --address \(admin)

            Ctrl-C ends it.
            """
    }
}
