// Configurations that are right, drawn at random: every key is met, with its ends now and then.

import DataPlane
import Protocols
import TestSupport

@testable import ControlPlane

extension Configuration {
    static func random(_ random: inout SeededRandom) -> Configuration {
        var configuration = Configuration()
        configuration.process = Process.random(&random)
        configuration.upstreams = (0..<random.pick(1...4)).map { index in
            Upstream.random(&random, index: index)
        }
        if configuration.process.usesDirectDescriptors {
            for index in configuration.upstreams.indices {
                configuration.upstreams[index].proxyProtocol = nil
            }
        }
        configuration.listeners = (0..<random.pick(1...3)).map { index in
            Listener.random(
                &random, index: index, upstreams: configuration.upstreams,
                backend: configuration.process.backend)
        }
        return configuration
    }
}

extension SeededRandom {
    /// `nil` or something.
    mutating func maybe<Value>(_ value: (inout SeededRandom) -> Value) -> Value? {
        chance(400) ? value(&self) : nil
    }

    /// A default or something else.
    mutating func change<Value>(_ value: inout Value, _ other: (inout SeededRandom) -> Value) {
        if chance(400) { value = other(&self) }
    }

    mutating func duration() -> UInt64 {
        UInt64(max(1, magnitude(upTo: 3_600_000)))
    }

    mutating func text() -> String {
        let scalars: [Unicode.Scalar] = ["a", "Z", "7", " ", "$", ":", "#", "\"", "\n", "é", "-"]
        var text = ""
        for _ in 0..<pick(0...12) { text.unicodeScalars.append(pick(scalars)) }
        return text
    }

    /// A text that can be the value of a field.
    mutating func fieldValue() -> String {
        let line = text().replacing("\n", with: "").replacing(" ", with: "_")
        return line + pick(["", "x", "1", "null", "true"])
    }

    mutating func path() -> String {
        "/" + pick(["", "a", "api/", "v1/users", "%20x", "a.b/c-d_e", "x=1"])
    }

    mutating func retries() -> Configuration.Retries {
        var retries = Configuration.Retries()
        change(&retries.attempts) { $0.pick(1...16) }
        change(&retries.causes) { random in
            [.timeout, .status(UInt16(random.pick(400...599)))]
        }
        change(&retries.perTryTimeoutMs) { $0.duration() }
        change(&retries.budgetPercent) { $0.pick(0...100) }
        return retries
    }
}

extension Configuration.Process {
    fileprivate static func random(_ random: inout SeededRandom) -> Self {
        var process = Self()
        process.workers = random.maybe { $0.pick(1...1024) }
        process.backend = random.pick(BackendRequest.allCases)
        process.pinsWorkers = random.chance(500)
        process.wait = random.pick(WaitMode.allCases)
        random.change(&process.busyPollUs) { UInt64($0.pick(0...100_000)) }
        process.usesDirectDescriptors = process.backend != .epoll && random.chance(200)
        process.connectionsMax = random.maybe { $0.pick(1...(1 << 20)) }
        random.change(&process.drainTimeoutMs) { UInt64($0.magnitude(upTo: 1_000_000)) }
        random.change(&process.dns.servers) { _ in
            [.host("127.0.0.1", port: 53), .ipv6("fe80::1%eth0", port: 5353)]
        }
        random.change(&process.dns.timeoutMs) { max(10, $0.duration()) }
        random.change(&process.dns.tries) { $0.pick(1...10) }
        process.admin.socket = random.pick([.automatic, .off, .path("/run/x y/gyre.sock")])
        process.admin.address = random.maybe {
            $0.pick([.host("127.0.0.1", port: 99), .ipv6("::1", port: 0), .anyHost(port: 9901)])
        }
        process.admin.token = "secret$" + random.pick(["", "1", "{X}", ":"])
        process.log.level = random.pick(Configuration.LogLevel.allCases)
        process.log.format = random.pick(Configuration.LogFormat.allCases)
        process.log.access = random.maybe { random in
            var access = Configuration.AccessLog()
            access.to = random.pick([
                .output, .file("/var/log/a b: #1.log"), .syslog("/dev/log"),
            ])
            let texts = ["json", "combined", "$client \"$request\": #$$ ${end}x\t$status", "$end"]
            if let format = try? AccessFormat(parsing: random.pick(texts)) {
                access.format = format
            }
            random.change(&access.samplePercent) { $0.pick(0...100) }
            return access
        }
        return process
    }
}

