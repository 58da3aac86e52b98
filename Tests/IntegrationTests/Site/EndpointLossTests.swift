// An endpoint dies and comes back while clients ask: none of them notices.

import Glibc
import IntegrationSupport
import Testing

extension Integration.Site {
    @Suite struct EndpointLoss {
        /// The connection that was kept is reset, and so is the one that is made in its place: then
        /// the endpoint is gone, and another one has to be asked.
        @Test(arguments: Backend.usable)
        func aKeptConnectionAndThenItsEndpoint(_ backend: Backend) throws {
            let fickle = try HTTPOrigin {
                $0.connection == 0 && $0.index == 0 ? .ok("fickle") : .reset
            }
            let steady = try HTTPOrigin(named: "steady")
            let site = try ServedSite(
                """
                listeners: [{name: web, address: "127.0.0.1:0", protocol: http, upstream: up}]
                upstreams:
                  - name: up
                    endpoints: ["\(fickle.address)", "\(steady.address)"]
                    retries: {attempts: 2, on: [reset]}
                """, backend: backend, settings: "workers: 1")
            let client = try site.client()
            let answers = try (0..<3).map { _ in try client.get("/").text }
            #expect(answers.sorted() == ["fickle", "steady", "steady"])
            #expect(fickle.targets.count == 3)
            #expect(try site.gyre.counters().retries == 2)
        }

        /// An ejection ends when its time is over, also when nobody asks for anything meanwhile.
        @Test(arguments: Backend.usable)
        func anEjectionEndsByItself(_ backend: Backend) throws {
            let steady = try HTTPOrigin(named: "steady")
            let dead = try withFreePort { PeerAddress.loopback4(port: $0) }
            let site = try ServedSite(
                """
                listeners: [{name: web, address: "127.0.0.1:0", protocol: http, upstream: up}]
                upstreams:
                  - name: up
                    endpoints: ["\(dead)", "\(steady.address)"]
                    timeouts: {connect: 1m}
                    health: {passive: {consecutive_failures: 1, ejection: 2s}}
                """, backend: backend, settings: "workers: 1")
            let client = try site.client()
            for _ in 0..<2 { #expect(try client.get("/").text == "steady") }
            func status() -> String { (try? site.run(["status"]).output) ?? "" }
            #expect(status().contains("\(dead)  ejected"), "\(status())")
            #expect(eventually { status().contains("\(dead)  usable") }, "\(status())")
            #expect(site.gyre.process.errorOutput.contains("\(dead) is back after its ejection"))
        }

        /// Requests that stand behind others on a connection take longer than one try may: they are
        /// answered or told so, and nothing else happens.
        @Test(arguments: Backend.usable)
        func whoStandsBehindOthersMayBeLate(_ backend: Backend) throws {
            let origins = try (0..<2).map { _ in
                try HTTPOrigin { _ in
                    // Each answer comes before the next one is missed.
                    pause(0.012)
                    return .ok("slow")
                }
            }
            let site = try ServedSite(
                """
                listeners: [{name: web, address: "127.0.0.1:0", protocol: http, upstream: up}]
                upstreams:
                  - name: up
                    endpoints: ["\(origins[0].address)", "\(origins[1].address)"]
                    connections: {pipeline: 16}
                    retries: {attempts: 2, on: [timeout], per_try_timeout: 60ms, budget: 100%}
                """, backend: backend, settings: "workers: 1")
            let clients = try (0..<32).map { _ in try site.client() }
            for _ in 0..<6 {
                for client in clients { try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
                let statuses = try clients.map { try $0.readResponse().status }
                #expect(statuses.allSatisfy { $0 == 200 || $0 == 504 }, "\(statuses)")
            }
            #expect(try site.gyre.counters().requestsPipelined > 0)
        }

        @Test(arguments: Backend.usable)
        func clientsDoNotNotice(_ backend: Backend) throws {
            let (stays, dies) = (try NginxOrigin(), try NginxOrigin())
            let site = try ServedSite(
                """
                listeners: [{name: web, address: "127.0.0.1:0", protocol: http, upstream: up}]
                upstreams:
                  - name: up
                    endpoints: ["\(stays.address)", "\(dies.address)"]
                    retries: {attempts: 2, on: [connect_failure, reset, 502, 503], budget: 100%}
                    health:
                      passive: {consecutive_failures: 3, ejection: 1s, ejected_share_max: 50%}
                """, backend: backend)
            let address = site.gyre.address
            let load = Background { try HTTPLoad.wrk(address, connections: 32, seconds: 8) }
            pause(1)
            dies.process.signal(SIGKILL)
            func status() -> String { (try? site.run(["status"]).output) ?? "" }
            #expect(eventually { status().contains("\(dies.address)  ejected") }, "\(status())")
            let again = try NginxOrigin(inPlaceOf: dies)
            let line = "\(again.address)  usable"
            #expect(eventually(within: 10) { status().contains(line) }, "\(status())")
            let result = try load.value()
            #expect(result.errors == [] && result.requests > 500)
            // Each change was told once.
            let log = site.gyre.process.errorOutput
            #expect(log.contains("ejected") && log.contains("\(dies.address)"), "\(log)")
        }
    }
}
