// Families of workers, and the counters that stand for themselves.

internal import DataPlane

extension MetricsPage {
    mutating func writeWorkers() {
        text.begin("gyre_syscalls", .counter, "System calls of all workers, by kind.")
        for kind in Counter.systemCalls {
            text.sample(facts.counters[kind], ["kind": Self.word(kind)])
        }
        text.begin(
            "gyre_worker_cpu_seconds", .counter, unit: "seconds",
            "Processor time of a worker's thread.")
        for (index, worker) in facts.now.workers.enumerated() {
            text.decimal(Double(worker.processorTimeNs) / 1e9, ["worker": "\(index)"])
        }
        counter("gyre_worker_syscalls", "System calls of a worker.") { $0.systemCalls }
        counter("gyre_worker_requests", "Requests whose heads have come.") { $0[.requests] }
        counter("gyre_worker_turns", "Passes of a worker's loop.") { $0[.turns] }
        counter("gyre_worker_completions", "Completions handled.") { $0[.completions] }
        counter("gyre_worker_starved_waits", "Receives that found no buffer and waited.") {
            $0[.starvedWaits]
        }
        counter(
            "gyre_worker_queue_overflows", "Turns in which the ring's completion queue was full."
        ) { $0[.queueOverflows] }
        gauge("gyre_worker_connections", "Clients that are not over.") { $0.connectionsActive }
        gauge("gyre_worker_buffers_in_use", "Receive buffers that are lent.") {
            $0[.buffersInUse]
        }
        text.begin("gyre_worker_buffers_max", .gauge, "Receive buffers that there may be.")
        for (index, count) in facts.buffersMax.enumerated() {
            text.sample(count, ["worker": "\(index)"])
        }
        write(
            .turn, "gyre_worker_turn_duration_seconds",
            "From a turn's first completion to the end of its work.", .work)
        write(
            .batch, "gyre_worker_turn_completions_size", "Completions of a turn.", .counts,
            unit: "")
        writeWindows()
    }

    /// What dashboards would otherwise have to work out, exact over windows that workers know.
    private mutating func writeWindows() {
        let rates = facts.windows.flatMap { name, from in
            zip(from.workers, facts.now.workers).enumerated().map { index, readings in
                let labels: ExpositionLabels = ["worker": "\(index)", "window": name]
                let rate = PerSecond(fromNs: from.atNs, toNs: facts.now.atNs)
                return (
                    labels, LiveReport.Worker.Rates(from: readings.0, to: readings.1, rate)
                )
            }
        }
        func family(
            _ name: String, unit: String, _ help: String,
            _ value: (LiveReport.Worker.Rates) -> Double?
        ) {
            text.begin(name, .gauge, unit: unit, help)
            for (labels, rates) in rates {
                if let value = value(rates) { text.decimal(value, labels) }
            }
        }
        family(
            "gyre_worker_syscalls_per_request", unit: "",
            "System calls per request in a window; absent without a request."
        ) { $0.systemCallsPerRequest }
        family(
            "gyre_worker_cpu_per_request_seconds", unit: "seconds",
            "Processor time per request in a window; absent without a request."
        ) { $0.processorUsPerRequest.map { $0 / 1e6 } }
        family(
            "gyre_worker_completions_per_turn", unit: "",
            "Completions per turn in a window; absent without a turn."
        ) { $0.completionsPerTurn }
        family(
            "gyre_worker_cpu_utilization_ratio", unit: "ratio",
            "Share of a processor that a worker used in a window."
        ) { $0.processors }
    }

    private mutating func counter(
        _ name: String, _ help: String, _ value: (CounterSet) -> UInt64
    ) {
        text.begin(name, .counter, help)
        for (index, worker) in facts.now.workers.enumerated() {
            text.sample(value(worker.counters), ["worker": "\(index)"])
        }
    }

    private mutating func gauge(_ name: String, _ help: String, _ value: (CounterSet) -> UInt64) {
        text.begin(name, .gauge, help)
        for (index, worker) in facts.now.workers.enumerated() {
            text.sample(value(worker.counters), ["worker": "\(index)"])
        }
    }

