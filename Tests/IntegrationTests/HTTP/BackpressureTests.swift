// Who does not take bytes holds back who sends them, and costs gyre no more than its credit.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct Backpressure {
        private static let memoryMax = 4 << 20
        private static let lengths = ["Content-Length: 1000000000", "Transfer-Encoding: chunked"]

        /// One chunk that is longer than what will be sent of it.
        private static func start(_ framing: String) -> String {
            framing + "\r\n\r\n" + (framing.contains("chunked") ? "3b9aca00\r\n" : "")
        }

        /// Four clients that ask for much and read nothing, and one that is served meanwhile.
        @Test(arguments: Backend.modes, lengths)
        func stalledClientsHoldTheirOriginsBack(_ backend: Backend, framing: String) throws {
            let scene = try Scene(backend)
            let stalled = try (0..<4).map { _ in
                try scene.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            }
            let bytes = try stalled.map { pair in
                try pair.origin.send("HTTP/1.1 200 OK\r\n\(Self.start(framing))")
                return Self.sendUntilHeldBack(pair.origin)
            }
            #expect(bytes.allSatisfy { $0 < 64 << 20 }, "\(bytes)")
            try scene.expectModest(Self.memoryMax)
            // Who reads again gets everything that was sent.
            for (pair, sent) in zip(stalled, bytes) {
                _ = try pair.client.readHead()
                if framing.contains("chunked") { _ = try pair.client.readBytes(10) }
                let taken = try pair.client.readBytes(sent)
                #expect(taken == [UInt8](repeating: 98, count: sent))
            }
        }

        @Test(arguments: Backend.modes, lengths)
        func stalledOriginsHoldTheirClientsBack(_ backend: Backend, framing: String) throws {
            let scene = try Scene(backend)
            let stalled = try (0..<4).map { _ in
                try scene.exchange("POST / HTTP/1.1\r\nHost: a\r\n\(Self.start(framing))")
            }
            let bytes = stalled.map { Self.sendUntilHeldBack($0.client) }
            #expect(bytes.allSatisfy { $0 < 64 << 20 }, "\(bytes)")
            try scene.expectModest(Self.memoryMax)
            for (pair, sent) in zip(stalled, bytes) {
                if framing.contains("chunked") { _ = try pair.origin.readBytes(10) }
                let taken = try pair.origin.readBytes(sent)
                #expect(taken == [UInt8](repeating: 98, count: sent))
            }
        }

        /// - Returns: how many bytes were taken before nobody took any for a while.
        private static func sendUntilHeldBack(_ stream: HTTPStream) -> Int {
            let piece = [UInt8](repeating: 98, count: 1 << 16)
            var entry = pollfd(
                fd: stream.connection.descriptor, events: Int16(POLLOUT), revents: 0)
            var total = 0
            while poll(&entry, 1, 200) > 0, total < 1 << 27 {
                let sent = send(entry.fd, piece, piece.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
                if sent > 0 { total += sent }
            }
            return total
        }
    }
}

/// A gyre before a listener that this test plays the origin on.
private struct Scene {
    private let listener: Listener
    private let gyre: GyreProcess
    private let base: Int

    init(_ backend: Backend) throws {
        listener = try Listener()
        gyre = try GyreProcess(
            http: [listener.address], backend: backend, options: ["--workers", "1"])
        base = try gyre.usage.anonymousBytes()
    }

    /// Sends a request, or the begin of one.
    func exchange(_ text: String) throws -> (client: HTTPStream, origin: HTTPStream) {
        let client = try gyre.client()
        try client.send(text)
        let origin = HTTPStream(try listener.accept())
        _ = try origin.readHead()
        return (client, origin)
    }

    /// Others are served as ever, memory is bounded, and waiting costs no CPU.
    func expectModest(_ memoryMax: Int) throws {
        let (client, origin) = try exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let start = ContinuousClock.now
        try origin.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(try client.readResponse().text == "ok")
        #expect(ContinuousClock.now - start < .seconds(0.5))
        #expect(try gyre.usage.anonymousBytes() - base <= memoryMax)
        let ticks = try gyre.usage.cpuTicks()
        pause(0.5)
        #expect(try gyre.usage.cpuTicks() - ticks <= 2)
    }
}