extension Configuration.Listener {
    fileprivate static func random(
        _ random: inout SeededRandom, index: Int, upstreams: [Configuration.Upstream],
        backend: BackendRequest
    ) -> Self {
        var listener = Self()
        listener.name = "listener-\(index)"
        let port = UInt16(2000 + index * 10)
        listener.addresses = [
            .host("127.0.0.1", port: port), .ipv6("fe80::1%eth0", port: port),
            .unix(path: "/run/l \(index).sock"), .anyHost(port: port + 1),
        ]
        listener.addresses.removeFirst(random.pick(0...3))
        let plain = upstreams.filter { $0.isForTCP }
        listener.service = plain.isEmpty || random.chance(700) ? .http : .tcp
        random.change(&listener.relay) { _ in .copy }
        listener.proxyProtocol = random.maybe { random in
            var proxy = Configuration.ProxyProtocolIn()
            proxy.from = blocks
            random.change(&proxy.timeoutMs) { $0.duration() }
            return proxy
        }
        listener.limits.connectionsMax = random.maybe { $0.pick(1...100) }
        listener.isLogged = random.chance(700)
        listener.rateLimit = random.maybe { random in
            var limit = Configuration.RateLimit()
            limit.connections = Rate(UInt32(random.pick(1...9_999)), per: .minute)
            limit.burst = random.maybe { $0.pick(1...1_000_000) }
            random.change(&limit.sourcesMax) { $0.pick(1024...1_048_576) }
            return limit
        }
        if listener.service == .tcp {
            listener.upstream = random.pick(plain).name
            random.change(&listener.timeouts.idleMs) { $0.duration() }
        } else {
            listener.fillHTTP(&random, upstreams)
        }
        return listener
    }

    private static let blocks = ["10.0.0.0/8", "::/0", "2001:db8::/32", "::1", "192.0.2.1"]
        .compactMap { try? IPBlock(parsing: $0) }

    private mutating func fillHTTP(
        _ random: inout SeededRandom, _ upstreams: [Configuration.Upstream]
    ) {
        random.change(&trusted) { _ in Self.blocks }
        random.change(&forwarded) { $0.pick([[], .via, [.xForwarded, .forwarded, .via]]) }
        allowsConnect = random.chance(300)
        requestIDName = random.maybe { $0.pick(["X-Request-ID", "Correlation-ID", "x"]) }
        traceparent = random.pick(Configuration.TraceparentPolicy.allCases)
        random.change(&limits.headBytesMax) { $0.pick(1024...65_536) }
        random.change(&limits.fieldsMax) { $0.pick(1...256) }
        random.change(&limits.targetBytesMax) { $0.pick(16...65_536) }
        random.change(&limits.chunkLineBytesMax) { $0.pick(16...65_536) }
        random.change(&limits.trailerBytesMax) { $0.pick(16...65_536) }
        limits.bodyBytesMax = random.maybe { UInt64(max(1, $0.magnitude(upTo: 1 << 50))) }
        random.change(&limits.requestsMax) { UInt32($0.pick(1...Int(UInt32.max))) }
        random.change(&limits.pipelineDepthMax) { UInt32($0.pick(1...1024)) }
        random.change(&timeouts.headMs) { $0.duration() }
        random.change(&timeouts.bodyMs) { $0.duration() }
        random.change(&timeouts.keepAliveMs) { $0.duration() }
        random.change(&timeouts.tunnelMs) { $0.duration() }
        random.change(&timeouts.halfCloseMs) { $0.duration() }
        rateLimit?.requests = random.maybe { Rate(UInt32($0.pick(1...1_000)), per: .hour) }
        guard random.chance(700) else {
            upstream = random.pick(upstreams).name
            return
        }
        routes = (0..<random.pick(1...5)).map { index in
            .random(&random, index: index, upstreams: upstreams)
        }
    }
}

extension Configuration.Route {
    fileprivate static func random(
        _ random: inout SeededRandom, index: Int, upstreams: [Configuration.Upstream]
    ) -> Self {
        var route = Self()
        route.name = "route_\(index).x"
        route.isLogged = random.chance(700)
        // A host of its own: no other route takes its requests.
        route.hosts = ["h\(index).example.org", "*.w\(index).example.org", "[2001:db8::\(index)]"]
        route.path = random.pick([
            .any, .exact(random.path()), .prefix(random.path()), .pattern("/a/*/b/**"),
        ])
        random.change(&route.methods) { _ in ["GET", "X-PURGE"] }
        random.change(&route.headers) { random in
            (0..<random.pick(1...4)).map { _ in
                var condition = Configuration.HeaderCondition()
                condition.name = random.pick(["x-canary", "accept", "n"])
                condition.test = random.pick([
                    .present, .absent, .value(random.fieldValue()), .prefix(random.fieldValue()),
                ])
                return condition
            }
        }
        switch random.pick(0...3) {
        case 0:
            var redirect = Configuration.Redirect()
            redirect.status = random.pick([301, 302, 303, 307, 308])
            redirect.to = random.pick(["/new", "https://example.org:8443/x"])
            redirect.keepsPath = random.chance(500)
            route.action = .redirect(redirect)
        case 1:
            var respond = Configuration.Respond()
            respond.status = UInt16(random.pick(200...599))
            respond.body = random.text()
            respond.headers = fields(&random)
            route.action = .respond(respond)
        default:
            route.action = .upstream(random.pick(upstreams).name)
            route.rewrite.path = random.pick([.none, .path(random.path()), .prefix("/x/")])
            route.rewrite.host = random.pick([nil, .client, .upstream, .name("a.b:80")])
            random.change(&route.rewrite.requestHeaders) { changes(&$0) }
            random.change(&route.rewrite.responseHeaders) { changes(&$0) }
            route.timeouts.responseMs = random.maybe { $0.duration() }
            route.timeouts.upstreamMs = random.maybe { $0.duration() }
            route.retries = random.maybe { $0.retries() }
        }
        return route
    }

