// Bodies far larger than any buffer: every byte is compared, and gyre's memory does not grow.

import Foundation
import IntegrationSupport
import Synchronization
import Testing

extension Integration.HTTP {
    @Suite struct LargeBodies {
        private static let bytes = isQuickRun ? 128 << 20 : 1 << 30
        private static let growthMax = 8 << 20

        @Test(arguments: Backend.modes)
        func gibibyteUpAndDownWithFlatMemory(_ backend: Backend) throws {
            try transferBothWays(backend, framing: "Content-Length: \(Self.bytes)", Self.bytes) {
                try $0.connection.send($1, count: Self.bytes)
            }
        }

        /// Chunks go through gyre's hands, so they take more of it; a quarter shows the same.
        @Test(arguments: Backend.modes)
        func chunksUpAndDownWithFlatMemory(_ backend: Backend) throws {
            let bytes = Self.bytes / 4
            try transferBothWays(backend, framing: "Transfer-Encoding: chunked", bytes) {
                for position in stride(from: 0, to: bytes, by: Pattern.chunkBytesMax) {
                    try $0.send("40000\r\n")
                    try $0.connection.send($1.chunk(at: position, count: Pattern.chunkBytesMax))
                    try $0.send("\r\n")
                }
                try $0.send("0\r\n\r\n")
            }
        }

        private func transferBothWays(
            _ backend: Backend, framing: String, _ bytes: Int,
            send: @escaping @Sendable (HTTPStream, Pattern) throws -> Void
        ) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(
                http: listener.address, backend: backend, options: ["--workers", "1"])
            let client = try gyre.client()
            // Whatever is allocated once is allocated before.
            try client.send("POST /warm HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
            let origin = HTTPStream(try listener.accept())
            _ = try origin.readRequest()
            try origin.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            _ = try client.readResponse()
            let memory = try MemoryWatch(gyre.usage)

            let up = Pattern(seed: 81)
            let upload = Background {
                try client.send("POST /up HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n")
                try send(client, up)
            }
            #expect(try origin.receiveBody(up, after: try origin.readHead()) == bytes)
            try upload.value()
            try origin.send("HTTP/1.1 204 Stored\r\n\r\n")
            #expect(try client.readResponse().status == 204)

            let down = Pattern(seed: 82)
            let download = Background {
                try client.send("GET /down HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try origin.readRequest()
                try origin.send("HTTP/1.1 200 OK\r\n\(framing)\r\n\r\n")
                try send(origin, down)
            }
            #expect(try client.receiveBody(down, after: try client.readHead()) == bytes)
            try download.value()
            #expect(try memory.growth() <= Self.growthMax)
        }
    }
}

/// Watches a process's anonymous memory from a thread of its own.
private final class MemoryWatch: Sendable {
    private let start: Int
    private let highest: Atomic<Int>
    private let stop = Atomic(false)

    init(_ usage: ProcessUsage) throws {
        start = try usage.anonymousBytes()
        highest = Atomic(start)
        _ = Background { [weak self] in
            while let self, !self.stop.load(ordering: .relaxed) {
                self.highest.max(try usage.anonymousBytes(), ordering: .relaxed)
                pause(0.02)
            }
        }
    }

    /// The most there was over what there was at first; ends the watching.
    func growth() throws -> Int {
        stop.store(true, ordering: .relaxed)
        return highest.load(ordering: .relaxed) - start
    }
}