    /// The case's name, its words joined by underscores.
    static func word(_ counter: Counter) -> String {
        "\(counter)".reduce(into: "") { word, character in
            if character.isUppercase { word += "_" }
            word += character.lowercased()
        }
    }

    mutating func writePlain() {
        for (counter, name, help) in Self.plain {
            text.one(name, .counter, help, facts.counters[counter])
        }
        text.one(
            "gyre_upstream_connections", .gauge,
            "HTTP connections to endpoints, idle ones included.", facts.counters[.upstreamsActive])
        text.one(
            "gyre_listening_sockets", .gauge, "Listening sockets of all workers.",
            facts.counters[.listenersOpen])
    }

    /// Counters that are families of their own.
    static let plain: [(Counter, String, String)] = [
        (.strayCompletions, "gyre_stray_completions", "Completions that nobody waited for."),
        (.acceptPauses, "gyre_accept_pauses", "Times that accepting paused for want of something."),
        (.flowsFinished, "gyre_flows_finished", "Flows that both sides ended."),
        (.flowsReset, "gyre_flows_reset", "Flows that were cut."),
        (.flowsRefused, "gyre_flows_refused", "Flows for which there was no endpoint or no room."),
        (.connectFailures, "gyre_connect_failures", "Connections to endpoints that failed."),
        (.connectTimeouts, "gyre_connect_timeouts", "Connections to endpoints that took too long."),
        (.idleTimeouts, "gyre_idle_timeouts", "Flows that were silent for too long."),
        (.promotions, "gyre_relay_promotions", "Directions of flows that went over to splicing."),
        (.demotions, "gyre_relay_demotions", "Directions of flows that went back to copying."),
        (.proxyHeaders, "gyre_proxy_headers", "PROXY headers taken."),
        (.proxyHeadersRefused, "gyre_proxy_headers_refused", "PROXY headers refused."),
        (.proxyHeaderTimeouts, "gyre_proxy_header_timeouts", "PROXY headers that came too late."),
        (.responses, "gyre_http_responses", "Answers of endpoints that were handed on."),
        (.requestsRefused, "gyre_http_requests_refused", "Requests that break the protocol."),
        (.localReplies, "gyre_http_local_replies", "Answers of Gyre's own."),
        (.responsesCut, "gyre_http_responses_cut", "Answers that ended before they were whole."),
        (.upstreamsOpened, "gyre_upstream_connections_opened", "HTTP connections opened."),
        (.upstreamsReused, "gyre_upstream_connections_reused", "Requests on kept connections."),
        (.upstreamFailures, "gyre_upstream_failures", "Requests that an endpoint failed."),
        (.retries, "gyre_http_retries", "Requests tried again."),
        (.tunnels, "gyre_tunnels", "Connections that were upgraded."),
        (.requestsPipelined, "gyre_http_requests_pipelined", "Requests sent behind others."),
        (.requestsResent, "gyre_http_requests_resent", "Of these, sent again without others."),
        (.answersDropped, "gyre_http_answers_dropped", "Answers that nobody wanted any more."),
        (.upstreamWaits, "gyre_upstream_waits", "Work that waited for room at its upstream."),
        (.upstreamOverflows, "gyre_upstream_overflows", "Work refused for want of such room."),
        (
            .connectionsOverLimit, "gyre_connections_over_limit",
            "Clients beyond what their listener may have."
        ),
        (.requestsShed, "gyre_http_requests_shed", "Refused: nearly all buffers were in use."),
    ]

    /// Counters that are in families with others, or gauges.
    static let gathered: Set<Counter> = [
        .turns, .completions, .starvedWaits, .queueOverflows, .buffersInUse, .bytesCopied,
        .bytesSpliced, .bytesRingSpliced, .accepted, .flowsActive, .listenersOpen,
        .clientsActive, .requests, .exchangesActive, .upstreamsActive, .connectionsOverRate,
        .requestsOverRate,
    ]
}
