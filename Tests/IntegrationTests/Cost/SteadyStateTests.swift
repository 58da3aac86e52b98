// The promise "no malloc per forwarded chunk", counted in the real program by a preloaded library.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct SteadyState {
        @Test(arguments: Route.all)
        func smallRequestsAllocateNothing(_ route: Route) throws {
            let origin = try SwarmOrigin()
            let counter = try AllocationCounter()
            let gyre = try counter.launch(to: origin.address, route: route)
            let flows = try (0..<8).map { _ in try gyre.connect() }
            try exchange(1_000, over: flows)
            let before = try counter.count()
            #expect(before > 0, "the counter must be in place, else 0 says nothing")
            try exchange(10_000, over: flows)
            #expect(try counter.count() - before == 0)
        }

        @Test(arguments: Route.all)
        func bulkAllocatesNothing(_ route: Route) throws {
            let listener = try Listener()
            let counter = try AllocationCounter()
            let gyre = try counter.launch(to: listener.address, route: route)
            let client = try gyre.connect()
            let origin = try listener.accept()
            let pattern = Pattern(seed: 41)
            // Enough for `auto` to have promoted the flow.
            for bytes in [32 << 20, 128 << 20] {
                let before = try counter.count()
                let sender = Background { try client.send(pattern, count: bytes) }
                try origin.receive(pattern, count: bytes)
                try sender.value()
                if bytes > 32 << 20 { #expect(try counter.count() - before == 0) }
            }
        }

        /// Request and answer of 100 bytes, one flow after the other.
        private func exchange(_ rounds: Int, over flows: [Connection]) throws {
            let message = [UInt8](repeating: 0x61, count: 100)
            for round in 0..<rounds {
                let flow = flows[round % flows.count]
                try flow.send(message)
                guard try flow.receive(100) == message else { throw TestFailure("wrong echo") }
            }
        }
    }
}

/// Builds the counting library and reads its count.
private struct AllocationCounter {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        let source = Product.root + "/Tests/IntegrationTests/Cost/allocation_counter.c"
        let build = try ChildProcess.run([
            "cc", "-std=gnu11", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", source,
            "-o", directory.file("counter.so"),
        ])
        guard build.status == .exited(0) else { throw TestFailure("cc: \(build.errorOutput)") }
    }

    /// Starts `gyre tcp` with the library in it.
    func launch(to endpoint: PeerAddress, route: Route) throws -> GyreProcess {
        try GyreProcess(
            to: [endpoint.description], backend: route.backend,
            options: ["--relay", route.relay],
            environment: [
                "LD_PRELOAD": directory.file("counter.so"),
                "ALLOCATION_COUNT_FILE": directory.file("count"),
            ])
    }

    /// Allocations since the program started.
    func count() throws -> UInt64 {
        let path = directory.file("count")
        guard let data = FileManager.default.contents(atPath: path), data.count == 8 else {
            throw TestFailure("the preloaded library wrote no count")
        }
        return data.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    }
}
