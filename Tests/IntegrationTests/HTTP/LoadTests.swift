// The load generators of Debian: no answer is lost, late or wrong, and nothing is left behind.

import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct Load {
        @Test(arguments: Backend.modes, [1, 2])
        func wrkSeesNoError(_ backend: Backend, workers: Int) throws {
            let nginx = try NginxOrigin()
            let gyre = try GyreProcess(
                http: nginx.address, backend: backend, options: ["--workers", "\(workers)"])
            let load = try HTTPLoad.wrk(gyre.address, connections: 64, seconds: 1)
            #expect(load.requests > 500)
            #expect(load.errors == [])
            // wrk leaves mid-request; that must not show in the next client's answer.
            for _ in 0..<20 {
                #expect(try Curl.fetch([gyre.url("/small")]) == String(repeating: "x", count: 64))
            }
        }

        @Test(arguments: Backend.modes)
        func wrkMovesBodiesWithoutError(_ backend: Backend) throws {
            let nginx = try NginxOrigin(bigBytes: 64 << 10)
            let gyre = try GyreProcess(http: nginx.address, backend: backend)
            let load = try HTTPLoad.wrk(gyre.address, path: "/big", connections: 32, seconds: 1)
            #expect(load.requests > 200)
            #expect(load.errors == [])
        }

        /// ab speaks HTTP/1.0; with keep-alive it asks for that in the way of HTTP/1.0.
        @Test(arguments: Backend.modes, [false, true])
        func abSeesNoError(_ backend: Backend, keepsAlive: Bool) throws {
            let count = isQuickRun ? 2_000 : 8_000
            let nginx = try NginxOrigin()
            let gyre = try GyreProcess(http: nginx.address, backend: backend)
            let load = try HTTPLoad.ab(gyre.address, count: count, keepsAlive: keepsAlive)
            #expect(load.requests == count)
            #expect(load.errors == [])
            #expect(load.keptAlive == (keepsAlive ? count : 0))
            // One connection of a client is one accepted connection.
            let accepted = try gyre.counters().accepted
            #expect(keepsAlive ? accepted <= 40 : accepted >= count)
        }
    }
}
