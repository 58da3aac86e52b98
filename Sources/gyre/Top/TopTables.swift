// What of a report is in which table. Pure.

internal import ControlPlane

/// Makes the tables of the screen.
enum TopTables {
    /// The table of a focus, in the order of the report.
    static func table(_ focus: TopFocus, _ report: LiveReport) -> TopTable {
        switch focus {
        case .workers: workers(report)
        case .listeners: listeners(report)
        case .endpoints: endpoints(report)
        case .routes: routes(report)
        case .errors: incidents(report)
        }
    }

    /// What is going on altogether, by window.
    ///
    /// - Parameter isWhole: whether longer windows than the last second are shown.
    static func rates(_ report: LiveReport, isWhole: Bool) -> TopTable {
        var table = TopTable(columns: [
            .text("PER SECOND"), .number("REQUESTS"), .number("ACCEPTED", priority: 5),
            .number("IN", priority: 4), .number("OUT", priority: 4), .number("2xx", priority: 2),
            .number("3xx", priority: 3), .number("4xx", priority: 1), .number("5xx"),
            .number("NONE", priority: 6), .number("CALLS/RQ", priority: 7),
            .number("CPU/RQ", priority: 7), .number("CPU", priority: 8),
            .number("BATCH", priority: 9),
        ])
        let windows = [
            ("last second", report.second), ("last minute", report.minute), ("start", report.start),
        ]
        for (name, window) in isWhole ? windows : Array(windows.prefix(1)) {
            let statuses = window.statuses
            table.rows.append(
                TopRow(cells: [
                    TopCell(name), TopCell(TopNumber.rate(window.requests), .strong),
                    TopCell(TopNumber.rate(window.accepted)),
                    TopCell(TopNumber.bytes(window.bytesIn)),
                    TopCell(TopNumber.bytes(window.bytesOut)),
                    TopCell(TopNumber.rate(statuses.success), .good),
                    TopCell(TopNumber.rate(statuses.redirection)),
                    TopCell(
                        TopNumber.rate(statuses.clientError),
                        statuses.clientError > 0 ? .warning : .plain),
                    TopCell(
                        TopNumber.rate(statuses.serverError),
                        statuses.serverError > 0 ? .bad : .plain),
                    TopCell(TopNumber.rate(statuses.none), statuses.none > 0 ? .bad : .plain),
                    TopCell(TopNumber.rate(window.systemCallsPerRequest)),
                    TopCell(TopNumber.time(window.processorUsPerRequest)),
                    TopCell(TopNumber.share(window.processors)),
                    TopCell(TopNumber.rate(window.completionsPerTurn)),
                ]))
        }
        return table
    }

    /// Percentiles of the last minute.
    ///
    /// - Parameter isWhole: whether stages are shown that most requests have no use of.
    static func latencies(_ report: LiveReport, isWhole: Bool) -> TopTable {
        var table = TopTable(columns: [
            .text("LAST MINUTE"), .number("p50"), .number("p90", priority: 1), .number("p99"),
            .number("p99.9", priority: 2), .number("MEAN", priority: 3),
            .number("COUNT", priority: 4),
        ])
        let minute = report.minute
        let stages = [
            ("total", minute.total), ("first byte", minute.firstByte), ("own share", minute.own),
            ("connect", minute.connect), ("queue", minute.queue),
        ]
        for (name, latency) in isWhole ? stages : Array(stages.prefix(3)) {
            table.rows.append(
                TopRow(cells: [
                    TopCell(name), TopCell(TopNumber.time(latency.p50Us)),
                    TopCell(TopNumber.time(latency.p90Us)),
                    TopCell(TopNumber.time(latency.p99Us), .strong),
                    TopCell(TopNumber.time(latency.p999Us)),
                    TopCell(TopNumber.time(latency.meanUs)),
                    TopCell(TopNumber.count(latency.count)),
                ]))
        }
        return table
    }

