// The keys of a listener.

internal import DataPlane
internal import Protocols

extension Configuration.Listener: Keyed {
    static let title = "a listener"
    static let variantKey: String? = "protocol"
    static let groups = [
        KeyGroup(names: ["address", "addresses"], isRequired: true),
        KeyGroup(names: ["upstream", "routes"], isRequired: true),
    ]

    static let keys = table {
        Key(
            "name", \.name, .name,
            "What logs and counters say, and what a reload knows it by; unique.", isRequired: true,
            example: "web")
        Key("protocol", \.service, .choice, "What is spoken.", isRequired: true)
        Key(
            "address", \.address, .optional(.listenAddress),
            """
            Where to listen: host:port, :port (every IPv4 and IPv6 address), [v6]:port or \
            unix:/path. Port 0 is any free port.
            """, example: "127.0.0.1:8080")
        Key(
            "addresses", \.severalAddresses,
            .optional(
                .list(
                    of: .listenAddress, "addresses", counts: 1...Configuration.Limits.itemsMax)),
            "Several of them, in place of address.", example: #"[0.0.0.0:8080, "[::]:8080"]"#)
        Key(
            "upstream", \.upstream, .optional(.name),
            "The upstream that gets everything.", example: "app")
        Key(
            "routes", \.routesIfAny,
            .optional(.list(of: .object, "routes", counts: 1...Configuration.Limits.routesMax)),
            """
            Which requests go where, in place of upstream. Routes with the most specific host are \
            looked at first (exact, longest wildcard, any); among those the first that matches \
            takes the request. A request that none takes gets a 404.
            """, only: "http", example: "")
        Key(
            "relay", \.relay, .choice,
            """
            How bytes are passed on: copy suits small messages, splice bulk; auto decides for each \
            direction of each connection. splice-ring needs io_uring and is for tcp.
            """)
        Key(
            "trusted_proxies", \.trusted,
            .list(of: .block, "address blocks", counts: 0...Configuration.Limits.itemsMax),
            """
            Clients whose own X-Forwarded-* and Forwarded fields are kept and appended to; those \
            of others are replaced.
            """, only: "http")
        Key(
            "forwarded", \.forwarded, .forwardedFields,
            """
            Fields that tell endpoints who the client is: x-forwarded (X-Forwarded-For, -Proto and \
            -Host), forwarded (RFC 7239); via adds Via to requests and responses.
            """, only: "http")
        Key(
            "allow_connect", \.allowsConnect, .flag,
            "Whether CONNECT is forwarded, and becomes a tunnel after a 2xx; otherwise 405.",
            only: "http")
        Key(
            "proxy_protocol", \.proxyProtocol, .optional(.object),
            "PROXY protocol v1 or v2 in front of what clients send; absent: not accepted.",
            example: "")
        Key("limits", \.limits, .object, "Limits of a client connection.")
        Key("timeouts", \.timeouts, .object, "How long each wait may take.")
        Key(
            "rate_limit", \.rateLimit, .optional(.object),
            """
            Limits for each source address (IPv4) or /64 (IPv6), of all workers together; absent: \
            none. Clients of Unix sockets have no address and no limit.
            """, example: "")
        Key(
            "access_log", \.isLogged, .flag,
            "Whether its requests or connections are in the access log, if there is one.")
        Key(
            "request_id", \.requestIDName, .optional(.identityHeaderName),
            """
            A field that each forwarded request gets with an id, which the access log has too. \
            What trusted_proxies say there is kept, else an id is made; absent: none.
            """, only: "http", example: "X-Request-ID")
        Key(
            "traceparent", \.traceparent, .choice,
            """
            What becomes of requests without a valid traceparent (W3C Trace Context): they pass, \
            or one is generated for them.
            """, only: "http")
    }
}

extension Configuration.Listener {
    /// One address is written in the short form.
    fileprivate var address: AddressText? {
        get { addresses.count == 1 ? addresses[0] : nil }
        set { addresses = newValue.map { [$0] } ?? [] }
    }

    fileprivate var severalAddresses: [AddressText]? {
        get { addresses.count > 1 ? addresses : nil }
        set { addresses = newValue ?? [] }
    }

