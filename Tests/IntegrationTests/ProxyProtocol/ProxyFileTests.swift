// PROXY headers as configuration files ask for them: beside routes, balancing and several
// upstreams, and while the file changes.

import Foundation
import IntegrationSupport
import Testing

extension Integration.ProxyProtocol {
    @Suite struct Files {
        private typealias Proxy = Integration.ProxyProtocol

        private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        private static let own = "{from: [127.0.0.0/8], timeout: 600ms}"

        /// An nginx that says what it was told about the client.
        private func telling(_ listenOptions: String = "proxy_protocol") throws -> NginxOrigin {
            try NginxOrigin(
                listenOptions: listenOptions,
                locations: """
                    location = / {
                        default_type text/plain;
                        return 200 "$proxy_protocol_addr $proxy_protocol_port \
                    $http_x_forwarded_for";
                    }
                    """)
        }

        /// Runs a file, with a backend put ahead of it.
        private func run(
            _ text: String, _ backend: Backend, listening: Int = 1, in directory: TemporaryDirectory
        ) throws -> GyreProcess {
            let file = try directory.write(head(backend) + text, to: "site.yaml")
            return try GyreProcess(
                launching: ["--config", file], command: "run", listening: listening)
        }

        private func head(_ backend: Backend) -> String {
            """
            backend: \(backend.name)
            direct_descriptors: \(backend == .direct)
            workers: 1
            admin: {socket: off}

            """
        }

        private func name(_ client: HTTPStream, saying header: [UInt8]) throws -> String {
            try client.send(header)
            return try client.exchange(Self.get).text
        }

        /// Whom a client reaches is decided by the address in its header, for flows and requests.
        @Test(arguments: Backend.modes, ["tcp", "http"])
        func aSourceHashGoesByTheConveyedAddress(_ backend: Backend, service: String) throws {
            let directory = try TemporaryDirectory()
            let origins = try ["a", "b"].map { try HTTPOrigin(named: $0) }
            let list = origins.map { "\"\($0.address)\"" }.joined(separator: ", ")
            let gyre = try run(
                """
                listeners:
                  - name: front
                    protocol: \(service)
                    address: "127.0.0.1:0"
                    proxy_protocol: \(Self.own)
                    upstream: app
                upstreams:
                  - {name: app, balance: source_hash, endpoints: [\(list)]}
                """, backend, in: directory)
            var names: Set<String> = []
            for number in 1...32 {
                let line = "PROXY TCP4 203.0.113.\(number) 198.51.100.2 7 80\r\n"
                let binary = Proxy.binary(
                    0x21, 0x11, [203, 0, 113, UInt8(number), 198, 51, 100, 2, 0, 9, 0, 80])
                let found = try name(gyre.client(), saying: Array(line.utf8))
                #expect(try name(gyre.client(), saying: binary) == found)
                names.insert(found)
            }
            #expect(names == ["a", "b"])
            // Headers without addresses leave clients where they are: all in one place.
            let silent = try Proxy.silent.map { try name(gyre.client(), saying: $0) }
            #expect(Set(silent).count == 1)
        }

        @Test(arguments: Backend.usable, ["tcp", "http"])
        func whoIsBelievedIsWhatTheFileSays(_ backend: Backend, service: String) throws {
            let directory = try TemporaryDirectory()
            let origin = try telling()
            let gyre = try run(
                """
                listeners:
                  - name: front
                    protocol: \(service)
                    addresses: ["127.0.0.1:0", "[::1]:0"]
                    proxy_protocol: \(Self.own)
                    upstream: app
                upstreams:
                  - {name: app, proxy_protocol: v2, endpoints: ["\(origin.address)"]}
                """, backend, listening: 2, in: directory)
            let base = try gyre.usage.descriptorCount()
            for header in Proxy.headers {
                let forwarded = service == "http" ? "203.0.113.7" : ""
                #expect(try name(gyre.client(), saying: header) == "203.0.113.7 7 \(forwarded)")
            }
            // Not trusted: no header is needed, and one that comes is no header.
            let stranger = HTTPStream(try Connection(to: gyre.addresses[1]))
            let forwarded = service == "http" ? "::1" : ""
            let told = "::1 \(stranger.connection.localPort) \(forwarded)"
            #expect(try stranger.exchange(Self.get).text == told)
            let pretender = HTTPStream(try Connection(to: gyre.addresses[1]))
            try pretender.send(Proxy.headers[0] + Array(Self.get.utf8))
            #expect(try pretender.readResponse().status == 400)
            // Trusted, and malformed or late: cut.
            let start = ContinuousClock.now
            let mute = try gyre.client()
            for (bytes, reason) in Proxy.malformed {
                let client = try gyre.client()
                try client.send(bytes)
                let (answer, isOrderly) = client.readToEnd()
                #expect(answer.isEmpty && !isOrderly, "\(reason)")
            }
            let (answer, isOrderly) = mute.readToEnd()
            #expect(answer.isEmpty && !isOrderly)
            let took = ContinuousClock.now - start
            #expect(took > .seconds(0.5) && took < .seconds(5))
            let counters = try gyre.counters { $0.proxyHeaderTimeouts == 1 }
            #expect(counters.proxyHeaders == 2 && counters.proxyHeaderTimeouts == 1)
            #expect(counters.proxyHeadersRefused == Proxy.malformed.count)
            for client in [stranger, pretender] { client.close() }
            try gyre.awaitRest(descriptors: base, flowsAtOnce: 2)
        }

