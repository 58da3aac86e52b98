// From endpoints as they are written, and the addresses of names, to endpoints.

import DataPlane
import Protocols
import Testing

@testable import ControlPlane

@Suite struct EndpointSourceTests {
    private static let service = "_http._tcp.example.org"

    /// One upstream with a name, an address and a service.
    private static func configuration() -> Configuration {
        var named = Configuration.Endpoint(.host("app.test", port: 80))
        named.weight = 5
        var service = Configuration.Endpoint()
        service.place = .service(Self.service)
        service.weight = 1_000
        var upstream = Configuration.Upstream()
        upstream.name = "app"
        upstream.endpoints = [named, Configuration.Endpoint(.anyHost(port: 9)), service]
        var configuration = Configuration()
        configuration.upstreams = [upstream]
        return configuration
    }

    private static let book: NameBook = [
        .host("app.test", port: 80): [
            NamedAddress(address: address(2, 80)), NamedAddress(address: address(3, 80)),
        ],
        .service(service): [
            NamedAddress(address: address(4, 8001), weight: 7),
            NamedAddress(address: address(5, 8002), weight: 65_535),
        ],
    ]

    @Test func namesWeightsAndHostsAreThoseOfWhatIsWritten() throws {
        let endpoints = try EndpointSource.resolve(Self.configuration(), Self.book)
        #expect(endpoints.count == 1)
        #expect(
            endpoints[0].map(\.name) == [
                "app.test:80 (127.0.0.2:80)", "app.test:80 (127.0.0.3:80)", ":9 (127.0.0.1:9)",
                "\(Self.service) (127.0.0.4:8001)", "\(Self.service) (127.0.0.5:8002)",
            ])
        #expect(endpoints[0].map(\.weight) == [5, 5, 1, 7_000, 65_535])
        #expect(
            endpoints[0].map(\.host)
                == ["app.test", "app.test", "127.0.0.1:9", "example.org", "example.org"])
        #expect(
            endpoints[0].map(\.key) == [
                "127.0.0.2:80", "127.0.0.3:80", "127.0.0.1:9", "127.0.0.4:8001", "127.0.0.5:8002",
            ])
    }

    @Test func whatIsKnownIsNotAskedForAndWhatIsGoneIsForgotten() throws {
        // A server that could not be asked.
        let servers = NameServers(servers: ["not an address"])
        var known = Self.book
        known[.host("gone.test", port: 80)] = [NamedAddress(address: address(9, 80))]
        let names = try EndpointSource.names(Self.configuration(), servers, known: known)
        #expect(names == Self.book)
        known[.service(Self.service)] = nil
        let error = #expect(throws: StartError.self) {
            try EndpointSource.names(Self.configuration(), servers, known: known)
        }
        #expect(
            error?.description.hasPrefix("cannot resolve '\(Self.service)' (SRV): ") == true)
    }

    @Test func checksGoToTheEndpointsOfUpstreamsThatHaveThem() throws {
        var configuration = Self.configuration()
        var unchecked = configuration.upstreams[0]
        unchecked.name = "unchecked"
        configuration.upstreams.append(unchecked)
        var active = Configuration.ActiveHealth()
        active.type = .http
        active.path = "/healthz"
        active.status = Configuration.StatusRange(200, 204)
        configuration.upstreams[0].health.active = active
        var assembly = SiteAssembly()
        let site = try assembly.assemble(
            configuration, try EndpointSource.resolve(configuration, Self.book))
        let targets = site.healthTargets(configuration)
        #expect(targets.count == 5 && site.endpoints.count == 10)
        #expect(targets.allSatisfy { site.endpoints[$0.endpoint]?.upstream == "app" })
        let kind = HealthCheck.Kind.http(path: "/healthz", host: nil, statuses: [200...204])
        #expect(targets.allSatisfy { $0.check.kind == kind && $0.check.intervalMs == 5_000 })
        #expect(Set(targets.map(\.host)) == ["app.test", "127.0.0.1:9", "example.org"])
    }
}
