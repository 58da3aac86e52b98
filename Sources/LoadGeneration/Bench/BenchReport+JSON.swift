// The report for programs: every measurement, and what was made of them.

internal import ControlPlane
internal import DataPlane

extension BenchReport {
    /// One line.
    package var json: String {
        JSONText.object([
            ("mode", .string(options.mode.rawValue)),
            ("target", options.target.map { .string("\($0.address)\($0.path)") } ?? .null),
            ("bodyBytes", expected.bodyBytes.map { .number($0) } ?? .null),
            ("durationMs", .number(options.durationMs)),
            ("rounds", .number(UInt64(options.rounds))),
            ("kernel", .string(kernelRelease)),
            ("loadAverage", .string(loadAverage)),
            ("processors", .number(UInt64(placement.processors))),
            ("proxyProcessor", .number(UInt64(placement.proxy))),
            ("loadProcessor", .number(UInt64(placement.load))),
            ("ringFailure", ringFailure.map { .string($0) } ?? .null),
            ("measurements", .array(summary.measurements.map(measurement))),
            ("medians", .array(summary.connections.flatMap(medians))),
            ("ratios", .array(summary.backends.count > 1 ? summary.connections.map(ratios) : [])),
        ]).text
    }

    private func measurement(_ one: Measurement) -> JSONText {
        let latencies = one.load.latencies
        return .object([
            ("round", .number(UInt64(one.round))),
            ("connections", .number(UInt64(one.connections))),
            ("backend", .string(one.backend.rawValue)),
            ("requests", .number(one.load.requests)),
            ("failures", .number(one.load.failures)),
            ("reconnects", .number(one.load.reconnects)),
            ("elapsedNs", .number(one.load.elapsedNs)),
            ("processorNs", .number(one.processor.totalNs)),
            ("userNs", one.processor.userNs.map { .number($0) } ?? .null),
            ("systemNs", one.processor.systemNs.map { .number($0) } ?? .null),
            (
                "proxyRequests",
                options.mode == .http ? .number(one.counters[.requests]) : .null
            ),
            ("systemCalls", .number(one.counters.systemCalls)),
            ("completions", .number(one.counters[.completions])),
            ("turns", .number(one.counters[.turns])),
            ("bytesCopied", .number(one.counters[.bytesCopied])),
            ("p50Ns", .number(latencies.percentile(50))),
            ("p90Ns", .number(latencies.percentile(90))),
            ("p99Ns", .number(latencies.percentile(99))),
            ("p999Ns", .number(latencies.percentile(99.9))),
        ])
    }

    private func medians(_ connections: Int) -> [JSONText] {
        summary.backends.map { backend in
            .object(
                [
                    ("connections", .number(UInt64(connections))),
                    ("backend", .string(backend.rawValue)),
                ]
                    + Figure.allCases.map {
                        Self.member($0, summary.median($0, backend, connections))
                    })
        }
    }

    private func ratios(_ connections: Int) -> JSONText {
        .object(
            [("connections", .number(UInt64(connections)))]
                + Figure.allCases.filter(\.isCompared).map {
                    Self.member($0, summary.ratio($0, connections))
                })
    }

    private static func member(_ figure: Figure, _ value: Double?) -> (String, JSONText) {
        (figure.rawValue, value.map { .decimal($0) } ?? .null)
    }
}
