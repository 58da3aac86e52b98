// HTTP over every kind of address, and with more than one of them.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct Addresses {
        @Test(arguments: Backend.modes)
        func everyKindListensAndIsConnectedTo(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let origins = try [
                HTTPOrigin(.loopback4(port: 0)) { .ok("4 \($0.request.target)") },
                HTTPOrigin(.loopback6(port: 0)) { .ok("6 \($0.request.target)") },
                HTTPOrigin(.unix(path: directory.file("origin"))) { .ok("u \($0.request.target)") },
            ]
            let fronts = ["127.0.0.1:0", "[::1]:0", "unix:\(directory.file("front"))"]
            let gyre = try GyreProcess(
                http: origins.map(\.address), backend: backend, listen: fronts,
                options: ["--workers", "1"])
            #expect(gyre.addresses.count == 3)
            for (number, address) in gyre.addresses.enumerated() {
                let client = HTTPStream(try Connection(to: address))
                let answers = try (0..<3).map { _ in try client.get("/\(number)").text }
                #expect(Set(answers) == ["4 /\(number)", "6 /\(number)", "u /\(number)"])
            }
            // A client without an address is never given somebody else's.
            let nameless = HTTPStream(try Connection(to: gyre.addresses[2]))
            let response = try nameless.exchange(
                "GET /u HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\n"
                    + "Forwarded: for=1.2.3.4\r\n\r\n")
            #expect(response.status == 200)
            let seen = try #require(
                origins.flatMap(\.requests).first { $0.request.target == "/u" }
            ).request.head
            #expect(!seen.description.contains("1.2.3.4"))
            #expect(seen.values("X-Forwarded-For").allSatisfy { !$0.isEmpty })
            let direct = ["--unix-socket", directory.file("front"), "http://a.test/curl"]
            #expect(try Curl.fetch(direct).hasSuffix(" /curl"))
        }

        /// Descriptors run out: requests are refused for the time being or wait, nobody who was
        /// connected is lost, and nothing spins.
        @Test(arguments: Backend.usable)
        func lackOfDescriptorsPasses(_ backend: Backend) throws {
            let origin = try HTTPOrigin { received in
                if received.request.target == "/slow" { pause(0.3) }
                return .ok("served")
            }
            let gyre = try GyreProcess(
                http: [origin.address], backend: backend, options: ["--workers", "1"])
            let clients = try (0..<20).map { _ in try gyre.client() }
            for client in clients { #expect(try client.get("/").text == "served") }
            // No room for any more connections to the origin than there are.
            try gyre.limitDescriptors(to: 3)
            for client in clients { try client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n") }
            var statuses: [Int: Int] = [:]
            for client in clients {
                let response = try client.readResponse()
                statuses[response.status, default: 0] += 1
                if response.status == 503 {
                    #expect(response.head["Proxy-Status"]?.hasPrefix("gyre; error=") == true)
                }
            }
            #expect(statuses[200, default: 0] >= 1 && statuses[503, default: 0] >= 1, "\(statuses)")
            #expect(statuses.keys.allSatisfy { $0 == 200 || $0 == 503 }, "\(statuses)")
            let ticks = try gyre.usage.cpuTicks()
            pause(0.5)
            #expect(try gyre.usage.cpuTicks() - ticks <= 5)
            try gyre.limitDescriptors(to: 4_096)
            for client in clients { #expect(try client.get("/").text == "served") }
            #expect(try gyre.client().get("/").text == "served")
        }
    }
}
