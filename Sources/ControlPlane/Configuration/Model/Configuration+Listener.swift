// Listeners: where clients come from, and what they may do there.

package import DataPlane
package import Protocols

extension Configuration {
    /// A set of addresses with one policy.
    package struct Listener: Equatable, Sendable {
        /// Unique among listeners; what logs and counters say, and its identity over reloads.
        package var name = ""
        /// At least one; none is listened on twice.
        package var addresses: [AddressText] = []
        package var service = ListenerProtocol.http
        /// Where everything goes: of a tcp listener always, of an http listener in place of routes.
        package var upstream: String?
        /// Of an http listener, when it has no `upstream`: at least one.
        package var routes: [Route] = []
        package var relay = RelayMode.auto
        /// Clients whose forwarding fields are believed. http only.
        package var trusted: [IPBlock] = []
        /// Fields that tell the endpoint about the client. http only.
        package var forwarded = ForwardedFields.xForwarded
        /// Whether CONNECT is forwarded; refused if not. http only.
        package var allowsConnect = false
        /// `nil`: a PROXY protocol header is not accepted.
        package var proxyProtocol: ProxyProtocolIn?
        package var limits = ListenerLimits()
        package var timeouts = ListenerTimeouts()
        /// `nil`: no limit per source address.
        package var rateLimit: RateLimit?
        /// Whether its exchanges or flows are in the access log, if there is one.
        package var isLogged = true
        /// The field that has each request's id; `nil` for no ids. http only.
        package var requestIDName: String?
        /// http only.
        package var traceparent = TraceparentPolicy.pass

        package init() {}
    }

    /// What becomes of requests without a valid traceparent (W3C Trace Context).
    package enum TraceparentPolicy: String, CaseIterable, Sendable {
        /// They go on without.
        case pass
        /// They are given one.
        case generate
    }

    package enum ListenerProtocol: String, CaseIterable, Sendable {
        case http, tcp
    }

    /// PROXY protocol, versions 1 and 2, in front of what a client sends.
    package struct ProxyProtocolIn: Equatable, Sendable {
        /// Whose headers are read; others are clients themselves. At least one.
        package var from: [IPBlock] = []
        /// Until the header is complete.
        package var timeoutMs = ProxyAcceptance().timeoutMs

        package init() {}
    }

    /// Of one client connection, except `connectionsMax`. All but that one are for http.
    package struct ListenerLimits: Equatable, Sendable {
        /// Bytes of a head, 1,024 to 65,536 (431, 502).
        package var headBytesMax = HeadLimits().headBytesMax
        /// Fields of a head, 1 to 256 (431, 502).
        package var fieldsMax = HeadLimits().fieldsMax
        /// Bytes of a request's target, 16 to 65,536 (414).
        package var targetBytesMax = HeadLimits().targetBytesMax
        /// Bytes of the line before a chunk, 16 to 65,536 (400, 502).
        package var chunkLineBytesMax = ChunkLimits().lineBytesMax
        /// Bytes of the fields behind a chunked body, 16 to 65,536 (400, 502).
        package var trailerBytesMax = ChunkLimits().trailerBytesMax
        /// Bytes of a request's body, at least 1 (413); `nil` for any.
        package var bodyBytesMax: UInt64?
        /// Requests on one client connection, at least 1.
        package var requestsMax = HTTPPolicy().requestsMax
        /// Requests that a client may send ahead of the one being answered, 1 to 1,024.
        package var pipelineDepthMax = HTTPPolicy().pipelineDepthMax
        /// Clients of this listener at once, at least 1; `nil` for what the process has room for.
        package var connectionsMax: Int?

        package init() {}
    }

    /// In milliseconds, at least 1. `idleMs` is for tcp, the others are for http.
    package struct ListenerTimeouts: Equatable, Sendable {
        /// A request's head, from its first byte, or the first one's from accepting (408).
        package var headMs = HTTPDeadlines().headMs
        /// Silence of a client that sends a body or has response bytes to take (408, or a cut).
        package var bodyMs = HTTPDeadlines().bodyMs
        /// An idle client connection, between requests.
        package var keepAliveMs = HTTPDeadlines().keepAliveMs
        /// Silence in both directions of a connection that was upgraded.
        package var tunnelMs = HTTPDeadlines().tunnelMs
        /// A client that has finished sending is taken for gone when no response began by then.
        package var halfCloseMs = HTTPDeadlines().halfCloseMs
        /// Silence in both directions of a flow.
        package var idleMs = TCPPolicy().idleTimeoutMs

        package init() {}
    }

    /// Token buckets for each source address (IPv4), or /64 (IPv6).
    package struct RateLimit: Equatable, Sendable {
        /// New connections; `nil` for any number. Those beyond are reset.
        package var connections: Rate?
        /// Requests; `nil` for any number. Those beyond get a 429 with Retry-After. http only.
        package var requests: Rate?
        /// What may come at once, of connections and of requests each, 1 to 1,000,000; `nil` for
        /// what the rate gives in one of its units.
        package var burst: Int?
        /// Source addresses that are remembered, 1,024 to 1,048,576; the ones seen longest ago are
        /// forgotten first.
        package var sourcesMax = 65_536

        package init() {}
    }
}
