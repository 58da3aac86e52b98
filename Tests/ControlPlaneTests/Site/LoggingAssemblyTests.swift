// What is said of the access log, as the data plane gets it.

import DataPlane
import Protocols
import Testing

@testable import ControlPlane

@Suite struct LoggingAssemblyTests {
    private func site(_ listener: String, routes: String = "upstream: u") throws -> SiteDescription
    {
        let configuration = try ConfigurationFile.parse(
            Array(
                """
                listeners: [{name: l, address: ":1", \(routes)\(listener)}]
                upstreams: [{name: u, endpoints: [":2"]}]
                """.utf8), environment: [:])
        let endpoint = Configuration.Endpoint(.host("127.0.0.1", port: 2))
        let address = try #require(SocketAddress(unixPath: "/a"))
        let resolved = ResolvedEndpoint(
            address: AddressReference(keeping: address), key: "\(endpoint.text)", name: "e",
            host: "e", weight: 1)
        var assembly = SiteAssembly()
        return try assembly.assemble(configuration, [[resolved]]).description
    }

    private func http(_ text: String, routes: String = "upstream: u") throws -> HTTPPolicy {
        let site = try site(", protocol: http" + text, routes: routes)
        guard case .http(let policy, _, _) = site.listeners[0].service else { throw Missing() }
        return policy
    }

    private struct Missing: Error {}

    @Test func listenersAreLoggedUnlessTheyAreNot() throws {
        #expect(try http("").isLogged)
        #expect(try !http(", access_log: false").isLogged)
        for (text, isLogged) in [("", true), (", access_log: false", false)] {
            let site = try site(", protocol: tcp" + text)
            guard case .tcp(let policy, _) = site.listeners[0].service else { throw Missing() }
            #expect(policy.isLogged == isLogged)
        }
    }

    @Test func routesAreLoggedUnlessTheyAreNot() throws {
        let routes = """
            routes: [{name: a, path: /a, upstream: u, access_log: false}, {name: b, upstream: u}]
            """
        let site = try site(", protocol: http", routes: routes)
        guard case .http(_, _, let assembled) = site.listeners[0].service else { throw Missing() }
        #expect(assembled.map(\.isLogged) == [false, true])
        #expect(Set(assembled.map(\.id)).count == 2)
    }

    @Test func requestsGetIdsWhereTheyAreAskedFor() throws {
        #expect(try site(", protocol: http").listeners[0].requestIDName == "")
        let named = try site(", protocol: http, request_id: X-Request-ID")
        #expect(named.listeners[0].requestIDName == "X-Request-ID")
        #expect(try !http("").makesTraceparent)
        #expect(try !http(", traceparent: pass").makesTraceparent)
        #expect(try http(", traceparent: generate").makesTraceparent)
    }
}
