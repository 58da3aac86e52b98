// `GET /metrics`: the families and what they are made of. Names and labels are for ever; a family
// that is not needed any more may go, none may change its meaning.

internal import DataPlane
internal import Protocols

/// Writes all families.
struct MetricsPage {
    let facts: MetricsFacts
    let cap: SeriesCap
    var text: ExpositionText

    init(_ facts: MetricsFacts, _ format: ExpositionFormat, cap: SeriesCap = SeriesCap()) {
        self.facts = facts
        self.cap = cap
        text = ExpositionText(format)
    }

    static func bytes(
        _ facts: MetricsFacts, _ format: ExpositionFormat, cap: SeriesCap = SeriesCap()
    ) -> [UInt8] {
        var page = MetricsPage(facts, format, cap: cap)
        page.writeProcess()
        page.writeConnections()
        page.writeRequests()
        page.writeUpstreams()
        page.writeEndpoints()
        page.writeWorkers()
        page.writePlain()
        return page.text.finish()
    }
}

// MARK: The process

extension MetricsPage {
    private mutating func writeProcess() {
        text.begin("gyre_build", .info, "The version that runs.")
        text.sample(1, ["version": facts.version])
        text.begin("gyre_backend", .info, "The I/O backend in use, and why.")
        text.sample(1, ["backend": facts.backend, "reason": facts.backendReason])
        text.begin(
            "gyre_start_time_seconds", .gauge, unit: "seconds",
            "When the process began to serve, since the Unix epoch.")
        text.decimal(facts.startSeconds)
        text.one(
            "gyre_configuration_generation", .gauge,
            "Configurations taken since the start, the first one included.", facts.generation)
        text.one(
            "gyre_ready", .gauge, "Whether /readyz says yes: 1 or 0.", facts.isReady ? 1 : 0)
        text.one(
            "gyre_draining", .gauge, "Whether the process is on its way out: 1 or 0.",
            facts.isServing ? 0 : 1)
        text.one(
            "gyre_io_wq_threads", .gauge,
            "Kernel threads that work for the rings of this process; there should be none.",
            UInt64(facts.ringThreads.count))
        text.one(
            "gyre_io_wq_threads_max", .gauge, "The most that were seen of them at once.",
            UInt64(facts.ringThreads.most))
        text.begin(
            "gyre_metrics_hidden_series", .gauge,
            "Things without label sets of their own, because there are too many.")
        let routes = facts.counts.routes.count { $0.id >= cap.max }
        let endpoints = facts.counts.endpoints.count { $0.id >= cap.max }
        text.sample(UInt64(routes), ["kind": "route"])
        text.sample(UInt64(endpoints), ["kind": "endpoint"])
    }

    private mutating func writeConnections() {
        let counters = facts.counters
        let busy = min(counters[.exchangesActive], counters[.clientsActive])
        text.begin(
            "gyre_connections", .gauge,
            "Clients that are not over: HTTP with a request under way, HTTP without, TCP flows"
                + " with tunnels among them.")
        text.sample(busy, ["state": "busy"])
        text.sample(counters[.clientsActive] &- busy, ["state": "idle"])
        text.sample(counters[.flowsActive], ["state": "flow"])
        text.one("gyre_connections_max", .gauge, "How many there may be.", facts.connectionsMax)

        let listeners = facts.counts.listeners
        text.begin("gyre_listener_connections", .gauge, "Clients of a listener that are not over.")
        for listener in listeners {
            text.sample(
                UInt64(facts.listenerClients[listener.id] ?? 0), ["listener": listener.name])
        }
        write(.accepted, "gyre_connections_accepted", "Connections accepted.")
        write(.flows, "gyre_flows", "TCP connections forwarded that ended.")
        text.begin(
            "gyre_client_bytes", .counter, unit: "bytes",
            "Bytes of clients (in) and for them (out), of exchanges and flows that ended.")
        for (name, tally) in listenerSeries {
            text.sample(tally[.bytesIn], ["listener": name, "direction": "in"])
            text.sample(tally[.bytesOut], ["listener": name, "direction": "out"])
        }
        text.begin(
            "gyre_relayed_bytes", .counter, unit: "bytes", "Bytes handed on, by relay path.")
        text.sample(counters[.bytesCopied], ["path": "copy"])
        text.sample(counters[.bytesSpliced], ["path": "splice"])
        text.sample(counters[.bytesRingSpliced], ["path": "splice-ring"])
    }

    private var listenerSeries: [(name: String, tally: ListenerTally)] {
        facts.counts.listeners.map { ($0.name, $0.tally) }
            + [(SeriesCap.removed, facts.counts.removedListeners)]
    }

