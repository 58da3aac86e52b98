// PROXY headers of clients in front of any TCP: taken off, refused, waited for, and nobody's who is
// not trusted.

import Foundation
import IntegrationSupport
import Testing

extension Integration.ProxyProtocol {
    @Suite struct AcceptedHeaders {
        private typealias Proxy = Integration.ProxyProtocol

        @Test(arguments: Route.all)
        func whatFollowsAHeaderIsForwarded(_ route: Route) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(
                to: listener.address, route: route, options: Proxy.acceptsAll)
            let (up, down) = (Pattern(seed: 1), Pattern(seed: 2))
            for header in Proxy.headers + Proxy.silent {
                let client = try gyre.connect()
                try client.send(header)
                let origin = try listener.accept()
                // Enough for every route to find its pace.
                let uploads = Background {
                    try client.exchange(sending: up, receiving: down, count: 2_000_000)
                }
                try origin.exchange(sending: down, receiving: up, count: 2_000_000)
                try uploads.value()
            }
            let count = Proxy.headers.count + Proxy.silent.count
            #expect(try gyre.counters().proxyHeaders == count)
        }

        /// Header and first bytes in one piece, and the client's end right behind them.
        @Test(arguments: Route.all)
        func whatComesWithAHeaderIsForwarded(_ route: Route) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(
                to: listener.address, route: route, options: Proxy.acceptsAll)
            for header in Proxy.headers {
                for text in ["", "x", String(repeating: "many bytes ", count: 3_000)] {
                    let client = try gyre.connect()
                    try client.send(header + Array(text.utf8))
                    try client.finishSending()
                    let origin = try listener.accept()
                    #expect(try origin.receive(text.utf8.count) == Array(text.utf8))
                    try origin.expectEnd()
                    try origin.send([1])
                    origin.close()
                    #expect(try client.receive(1) == [1])
                    try client.expectEnd()
                }
            }
        }

        @Test(arguments: Backend.modes)
        func aHeaderMayComeInAnyPieces(_ backend: Backend) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(
                to: listener.address, backend: backend, options: Proxy.acceptsAll)
            for header in Proxy.headers {
                let bytes = header + Array("hello".utf8)
                let cuts = (1..<bytes.count).map { [$0] } + [Array(1..<bytes.count)]
                for cut in cuts {
                    let client = try gyre.connect()
                    var start = 0
                    for end in cut + [bytes.count] {
                        try client.send(Array(bytes[start..<end]))
                        start = end
                        pause(0.001)
                    }
                    let origin = try listener.accept()
                    #expect(try origin.receive(5) == Array("hello".utf8), "cut at \(cut)")
                    client.close()
                    try origin.expectEnd()
                }
            }
        }

        @Test(arguments: Backend.modes)
        func whatIsNoHeaderIsCut(_ backend: Backend) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(
                to: listener.address, backend: backend, options: Proxy.acceptsAll)
            let base = try gyre.usage.descriptorCount()
            for (bytes, reason) in Proxy.malformed {
                let client = try gyre.connect()
                try client.send(bytes)
                let error = #expect(throws: SocketError.self) { try client.receive(1) }
                #expect(error?.code == ECONNRESET)
                let line = "a PROXY header was refused: \(reason)"
                #expect(
                    eventually { gyre.process.errorOutput.contains(line) },
                    "\(gyre.process.errorOutput)")
            }
            #expect(try listener.acceptIfAny(within: 0) == nil)
            let count = Proxy.malformed.count
            #expect(try gyre.counters { $0.proxyHeadersRefused == count }.proxyHeaders == 0)
            #expect(try gyre.counters().proxyHeadersRefused == count)
            try gyre.awaitRest(descriptors: base, flowsAtOnce: 1)
        }

        /// One that sends nothing, and one that keeps sending, a byte at a time.
        @Test(arguments: Backend.modes)
        func aHeaderIsNotWaitedForWithoutEnd(_ backend: Backend) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(
                to: listener.address, backend: backend,
                options: Proxy.acceptsAll + ["--accept-proxy-timeout", "600ms"])
            let base = try gyre.usage.descriptorCount()
            let start = ContinuousClock.now
            let (mute, slow) = (try gyre.connect(), try gyre.connect())
            let dripping = Background {
                for byte in Proxy.headers[0] where !slow.isReadable(within: 0.1) {
                    try slow.send([byte])
                }
            }
            for client in [mute, slow] {
                let error = #expect(throws: SocketError.self) { try client.receive(1) }
                #expect(error?.code == ECONNRESET)
            }
            let took = ContinuousClock.now - start
            #expect(took > .seconds(0.5) && took < .seconds(3))
            _ = try? dripping.value()
            let counters = try gyre.counters { $0.proxyHeaderTimeouts == 2 }
            #expect(counters.proxyHeaderTimeouts == 2 && counters.proxyHeadersRefused == 0)
            #expect(gyre.process.errorOutput.contains("a PROXY header did not come in time"))
            #expect(try listener.acceptIfAny(within: 0) == nil)
            try gyre.awaitRest(descriptors: base, flowsAtOnce: 2)
        }

        /// A client that leaves before it has said anything, or half of it, is nobody's fault. A
        /// reset that is there with the first bytes may only show by the time that has passed.
        @Test(arguments: Backend.modes)
        func whoLeavesBeforeIsForgotten(_ backend: Backend) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(
                to: listener.address, backend: backend,
                options: Proxy.acceptsAll + ["--accept-proxy-timeout", "1s"])
            let base = try gyre.usage.descriptorCount()
            for bytes in [[], Array(Proxy.headers[0].dropLast())] {
                let client = try gyre.connect()
                try client.send(bytes)
                try client.finishSending()
                try client.expectEnd()
                let other = try gyre.connect()
                try other.send(bytes)
                other.reset()
            }
            try gyre.awaitRest(descriptors: base, flowsAtOnce: 2)
            let counters = try gyre.counters()
            #expect(counters.accepted == 4 && counters.proxyHeadersRefused == 0)
            #expect(try listener.acceptIfAny(within: 0) == nil)
        }

        /// Bytes of others are never taken for a header, and they need none.
        @Test(arguments: Backend.modes)
        func whoIsNotTrustedIsServedAsHeIs(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let listener = try Listener()
            let gyre = try GyreProcess(
                to: [listener.address.description], backend: backend,
                listen: ["127.0.0.1:0", "unix:" + directory.file("front")],
                options: [
                    "--accept-proxy-from", "10.0.0.0/8,127.0.0.2", "--accept-proxy-from", "::/0",
                ])
            for address in gyre.addresses {
                for bytes in Proxy.headers + [Array("no header".utf8)] {
                    let client = try Connection(to: address)
                    try client.send(bytes)
                    let origin = try listener.accept()
                    #expect(try origin.receive(bytes.count) == bytes)
                    // Also one that lets its endpoint speak first.
                    try origin.send([1])
                    #expect(try client.receive(1) == [1])
                }
            }
            #expect(try gyre.counters().proxyHeaders == 0)
        }
    }
}
