// The threads that look after endpoints while the process serves: one checks them, one asks for
// their names again. Each is started by the first configuration that needs it and stays.

internal import DataPlane

/// Checks and names of what is served.
struct EndpointWatch: Sendable {
    private let health: EndpointHealth
    /// Who is asked for names.
    let servers: NameServers
    /// Where it is told that a name has other addresses.
    private let orders: ChangeOrders
    private var checker: HealthChecker?
    private var resolver: NameResolver?

    init(_ health: EndpointHealth, _ servers: NameServers, tellingNamesTo orders: ChangeOrders) {
        self.health = health
        self.servers = servers
        self.orders = orders
    }

    /// Starts the threads that a configuration needs; they have nothing to do yet.
    ///
    /// - Throws: what the kernel refused, as the operator is told.
    mutating func prepare(for configuration: Configuration) throws(StartError) {
        do throws(SystemError) {
            if checker == nil, configuration.hasActiveChecks {
                checker = try HealthChecker.start(reportingTo: health)
            }
            if resolver == nil, !configuration.endpointQuestions.isEmpty {
                resolver = try NameResolver.start(servers) { [orders] question, event in
                    orders.note(question, event)
                }
            }
        } catch {
            throw StartError("cannot watch endpoints: \(error)")
        }
    }

    /// Has them look after this from now on. Endpoints and names that stay are left as they are.
    ///
    /// - Parameter site: its endpoints are in the health table.
    func watch(_ configuration: Configuration, _ site: AssembledSite) {
        checker?.update(site.healthTargets(configuration))
        resolver?.update(configuration.endpointQuestions)
    }

    /// Ends the threads. Once only.
    func stop() {
        checker?.stop()
        resolver?.stop()
    }
}

extension Configuration {
    var hasActiveChecks: Bool { upstreams.contains { $0.health.active != nil } }
}

extension NameServers {
    /// What the configuration says of them.
    init(_ dns: Configuration.DNS) {
        self.init(
            servers: dns.servers.map { "\($0)" }, timeoutMs: Int32(clamping: dns.timeoutMs),
            tries: Int32(clamping: dns.tries))
    }
}
