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
        return Plan.between(present.configuration.parts, configuration.parts) { kind, name in
            connections(of: kind, name, present)
        }
    }

    private func connections(
        of kind: PlanPart.Kind, _ name: String, _ present: Present
    ) -> UInt64? {
        switch kind {
        case .listener:
            return present.site.listenerIDs[name].map {
                UInt64(workers.clients(ofListener: $0))
            }
        case .upstream, .endpoint:
            let ids = present.site.endpoints.filter { _, assembled in
                kind == .upstream
                    ? assembled.upstream == name
                    : "\(assembled.upstream)/\(assembled.endpoint.name)".hasPrefix(name)
            }.keys
            return ids.reduce(0) { $0 + UInt64(workers.inFlight(ofEndpoint: $1)) }
        case .process, .route: return nil
        }
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
        case .refused: log.error("not reloaded: \(reason ?? "")")
        case .mistaken:
            for mistake in mistakes { log.error("not reloaded: \(mistake.text(file: path))") }
        }
    }
}
