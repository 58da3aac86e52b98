// Families of upstreams and endpoints.

internal import DataPlane

extension MetricsPage {
    mutating func writeUpstreams() {
        let upstreams = facts.counts.upstreams
        let used = Set(facts.counts.endpoints.filter(\.tally.isUsed).map(\.upstreamID))
        var timed = upstreams.filter { used.contains($0.id) }.map {
            (labels: ["upstream": $0.name] as ExpositionLabels, tally: $0.tally)
        }
        timed.append((["upstream": SeriesCap.removed], facts.counts.removedUpstreams))
        text.begin(
            "gyre_upstream_connect_duration_seconds", .histogram, unit: "seconds",
            "Connecting to endpoints, in HTTP and TCP.")
        for (labels, tally) in timed { text.histogram(tally.connect.histogram, labels) }
        text.begin(
            "gyre_upstream_first_byte_duration_seconds", .histogram, unit: "seconds",
            "From handing a request on to the first byte of its answer.")
        for (labels, tally) in timed { text.histogram(tally.firstByte.histogram, labels) }

        func gauge(
            _ name: String, _ help: String, _ value: (MetricsFacts.Upstream) -> Int
        ) {
            text.begin(name, .gauge, help)
            for upstream in upstreams {
                let gauges = facts.upstreams[upstream.id] ?? MetricsFacts.Upstream()
                text.sample(UInt64(clamping: value(gauges)), ["upstream": upstream.name])
            }
        }
        gauge("gyre_upstream_endpoints", "Endpoints that there are.") { $0.endpoints }
        gauge(
            "gyre_upstream_usable_endpoints", "Endpoints that health lets work go to."
        ) { $0.usable }
        gauge(
            "gyre_upstream_usable", "Whether any of its endpoints is usable: 1 or 0."
        ) { $0.usable > 0 ? 1 : 0 }
        gauge("gyre_upstream_waiting", "Requests and flows that wait for a connection.") {
            $0.waiting
        }
        text.begin(
            "gyre_endpoint_health_changes", .counter, "What happened to endpoints' health.")
        for (kind, name) in Self.healthChanges {
            let index = Int(kind.rawValue)
            let count = facts.healthChanges.indices.contains(index) ? facts.healthChanges[index] : 0
            text.sample(count, ["change": name])
        }
    }

    private static let healthChanges: [(HealthChange.Kind, String)] = [
        (.ejected, "ejected"), (.readmitted, "readmitted"), (.wentDown, "down"), (.wentUp, "up"),
        (.drained, "drained"), (.undrained, "undrained"),
    ]

    mutating func writeEndpoints() {
        let series = cap.series(
            facts.counts.endpoints.lazy.map { ($0.id, $0.upstream, $0.label, $0.tally) },
            gone: facts.counts.removedEndpoints
        ).map { one in
            (labels: ["upstream": one.group, "endpoint": one.name] as ExpositionLabels, one.value)
        }
        text.begin(
            "gyre_endpoint_requests", .counter,
            "Requests that ended, by the class of the endpoint's answer.")
        for (labels, tally) in series {
            for status in StatusClass.allCases where tally[status] > 0 {
                text.sample(tally[status], labels.adding("code", Self.name(status)))
            }
        }
        func counter(_ metric: EndpointMetric, _ name: String, _ help: String) {
            text.begin(name, .counter, help)
            for (labels, tally) in series { text.sample(tally[metric], labels) }
        }
        counter(.flows, "gyre_endpoint_flows", "Flows that were connected.")
        counter(.connectionsOpened, "gyre_endpoint_connections_opened", "Connections opened.")
        counter(
            .retries, "gyre_endpoint_retries",
            "Requests that came from another endpoint, which had failed them.")
        text.begin("gyre_endpoint_failures", .counter, "What went wrong with an endpoint.")
        for (labels, tally) in series {
            for (metric, name) in Self.failures where tally[metric] > 0 {
                text.sample(tally[metric], labels.adding("reason", name))
            }
        }
        text.begin(
            "gyre_endpoint_bytes", .counter, unit: "bytes",
            "Bytes of clients to it (in) and back (out), of exchanges and flows that ended.")
        for (labels, tally) in series {
            text.sample(tally[.bytesIn], labels.adding("direction", "in"))
            text.sample(tally[.bytesOut], labels.adding("direction", "out"))
        }
        writeEndpointGauges()
    }

    private static let failures: [(EndpointMetric, String)] = [
        (.connectFailures, "connect"), (.connectTimeouts, "connect-timeout"), (.resets, "reset"),
        (.timeouts, "timeout"), (.badResponses, "bad-response"),
    ]

    private mutating func writeEndpointGauges() {
        let shown = facts.counts.endpoints.filter { $0.id < cap.max }.map { endpoint in
            (
                labels: ["upstream": endpoint.upstream, "endpoint": endpoint.label]
                    as ExpositionLabels,
                weight: endpoint.weight,
                gauges: facts.endpoints[endpoint.id] ?? MetricsFacts.Endpoint()
            )
        }
        text.begin("gyre_endpoint_up", .gauge, "Whether work goes to it: 1 or 0.")
        for (labels, _, gauges) in shown { text.sample(gauges.isUsable ? 1 : 0, labels) }
        text.begin("gyre_endpoint_weight", .gauge, "Its share of the work, as it is configured.")
        for (labels, weight, _) in shown { text.sample(UInt64(clamping: weight), labels) }
        text.begin("gyre_endpoint_in_flight", .gauge, "Requests and flows that go to it.")
        for (labels, _, gauges) in shown {
            text.sample(UInt64(clamping: gauges.inFlight), labels)
        }
        text.begin(
            "gyre_endpoint_connections", .gauge, "HTTP connections to it, idle ones included.")
        for (labels, _, gauges) in shown {
            text.sample(UInt64(clamping: gauges.connections), labels)
        }
    }
}

extension SiteCounts.Endpoint {
    /// Unique in its upstream.
    fileprivate var label: String { address }
}