    private static func workers(_ report: LiveReport) -> TopTable {
        var table = TopTable(columns: [
            .text("WORKER", sort: .name), .number("CLIENTS"),
            .number("REQ/S", sort: .requests), .number("CPU"), .number("CALLS/RQ", priority: 1),
            .number("CPU/RQ", priority: 1, sort: .latency), .number("BATCH", priority: 2),
            .number("TURNS/S", priority: 5), .number("CALLS/S", priority: 6),
            .number("BUFFERS", priority: 3), .number("STARVED", priority: 4, sort: .errors),
            .number("OVERFLOWS", priority: 5),
        ])
        table.rows = report.workers.map { worker in
            let rates = worker.second
            let buffers =
                "\(TopNumber.count(worker.buffersInUse))/\(TopNumber.count(worker.buffersMax))"
            return TopRow(
                cells: [
                    TopCell("\(worker.index)"), TopCell(TopNumber.count(worker.connections)),
                    TopCell(TopNumber.rate(rates.requests)),
                    TopCell(
                        TopNumber.share(rates.processors),
                        rates.processors >= 0.9 ? .warning : .plain),
                    TopCell(TopNumber.rate(rates.systemCallsPerRequest)),
                    TopCell(TopNumber.time(rates.processorUsPerRequest)),
                    TopCell(TopNumber.rate(rates.completionsPerTurn)),
                    TopCell(TopNumber.rate(rates.turns)),
                    TopCell(TopNumber.rate(rates.systemCalls)), TopCell(buffers),
                    .bad(worker.starvedWaits), .bad(worker.queueOverflows),
                ],
                // Padded, so that 10 comes behind 9.
                name: TerminalText.padded("\(worker.index)", to: 5, isLeft: false),
                requests: rates.requests,
                errors: Double(worker.starvedWaits) + Double(worker.queueOverflows),
                latency: rates.processorUsPerRequest ?? 0)
        }
        return table
    }

    private static func listeners(_ report: LiveReport) -> TopTable {
        var table = TopTable(columns: [
            .text("LISTENER", sort: .name), .text("PROTO", priority: 4), .text("STATE"),
            .number("CLIENTS"), .number("REQ/S", sort: .requests), .number("ACC/S", priority: 3),
            .number("REQUESTS", priority: 1), .number("ACCEPTED", priority: 5),
            .number("IN", priority: 6), .number("OUT", priority: 6), .number("2xx", priority: 8),
            .number("3xx", priority: 8), .number("4xx", priority: 7),
            .number("5xx", priority: 2, sort: .errors), .text("ADDRESS", priority: 3),
        ])
        table.rows = report.listeners.map { listener in
            let statuses = listener.statuses
            return TopRow(
                cells: [
                    TopCell(listener.name), TopCell(listener.protocolName),
                    TopCell(
                        listener.state.rawValue, listener.state == .serving ? .good : .warning),
                    TopCell(TopNumber.count(listener.connections)),
                    TopCell(TopNumber.rate(listener.requestsPerSecond)),
                    TopCell(TopNumber.rate(listener.acceptedPerSecond)),
                    TopCell(TopNumber.count(listener.requests)),
                    TopCell(TopNumber.count(listener.accepted)),
                    TopCell(TopNumber.bytes(Double(listener.bytesIn))),
                    TopCell(TopNumber.bytes(Double(listener.bytesOut))),
                    TopCell(TopNumber.count(whole(statuses.success))),
                    TopCell(TopNumber.count(whole(statuses.redirection))),
                    TopCell(TopNumber.count(whole(statuses.clientError))),
                    .bad(whole(statuses.serverError)),
                    TopCell(listener.addresses.joined(separator: ", ")),
                ],
                name: listener.name,
                // Flows have no requests.
                requests: max(listener.requestsPerSecond, listener.acceptedPerSecond),
                errors: statuses.serverError)
        }
        return table
    }

