// Limits of listeners as the data plane gets them.

import DataPlane
import Testing

@testable import ControlPlane

@Suite struct AdmissionAssemblyTests {
    static let cases:
        [(text: String, clients: UInt32?, connections: SourceRate?, requests: SourceRate?)] = [
            ("", nil, nil, nil),
            ("limits: {connections: 5}", 5, nil, nil),
            ("limits: {connections: auto}", nil, nil, nil),
            (
                "rate_limit: {requests: 100/s}", nil, nil,
                SourceRate(100, perMs: 1_000, burst: 100)
            ),
            (
                "rate_limit: {requests: 5/h, burst: 9, connections: 30/m}", nil,
                SourceRate(30, perMs: 60_000, burst: 9), SourceRate(5, perMs: 3_600_000, burst: 9)
            ),
            (
                "rate_limit: {requests: unlimited, connections: 1000000000/s}", nil,
                SourceRate(1_000_000_000, perMs: 1_000, burst: 1_000_000_000), nil
            ),
            (
                "rate_limit: {requests: 1/h, burst: 1000000}", nil, nil,
                SourceRate(1, perMs: 3_600_000, burst: 1_000_000)
            ),
        ]

    @Test(arguments: cases)
    func limitsAreTaken(
        text: String, clients: UInt32?, connections: SourceRate?, requests: SourceRate?
    ) throws {
        let configuration = try ConfigurationFile.parse(
            Array(
                """
                listeners:
                  - name: a
                    protocol: http
                    address: ":1"
                    upstream: b
                    \(text)
                upstreams: [{name: b, endpoints: [":2"]}]
                """.utf8), environment: [:])
        let limits = AdmissionLimits(configuration.listeners[0])
        #expect(limits.clientsMax == clients)
        #expect(limits.connections == connections)
        #expect(limits.requests == requests)
        #expect(limits.sourcesMax == 65_536)
    }

    @Test func retriesOfARouteAreItsOwn() throws {
        let configuration = try ConfigurationFile.parse(
            Array(
                """
                listeners:
                  - name: a
                    protocol: http
                    address: ":1"
                    routes:
                      - name: own
                        path_prefix: /own
                        upstream: b
                        retries: {attempts: 5, on: [timeout, 502], per_try_timeout: 1s, budget: 3%}
                      - {name: rest, upstream: b}
                upstreams: [{name: b, endpoints: [":2"]}]
                """.utf8), environment: [:])
        let retries = try configuration.listeners[0].routes.map { route in
            let action = try Route(route, upstream: 0).action
            guard case .forward(let forward) = action else { return RetryPolicy?.none }
            return forward.retries
        }
        let own = try #require(retries[0])
        #expect(retries[1] == nil)
        #expect(own.attemptsMax == 5 && own.perTryMs == 1_000 && own.budgetPercent == 3)
        #expect(own.causes == .timeout)
        #expect(own.statuses.contains(502) && !own.statuses.contains(503))
    }
}
