// What `gyre bench` says: where and what was measured, the table, and how it is to be read. Pure.

internal import ControlPlane
internal import DataPlane
internal import Protocols

/// What a bench found.
package struct BenchReport: Sendable {
    let options: BenchOptions
    let kernelRelease: String
    /// Of the last minute, before anything was measured.
    let loadAverage: String
    let placement: Placement
    /// Why io_uring was not measured although it was asked for; `nil` when it was, or was not.
    let ringFailure: String?
    let expected: Expectation
    let summary: BenchSummary

    /// Requests that failed, in all measurements.
    package var failures: UInt64 { summary.measurements.reduce(0) { $0 + $1.load.failures } }

    /// Whether the proxy's processor had time left in every measurement.
    private var busiest: Double { summary.measurements.map { $0[.busy] }.max() ?? 0 }

    /// A proxy below this is not what limits the rate.
    private static let busyMin = 0.9

    /// Lines for people, without a newline at the end.
    package var text: String {
        ([subject, machine, ""] + [table, ""] + explanation).joined(separator: "\n")
    }

    private var subject: String {
        let proxy = options.mode == .http ? "HTTP proxy" : "TCP forwarder"
        let length = expected.bodyBytes.map { "\($0) bytes of body" } ?? "bodies of varying length"
        let origin =
            options.target.map { "\($0.address)\($0.path)" } ?? "the built-in origin"
        let duration = DurationText.text(milliseconds: options.durationMs)
        let rounds = "\(options.rounds) round\(options.rounds == 1 ? "" : "s")"
        return "\(proxy) with 1 worker in front of \(origin), \(length), \(rounds) of \(duration)"
    }

    private var machine: String {
        let count = placement.processors
        let others = options.target == nil ? "clients and origin" : "clients"
        let place =
            placement.isShared
            ? "shared by proxy and \(others), so rates and latencies say little"
            : "proxy on \(placement.proxy), \(others) on \(placement.load)"
        let processors = "\(count) processor\(count == 1 ? "" : "s")"
        return "Linux \(kernelRelease), load average \(loadAverage), \(processors): \(place)"
    }

    private static let title = [
        "clients", "backend", "req/s", "busy", "CPU", "user", "sys", "calls", "batch", "p50", "p90",
        "p99", "p99.9", "failed",
    ]

    private var table: String {
        var table = TextTable(title: Self.title)
        for connections in summary.connections {
            if summary.backends.count > 1, connections != summary.connections.first {
                table.addGap()
            }
            for backend in summary.backends {
                let figures = Figure.allCases.map { figure in
                    Self.text(figure, summary.median(figure, backend, connections))
                }
                let failures = "\(summary.failures(backend, connections))"
                table.add(["\(connections)", backend.rawValue] + figures + [failures])
            }
            guard summary.backends.count > 1 else { continue }
            let ratios = Figure.allCases.map { figure in
                figure.isCompared
                    ? NumberText.fixed(summary.ratio(figure, connections), places: 2) : ""
            }
            table.add(["", "ratio"] + ratios + [""])
        }
        return table.text
    }

    private static func text(_ figure: Figure, _ value: Double?) -> String {
        switch figure {
        case .busy: value.map { "\(NumberText.fixed($0 * 100, places: 0))%" } ?? "-"
        case .processorUs, .userUs, .systemUs, .completionsPerTurn:
            NumberText.fixed(value, places: 1)
        case .systemCalls: NumberText.fixed(value, places: 2)
        case .requestsPerSecond, .p50Us, .p90Us, .p99Us, .p999Us:
            NumberText.fixed(value, places: 0)
        }
    }

    private var explanation: [String] {
        var lines = [
            "CPU, user, sys: the proxy's processor time for each request, in µs; calls: its system",
            "calls for each request; batch: completions for each turn of its loop; p50 to p99.9:",
            "latencies in µs. All are medians of the rounds. ratio: io_uring's divided by epoll's",
            "in each round, and the median of that; below 1 is less for io_uring.",
        ]
        if busiest < Self.busyMin, !placement.isShared {
            let busy = NumberText.fixed(busiest * 100, places: 0)
            lines += [
                "The proxy was never more than \(busy)% busy: what drives it, or other work on",
                "this machine, limits req/s and latencies, but not CPU and calls.",
            ]
        }
        return lines
    }
}
