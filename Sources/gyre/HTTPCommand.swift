// `gyre http`: the HTTP proxy.

internal import ArgumentParser
internal import ControlPlane
internal import DataPlane

struct HTTPCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "http",
        abstract: "Proxy HTTP/1.1 requests to one or more endpoints.",
        discussion: """
            \(AddressArguments.discussion)

            Each request goes to the next endpoint, on a connection that is kept for further \
            ones. Requests and responses that could be read in two ways are refused. An answer of \
            Gyre's own has 'Server: gyre' and a Proxy-Status field (RFC 9209) with the reason. \
            Sizes are in bytes, or end in k, m or g (1,024 of the one before).

            \(ServiceArguments.discussion)

            Examples:
              gyre http --listen :8080 --to 127.0.0.1:9000
              gyre http --listen :80 --to app1.internal:8080,app2.internal:8080
              gyre http --listen :8080 --to :9000 --max-body 10m --body-timeout 10s
              gyre http --listen :8080 --to :9000 --trust 10.0.0.0/8,fd00::/8
              gyre http --listen :8080 --to :9000 --accept-proxy-from 10.0.0.1
              gyre http --listen unix:/run/web.sock --to unix:/run/app.sock
            """)

    @OptionGroup(title: "ADDRESSES") var addresses: AddressArguments
    @OptionGroup var http: HTTPArguments
    @OptionGroup(title: "PROXY PROTOCOL") var proxyProtocol: ProxyProtocolArguments
    @OptionGroup var service: ServiceArguments
    @OptionGroup(title: "CONTROL") var admin: AdminArguments

    func validate() throws {
        try service.validateForHTTP()
        try proxyProtocol.validate(with: service)
        if proxyProtocol.sendProxy != nil && http.limits.upstreamPipeline > 1 {
            throw ValidationError(
                "--upstream-pipeline shares connections between clients, it cannot be used with"
                    + " --send-proxy")
        }
    }

    var asked: Configuration {
        var configuration = addresses.configuration(.http)
        service.apply(to: &configuration)
        http.apply(to: &configuration.listeners[0], &configuration.upstreams[0])
        proxyProtocol.apply(to: &configuration.listeners[0], &configuration.upstreams[0])
        configuration.process.admin = admin.asked
        return configuration
    }

    func run() throws {
        try service.serve(asked)
    }
}
