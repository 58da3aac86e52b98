// The live report, readiness and metrics of a running service.

internal import DataPlane
internal import Glibc

extension ServiceControl {
    func sample() { metrics.sample() }

    func readiness() -> Readiness {
        let present = service.present
        return Readiness(
            isServing: state == .serving && !isRetiring,
            upstreams: present.configuration.upstreams.compactMap { upstream in
                present.site.upstreamIDs[upstream.name].map { id in
                    (upstream.name, service.health.counts(ofUpstream: id).usable)
                }
            })
    }

    func exposition(_ format: ExpositionFormat) -> [UInt8] {
        var facts = metrics.facts(fill: fill)
        // Shared readings are of counts, not of this.
        facts.isReady = readiness().ready
        facts.isServing = state == .serving
        return MetricsPage.bytes(facts, format)
    }

    private func fill(_ facts: inout MetricsFacts) {
        facts.version = GyreVersion.text
        facts.accessLog = accessCounts
        facts.backend = service.plan.choice.backend.rawValue
        facts.backendReason = service.plan.choice.reason
        facts.generation = service.present.generation
        facts.connectionsMax = UInt64(service.plan.shares.connections)
        facts.buffersMax = service.plan.workers.map { UInt64($0.buffersMax) }
        for listener in facts.counts.listeners {
            facts.listenerClients[listener.id] = service.workers.clients(ofListener: listener.id)
        }
        for upstream in facts.counts.upstreams {
            let health = service.health.counts(ofUpstream: upstream.id)
            facts.upstreams[upstream.id] = MetricsFacts.Upstream(
                endpoints: health.total, usable: health.usable,
                waiting: service.breakers.waiting(upstream.id))
        }
        for endpoint in facts.counts.endpoints {
            facts.endpoints[endpoint.id] = MetricsFacts.Endpoint(
                isUsable: service.health.isUsable(endpoint.id),
                connections: service.workers.connections(ofEndpoint: endpoint.id),
                inFlight: service.workers.inFlight(ofEndpoint: endpoint.id))
        }
    }

    func live() -> LiveReport {
        var report = metrics.live(make: live)
        let readiness = readiness()
        report.state = state
        report.isReady = readiness.ready
        report.notReadyReason = readiness.reason
        return report
    }

    private func live(
        _ rows: LiveRows, _ reading: ServiceMetrics.Reading, _ history: MetricsHistory
    ) -> LiveReport {
        let now = reading.sample
        let second = history.secondStart(now.atNs)
        let minute = history.minuteStart(now.atNs)
        let routes = rows.routes(history.routes)
        let upstreams = rows.upstreams(history) { id in
            UInt64(service.breakers.waiting(id))
        } fill: { id, row in
            fill(id, &row)
        }
        let endpointsShown = upstreams.reduce(0) { $0 + $1.endpoints.count }
        return LiveReport(
            version: GyreVersion.text, pid: getpid(), state: state, isReady: false,
            uptimeMs: metrics.uptimeMs, atMs: ClockText.unixMs,
            backend: service.plan.choice.backend.rawValue,
            backendReason: service.plan.choice.reason, configuration: "\(source)",
            generation: service.present.generation,
            connections: connections(now.counters, reading.counts),
            totals: totals(reading),
            second: LiveReport.Window(from: second, to: now),
            minute: LiveReport.Window(from: minute, to: now),
            start: LiveReport.Window(from: history.processStart, to: now),
            workers: workers(now, second, minute, history.processStart),
            listeners: listeners(rows), routes: routes, upstreams: upstreams,
            routesLeftOut: max(reading.counts.routes.count - LiveReport.routesShownMax, 0),
            upstreamsLeftOut: reading.counts.upstreams.count - upstreams.count,
            endpointsLeftOut: reading.counts.endpoints.count - endpointsShown,
            errors: incidents.newestFirst, accessLog: accessCounts)
    }

    private func connections(
        _ counters: CounterSet, _ counts: SiteCounts
    ) -> LiveReport.Connections {
        LiveReport.Connections(
            active: counters.connectionsActive, max: UInt64(service.plan.shares.connections),
            http: counters[.clientsActive], flows: counters[.flowsActive],
            busy: counters[.exchangesActive],
            waiting: counts.upstreams.reduce(0) {
                $0 &+ UInt64(service.breakers.waiting($1.id))
            },
            upstream: counters[.upstreamsActive] &+ counters[.flowsActive])
    }

    private func totals(_ reading: ServiceMetrics.Reading) -> LiveReport.Totals {
        let requests = reading.counts.requests
        let counters = reading.sample.counters
        return LiveReport.Totals(
            requests: requests.total, accepted: counters[.accepted],
            bytesIn: reading.sample.bytesIn, bytesOut: reading.sample.bytesOut,
            statuses: LiveReport.Statuses(requests), ends: metrics.ends,
            retries: counters[.retries],
            rateLimited: counters[.requestsOverRate] &+ counters[.connectionsOverRate],
            shed: counters[.requestsShed])
    }

    private func workers(
        _ now: ProcessSample, _ second: ProcessSample, _ minute: ProcessSample,
        _ start: ProcessSample
    ) -> [LiveReport.Worker] {
        now.workers.indices.map { index in
            let worker = now.workers[index]
            func rates(_ from: ProcessSample) -> LiveReport.Worker.Rates {
                LiveReport.Worker.Rates(
                    from: from.workers[index], to: worker,
                    PerSecond(fromNs: from.atNs, toNs: now.atNs))
            }
            return LiveReport.Worker(
                index: index, connections: worker.counters.connectionsActive,
                second: rates(second), minute: rates(minute), start: rates(start),
                buffersInUse: worker.counters[.buffersInUse],
                buffersMax: UInt64(service.plan.workers[index].buffersMax),
                starvedWaits: worker.counters[.starvedWaits],
                queueOverflows: worker.counters[.queueOverflows])
        }
    }

    private func listeners(_ rows: LiveRows) -> [LiveReport.Listener] {
        let present = service.present
        let requests = rows.requestsOfListeners
        let perSecond = rows.requestsPerSecondOfListeners
        let addresses = Dictionary(grouping: present.listeners.listeners, by: \.name)
            .mapValues { $0.map { "\($0.address)" } }
        let counted = Dictionary(
            rows.counts.listeners.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        return present.configuration.listeners.compactMap { listener in
            guard let counts = counted[listener.name] else { return nil }
            let isDrained = present.drained.contains(listener.name)
            let tally = requests[listener.name] ?? RequestTally()
            return LiveReport.Listener(
                name: listener.name, protocolName: listener.service.rawValue,
                addresses: addresses[listener.name] ?? listener.addresses.map { "\($0)" },
                state: isDrained ? .draining : state,
                connections: UInt64(service.workers.clients(ofListener: counts.id)),
                accepted: counts.tally[.accepted],
                acceptedPerSecond: rows.acceptedPerSecond(counts), requests: tally.total,
                requestsPerSecond: perSecond[listener.name] ?? 0,
                bytesIn: counts.tally[.bytesIn], bytesOut: counts.tally[.bytesOut],
                statuses: LiveReport.Statuses(tally))
        }
    }

    /// What an endpoint has, and what is thought of it.
    private func fill(_ id: UInt32, _ row: inout LiveReport.Endpoint) {
        let state = service.health.state(of: id)
        row.state = state.report
        row.reason = state.reason
        row.inFlight = UInt64(service.workers.inFlight(ofEndpoint: id))
        row.connections = max(
            UInt64(service.workers.connections(ofEndpoint: id)), row.inFlight)
    }
}
