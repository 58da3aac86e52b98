// The keys of a route.

internal import Protocols

extension Configuration.Route: Keyed {
    static let title = "a route"
    static let groups = [
        KeyGroup(names: ["path", "path_prefix", "path_pattern"], isRequired: false),
        KeyGroup(names: ["upstream", "redirect", "respond"], isRequired: true),
    ]

    static let keys = table {
        Key(
            "name", \.name, .name, "What logs and counters say; unique in its listener.",
            isRequired: true, example: "api")
        Key(
            "hosts", \.hosts,
            .list(of: .hostPattern, "hosts", counts: 0...Configuration.Limits.itemsMax),
            "Hosts of its requests, exact or *.domain; none for any host.")
        Key(
            "path", \.exactPath, .optional(.path), "The path of its requests.",
            example: "/v1/status")
        Key(
            "path_prefix", \.pathPrefix, .optional(.path),
            "What their paths begin with: /api takes /apis too, /api/ does not take /api.",
            example: "/v1/")
        Key(
            "path_pattern", \.pathPattern, .optional(.pathPattern),
            "Segments of their paths: * is one of them, ** at the end the rest.",
            example: "/users/*/posts/**")
        Key(
            "methods", \.methods,
            .list(of: .method, "methods", counts: 0...64),
            "Methods of its requests; none for any.")
        Key(
            "headers", \.headers, .list(of: .object, "conditions", counts: 0...64),
            "Conditions on header fields; all of them have to hold.")
        Key(
            "upstream", \.upstream, .optional(.name), "The upstream that gets the requests.",
            example: "app")
        Key(
            "redirect", \.redirect, .optional(.object), "Where clients are sent instead.",
            example: "")
        Key("respond", \.respond, .optional(.object), "What clients get instead.", example: "")
        Key("rewrite", \.rewrite, .object, "How requests and responses are changed.")
        Key("timeouts", \.timeouts, .object, "In place of the upstream's.")
        Key(
            "retries", \.retries, .optional(.object),
            """
            In place of the upstream's as a whole: an absent key has its default. The budget is \
            what the route's requests add to the upstream's; with 0% none of them is tried again.
            """, example: "")
        Key(
            "access_log", \.isLogged, .flag,
            "Whether its requests are in the access log, where the listener's are.")
    }
}

extension Configuration.Route {
    fileprivate var exactPath: String? {
        get { if case .exact(let path) = path { path } else { nil } }
        set { if let newValue { path = .exact(newValue) } }
    }

    fileprivate var pathPrefix: String? {
        get { if case .prefix(let path) = path { path } else { nil } }
        set { if let newValue { path = .prefix(newValue) } }
    }

    fileprivate var pathPattern: String? {
        get { if case .pattern(let path) = path { path } else { nil } }
        set { if let newValue { path = .pattern(newValue) } }
    }

    fileprivate var upstream: String? {
        get {
            if case .upstream(let name) = action, !name.isEmpty { name } else { nil }
        }
        set { if let newValue { action = .upstream(newValue) } }
    }

    fileprivate var redirect: Configuration.Redirect? {
        get { if case .redirect(let redirect) = action { redirect } else { nil } }
        set { if let newValue { action = .redirect(newValue) } }
    }

    fileprivate var respond: Configuration.Respond? {
        get { if case .respond(let respond) = action { respond } else { nil } }
        set { if let newValue { action = .respond(newValue) } }
    }
}

extension Configuration.HeaderCondition: Keyed {
    static let title = "a condition on a header field"
    static let groups = [
        KeyGroup(names: ["value", "prefix", "present", "absent"], isRequired: true)
    ]

    static let keys = table {
        Key(
            "name", \.name, .headerName, "The field; case does not matter.", isRequired: true,
            example: "x-canary")
        Key(
            "value", \.value, .optional(.headerValue), "What its value has to be.", example: "\"1\""
        )
        Key(
            "prefix", \.prefix, .optional(.headerValue), "What its value has to begin with.",
            example: "beta-")
        Key("present", \.present, .optional(.yes), "It has to be there.", example: "true")
        Key("absent", \.absent, .optional(.yes), "It must not be there.", example: "true")
    }