    private static func fields(_ random: inout SeededRandom) -> [Configuration.HeaderValue] {
        ["X-A", "retry-after", "~"].prefix(random.pick(0...3)).map { name in
            Configuration.HeaderValue(name, random.fieldValue())
        }
    }

    private static func changes(_ random: inout SeededRandom) -> Configuration.HeaderChanges {
        var changes = Configuration.HeaderChanges()
        changes.set = fields(&random)
        changes.add = fields(&random)
        random.change(&changes.remove) { _ in ["Server", "x-b"] }
        return changes
    }
}

extension Configuration.Upstream {
    fileprivate var isForTCP: Bool {
        if case .consistentHash(let key) = balance, key != .source { return false }
        return sticky == nil
    }

    fileprivate static func random(_ random: inout SeededRandom, index: Int) -> Self {
        var upstream = Self()
        upstream.name = "up.\(index)"
        var weighted = Configuration.Endpoint(.unix(path: "/run/app.sock"))
        weighted.weight = random.pick(1...1000)
        var service = Configuration.Endpoint()
        service.place = .service("_http._tcp.example.org")
        service.weight = random.pick(1...2)
        upstream.endpoints = [
            Configuration.Endpoint(.host("app.internal", port: 80)), weighted, service,
            Configuration.Endpoint(.anyHost(port: 9)),
            Configuration.Endpoint(.ipv6("::1", port: 8)),
        ]
        upstream.endpoints.removeLast(random.pick(0...4))
        upstream.balance = random.pick([
            .roundRobin, .leastConnections, .powerOfTwo, .sourceHash, .consistentHash(.source),
            .consistentHash(.path), .consistentHash(.header("x-t")), .consistentHash(.cookie("C")),
        ])
        upstream.sticky = random.maybe { random in
            var sticky = Configuration.Sticky()
            sticky.cookie = "GYRE"
            random.change(&sticky.maxAgeMs) { $0.duration() }
            return sticky
        }
        random.change(&upstream.slowStartMs) { $0.duration() }
        upstream.connections.connectionsMax = random.maybe { $0.pick(1...(1 << 20)) }
        random.change(&upstream.connections.idleMax) { UInt32($0.pick(0...(1 << 20))) }
        random.change(&upstream.connections.pendingMax) { $0.pick(0...(1 << 20)) }
        random.change(&upstream.connections.pendingTimeoutMs) { $0.duration() }
        upstream.connections.requestsMax = random.maybe { $0.pick(1...(1 << 20)) }
        random.change(&upstream.connections.pipelineMax) { UInt32($0.pick(1...128)) }
        random.change(&upstream.timeouts.connectMs) { $0.duration() }
        random.change(&upstream.timeouts.responseMs) { $0.duration() }
        random.change(&upstream.timeouts.upstreamMs) { $0.duration() }
        random.change(&upstream.timeouts.keepAliveMs) { $0.duration() }
        upstream.host = random.pick(HostPolicy.allCases)
        random.change(&upstream.retries) { $0.retries() }
        upstream.health = health(&random)
        if upstream.connections.pipelineMax == 1 {
            upstream.proxyProtocol = random.pick([nil, .v1, .v2])
        }
        return upstream
    }

    private static func health(_ random: inout SeededRandom) -> Configuration.Health {
        var health = Configuration.Health()
        random.change(&health.panicThresholdPercent) { $0.pick(0...100) }
        health.active = random.maybe { random in
            var active = Configuration.ActiveHealth()
            active.type = random.pick(Configuration.CheckType.allCases)
            if active.type == .http {
                active.path = random.path()
                random.change(&active.status) { random in
                    let lowest = UInt16(random.pick(100...599))
                    return Configuration.StatusRange(lowest, random.chance(500) ? lowest : 599)
                }
            }
            random.change(&active.intervalMs) { $0.duration() + 10 }
            random.change(&active.jitterPercent) { $0.pick(0...100) }
            random.change(&active.timeoutMs) { $0.duration() }
            random.change(&active.rise) { $0.pick(1...100) }
            random.change(&active.fall) { $0.pick(1...100) }
            return active
        }
        health.passive = random.maybe { random in
            var passive = Configuration.PassiveHealth()
            random.change(&passive.consecutiveFailures) { $0.pick(1...1000) }
            random.change(&passive.ejectionMs) { $0.duration() }
            passive.ejectionMaxMs = max(passive.ejectionMaxMs, passive.ejectionMs)
            random.change(&passive.ejectedShareMaxPercent) { $0.pick(0...100) }
            return passive
        }
        return health
    }
}
