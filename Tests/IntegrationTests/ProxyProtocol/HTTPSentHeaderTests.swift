// PROXY headers to HTTP endpoints: each connection speaks for one client, and serves no other.

import Foundation
import IntegrationSupport
import Testing

extension Integration.ProxyProtocol {
    @Suite struct HTTPSentHeaders {
        private typealias Proxy = Integration.ProxyProtocol

        /// An nginx that says who a connection is for, which it is, and how many requests it had.
        private func telling() throws -> NginxOrigin {
            try NginxOrigin(
                listenOptions: "proxy_protocol",
                locations: """
                    location /who {
                        default_type text/plain;
                        return 200 "$proxy_protocol_addr $proxy_protocol_port \
                    $proxy_protocol_server_addr $proxy_protocol_server_port";
                    }
                    location /which { return 200 "$connection $connection_requests"; }
                    """)
        }

        @Test(arguments: Backend.usable, ["v1", "v2"])
        func nginxUnderstandsIt(_ backend: Backend, version: String) throws {
            let origin = try telling()
            let gyre = try GyreProcess(
                http: origin.address, backend: backend, options: ["--send-proxy", version])
            for _ in 0..<3 {
                let client = try gyre.client()
                let expected =
                    "127.0.0.1 \(client.connection.localPort) 127.0.0.1 \(gyre.address.port)"
                for _ in 0..<3 { #expect(try client.get("/who").text == expected) }
            }
            let tcp = try GyreProcess(
                to: origin.address, backend: backend, options: ["--send-proxy", version])
            let client = try tcp.client()
            let expected =
                "127.0.0.1 \(client.connection.localPort) 127.0.0.1 \(tcp.address.port)"
            #expect(try client.get("/who").text == expected)
        }

        @Test(arguments: Backend.usable, ["v1", "v2"])
        func whatAHeaderConveyedIsPassedOn(_ backend: Backend, version: String) throws {
            let origin = try telling()
            let gyre = try GyreProcess(
                http: origin.address, backend: backend,
                options: Proxy.acceptsAll + ["--send-proxy", version, "--workers", "1"])
            let base = try gyre.usage.descriptorCount()
            for round in 0..<20 {
                let client = try gyre.client()
                try client.send(Proxy.headers[round % 2])
                for _ in 0..<2 {
                    #expect(try client.get("/who").text == "203.0.113.7 7 198.51.100.2 80")
                }
                client.close()
            }
            for header in Proxy.silent {
                let client = try gyre.client()
                try client.send(header)
                let own = "127.0.0.1 \(client.connection.localPort) 127.0.0.1 "
                #expect(try client.get("/who").text.hasPrefix(own))
                client.close()
            }
            try gyre.awaitRest(descriptors: base, flowsAtOnce: 1)
        }

        @Test(arguments: Backend.usable)
        func aConnectionServesOneClientOnly(_ backend: Backend) throws {
            let origins = try [telling(), telling()]
            let gyre = try GyreProcess(
                http: origins.map(\.address), backend: backend,
                options: ["--send-proxy", "v2", "--workers", "1"])
            let base = try gyre.usage.descriptorCount()
            let clients = try (0..<6).map { _ in try gyre.client() }
            // In turns: a shared pool would mix them up.
            for round in 1...4 {
                for client in clients {
                    let own = "127.0.0.1 \(client.connection.localPort) 127.0.0.1"
                    #expect(try client.get("/who").text.hasPrefix(own))
                    let which = try client.get("/which").text.split(separator: " ")
                    #expect(which.last == "\(2 * round)")
                }
            }
            let counters = try gyre.counters { $0.responses == 48 }
            #expect(counters.upstreamsOpened == 6 && counters.upstreamsReused == 42)
            #expect(counters.upstreamsActive == 6)
            for client in clients { client.close() }
            try gyre.awaitRest(descriptors: base, flowsAtOnce: 6)
            #expect(try gyre.counters { $0.upstreamsActive == 0 }.upstreamsActive == 0)
        }

        @Test(arguments: Backend.usable)
        func nothingIsKeptWhenNothingMayBe(_ backend: Backend) throws {
            let origin = try telling()
            let gyre = try GyreProcess(
                http: origin.address, backend: backend,
                options: ["--send-proxy", "v1", "--upstream-idle-max", "0"])
            let client = try gyre.client()
            for _ in 0..<3 {
                #expect(try client.get("/which").text.split(separator: " ").last == "1")
            }
        }

        @Test(arguments: Backend.usable)
        func aKeptConnectionIsGivenUpInTime(_ backend: Backend) throws {
            let origin = try telling()
            let gyre = try GyreProcess(
                http: origin.address, backend: backend,
                options: ["--send-proxy", "v2", "--upstream-keep-alive-timeout", "300ms"])
            let client = try gyre.client()
            for _ in 0..<2 {
                let which = try client.get("/which").text.split(separator: " ")
                #expect(which.last == "1")
                #expect(try gyre.counters { $0.upstreamsActive == 0 }.upstreamsActive == 0)
            }
        }

        /// Bodies that are spliced go behind the header, too.
        @Test(arguments: Backend.usable)
        func largeBodiesFollowIt(_ backend: Backend) throws {
            let origin = try NginxOrigin(bigBytes: 4 << 20, listenOptions: "proxy_protocol")
            let gyre = try GyreProcess(
                http: origin.address, backend: backend, options: ["--send-proxy", "v2"])
            let big = origin.file("/big")
            for name in ["a", "b"] {
                _ = try Curl.fetch(["-T", big, gyre.url("/stored/\(name)")])
                let stored = try Curl.digest(ofFile: origin.file("/stored/\(name)"))
                #expect(stored == (try Curl.digest(ofFile: big)))
            }
        }
    }
}