    private static func endpoints(_ report: LiveReport) -> TopTable {
        var table = TopTable(columns: [
            .text("UPSTREAM", priority: 2), .text("ENDPOINT", sort: .name), .text("STATE"),
            .number("REQ/S", sort: .requests), .number("ACTIVE", priority: 1),
            .number("CONNS", priority: 4), .number("REQUESTS", priority: 3),
            .number("ERRORS", sort: .errors), .number("FAILURES", priority: 5),
            .number("WEIGHT", priority: 6), .number("WAITING", priority: 7),
            .number("1ST BYTE p99", priority: 4, sort: .latency),
            .number("CONNECT p99", priority: 8), .text("REASON", priority: 5),
        ])
        table.leftOut = max(0, report.endpointsLeftOut ?? 0)
        table.rows = report.upstreams.flatMap { upstream in
            upstream.endpoints.map { endpoint in
                TopRow(
                    cells: [
                        TopCell(upstream.name), TopCell(endpoint.name),
                        TopCell(endpoint.state.rawValue, style(endpoint.state)),
                        TopCell(TopNumber.rate(endpoint.requestsPerSecond)),
                        TopCell(TopNumber.count(endpoint.inFlight)),
                        TopCell(TopNumber.count(endpoint.connections)),
                        TopCell(TopNumber.count(endpoint.requests)), .bad(endpoint.errors),
                        .bad(endpoint.failures), TopCell("\(endpoint.weight)"),
                        TopCell(
                            TopNumber.count(upstream.waiting),
                            upstream.waiting > 0 ? .warning : .plain),
                        TopCell(TopNumber.time(upstream.firstByte.p99Us)),
                        TopCell(TopNumber.time(upstream.connect.p99Us)),
                        TopCell(endpoint.reason ?? ""),
                    ],
                    name: "\(upstream.name)/\(endpoint.name)",
                    requests: endpoint.requestsPerSecond, errors: Double(endpoint.errors),
                    latency: upstream.firstByte.p99Us ?? 0)
            }
        }
        return table
    }

    private static func style(_ state: EndpointReport.State) -> ScreenStyle {
        switch state {
        case .usable: .good
        case .draining: .warning
        case .ejected: .bad
        }
    }

    private static func routes(_ report: LiveReport) -> TopTable {
        var table = TopTable(columns: [
            .text("LISTENER", priority: 2), .text("ROUTE", sort: .name),
            .number("REQ/S", sort: .requests), .number("REQUESTS", priority: 1),
            .number("ERRORS", sort: .errors), .number("p50", priority: 3),
            .number("p90", priority: 4), .number("p99", sort: .latency),
            .number("p99.9", priority: 5), .number("MEAN", priority: 6),
        ])
        table.leftOut = max(0, report.routesLeftOut ?? 0)
        table.rows = report.routes.map { route in
            TopRow(
                cells: [
                    TopCell(route.listener),
                    route.name.isEmpty ? TopCell("(none)", .faint) : TopCell(route.name),
                    TopCell(TopNumber.rate(route.requestsPerSecond)),
                    TopCell(TopNumber.count(route.requests)), .bad(route.errors),
                    TopCell(TopNumber.time(route.total.p50Us)),
                    TopCell(TopNumber.time(route.total.p90Us)),
                    TopCell(TopNumber.time(route.total.p99Us)),
                    TopCell(TopNumber.time(route.total.p999Us)),
                    TopCell(TopNumber.time(route.total.meanUs)),
                ],
                name: "\(route.listener)/\(route.name)", requests: route.requestsPerSecond,
                errors: Double(route.errors), latency: route.total.p99Us ?? 0)
        }
        return table
    }

    private static func incidents(_ report: LiveReport) -> TopTable {
        var table = TopTable(columns: [
            .number("AGO"), .text("LEVEL", priority: 1), .text("WHAT HAPPENED"),
        ])
        table.rows = report.errors.map { incident in
            let age = report.atMs > incident.atMs ? report.atMs - incident.atMs : 0
            let style: ScreenStyle =
                switch incident.level {
                case "error": .bad
                case "warning": .warning
                default: .plain
                }
            return TopRow(cells: [
                TopCell(TopNumber.age(milliseconds: age)), TopCell(incident.level, style),
                TopCell(incident.message),
            ])
        }
        return table
    }

    /// A count that came as a decimal.
    private static func whole(_ value: Double) -> UInt64 {
        value.isFinite && value > 0 ? UInt64(min(value.rounded(), 9e18)) : 0
    }
}
