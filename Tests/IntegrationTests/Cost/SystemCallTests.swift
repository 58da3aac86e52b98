// What a request costs in system calls. These are counts, not times: a noisy machine does not
// excuse a miss.

import IntegrationSupport
import Testing

extension Integration {
    @Suite struct SystemCalls {
        /// Limits per request and connection count; nginx's stream proxy needs 6.0 and 4.3.
        private static let cases: [(backend: Backend, connections: Int, perRequestMax: Double)] = [
            (.ioUring, 1, 2.5), (.ioUring, 64, 0.35), (.epoll, 1, 6.2), (.epoll, 64, 4.5),
        ].filter { Backend.usable.contains($0.0) }

        @Test(arguments: cases)
        func perRequestStayWithinLimits(
            _ cost: (backend: Backend, connections: Int, perRequestMax: Double)
        ) throws {
            // One core for all: how many requests share a system call depends on how busy the
            // worker is, and this way it always has as much to do as it can.
            let onOneCore = ["taskset", "--cpu-list", "\(firstProcessor())"]
            let nginx = try NginxOrigin(launcher: onOneCore)
            let gyre = try GyreProcess(
                to: [nginx.address.description], backend: cost.backend,
                options: ["--workers", "1"], launcher: onOneCore)
            // Connection set-up and first touches are not a request's cost.
            _ = try HTTPLoad.wrk(
                gyre.address, connections: cost.connections, seconds: 1, launcher: onOneCore)
            let tracer = try SystemCallTracer(pid: gyre.process.pid)
            let before = try gyre.counters()
            let load = try HTTPLoad.wrk(
                gyre.address, connections: cost.connections, seconds: 2,
                launcher: tracer.command + onOneCore)
            let after = try gyre.counters()
            let counted = after.systemCallsTotal - before.systemCallsTotal
            let perRequest = Double(counted) / Double(load.requests)
            #expect(load.errors == [])
            #expect(perRequest <= cost.perRequestMax)
            let traced = try tracer.count()
            let difference = abs(Double(counted - traced)) / Double(traced)
            #expect(difference <= 0.02, "counted \(counted), \(tracer.name) saw \(traced)")
        }
    }
}
