// Routes: which requests, and what becomes of them.

internal import Protocols

extension Configuration {
    /// Taken by requests that meet all of its conditions. Routes with the most specific host are
    /// looked at first (exact, then the longest wildcard, then any); among these the first one that
    /// matches takes the request.
    package struct Route: Equatable, Sendable {
        /// Unique in its listener; what logs and counters say.
        package var name = ""
        /// Lower case, exact or `*.domain`; empty for any host.
        package var hosts: [String] = []
        package var path = PathCondition.any
        /// Empty for any method.
        package var methods: [String] = []
        /// All of them have to hold.
        package var headers: [HeaderCondition] = []
        package var action = Action.upstream("")
        package var rewrite = Rewrite()
        /// What differs from the upstream's.
        package var timeouts = RouteTimeouts()
        /// In place of the upstream's; `nil` for those.
        package var retries: Retries?
        /// Whether its requests are in the access log, where their listener's are.
        package var isLogged = true

        package init() {}
    }

    /// On the path as it was sent, without the query; begins with a slash.
    package enum PathCondition: Equatable, Sendable {
        case any
        case exact(String)
        case prefix(String)
        /// Segments; `*` stands for one, `**` at the end for any number of them.
        case pattern(String)
    }

    /// A condition on one request header field.
    package struct HeaderCondition: Equatable, Sendable {
        /// Lower case.
        package var name = ""
        package var test = HeaderTest.present

        package init() {}
    }

    package enum HeaderTest: Equatable, Sendable {
        case present
        case absent
        case value(String)
        case prefix(String)
    }

    /// What becomes of a request.
    package enum Action: Equatable, Sendable {
        /// The name of an upstream.
        case upstream(String)
        case redirect(Redirect)
        case respond(Respond)
    }

    package struct Redirect: Equatable, Sendable {
        /// 301, 302, 303, 307 or 308.
        package var status: UInt16 = 302
        /// `http://host...` or `https://host...`, or a path.
        package var to = ""
        /// Whether path and query of the request are put behind `to`.
        package var keepsPath = false

        package init() {}
    }

    package struct Respond: Equatable, Sendable {
        /// 200 to 599.
        package var status: UInt16 = 200
        /// At most 64 KiB.
        package var body = ""
        package var headers: [HeaderValue] = []

        package init() {}
    }

    /// A header field to be written.
    package struct HeaderValue: Equatable, Sendable {
        /// As it is sent.
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// How a forwarded request and its response are changed.
    package struct Rewrite: Equatable, Sendable {
        package var path = PathRewrite.none
        /// `nil`: as the upstream has it.
        package var host: HostRewrite?
        package var requestHeaders = HeaderChanges()
        package var responseHeaders = HeaderChanges()

        package init() {}
    }

    package enum PathRewrite: Equatable, Sendable {
        case none
        /// In place of the whole path; the query stays.
        case path(String)
        /// In place of what the route's `path_prefix` (or its exact path) matched.
        case prefix(String)
    }

    package enum HostRewrite: Equatable, Sendable {
        /// What the client sent.
        case client
        /// The endpoint's name as configured.
        case upstream
        /// This, maybe with a port.
        case name(String)
    }

    /// Done in this order: remove, set, add.
    package struct HeaderChanges: Equatable, Sendable {
        /// In place of all fields of that name.
        package var set: [HeaderValue] = []
        /// Beside those there are.
        package var add: [HeaderValue] = []
        package var remove: [String] = []

        package init() {}
    }

    /// `nil`: the upstream's.
    package struct RouteTimeouts: Equatable, Sendable {
        package var responseMs: UInt64?
        package var upstreamMs: UInt64?

        package init() {}
    }
}
