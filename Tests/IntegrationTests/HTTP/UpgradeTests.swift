// Upgrades: a tunnel after the 101, plain HTTP without it, and nothing in between.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct Upgrades {
        private static let handshake = """
            GET /chat HTTP/1.1\r
            Host: a\r
            Connection: Upgrade\r
            Upgrade: websocket\r
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
            Sec-WebSocket-Version: 13\r
            \r

            """
        private static let switching = """
            HTTP/1.1 101 Switching Protocols\r
            Connection: Upgrade\r
            Upgrade: websocket\r
            Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
            \r

            """

        @Test(arguments: Backend.modes)
        func webSocketLibrariesTalk(_ backend: Backend) throws {
            let origin = try ScriptedOrigin("HTTP/websocket_origin.py")
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let base = try gyre.usage.descriptorCount()
            let client = try Script.run("HTTP/websocket_client.py", ["\(gyre.address)"])
            #expect(client.status == .exited(0), "\(client.errorOutput)")
            origin.process.signal(SIGKILL)
            try gyre.awaitRest(descriptors: base, flowsAtOnce: 50)
        }

        @Test(arguments: Backend.modes)
        func tunnelBeginsWithThe101(_ backend: Backend) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(http: listener.address, backend: backend)
            let client = try gyre.client()
            // Sent before the 101, so it may not go on before it.
            try client.send(Self.handshake + "early")
            let origin = HTTPStream(try listener.accept())
            let request = try origin.readHead()
            #expect(request.has("upgrade", in: "Connection"))
            #expect(request["Upgrade"] == "websocket")
            #expect(request["Sec-WebSocket-Key"] == "dGhlIHNhbXBsZSBub25jZQ==")
            #expect(!origin.connection.isReadable(within: 0.2), "nothing before the 101")
            try origin.send(Self.switching + "prompt")
            let response = try client.readHead()
            #expect(response.startLine.hasPrefix("HTTP/1.1 101"))
            #expect(response.has("upgrade", in: "Connection"))
            #expect(response["Upgrade"] == "websocket")
            #expect(response["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            #expect(try client.readBytes(6) == Array("prompt".utf8))
            #expect(try origin.readBytes(5) == Array("early".utf8))
            // What looks like HTTP is bytes now, and each direction ends by itself.
            try client.send("GET /no HTTP/1.1\r\n\r\n\0")
            #expect(try origin.readBytes(21).last == 0)
            let pattern = Pattern(seed: 62)
            let sender = Background { try client.connection.send(pattern, count: 4 << 20) }
            try origin.connection.receive(pattern, count: 4 << 20)
            try sender.value()
            try client.finishSending()
            try origin.expectEnd()
            try origin.send("last words")
            origin.close()
            #expect(String(decoding: client.readToEnd().bytes, as: UTF8.self) == "last words")
        }

        @Test(arguments: Backend.modes)
        func refusedUpgradeStaysHTTP(_ backend: Backend) throws {
            let origin = try HTTPOrigin { received in
                .ok(received.request.target, fields: "X-Upgraded: no\r\n")
            }
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let client = try gyre.client()
            // The second request must be read as one, however early it came.
            try client.send(Self.handshake + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.readResponse().text == "/chat")
            #expect(try client.readResponse().text == "/next")
            #expect(origin.targets == ["/chat", "/next"])
        }

        @Test(arguments: Backend.modes)
        func whatIsNoUpgradeIsNotForwardedAsOne(_ backend: Backend) throws {
            let origin = try HTTPOrigin { _ in .ok("plain") }
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let client = try gyre.client()
            // h2c: the origin would speak HTTP/2 through us. Not named by Connection, or in
            // HTTP/1.0: no upgrade at all (RFC 9110 section 7.8).
            let requests = [
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                    + "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
                "GET / HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            ]
            for request in requests { #expect(try client.exchange(request).text == "plain") }
            #expect(origin.requests.count == 3)
            for received in origin.requests {
                #expect(received.request.head.values("Upgrade") == [])
                #expect(!received.request.head.has("upgrade", in: "Connection"))
                #expect(received.request.head.values("HTTP2-Settings") == [])
            }
        }

        /// Nobody asked: a client that did not would take the tunnel's bytes for a response.
        @Test(arguments: Backend.modes)
        func unasked101Becomes502(_ backend: Backend) throws {
            let origin = try HTTPOrigin { _ in .keep(Self.switching + "HTTP/1.1 200 OK\r\n\r\n") }
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let client = try gyre.client()
            #expect(try client.get("/").status == 502)
        }

        @Test(arguments: Backend.modes)
        func connectIsForwardedOnlyWhenAllowed(_ backend: Backend) throws {
            let listener = try Listener()
            let request = "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"
            let refusing = try GyreProcess(http: listener.address, backend: backend)
            let refused = try refusing.client().exchange(request)
            #expect(refused.status == 405)
            #expect(try listener.acceptIfAny(within: 0.1) == nil)

            let gyre = try GyreProcess(
                http: listener.address, backend: backend, options: ["--allow-connect"])
            let client = try gyre.client()
            try client.send(request)
            let origin = HTTPStream(try listener.accept())
            #expect(try origin.readHead().startLine == "CONNECT a.test:443 HTTP/1.1")
            // A 200 to CONNECT has no body, whatever it says (RFC 9110 section 9.3.6).
            try origin.send("HTTP/1.1 200 OK\r\nX-A: b\r\n\r\nhello")
            let head = try client.readHead()
            #expect(head.startLine.hasPrefix("HTTP/1.1 200"))
            #expect(head.values("Transfer-Encoding") + head.values("Content-Length") == [])
            #expect(try client.readBytes(5) == Array("hello".utf8))
            try client.send("back\0")
            #expect(try origin.readBytes(5) == Array("back\0".utf8))
        }
    }
}
