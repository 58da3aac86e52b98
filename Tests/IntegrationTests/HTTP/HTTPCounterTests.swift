// The counters that SIGUSR1 prints: exact, for they are what every figure is built on.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct Counters {
        @Test(arguments: Backend.usable)
        func exchangesAreCounted(_ backend: Backend) throws {
            let origin = try HTTPOrigin { received in
                received.request.target == "/cut"
                    ? .end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf") : .ok("body")
            }
            let gyre = try GyreProcess(
                http: origin.address, backend: backend, options: ["--workers", "1"])
            let first = try gyre.counters()
            #expect(first.backend == backend.rawValue && first.workers == 1)
            #expect(first.requests == 0 && first.responses == 0 && first.clientsActive == 0)

            let clients = try (0..<3).map { _ in try gyre.client() }
            for client in clients {
                for _ in 0..<4 { #expect(try client.get("/").text == "body") }
            }
            var counters = try gyre.counters { $0.responses == 12 }
            #expect(counters.accepted == 3 && counters.clientsActive == 3)
            #expect(counters.requests == 12 && counters.responses == 12)
            #expect(counters.upstreamsOpened == 1 && counters.upstreamsReused == 11)
            #expect(counters.upstreamsActive == 1)
            #expect(counters.requestsRefused == 0 && counters.localReplies == 0)
            #expect(counters.systemCallsTotal > first.systemCallsTotal)

            #expect(try clients[0].exchange("BAD\r\n\r\n").status == 400)
            try clients[1].send("GET /cut HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = clients[1].readToEnd()
            clients.forEach { $0.close() }
            #expect(try eventually { try gyre.counters().clientsActive == 0 })
            counters = try gyre.counters()
            #expect(counters.requestsRefused == 1 && counters.localReplies == 1)
            #expect(counters.responsesCut == 1)
            #expect(counters.retries == 0 && counters.tunnels == 0)
        }

        @Test(arguments: Backend.usable, ["auto", "copy", "splice"])
        func bodiesAreCountedByTheirPath(_ backend: Backend, relay: String) throws {
            let bytes = 32 << 20
            let nginx = try NginxOrigin(bigBytes: bytes)
            let gyre = try GyreProcess(
                http: nginx.address, backend: backend,
                options: ["--relay", relay, "--workers", "1"])
            let directory = try TemporaryDirectory()
            let copy = directory.file("copy")
            _ = try Curl.fetch(["-o", copy, gyre.url("/big")])
            _ = try Curl.fetch(["-T", copy, gyre.url("/stored/copy")])
            #expect(
                try Curl.digest(ofFile: nginx.file("/stored/copy"))
                    == Curl.digest(ofFile: nginx.file("/big")))
            let counters = try gyre.counters { $0.bytesTotal >= 2 * bytes }
            // Heads are counted with the bodies.
            #expect(counters.bytesTotal >= 2 * bytes && counters.bytesTotal < 2 * bytes + 8192)
            #expect(counters.bytesRingSpliced == 0)
            switch relay {
            case "copy": #expect(counters.bytesSpliced == 0)
            case "splice": #expect(counters.bytesSpliced > bytes)
            default: #expect(counters.bytesCopied > 0)
            }
        }
    }
}
