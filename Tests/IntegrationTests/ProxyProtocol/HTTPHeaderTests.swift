// PROXY headers of HTTP clients: the address in them is the client's in all that follows.

import Foundation
import IntegrationSupport
import Testing

extension Integration.ProxyProtocol {
    @Suite struct HTTPHeaders {
        private typealias Proxy = Integration.ProxyProtocol

        private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        private static let ownFields = "X-Forwarded-For: 192.0.2.9\r\n"

        /// An origin that answers with what it was told of the client.
        private func telling() throws -> HTTPOrigin {
            try HTTPOrigin {
                .ok($0.request.head.values("X-Forwarded-For").joined(separator: "|"))
            }
        }

        @Test(arguments: Backend.modes)
        func theClientIsWhereItsHeaderSays(_ backend: Backend) throws {
            let origin = try telling()
            let gyre = try GyreProcess(
                http: origin.address, backend: backend, options: Proxy.acceptsAll)
            for header in Proxy.headers + Proxy.silent {
                let client = try gyre.client()
                try client.send(header)
                let expected = Proxy.headers.contains(header) ? "203.0.113.7" : "127.0.0.1"
                // In each request of the connection.
                for _ in 0..<3 { #expect(try client.exchange(Self.get).text == expected) }
            }
            let count = Proxy.headers.count + Proxy.silent.count
            #expect(try gyre.counters().proxyHeaders == count)
            #expect(origin.failures == [])
        }

        @Test(arguments: Backend.modes)
        func trustFollowsTheConveyedAddress(_ backend: Backend) throws {
            let origin = try telling()
            let request = "GET / HTTP/1.1\r\nHost: a\r\n\(Self.ownFields)\r\n"
            for (trusted, expected) in [
                ("203.0.113.0/24", "192.0.2.9, 203.0.113.7"), ("127.0.0.0/8", "203.0.113.7"),
            ] {
                let gyre = try GyreProcess(
                    http: origin.address, backend: backend,
                    options: Proxy.acceptsAll + ["--trust", trusted])
                for header in Proxy.headers {
                    let client = try gyre.client()
                    try client.send(header)
                    #expect(try client.exchange(request).text == expected)
                }
            }
        }

        @Test(arguments: Backend.modes)
        func aHeaderMayComeInAnyPieces(_ backend: Backend) throws {
            let origin = try telling()
            let gyre = try GyreProcess(
                http: origin.address, backend: backend, options: Proxy.acceptsAll)
            for header in Proxy.headers {
                let bytes = header + Array(Self.get.utf8)
                let cuts = (1..<bytes.count).map { [$0] } + [Array(1..<bytes.count)]
                for cut in cuts {
                    let client = try gyre.client()
                    var start = 0
                    for end in cut + [bytes.count] {
                        try client.send(Array(bytes[start..<end]))
                        start = end
                        pause(0.001)
                    }
                    #expect(try client.readResponse().text == "203.0.113.7", "cut at \(cut)")
                }
            }
        }

        @Test(arguments: Backend.modes)
        func whatIsNoHeaderIsCut(_ backend: Backend) throws {
            let origin = try telling()
            let gyre = try GyreProcess(
                http: origin.address, backend: backend,
                options: Proxy.acceptsAll + ["--accept-proxy-timeout", "600ms"])
            let base = try gyre.usage.descriptorCount()
            for (bytes, reason) in Proxy.malformed {
                let client = try gyre.client()
                try client.send(bytes)
                let (answer, isOrderly) = client.readToEnd()
                #expect(answer.isEmpty && !isOrderly)
                let line = "a PROXY header was refused: \(reason)"
                #expect(eventually { gyre.process.errorOutput.contains(line) })
            }
            // Late ones: nothing at all, and all but one byte.
            let late = try [[], Array(Proxy.headers[0].dropLast())].map { bytes in
                let client = try gyre.client()
                try client.send(bytes)
                return client
            }
            let start = ContinuousClock.now
            for client in late { #expect(!client.readToEnd().isOrderly) }
            let took = ContinuousClock.now - start
            #expect(took > .seconds(0.4) && took < .seconds(3))
            let count = Proxy.malformed.count
            let counters = try gyre.counters { $0.proxyHeaderTimeouts == 2 }
            #expect(counters.proxyHeadersRefused == count && counters.proxyHeaderTimeouts == 2)
            #expect(counters.requests == 0 && counters.localReplies == 0)
            // One that leaves before.
            let leaving = try gyre.client()
            try leaving.send(Array(Proxy.headers[1].dropLast()))
            try leaving.finishSending()
            try leaving.expectEnd()
            #expect(try gyre.counters().proxyHeadersRefused == count)
            try gyre.awaitRest(descriptors: base, flowsAtOnce: 1)
            #expect(origin.accepted == 0)
        }

        /// The time for a header is not the time for a request.
        @Test(arguments: Backend.usable)
        func afterTheHeaderTheRequestHasItsOwnTime(_ backend: Backend) throws {
            let origin = try telling()
            let gyre = try GyreProcess(
                http: origin.address, backend: backend,
                options: Proxy.acceptsAll + ["--accept-proxy-timeout", "300ms"])
            let client = try gyre.client()
            try client.send(Proxy.headers[0])
            pause(0.8)
            #expect(try client.exchange(Self.get).text == "203.0.113.7")
        }

        @Test(arguments: Backend.modes)
        func whoIsNotTrustedIsServedAsHeIs(_ backend: Backend) throws {
            let origin = try telling()
            let gyre = try GyreProcess(
                http: origin.address, backend: backend,
                options: ["--accept-proxy-from", "10.0.0.0/8"])
            #expect(try gyre.client().exchange(Self.get).text == "127.0.0.1")
            for header in Proxy.headers {
                let client = try gyre.client()
                try client.send(header)
                #expect(try client.exchange(Self.get).status == 400)
            }
            #expect(origin.requests.count == 1)
            #expect(try gyre.counters().proxyHeaders == 0)
        }

        @Test(arguments: Backend.usable)
        func curlSpeaksIt(_ backend: Backend) throws {
            let origin = try telling()
            let gyre = try GyreProcess(
                http: origin.address, backend: backend, options: Proxy.acceptsAll)
            let seen = try Curl.fetch(["--haproxy-protocol", gyre.url("/"), gyre.url("/")])
            #expect(seen == "127.0.0.1127.0.0.1")
            #expect(try gyre.counters().proxyHeaders == 1)
            #expect(try Curl([gyre.url("/")]).status != .exited(0))
        }

        /// Both versions, and all that HAProxy can add to the second, its checksum among it.
        @Test(arguments: Backend.usable)
        func haproxySpeaksIt(_ backend: Backend) throws {
            let origin = try telling()
            let gyre = try GyreProcess(
                http: origin.address, backend: backend, options: Proxy.acceptsAll)
            let forms = [
                "send-proxy", "send-proxy-v2",
                "send-proxy-v2 proxy-v2-options crc32c,unique-id,authority",
            ]
            for form in forms {
                let front = try HAProxyFront(to: gyre.address, serverOptions: form)
                let seen = try Curl.fetch([
                    "--interface", "127.0.0.5", "http://\(front.address)/",
                ])
                #expect(seen == "127.0.0.5", "\(form)")
            }
            let counters = try gyre.counters()
            #expect(counters.proxyHeaders >= forms.count && counters.proxyHeadersRefused == 0)
        }
    }
}

/// HAProxy in front of something, forwarding TCP.
private final class HAProxyFront: Sendable {
    let address: PeerAddress
    private let process: ChildProcess
    private let directory: TemporaryDirectory

    init(to server: PeerAddress, serverOptions: String) throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        (process, address) = try withFreePort { port in
            let configuration = try directory.write(
                """
                global
                    maxconn 64
                defaults
                    mode tcp
                    timeout connect 5s
                    timeout client 20s
                    timeout server 20s
                listen front
                    bind 127.0.0.1:\(port)
                    unique-id-format %{+X}o%ci
                    server it \(server) \(serverOptions)

                """, to: "haproxy.cfg")
            let process = try ChildProcess(["haproxy", "-db", "-f", configuration])
            let address = PeerAddress.loopback4(port: port)
            let isUp = eventually {
                process.exitStatus != nil || (try? Connection(to: address)) != nil
            }
            return isUp && process.exitStatus == nil ? (process, address) : nil
        }
    }

    deinit {
        process.signal(SIGTERM)
        _ = try? process.wait(within: 5)
    }
}