    fileprivate var value: String? {
        get { if case .value(let text) = test { text } else { nil } }
        set { if let newValue { test = .value(newValue) } }
    }

    fileprivate var prefix: String? {
        get { if case .prefix(let text) = test { text } else { nil } }
        set { if let newValue { test = .prefix(newValue) } }
    }

    fileprivate var present: Bool? {
        get { test == .present ? true : nil }
        set { if newValue == true { test = .present } }
    }

    fileprivate var absent: Bool? {
        get { test == .absent ? true : nil }
        set { if newValue == true { test = .absent } }
    }
}

extension Kind where Value == Bool {
    /// A flag that is set or not there.
    fileprivate static var yes: Kind { .words([("true", true)]) }
}

extension Configuration.Redirect: Keyed {
    static let title = "a redirect"

    static let keys = table {
        Key(
            "status", \.status,
            .words([301, 302, 303, 307, 308].map { ("\($0)", $0) }),
            "301 and 308 are kept by clients; 307 and 308 keep the method.")
        Key(
            "to", \.to, .redirectPlace, "https://host, maybe with a path, or a path.",
            isRequired: true, example: "https://example.org")
        Key(
            "keep_path", \.keepsPath, .flag,
            "Whether path and query of the request are put behind it.")
    }
}

extension Configuration.Respond: Keyed {
    static let title = "a fixed response"

    static let keys = table {
        Key("status", \.status, .number(200...599), "Its status.", isRequired: true, example: "503")
        Key("body", \.body, .body, "Its content, at most 64 KiB.")
        Key("headers", \.headers, .headerValues, "Its header fields.")
    }
}

extension Configuration.Rewrite: Keyed {
    static let title = "a rewrite"
    static let groups = [KeyGroup(names: ["path", "path_prefix"], isRequired: false)]

    static let keys = table {
        Key(
            "path", \.wholePath, .optional(.path),
            "Put in place of the whole path; the query stays.", example: "/new")
        Key(
            "path_prefix", \.pathPrefix, .optional(.path),
            """
            Put in place of what all paths of the route begin with: its path, its path_prefix, its \
            path_pattern up to the first wildcard.
            """, example: "/internal/")
        Key(
            "host", \.host, .optional(.hostRewrite),
            "Host of forwarded requests: client, upstream (the endpoint's name) or a name.",
            example: "internal.example.org")
        Key("request_headers", \.requestHeaders, .object, "Fields of forwarded requests.")
        Key("response_headers", \.responseHeaders, .object, "Fields of responses.")
    }

    fileprivate var wholePath: String? {
        get { if case .path(let text) = path { text } else { nil } }
        set { if let newValue { path = .path(newValue) } }
    }

    fileprivate var pathPrefix: String? {
        get { if case .prefix(let text) = path { text } else { nil } }
        set { if let newValue { path = .prefix(newValue) } }
    }
}

extension Kind where Value == Configuration.HostRewrite {
    static var hostRewrite: Kind {
        Kind<String>.hostHeader.map(
            { text in
                switch text {
                case "client": .client
                case "upstream": .upstream
                default: .name(text)
                }
            },
            back: { host in
                switch host {
                case .client: "client"
                case .upstream: "upstream"
                case .name(let text): text
                }
            })
    }
}

extension Configuration.HeaderChanges: Keyed {
    static let title = "changes of header fields"

    static let keys = table {
        Key("set", \.set, .headerValues, "In place of all fields of that name.")
        Key("add", \.add, .headerValues, "Beside those there are.")
        Key(
            "remove", \.remove,
            .list(of: .writtenHeaderName, "names", counts: 0...Configuration.Limits.itemsMax),
            "Taken away, before the others are set and added.")
    }
}

extension Configuration.RouteTimeouts: Keyed {
    static let title = "the timeouts of a route"

    static let keys = table {
        Key(
            "response", \.responseMs, .optional(.duration()),
            "Until the response's head is there, once the request was sent (504).", example: "60s")
        Key(
            "upstream", \.upstreamMs, .optional(.duration()),
            "Silence of an endpoint within a response, or while it has request bytes to take.",
            example: "60s")
    }
}
