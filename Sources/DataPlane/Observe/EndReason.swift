// Why exchanges and flows ended: one word each, the same in access logs, counters and traces.

/// Why a request with its response, or a forwarded connection, came to its end. The order is that
/// of counters in memory; words are for ever.
package enum EndReason: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    /// All of it was handed on.
    case done
    /// It became a tunnel, which ends by itself.
    case upgraded

    // The client.
    /// The client ended or reset its connection before it had everything.
    case clientClosed
    /// The client took none of what it asked for, or sent none of a body, for too long.
    case clientStalled
    /// A request's head did not come in time.
    case headTimeout
    /// A request's body did not come in time.
    case bodyTimeout
    /// A request that breaks the protocol.
    case badRequest
    /// A request that is over a limit: of its body, its head or its target.
    case tooLarge
    /// A method that is not allowed.
    case methodRefused
    /// A client that has to begin with a PROXY header began with something else.
    case badProxyHeader
    /// Its PROXY header did not come in time.
    case proxyHeaderTimeout

    // Gyre.
    /// No route takes it.
    case noRoute
    /// More than its source may have.
    case rateLimited
    /// More clients than the listener may have.
    case tooManyConnections
    /// Nearly all buffers were in use.
    case shed
    /// There was no buffer left for it.
    case noBuffer
    /// The upstream has as much under way and waiting as it may have.
    case upstreamFull
    /// No connection to the upstream became free in time.
    case pendingTimeout
    /// Silence in both directions for too long.
    case idleTimeout
    /// The process ended before it did.
    case stopped

    // The upstream.
    /// There was no endpoint to try.
    case noEndpoint
    /// No endpoint could be connected.
    case connectFailed
    /// None was connected in time.
    case connectTimeout
    /// The endpoint ended or reset its connection before its answer was whole.
    case upstreamReset
    /// What the endpoint sent is not a response.
    case badResponse
    /// No response in time.
    case responseTimeout
    /// The endpoint took none of a request, or sent none of a response, for too long.
    case upstreamStalled

    /// As it is written: lower case, words joined by hyphens.
    package var word: StaticString {
        switch self {
        case .done: "done"
        case .upgraded: "upgraded"
        case .clientClosed: "client-closed"
        case .clientStalled: "client-stalled"
        case .headTimeout: "head-timeout"
        case .bodyTimeout: "body-timeout"
        case .badRequest: "bad-request"
        case .tooLarge: "too-large"
        case .methodRefused: "method-refused"
        case .badProxyHeader: "bad-proxy-header"
        case .proxyHeaderTimeout: "proxy-header-timeout"
        case .noRoute: "no-route"
        case .rateLimited: "rate-limited"
        case .tooManyConnections: "too-many-connections"
        case .shed: "shed"
        case .noBuffer: "no-buffer"
        case .upstreamFull: "upstream-full"
        case .pendingTimeout: "pending-timeout"
        case .idleTimeout: "idle-timeout"
        case .stopped: "stopped"
        case .noEndpoint: "no-endpoint"
        case .connectFailed: "connect-failed"
        case .connectTimeout: "connect-timeout"
        case .upstreamReset: "upstream-reset"
        case .badResponse: "bad-response"
        case .responseTimeout: "response-timeout"
        case .upstreamStalled: "upstream-stalled"
        }
    }
}
