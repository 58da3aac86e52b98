// The options for PROXY headers, of clients and to endpoints.

internal import ArgumentParser
internal import ControlPlane
internal import DataPlane
internal import Protocols

extension ProxyVersion: ExpressibleByArgument {}

/// Who is believed about whose connection it is, and whether endpoints are told.
struct ProxyProtocolArguments: ParsableArguments {
    private static let defaults = Configuration.ProxyProtocolIn()

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            """
            Clients that begin with a PROXY header, version 1 or 2, and are closed if they do not: \
            load balancers and the like. The address in it counts as the client's. Others are \
            served as they are. Can be given several times. (default: none)
            """,
            valueName: "CIDR[,CIDR...]"),
        transform: Values.blockList)
    var acceptProxyFrom: [ValueList<IPBlock>] = []

    @Option(duration: "How long a PROXY header may take to come, from accepting.")
    var acceptProxyTimeout = Self.defaults.timeoutMs

    @Option(
        help: ArgumentHelp(
            """
            Begin connections to endpoints with a PROXY header of that version. A connection then \
            serves one client only. (default: none)
            """,
            valueName: "version"))
    var sendProxy: ProxyVersion?

    func apply(
        to listener: inout Configuration.Listener, _ upstream: inout Configuration.Upstream
    ) {
        let blocks = acceptProxyFrom.flatMap(\.items)
        if !blocks.isEmpty {
            var accepted = Configuration.ProxyProtocolIn()
            accepted.from = blocks
            accepted.timeoutMs = acceptProxyTimeout
            listener.proxyProtocol = accepted
        }
        upstream.proxyProtocol = sendProxy
    }

    /// Sockets in a file table cannot be asked for their own address.
    func validate(with service: ServiceArguments) throws {
        if acceptProxyFrom.isEmpty && acceptProxyTimeout != Self.defaults.timeoutMs {
            throw ValidationError(
                "--accept-proxy-timeout is for those of --accept-proxy-from, which is missing")
        }
        if sendProxy != nil && service.directDescriptors {
            throw ValidationError(
                "--send-proxy needs descriptors, it cannot be used with --direct-descriptors")
        }
    }
}
