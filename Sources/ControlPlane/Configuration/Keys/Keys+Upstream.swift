// The keys of an upstream.

internal import DataPlane
internal import Protocols

extension Configuration.Upstream: Keyed {
    static let title = "an upstream"

    static let keys = table {
        Key(
            "name", \.name, .name,
            "What listeners and routes, logs and counters say; unique.", isRequired: true,
            example: "app")
        Key(
            "endpoints", \.endpoints,
            .list(
                of: .object(or: .endpointText), "endpoints",
                counts: 1...Configuration.Limits.endpointsMax),
            """
            Who answers. Each is host:port, :port (127.0.0.1), [v6]:port or unix:/path, or a \
            mapping. All addresses of a name are used.
            """, isRequired: true, example: "[127.0.0.1:9000]")
        Key(
            "balance", \.balance, .object(or: .balanceWord),
            """
            How an endpoint is chosen: round_robin in turns by weight, least_connections, \
            power_of_two (the less busy of two that are drawn), source_hash, or consistent_hash.
            """)
        Key(
            "sticky", \.sticky, .optional(.object),
            "Keeps clients at their endpoint by a cookie.", example: "")
        Key(
            "slow_start", \.slowStartMs, .duration(minimumMs: 0),
            "How long an endpoint that comes back takes to get its whole share.")
        Key("connections", \.connections, .object, "Connections to endpoints.")
        Key("timeouts", \.timeouts, .object, "How long each wait may take.")
        Key(
            "host", \.host, .choice,
            "Host of forwarded requests: the client's, or the endpoint's name as written here.")
        Key(
            "retries", \.retries, .object,
            "When a request is tried again; only those are that may be done twice.")
        Key("health", \.health, .object, "How endpoints that fail are found.")
        Key(
            "proxy_protocol", \.proxyProtocol, .word("off", or: .choice),
            "What is sent to endpoints in front of everything else.")
    }
}

extension Configuration.Endpoint: Keyed {
    static let title = "an endpoint"
    static let groups = [KeyGroup(names: ["address", "dns_srv"], isRequired: true)]

    static let keys = table {
        Key(
            "address", \.address, .optional(.endpointAddress), "Its address.",
            example: "app.internal:8080")
        Key(
            "dns_srv", \.service, .optional(.serviceName),
            "SRV records that say where endpoints are, in place of address.",
            example: "_http._tcp.example.org")
        Key("weight", \.weight, .number(1...1000), "Its share, against that of the others.")
    }

    fileprivate var address: AddressText? {
        get { if case .address(let text) = place, text.port != 0 { text } else { nil } }
        set { if let newValue { place = .address(newValue) } }
    }

    fileprivate var service: String? {
        get { if case .service(let name) = place { name } else { nil } }
        set { if let newValue { place = .service(newValue) } }
    }
}

extension Kind where Value == Configuration.Endpoint {
    /// An endpoint of which nothing but its address is said.
    fileprivate static var endpointText: Kind {
        Kind<AddressText>.endpointAddress.map(
            { Configuration.Endpoint($0) },
            back: { endpoint in endpoint.weight == 1 ? endpoint.address : nil })
    }
}

extension Configuration.Balance: Keyed {
    static let title = "a balance policy"

    init() { self = .roundRobin }

    static let keys = table {
        Key(
            "consistent_hash", \.hashKey, .object(or: .hashWord),
            """
            Maglev, the same in every worker and instance: by source (the client's address), path, \
            or {header: NAME} or {cookie: NAME}.
            """, isRequired: true, example: "source")
    }

    fileprivate var hashKey: Configuration.HashKey {
        get { if case .consistentHash(let key) = self { key } else { .source } }
        set { self = .consistentHash(newValue) }
    }
}

extension Kind where Value == Configuration.Balance {
    fileprivate static var balanceWord: Kind {
        .words([
            ("round_robin", .roundRobin), ("least_connections", .leastConnections),
            ("power_of_two", .powerOfTwo), ("source_hash", .sourceHash),
        ])
    }
}

extension Configuration.HashKey: Keyed {
    static let title = "what is hashed"
    static let groups = [KeyGroup(names: ["header", "cookie"], isRequired: true)]

    init() { self = .source }

    static let keys = table {
        Key(
            "header", \.header, .optional(.headerName), "A request header field.",
            example: "x-tenant")
        Key("cookie", \.cookie, .optional(.cookieName), "A cookie.", example: "session")
    }

    fileprivate var header: String? {
        get { if case .header(let name) = self { name } else { nil } }
        set { if let newValue { self = .header(newValue) } }
    }

    fileprivate var cookie: String? {
        get { if case .cookie(let name) = self { name } else { nil } }
        set { if let newValue { self = .cookie(newValue) } }
    }
}

extension Kind where Value == Configuration.HashKey {
    fileprivate static var hashWord: Kind { .words([("source", .source), ("path", .path)]) }
}

extension Configuration.Sticky: Keyed {
    static let title = "sticky sessions"

    static let keys = table {
        Key(
            "cookie", \.cookie, .cookieName, "The cookie that Gyre sets.", isRequired: true,
            example: "GYRE")
        Key(
            "max_age", \.maxAgeMs, .duration(minimumMs: 0),
            "How long browsers keep it; 0s is for as long as they run.")
    }
}

