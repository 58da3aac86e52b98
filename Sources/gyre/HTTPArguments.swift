// The options of `gyre http` alone. Defaults are those of the data plane's types; the help takes
// them from there.

internal import ArgumentParser
internal import ControlPlane
internal import DataPlane
internal import Protocols

extension HostPolicy: ExpressibleByArgument {}

/// Which fields a forwarded request says who its client is in.
enum ForwardedChoice: String, CaseIterable, ExpressibleByArgument {
    case xForwarded = "x-forwarded"
    case forwarded
    case both
    case none

    var fields: ForwardedFields {
        switch self {
        case .xForwarded: .xForwarded
        case .forwarded: .forwarded
        case .both: [.xForwarded, .forwarded]
        case .none: []
        }
    }
}

/// How HTTP is spoken on both sides.
struct HTTPArguments: ParsableArguments {
    @OptionGroup(title: "REQUESTS") var requests: RequestArguments
    @OptionGroup(title: "TIMEOUTS") var deadlines: DeadlineArguments
    @OptionGroup(title: "LIMITS") var limits: LimitArguments

    func apply(
        to listener: inout Configuration.Listener, _ upstream: inout Configuration.Upstream
    ) {
        requests.apply(to: &listener, &upstream)
        deadlines.apply(to: &listener.timeouts, &upstream.timeouts)
        limits.apply(to: &listener.limits, &upstream.connections)
    }
}

/// What is forwarded, and what is added to it.
struct RequestArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The Host of forwarded requests: the client's own, or the endpoint's name as --to has \
            it.
            """,
            valueName: "host"))
    var hostHeader = Configuration.Upstream().host

    @Option(
        help: ArgumentHelp(
            """
            Fields that tell the endpoint who the client is: X-Forwarded-For, -Proto and -Host, \
            or Forwarded (RFC 7239). With none, what a client sent is passed on.
            """,
            valueName: "fields"))
    var forwarded = ForwardedChoice.xForwarded

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            """
            Clients whose own X-Forwarded-* and Forwarded fields are kept and appended to; those \
            of others are replaced. Can be given several times. (default: none)
            """,
            valueName: "CIDR[,CIDR...]"),
        transform: Values.blockList)
    var trust: [ValueList<IPBlock>] = []

    @Flag(help: "Add Via to requests and responses.")
    var via = false

    @Flag(help: "Forward CONNECT, and become a tunnel after a 2xx; otherwise 405.")
    var allowConnect = false

    func apply(
        to listener: inout Configuration.Listener, _ upstream: inout Configuration.Upstream
    ) {
        upstream.host = hostHeader
        listener.forwarded = via ? forwarded.fields.union(.via) : forwarded.fields
        listener.trusted = trust.flatMap(\.items)
        listener.allowsConnect = allowConnect
    }
}

/// How long each wait may take.
struct DeadlineArguments: ParsableArguments {
    private static let defaults = Configuration.ListenerTimeouts()
    private static let upstreamDefaults = Configuration.UpstreamTimeouts()

    @Option(
        duration: """
            Until a request's head is complete, from its first byte, or from accepting for the \
            first one; then 408.
            """)
    var headTimeout = Self.defaults.headMs

    @Option(
        duration: """
            Silence of a client that is sending a body, or has response bytes to take; then 408, \
            or it is cut off.
            """)
    var bodyTimeout = Self.defaults.bodyMs

    @Option(duration: "Until the response's head is there, once the request was sent; then 504.")
    var responseTimeout = Self.upstreamDefaults.responseMs

    @Option(
        duration: """
            Silence of an endpoint within a response, or while it has request bytes to take; then \
            504, or the response is cut off.
            """)
    var upstreamTimeout = Self.upstreamDefaults.upstreamMs

    @Option(duration: "An idle client connection, between requests.")
    var keepAliveTimeout = Self.defaults.keepAliveMs

    @Option(duration: "An idle connection to an endpoint, kept for reuse.")
    var upstreamKeepAliveTimeout = Self.upstreamDefaults.keepAliveMs

    @Option(duration: "Silence in both directions of a connection that was upgraded.")
    var tunnelTimeout = Self.defaults.tunnelMs

    @Option(
        duration: """
            A client that has finished sending is taken for gone when its response has not begun \
            by then.
            """)
    var halfCloseTimeout = Self.defaults.halfCloseMs

    func apply(
        to listener: inout Configuration.ListenerTimeouts,
        _ upstream: inout Configuration.UpstreamTimeouts
    ) {
        listener.headMs = headTimeout
        listener.bodyMs = bodyTimeout
        listener.keepAliveMs = keepAliveTimeout
        listener.tunnelMs = tunnelTimeout
        listener.halfCloseMs = halfCloseTimeout
        upstream.responseMs = responseTimeout
        upstream.upstreamMs = upstreamTimeout
        upstream.keepAliveMs = upstreamKeepAliveTimeout
    }
}

/// How much of everything there may be.
struct LimitArguments: ParsableArguments {
    private static let defaults = Configuration.ListenerLimits()
    private static let upstreamDefaults = Configuration.UpstreamConnections()
    /// Places in a head are 16-bit numbers: the types below take 64k for one byte less.
    private static let bytesMax = 65_536

    @Option(size: "A request's head (431) or a response's (502)", in: 1024...bytesMax)
    var maxHead = Self.defaults.headBytesMax

    @Option(count: "Fields of a head (431, 502)", in: 1...256)
    var maxFields = Self.defaults.fieldsMax

    @Option(size: "A request's target (414)", in: 16...bytesMax)
    var maxTarget = Self.defaults.targetBytesMax

    @Option(size: "The line before a chunk, with its extensions (400, 502)", in: 16...bytesMax)
    var maxChunkLine = Self.defaults.chunkLineBytesMax

    @Option(size: "The fields behind a chunked body (400, 502)", in: 16...bytesMax)
    var maxTrailers = Self.defaults.trailerBytesMax

    @Option(
        help: ArgumentHelp("A request's body (413). (default: off)", valueName: "size|off"),
        transform: Values.optionalLimit)
    var maxBody = OptionalLimit.off

    @Option(count: "Requests on one client connection", in: 1...UInt32.max)
    var maxRequests = Self.defaults.requestsMax

    @Option(count: "Requests that a client may send ahead of the one being answered", in: 1...1024)
    var pipelineDepth = Self.defaults.pipelineDepthMax

    @Option(
        count: "Idle connections kept for each endpoint by each worker",
        in: 0...UInt32(ResourceShares.connectionsMax))
    var upstreamIdleMax = Self.upstreamDefaults.idleMax

    @Option(
        count: """
            Safe requests of several clients that may be under way on one connection to an \
            endpoint; below 2 each has a connection of its own
            """,
        in: 0...UpstreamPolicy.pipelineLimit)
    var upstreamPipeline = UpstreamPolicy().pipelineMax

    func apply(
        to listener: inout Configuration.ListenerLimits,
        _ upstream: inout Configuration.UpstreamConnections
    ) {
        listener.headBytesMax = maxHead
        listener.fieldsMax = maxFields
        listener.targetBytesMax = maxTarget
        listener.chunkLineBytesMax = maxChunkLine
        listener.trailerBytesMax = maxTrailers
        if case .bytes(let limit) = maxBody { listener.bodyBytesMax = limit }
        listener.requestsMax = maxRequests
        listener.pipelineDepthMax = pipelineDepth
        upstream.idleMax = upstreamIdleMax
        upstream.pipelineMax = max(upstreamPipeline, 1)
    }
}
