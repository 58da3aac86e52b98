// A process starts beside the one before and takes its place, under load.

import IntegrationSupport
import Synchronization
import Testing

extension Integration.Site {
    @Suite struct Takeovers {
        private static func text(_ endpoint: PeerAddress, _ address: String) -> String {
            """
            drain_timeout: 10s
            listeners: [{name: web, address: "\(address)", protocol: http, upstream: up}]
            upstreams: [{name: up, endpoints: ["\(endpoint)"]}]
            """
        }

        @Test(arguments: Backend.modes)
        func nobodyIsRefused(_ backend: Backend) throws {
            let nginx = try NginxOrigin()
            let first = try ServedSite(Self.text(nginx.address, "127.0.0.1:0"), backend: backend)
            let address = first.gyre.address
            let text = Self.text(nginx.address, "\(address)")
            let isOver = Atomic(false)
            let crowd = Background {
                var errors: [String] = []
                while !isOver.load(ordering: .relaxed) {
                    errors += try HTTPLoad.ab(address, count: 2_000).errors
                }
                return errors
            }
            // One that keeps its connection until it is told to come again.
            let regular = Background {
                var (client, visits) = (HTTPStream(try Connection(to: address)), 1)
                while !isOver.load(ordering: .relaxed) {
                    let response = try client.get("/small")
                    guard response.status == 200 else { return -response.status }
                    guard response.head.has("close", in: "Connection") else { continue }
                    client = HTTPStream(try Connection(to: address))
                    visits += 1
                }
                return visits
            }
            var sites = [first]
            for _ in 0..<3 {
                sites.append(try ServedSite(takingOver: sites[sites.count - 1], text))
                let before = sites[sites.count - 2].gyre.process
                #expect(try before.wait(within: 15) == .exited(0), "\(before.errorOutput)")
            }
            isOver.store(true, ordering: .relaxed)
            #expect(try crowd.value(within: 120) == [])
            #expect(try regular.value() == 4)
            for site in sites.dropFirst() {
                #expect(site.gyre.process.errorOutput.contains("took over"))
            }
            #expect(
                try sites[3].run(["status"]).output.contains("pid \(sites[3].gyre.process.pid)"))
        }

        @Test(arguments: Backend.usable)
        func whoStartsAloneIsToldSo(_ backend: Backend) throws {
            let origin = try HTTPOrigin(named: "one")
            let site = try ServedSite(
                Self.text(origin.address, "127.0.0.1:0"), backend: backend,
                options: ["--takeover"])
            #expect(site.gyre.process.errorOutput.contains("nobody to take over from"))
            #expect(try site.client().get("/").text == "one")
        }

        /// Without being asked to, it does not start beside another process.
        @Test func twoDoNotShareByAccident() throws {
            let origin = try HTTPOrigin(named: "one")
            let site = try ServedSite(Self.text(origin.address, "127.0.0.1:0"), backend: .epoll)
            #expect(throws: TestFailure.self) {
                try ServedSite(
                    Self.text(origin.address, "\(site.gyre.address)"), backend: .epoll)
            }
        }
    }
}
