// What the operator decides about HTTP clients: deadlines, limits, fields added. Values only,
// immutable, part of a listener's description. What is decided about upstreams is UpstreamPolicy.

package import Protocols

/// How long each wait of an exchange may take, in milliseconds, all positive.
package struct HTTPDeadlines: Sendable, BitwiseCopyable {
    /// A request head, from its first byte (or the connection's accept) to its end.
    package var headMs: UInt64 = 30_000
    /// Silence of a client that is sending a body or has response bytes to take.
    package var bodyMs: UInt64 = 60_000
    /// An idle client connection between two requests.
    package var keepAliveMs: UInt64 = 75_000
    /// Silence in both directions of a tunnel.
    package var tunnelMs: UInt64 = 3_600_000
    /// A client that has finished sending is taken for gone when no response began by then.
    package var halfCloseMs: UInt64 = 2_000

    package init() {}
}

/// Which fields tell the origin about the client.
package struct ForwardedFields: OptionSet, Sendable, BitwiseCopyable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// X-Forwarded-For, -Proto and -Host.
    package static let xForwarded = ForwardedFields(rawValue: 1 << 0)
    /// Forwarded (RFC 7239).
    package static let forwarded = ForwardedFields(rawValue: 1 << 1)
    /// Via (RFC 9110 section 7.6.3), in requests and responses.
    package static let via = ForwardedFields(rawValue: 1 << 2)
}

/// What holds for the clients of an HTTP listener.
package struct HTTPPolicy: Sendable, BitwiseCopyable {
    /// How bodies and tunnels are passed on; not `spliceRing`.
    package var relay = RelayMode.auto
    package var deadlines = HTTPDeadlines()
    package var heads = HeadLimits()
    package var chunks = ChunkLimits()
    /// The largest request body in bytes; `nil` for any.
    package var bodyBytesMax: UInt64?
    /// Requests on one client connection, at least 1.
    package var requestsMax: UInt32 = 1_000_000
    /// Requests of one client that are read ahead of the one being answered, at least 1.
    package var pipelineDepthMax: UInt32 = 32
    package var forwarded: ForwardedFields = .xForwarded
    /// Whether CONNECT is forwarded; refused if not.
    package var allowsConnect = false
    /// Whether its requests are told to the access log.
    package var isLogged = true
    /// Whether requests without a valid traceparent (W3C Trace Context) are given one.
    package var makesTraceparent = false

    package init() {}
}
