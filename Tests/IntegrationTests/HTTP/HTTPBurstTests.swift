// Many clients at the same moment, with more in flight than there are buffers to read ahead.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct Bursts {
        /// All requests are on their way before the first answer is read, and every answer is
        /// larger than what the kernel and gyre hold for a client.
        @Test(arguments: Backend.modes)
        func thousandDownloadsAtOnce(_ backend: Backend) throws {
            let count = isQuickRun ? 300 : 1_000
            let bytes = 300_000
            let nginx = try NginxOrigin(bigBytes: bytes)
            let gyre = try GyreProcess(http: nginx.address, backend: backend)
            let base = try gyre.usage.descriptorCount()
            let clients = try (0..<count).map { _ in try gyre.client() }
            for client in clients { try client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n") }
            let pattern = Pattern(seed: 7)
            for client in clients {
                let head = try client.readHead()
                guard try client.receiveBody(pattern, after: head) == bytes else {
                    throw TestFailure("not whole: \(head)")
                }
            }
            #expect(try gyre.counters { $0.responses == count }.responses == count)
            clients.forEach { $0.close() }
            nginx.process.signal(SIGTERM)
            try gyre.awaitRest(descriptors: base, flowsAtOnce: count)
        }

        @Test(arguments: Backend.modes)
        func hundredsOfUploadsAtOnce(_ backend: Backend) throws {
            let count = 300
            let body = Pattern(seed: 95).bytes(at: 0, count: 100_000)
            let origin = try HTTPOrigin { received in
                .ok(received.request.body == body ? "\(received.request.target)" : "wrong")
            }
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let clients = try (0..<count).map { _ in try gyre.client() }
            // In turns of pieces, so that all of them are within their bodies at once.
            for (number, client) in clients.enumerated() {
                try client.send(
                    "POST /\(number) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n")
            }
            for start in stride(from: 0, to: body.count, by: 25_000) {
                for client in clients { try client.send(Array(body[start..<start + 25_000])) }
            }
            for (number, client) in clients.enumerated() {
                #expect(try client.readResponse().text == "/\(number)")
            }
            #expect(origin.failures == [])
        }

        /// Tunnels count as the clients they were: the limit holds for both together.
        @Test(arguments: Backend.modes)
        func tunnelsAreClients(_ backend: Backend) throws {
            let limit = 12
            let origin = try HTTPOrigin { _ in
                .keep("HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
            }
            let gyre = try GyreProcess(
                http: [origin.address], backend: backend,
                options: ["--max-connections", "\(limit)", "--workers", "1"])
            let upgrade = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
            for _ in 0..<3 {
                let tunnels = try (0..<limit).map { _ in try gyre.client() }
                for client in tunnels {
                    try client.send(upgrade)
                    #expect(try client.readHead().startLine.hasPrefix("HTTP/1.1 101"))
                }
                #expect(try eventually { try gyre.counters().flowsActive == limit })
                let late = try gyre.client()
                try late.send("GET / HTTP/1.1\r\n\r\n")
                #expect(!late.connection.isReadable(within: 0.2))
                tunnels.forEach { $0.close() }
                #expect(try late.readResponse().status == 400)
                late.close()
                #expect(try eventually { try gyre.connectionsActive == 0 })
            }
            #expect(try gyre.counters { $0.tunnels == 3 * limit }.tunnels == 3 * limit)
        }
    }
}
