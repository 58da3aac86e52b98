// Reading the configuration again, and what a configuration would change.

internal import DataPlane
internal import Logging
internal import Synchronization

extension RunningService {
    /// Reads a file and serves what it says, if it is good. Takes as long as asking for new names
    /// does.
    func reload(from path: String) -> ConfigurationOutcome {
        reloading.withLock { _ in read(path) }
    }

    private func read(_ path: String) -> ConfigurationOutcome {
        let startNs = MonotonicClock.nowNs
        let configuration: Configuration
        do throws(ConfigurationError) {
            configuration = try ConfigurationFile.read(path, environment: ProcessEnvironment.read())
        } catch {
            return error.outcome(file: path)
        }
        let changes = changes(to: configuration)
        do throws(StartError) {
            let (known, servers) = names
            let found = try EndpointSource.names(configuration, servers, known: known)
            try change(to: configuration, found)
        } catch {
            return .refused(error.description)
        }
        return .accepted(changes, tookMs: (MonotonicClock.nowNs - startNs) / 1_000_000)
    }

    /// What another configuration would change, and how many connections that touches.
    func changes(to configuration: Configuration) -> [PlanChange] {
        let present = present
        let (ofUpstreams, ofEndpoints) = work(present.site)
        return Plan.between(present.configuration.parts, configuration.parts) { kind, name in
            switch kind {
            case .listener:
                present.site.listenerIDs[name].map { UInt64(workers.clients(ofListener: $0)) }
            case .upstream: ofUpstreams[name]
            case .endpoint: ofEndpoints[name]
            case .process, .route: nil
            }
        }
    }

    /// Requests and flows under way, by the names of upstreams and of endpoints as the
    /// configuration writes them.
    private func work(
        _ site: AssembledSite
    ) -> (upstreams: [String: UInt64], endpoints: [String: UInt64]) {
        var (upstreams, endpoints): ([String: UInt64], [String: UInt64]) = ([:], [:])
        for (id, assembled) in site.endpoints {
            let count = UInt64(workers.inFlight(ofEndpoint: id))
            // What a name stands for is told behind it.
            let text = assembled.endpoint.name.prefix { $0 != " " }
            upstreams[assembled.upstream, default: 0] += count
            endpoints["\(assembled.upstream)/\(text)", default: 0] += count
        }
        return (upstreams, endpoints)
    }
}

extension ConfigurationError {
    /// As the control API tells it.
    func outcome(file: String?) -> ConfigurationOutcome {
        switch self {
        case .unreadable(let reason):
            return .refused("\(file ?? "the configuration") cannot be read: \(reason)")
        case .mistakes(let mistakes):
            return .mistaken(
                mistakes.map { mistake in
                    MistakeReport(
                        file: file, line: mistake.place.line, column: mistake.place.column,
                        message: mistake.message)
                })
        }
    }
}

extension ConfigurationOutcome {
    /// Tells the log what came of a reload.
    func tell(_ log: Logger, _ path: String) {
        switch verdict {
        case .accepted:
            log.info(
                "reloaded \(path)",
                metadata: ["changes": "\(changes.count)", "tookMs": "\(tookMs ?? 0)"])
            for change in changes where change.kind == .process {
                log.warning("\(change.name) changes at the next start only")
            }
        case .refused, .mistaken:
            for line in troubles(path) { log.error("\(line)") }
        }
    }

    /// Why it was not taken, a line for each reason.
    func troubles(_ path: String) -> [String] {
        switch verdict {
        case .accepted: []
        case .refused: ["not reloaded: \(reason ?? "")"]
        case .mistaken: mistakes.map { "not reloaded: \($0.text(file: path))" }
        }
    }
}
