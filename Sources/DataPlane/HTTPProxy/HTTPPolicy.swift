// What the operator decides about HTTP: deadlines, limits, fields added. Values only, immutable,
// part of a worker's configuration.

package import Protocols

/// How long each wait of an exchange may take, in milliseconds, all positive.
package struct HTTPDeadlines: Sendable, BitwiseCopyable {
    /// A request head, from its first byte (or the connection's accept) to its end.
    package var headMs: UInt64 = 30_000
    /// Silence of a client that is sending a body or has response bytes to take.
    package var bodyMs: UInt64 = 60_000
    /// A response head, after the request has been handed on.
    package var responseMs: UInt64 = 60_000
    /// Silence of an endpoint within a response, or while it has request bytes to take.
    package var upstreamMs: UInt64 = 60_000
    /// An idle client connection between two requests.
    package var keepAliveMs: UInt64 = 75_000
    /// An idle connection of the pool.
    package var upstreamKeepAliveMs: UInt64 = 60_000
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

/// What the Host field of a forwarded request says.
package enum HostPolicy: String, CaseIterable, Sendable {
    /// What the client sent.
    case client
    /// The endpoint's name as configured.
    case upstream
}

/// A worker's HTTP configuration.
package struct HTTPPolicy: Sendable {
    /// The most that `upstreamPipelineMax` may be: each request is kept in a buffer of its own.
    package static let upstreamPipelineLimit: UInt32 = 128

    package var deadlines = HTTPDeadlines()
    package var heads = HeadLimits()
    package var chunks = ChunkLimits()
    /// The largest request body in bytes; `nil` for any.
    package var bodyBytesMax: UInt64?
    /// Requests on one client connection, at least 1.
    package var requestsMax: UInt32 = 1_000_000
    /// Requests of one client that are read ahead of the one being answered, at least 1.
    package var pipelineDepthMax: UInt32 = 32
    /// Requests of several clients that may be under way on one connection to an endpoint, at most
    /// `upstreamPipelineLimit`; with less than 2 each has a connection of its own.
    package var upstreamPipelineMax: UInt32 = 0
    /// Idle connections kept per endpoint; 0 keeps none.
    package var idleUpstreamsMax: UInt32 = 256
    package var host = HostPolicy.client
    package var forwarded: ForwardedFields = .xForwarded
    /// Clients whose forwarding fields are believed.
    package var trusted: [IPBlock] = []
    /// Whether CONNECT is forwarded; refused if not.
    package var allowsConnect = false

    package init() {}
}

/// What a worker does with the clients it accepts.
package enum Service: Sendable {
    case tcp
    case http(HTTPPolicy)
}