    private mutating func write(_ metric: ListenerMetric, _ name: String, _ help: String) {
        text.begin(name, .counter, help)
        for (name, tally) in listenerSeries { text.sample(tally[metric], ["listener": name]) }
    }
}

// MARK: Requests

extension MetricsPage {
    /// All of them, also of no route, of no known one, and of those that are gone.
    private var routeSeries: [SeriesCap.Series<RouteTally>] {
        let counts = facts.counts
        var series = cap.series(
            counts.routes.lazy.map { ($0.id, $0.listener, $0.name, $0.tally) },
            gone: counts.removedRoutes)
        for listener in counts.listeners {
            series.append(
                SeriesCap.Series(group: listener.name, name: "", value: listener.tally.unrouted))
        }
        series.append(
            SeriesCap.Series(
                group: SeriesCap.removed, name: "", value: counts.removedListeners.unrouted))
        series.append(
            SeriesCap.Series(
                group: SeriesCap.others, name: SeriesCap.others, value: counts.otherRoutes))
        return series
    }

    private mutating func writeRequests() {
        let series = routeSeries.map { one in
            (labels: ["listener": one.group, "route": one.name] as ExpositionLabels, one.value)
        }
        let classes = StatusClass.allCases.map { ($0, Self.name($0)) }
        let methods = RequestTally.methods.map { ($0, "\($0)".uppercased()) }
        text.begin(
            "gyre_http_requests", .counter,
            "Requests that ended, by the class of their answer; none where there was no answer."
                + " route is empty where no route took it.")
        for (labels, tally) in series where tally.requests.total > 0 {
            for (method, methodName) in methods {
                for (status, statusName) in classes {
                    let value = tally.requests[method, status]
                    guard value > 0 else { continue }
                    text.sample(
                        value,
                        labels.adding("method", methodName).adding("code", statusName))
                }
            }
        }
        text.begin(
            "gyre_http_request_duration_seconds", .histogram, unit: "seconds",
            "From a request's head to the last byte of its answer.")
        for (labels, tally) in series where tally.requests.total > 0 {
            text.histogram(tally.total.histogram, labels)
        }
        write(
            .own, "gyre_http_own_duration_seconds",
            "The part of it in which neither the client nor the endpoint was waited for.")
        write(.queue, "gyre_queue_duration_seconds", "In line for an upstream with limits.")
        write(.flow, "gyre_flow_duration_seconds", "How long flows lasted.")
        writeEnds()
    }

    private mutating func writeEnds() {
        text.begin(
            "gyre_ends", .counter, "Exchanges, flows and tunnels that ended, by the reason.")
        for (reason, count) in zip(EndReason.allCases, facts.ends) {
            text.sample(count, ["reason": "\(reason.word)"])
        }
        text.begin(
            "gyre_timeouts", .counter,
            "Waits that took as long as they may, by what was waited for.")
        for (deadline, count) in zip(Deadline.allCases, facts.timeouts) {
            text.sample(count, ["deadline": "\(deadline.word)"])
        }
        text.begin(
            "gyre_http_heads_refused", .counter, "Heads of requests that were refused, by reason.")
        for (refusal, count) in zip(HeadRefusal.allCases, facts.refusals) where count > 0 {
            text.sample(count, ["reason": Self.word(refusal)])
        }
        text.begin(
            "gyre_rate_limited", .counter, "What was over the rate of its source.")
        text.sample(facts.counters[.requestsOverRate], ["kind": "request"])
        text.sample(facts.counters[.connectionsOverRate], ["kind": "connection"])
        guard let log = facts.accessLog else { return }
        text.begin("gyre_access_log_lines", .counter, "Lines of the access log that were written.")
        text.sample(log.lines, [:])
        text.begin(
            "gyre_access_log_lost", .counter,
            "Lines that found no room because what the log goes to was too slow.")
        text.sample(log.lost, [:])
        text.begin(
            "gyre_access_log_write_failures", .counter,
            "Writes that failed, each of which was tried again.")
        text.sample(log.failures ?? 0, [:])
    }

    static func name(_ status: StatusClass) -> String {
        status == .none ? "none" : "\(status.rawValue)xx"
    }

    /// The case's name, its words joined by hyphens.
    static func word(_ refusal: HeadRefusal) -> String {
        var word = ""
        for character in "\(refusal)" {
            if character.isUppercase && !(word.last?.isUppercase ?? true) { word += "-" }
            word.append(character)
        }
        return word.lowercased()
    }

    mutating func write(
        _ kind: WorkerHistogram, _ name: String, _ help: String,
        _ bounds: ExpositionBounds = .seconds, unit: String = "seconds"
    ) {
        text.begin(name, .histogram, unit: unit, help)
        text.histogram(
            facts.histograms.indices.contains(kind.rawValue)
                ? facts.histograms[kind.rawValue] : nil, [:], bounds)
    }
}