        /// Trusted proxies are those where headers say that clients are.
        @Test(arguments: Backend.modes)
        func forwardingFieldsAreBelievedByTheConveyedAddress(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let origin = try HTTPOrigin {
                .ok($0.request.head.values("X-Forwarded-For").joined(separator: "|"))
            }
            let gyre = try run(
                """
                listeners:
                  - name: front
                    protocol: http
                    address: "127.0.0.1:0"
                    trusted_proxies: [203.0.113.0/24]
                    proxy_protocol: \(Self.own)
                    upstream: app
                upstreams:
                  - {name: app, balance: source_hash, endpoints: ["\(origin.address)"]}
                """, backend, in: directory)
            let request = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n"
            for (header, expected) in [
                (Proxy.headers[0], "192.0.2.9, 203.0.113.7"), (Proxy.silent[0], "127.0.0.1"),
            ] {
                let client = try gyre.client()
                try client.send(header)
                #expect(try client.exchange(request).text == expected)
            }
        }

        /// One client whose requests take turns between upstreams with and without a header.
        @Test(arguments: Backend.usable)
        func eachUpstreamIsToldWhatItAsksFor(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let (first, second) = (try telling(), try telling())
            let plain = try telling("")
            let gyre = try run(
                """
                listeners:
                  - name: front
                    protocol: http
                    address: "127.0.0.1:0"
                    proxy_protocol: \(Self.own)
                    routes:
                      - {name: first, hosts: [first], upstream: first}
                      - {name: second, hosts: [second], upstream: second}
                      - {name: rest, upstream: plain}
                upstreams:
                  - {name: first, proxy_protocol: v1, endpoints: ["\(first.address)"]}
                  - {name: second, proxy_protocol: v2, endpoints: ["\(second.address)"]}
                  - {name: plain, endpoints: ["\(plain.address)"]}
                """, backend, in: directory)
            let base = try gyre.usage.descriptorCount()
            let clients = try (0..<3).map { number in
                let client = try gyre.client()
                let line = "PROXY TCP4 203.0.113.\(number) 198.51.100.2 7\(number) 80\r\n"
                try client.send(Array(line.utf8))
                return client
            }
            for host in ["first", "second", "third", "second", "second", "first", "third"] {
                for (number, client) in clients.enumerated() {
                    let text = try client.exchange("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n").text
                    let addresses = host == "third" ? " " : "203.0.113.\(number) 7\(number)"
                    #expect(text == "\(addresses) 203.0.113.\(number)")
                }
            }
            for client in clients { client.close() }
            // What is left are connections that anybody may use.
            let left = try gyre.counters { $0.upstreamsActive == 1 }
            #expect(left.upstreamsActive == 1)
            try gyre.awaitRest(descriptors: base + 1, flowsAtOnce: 3)
        }

        /// A file that asks for headers, and one that does not any more, hold from the next request
        /// on: connections that began otherwise are not used for it.
        @Test(arguments: Backend.usable)
        func aReloadHoldsForConnectionsThatAreKept(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let listener = try Listener()
            func text(_ version: String) -> String {
                """
                listeners:
                  - {name: front, protocol: http, address: "127.0.0.1:0", upstream: app}
                upstreams:
                  - {name: app, proxy_protocol: \(version), endpoints: ["\(listener.address)"]}
                """
            }
            let gyre = try run(text("off"), backend, in: directory)
            func reload(_ version: String, _ count: Int) throws {
                _ = try directory.write(head(backend) + text(version), to: "site.yaml")
                gyre.process.signal(SIGHUP)
                let isDone = eventually {
                    gyre.process.errorOutput.components(separatedBy: "reloaded ").count > count
                }
                guard isDone else { throw TestFailure(gyre.process.errorOutput) }
            }
            let (one, other) = (try gyre.client(), try gyre.client())
            func serve(_ client: HTTPStream, by origin: HTTPStream?, header: Bool) throws
                -> HTTPStream
            {
                try client.send(Self.get)
                let origin = try origin ?? HTTPStream(listener.accept())
                if header {
                    let ports = [client.connection.localPort, gyre.address.port]
                    let line = "PROXY TCP4 127.0.0.1 127.0.0.1 \(ports[0]) \(ports[1])\r\n"
                    #expect(try origin.readBytes(line.utf8.count) == Array(line.utf8))
                }
                #expect(try origin.readRequest().target == "/")
                try origin.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                #expect(try client.readResponse().status == 200)
                return origin
            }
            let plain = try serve(one, by: nil, header: false)
            _ = try serve(other, by: plain, header: false)
            try reload("v1", 1)
            let told = try serve(one, by: nil, header: true)
            _ = try serve(one, by: told, header: false)
            plain.close()
            try reload("off", 2)
            let anew = try serve(other, by: nil, header: false)
            _ = try serve(one, by: anew, header: false)
            #expect(try listener.acceptIfAny(within: 0) == nil)
        }
    }
}
