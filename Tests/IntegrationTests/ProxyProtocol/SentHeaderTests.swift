// PROXY headers to endpoints in front of any TCP: the first bytes on each connection, with the
// client's addresses or those that its own header conveyed.

import Foundation
import IntegrationSupport
import Testing

extension Integration.ProxyProtocol {
    @Suite struct SentHeaders {
        private typealias Proxy = Integration.ProxyProtocol

        /// The header for a client on loopback.
        private static func header(_ version: String, of client: Connection, to port: UInt16)
            -> [UInt8]
        {
            let source = client.localPort
            guard version == "v2" else {
                return Array("PROXY TCP4 127.0.0.1 127.0.0.1 \(source) \(port)\r\n".utf8)
            }
            let ports = [source, port].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
            return Proxy.binary(0x21, 0x11, [127, 0, 0, 1, 127, 0, 0, 1] + ports)
        }

        @Test(arguments: Proxy.routes, ["v1", "v2"])
        func theClientsAddressesComeFirst(_ route: Route, version: String) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(
                to: listener.address, route: route, options: ["--send-proxy", version])
            let (up, down) = (Pattern(seed: 1), Pattern(seed: 2))
            for _ in 0..<3 {
                let client = try gyre.connect()
                let origin = try listener.accept()
                // Before the client has said anything: its endpoint may be the one that speaks.
                let header = Self.header(version, of: client, to: gyre.address.port)
                #expect(try origin.receive(header.count) == header)
                let uploads = Background {
                    try client.exchange(sending: up, receiving: down, count: 2_000_000)
                }
                try origin.exchange(sending: down, receiving: up, count: 2_000_000)
                try uploads.value()
            }
        }

        @Test(arguments: Proxy.routes)
        func whatAHeaderConveyedIsPassedOn(_ route: Route) throws {
            let listener = try Listener()
            for (version, sent) in zip(["v1", "v2"], Proxy.headers) {
                let gyre = try GyreProcess(
                    to: listener.address, route: route,
                    options: Proxy.acceptsAll + ["--send-proxy", version])
                for header in Proxy.headers {
                    let client = try gyre.connect()
                    try client.send(header + Array("hello".utf8))
                    try client.finishSending()
                    let origin = try listener.accept()
                    #expect(try origin.receive(sent.count + 5) == sent + Array("hello".utf8))
                    try origin.expectEnd()
                }
                // One that says nothing: the client is who is connected.
                for header in Proxy.silent {
                    let client = try gyre.connect()
                    try client.send(header)
                    let origin = try listener.accept()
                    let own = Self.header(version, of: client, to: gyre.address.port)
                    #expect(try origin.receive(own.count) == own)
                }
            }
        }

        /// A header that a client makes up comes behind ours, as bytes of its own.
        @Test(arguments: Backend.usable)
        func aClientCannotSpeakForAnother(_ backend: Backend) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(
                to: listener.address, backend: backend, options: ["--send-proxy", "v1"])
            let client = try gyre.connect()
            try client.send(Proxy.headers[0])
            let origin = try listener.accept()
            let expected =
                Self.header("v1", of: client, to: gyre.address.port) + Proxy.headers[0]
            #expect(try origin.receive(expected.count) == expected)
        }

        @Test(arguments: Backend.usable)
        func aUnixClientHasNoAddress(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let listener = try Listener()
            for (version, header) in zip(
                ["v1", "v2"], [Array("PROXY UNKNOWN\r\n".utf8), Proxy.binary(0x21, 0, [])])
            {
                let gyre = try GyreProcess(
                    to: [listener.address.description], backend: backend,
                    listen: ["unix:" + directory.file("front-" + version)],
                    options: ["--send-proxy", version])
                let client = try gyre.connect()
                try client.send([1])
                let origin = try listener.accept()
                #expect(try origin.receive(header.count + 1) == header + [1])
            }
        }

        @Test(arguments: Backend.usable)
        func ipv6ClientsHaveTheirs(_ backend: Backend) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(
                to: [listener.address.description], backend: backend, listen: ["[::1]:0"],
                options: ["--send-proxy", "v1"])
            let client = try gyre.connect()
            let origin = try listener.accept()
            let header = "PROXY TCP6 ::1 ::1 \(client.localPort) \(gyre.address.port)\r\n"
            #expect(try origin.receive(header.utf8.count) == Array(header.utf8))
        }

        /// The next endpoint gets the header when the first cannot be connected.
        @Test(arguments: Backend.usable)
        func theHeaderGoesToWhoeverIsConnected(_ backend: Backend) throws {
            let listener = try Listener()
            let refusing = try Listener(refuses: true)
            let gyre = try GyreProcess(
                to: [refusing.address.description, listener.address.description],
                backend: backend, options: Proxy.acceptsAll + ["--send-proxy", "v2"])
            for _ in 0..<4 {
                let client = try gyre.connect()
                try client.send(Proxy.headers[0] + [9])
                let origin = try listener.accept()
                let expected = Proxy.headers[1] + [9]
                #expect(try origin.receive(expected.count) == expected)
            }
        }
    }
}