extension Configuration.UpstreamConnections: Keyed {
    static let title = "connections to endpoints"

    static let keys = table {
        Key(
            "max", \.connectionsMax, .word("unlimited", or: .connections),
            "To all endpoints together, of all workers.")
        Key(
            "idle", \.idleMax, .number(0...UInt32(ResourceShares.connectionsMax)),
            "Idle ones kept for each endpoint by each worker; 0 keeps none.")
        Key(
            "pending", \.pendingMax, .number(0...ResourceShares.connectionsMax),
            "Requests that wait for a connection; those beyond get a 503.")
        Key("pending_timeout", \.pendingTimeoutMs, .duration(), "How long they wait; then 503.")
        Key(
            "requests", \.requestsMax, .word("unlimited", or: .connections),
            "Requests under way at once, of all workers; those beyond get a 503.")
        Key(
            "pipeline", \.pipelineMax, .number(1...UpstreamPolicy.pipelineLimit),
            """
            Safe requests of several clients that may be under way on one connection; with 1 each \
            has a connection of its own.
            """)
    }
}

extension Configuration.UpstreamTimeouts: Keyed {
    static let title = "the timeouts of an upstream"

    static let keys = table {
        Key("connect", \.connectMs, .duration(), "Until an endpoint is connected.")
        Key(
            "response", \.responseMs, .duration(),
            "Until the response's head is there, once the request was sent (504).")
        Key(
            "upstream", \.upstreamMs, .duration(),
            """
            Silence of an endpoint within a response, or while it has request bytes to take (504, \
            or the response is cut off).
            """)
        Key("keep_alive", \.keepAliveMs, .duration(), "An idle connection, kept for reuse.")
    }
}

extension Configuration.Retries: Keyed {
    static let title = "retries"

    static let keys = table {
        Key("attempts", \.attempts, .number(1...16), "Tries in all; 1 is no second one.")
        Key(
            "on", \.causes, .list(of: .retryCause, "failures", counts: 1...32),
            """
            Failures that count: connect_failure, reset (before the first byte of a response), \
            timeout, and statuses from 400 to 599.
            """)
        Key(
            "per_try_timeout", \.perTryTimeoutMs, .duration(minimumMs: 0),
            "Until the response's head is there, for each try; 0s is no limit of its own.")
        Key(
            "budget", \.budgetPercent, .percent,
            "Retries that there may be, as a share of all requests.")
    }
}

extension Kind where Value == Configuration.RetryCause {
    static var retryCause: Kind {
        let words: [(String, Value)] = [
            ("connect_failure", .connectFailure), ("reset", .reset), ("timeout", .timeout),
        ]
        let statuses = Kind<UInt16>.number(400...599).map(
            Value.status, back: { if case .status(let status) = $0 { status } else { nil } })
        let named = Kind.words(words)
        return Kind(
            expected: "\(named.expected), or a status from 400 to 599",
            shape: .either([named.shape, statuses.shape]),
            read: { node, reading in
                let isNumber = node.scalar?.utf8.allSatisfy { (0x30...0x39).contains($0) } ?? false
                return (isNumber ? statuses : named).read(node, &reading)
            },
            write: { named.write($0) ?? statuses.write($0) })
    }
}

extension Configuration.Health: Keyed {
    static let title = "health of endpoints"

    static let keys = table {
        Key(
            "active", \.active, .optional(.object),
            "Asks endpoints from time to time, once for the whole process; absent: not asked.",
            example: "")
        Key(
            "passive", \.passive, .optional(.object),
            "Ejects endpoints that fail the requests of clients; absent: none are.", example: "")
        Key(
            "panic_threshold", \.panicThresholdPercent, .percent,
            "When a smaller share of endpoints is healthy, all are used; 0% is never.")
    }
}

extension Configuration.ActiveHealth: Keyed {
    static let title = "active health checks"
    static let variantKey: String? = "type"

    static let keys = table {
        Key("type", \.type, .choice, "Connecting, or a request.", isRequired: true)
        Key("path", \.path, .path, "What is asked for.", only: "http")
        Key("status", \.status, .statuses, "What a healthy endpoint answers.", only: "http")
        Key("interval", \.intervalMs, .duration(minimumMs: 10), "From one check to the next.")
        Key("jitter", \.jitterPercent, .percent, "How much the interval varies at random.")
        Key("timeout", \.timeoutMs, .duration(), "A check that takes longer has failed.")
        Key("rise", \.rise, .number(1...100), "Good checks in a row that bring an endpoint back.")
        Key("fall", \.fall, .number(1...100), "Bad checks in a row that take it out.")
    }
}

extension Configuration.PassiveHealth: Keyed {
    static let title = "passive health"

    static let keys = table {
        Key(
            "consecutive_failures", \.consecutiveFailures, .number(1...1000),
            "Failed connects, 5xx and timeouts in a row.")
        Key(
            "ejection", \.ejectionMs, .duration(),
            "How long the first ejection lasts; each further one twice as long.")
        Key("ejection_max", \.ejectionMaxMs, .duration(), "The longest ejection.")
        Key(
            "ejected_share_max", \.ejectedShareMaxPercent, .percent,
            "The share of endpoints that may be ejected at once.")
    }
}