    fileprivate var routesIfAny: [Configuration.Route]? {
        get { routes.isEmpty ? nil : routes }
        set { routes = newValue ?? [] }
    }
}

extension Kind where Value == ForwardedFields {
    /// A list of the fields.
    static var forwardedFields: Kind {
        let words: [(String, ForwardedFields)] = [
            ("x-forwarded", .xForwarded), ("forwarded", .forwarded), ("via", .via),
        ]
        return Kind<[ForwardedFields]>.list(of: .words(words), "fields", counts: 0...words.count)
            .map(
                { $0.reduce(into: []) { $0.formUnion($1) } },
                back: { fields in words.map(\.1).filter(fields.contains) })
    }
}

extension Configuration.ProxyProtocolIn: Keyed {
    static let title = "the PROXY protocol of a listener"

    static let keys = table {
        Key(
            "from", \.from,
            .list(of: .block, "address blocks", counts: 1...Configuration.Limits.itemsMax),
            "Who has to send the header; others are clients themselves and may not.",
            isRequired: true, example: "[10.0.0.0/8]")
        Key("timeout", \.timeoutMs, .duration(), "Until the header is complete.")
    }
}

extension Configuration.ListenerLimits: Keyed {
    static let title = "the limits of a listener"
    /// Places in a head are 16-bit numbers: the data plane takes 64 KiB for one byte less.
    private static let bytesMax = 65_536

    static let keys = table {
        Key(
            "head", \.headBytesMax, .size(1024...bytesMax),
            "A request's head (431) or a response's (502).", only: "http")
        Key("fields", \.fieldsMax, .number(1...256), "Fields of a head (431, 502).", only: "http")
        Key(
            "target", \.targetBytesMax, .size(16...bytesMax), "A request's target (414).",
            only: "http")
        Key(
            "chunk_line", \.chunkLineBytesMax, .size(16...bytesMax),
            "The line before a chunk, with its extensions (400, 502).", only: "http")
        Key(
            "trailers", \.trailerBytesMax, .size(16...bytesMax),
            "The fields behind a chunked body (400, 502).", only: "http")
        Key(
            "body", \.bodyBytesMax, .word("unlimited", or: .size(1...SizeText.maximumBytes)),
            "A request's body (413).", only: "http")
        Key(
            "requests_per_connection", \.requestsMax, .number(1...UInt32.max),
            "Requests on one client connection; the last answer closes it.", only: "http")
        Key(
            "pipeline_depth", \.pipelineDepthMax, .number(1...1024),
            "Requests that a client may send ahead of the one being answered.", only: "http")
        Key(
            "connections", \.connectionsMax, .word("auto", or: .connections),
            """
            Clients of this listener at once, of all workers together; those beyond get a 503 \
            (http) or a reset (tcp). auto is what the process has room for; those beyond that wait.
            """)
    }
}

extension Configuration.ListenerTimeouts: Keyed {
    static let title = "the timeouts of a listener"

    static let keys = table {
        Key(
            "head", \.headMs, .duration(),
            """
            Until a request's head is complete, from its first byte, or from accepting for the \
            first one (408).
            """, only: "http")
        Key(
            "body", \.bodyMs, .duration(),
            """
            Silence of a client that sends a body (408), or has response bytes to take (it is cut \
            off).
            """, only: "http")
        Key(
            "keep_alive", \.keepAliveMs, .duration(),
            "An idle client connection, between requests.", only: "http")
        Key(
            "tunnel", \.tunnelMs, .duration(),
            "Silence in both directions of a connection that was upgraded.", only: "http")
        Key(
            "half_close", \.halfCloseMs, .duration(),
            """
            A client that has finished sending is taken for gone when its response has not begun \
            by then.
            """, only: "http")
        Key("idle", \.idleMs, .duration(), "Silence in both directions of a flow.", only: "tcp")
    }
}

extension Configuration.RateLimit: Keyed {
    static let title = "a rate limit"

    static let keys = table {
        Key(
            "connections", \.connections, .word("unlimited", or: .rate),
            "New connections; those beyond are reset.")
        Key(
            "requests", \.requests, .word("unlimited", or: .rate),
            """
            Requests; those beyond get a 429 with Retry-After. The source of those that come from \
            trusted_proxies is whom X-Forwarded-For names.
            """, only: "http")
        Key(
            "burst", \.burst, .word("auto", or: .number(1...1_000_000)),
            """
            How many may come at once, of connections and of requests each; auto is the number of \
            the rate.
            """)
        Key(
            "sources_max", \.sourcesMax, .number(1024...1_048_576),
            "Source addresses that are remembered; the ones seen longest ago are forgotten first.")
    }
}
