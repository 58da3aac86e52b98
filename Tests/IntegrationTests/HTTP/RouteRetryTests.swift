// Retries that a route has in place of its upstream's.

import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct RouteRetries {
        /// Two endpoints, of which one answers with 503 only.
        private struct Scene {
            let directory: TemporaryDirectory
            let origins: [HTTPOrigin]
            let gyre: GyreProcess

            init(_ backend: Backend, upstream: String, route: String) throws {
                directory = try TemporaryDirectory()
                origins = [
                    try HTTPOrigin(named: "good"),
                    try HTTPOrigin { _ in
                        .keep("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
                    },
                ]
                let endpoints = origins.map { "\"\($0.address)\"" }.joined(separator: ", ")
                gyre = try GyreProcess(
                    site: """
                        workers: 1
                        listeners:
                          - name: web
                            protocol: http
                            address: "127.0.0.1:0"
                            routes:
                              - {name: own, path_prefix: /own/, upstream: app, retries: \(route)}
                              - {name: rest, upstream: app}
                        upstreams:
                          - {name: app, endpoints: [\(endpoints)], retries: \(upstream)}
                        """, backend: backend, in: directory)
            }

            /// How many of eight requests were answered with 200.
            func succeeded(_ path: String) throws -> Int {
                let client = try gyre.client()
                return try (0..<8).reduce(0) { count, _ in
                    count + (try client.get(path).status == 200 ? 1 : 0)
                }
            }
        }

        static let retrying = "{attempts: 2, on: [503]}"
        static let cases: [(upstream: String, route: String, own: Int, rest: Int)] = [
            ("{attempts: 1}", retrying, 8, 4),
            (retrying, "{attempts: 1}", 4, 8),
            (retrying, "{attempts: 2, on: [502]}", 4, 8),
            (retrying, "{attempts: 2, on: [503], budget: 0%}", 4, 8),
            ("{attempts: 1, budget: 0%}", "{attempts: 2, on: [503], budget: 100%}", 8, 4),
        ]

        @Test(arguments: Backend.usable, cases)
        func theRouteDecides(
            _ backend: Backend,
            _ retries: (upstream: String, route: String, own: Int, rest: Int)
        ) throws {
            let scene = try Scene(backend, upstream: retries.upstream, route: retries.route)
            #expect(try scene.succeeded("/own/") == retries.own)
            #expect(try scene.succeeded("/") == retries.rest)
            #expect(try scene.gyre.counters { $0.retries > 0 }.retries > 0)
        }
    }
}
