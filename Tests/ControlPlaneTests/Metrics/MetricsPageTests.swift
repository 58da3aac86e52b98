// `/metrics` as scrapers read it: the Python client's strict parser, promtool, and that nothing is
// counted which is not told. The dashboard and the alerts in Config ask for nothing else.

import Foundation
import IntegrationSupport
import Protocols
import Testing

@testable import ControlPlane
@testable import DataPlane

@Suite struct MetricsPageTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static let python = """
        import sys
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
        for family in text_string_to_metric_families(open(sys.argv[1]).read()):
            for sample in family.samples:
                labels = ','.join(f'{k}={v}' for k, v in sorted(sample.labels.items()))
                print(sample.name, repr(labels)[1:-1], float(sample.value), sep='|')
        """

    /// Facts of a site in which everything has happened, some of it to names that are hard to
    /// write.
    private static func facts() -> MetricsFacts {
        var site = CountedSite()
        let hard = "a\"b\\c\nd"
        site.change(
            to: ["web": ["api", hard], "tcp": []], ["app": ["10.0.0.1:80", "10.0.0.2:80"]])
        site.count("web", "api", 7)
        site.count("web", hard, 2, worker: 1)
        let writer = site.workers[0].writer
        for id in site.site.endpoints.keys {
            for metric in EndpointMetric.allCases { writer.add(3, metric, ofEndpoint: id) }
            writer.countRequest(ofEndpoint: id, .success)
        }
        for kind in WorkerHistogram.allCases { writer.record(5_000, kind) }
        for reason in EndReason.allCases { writer.countEnd(reason) }
        for deadline in Deadline.allCases {
            writer.countPast(deadline)
            writer.countPast(deadline)
        }
        for refusal in HeadRefusal.allCases { writer.countRefusal(refusal) }
        let words = MergedWords(workers: site.workers)
        var now = ProcessSample(startNs: 2_000_000_000, workers: 2)
        for counter in Counter.allCases {
            now.workers[0].counters[counter] = UInt64(counter.rawValue) + 1
        }
        now.workers[1].processorTimeNs = 250_000_000
        var facts = MetricsFacts(now: now)
        facts.windows = [("1s", ProcessSample(startNs: 1_000_000_000, workers: 2))]
        (facts.version, facts.backend, facts.backendReason) = ("1.2", "epoll", "asked \"for\"")
        facts.counts = site.read()
        facts.histograms = WorkerHistogram.allCases.map(words.histogram)
        facts.ends = EndReason.allCases.map(words.ends)
        facts.timeouts = Deadline.allCases.map(words.timeouts)
        facts.refusals = HeadRefusal.allCases.map(words.refusals)
        facts.healthChanges = [4, 0, 0, 0, 0, 0]
        facts.buffersMax = [10, 20]
        return facts
    }

    /// Samples as the Python client reads them.
    private static func samples(_ facts: MetricsFacts) throws -> [String] {
        let directory = try TemporaryDirectory()
        let page = String(decoding: MetricsPage.bytes(facts, .openMetrics), as: UTF8.self)
        let file = try directory.write(page, to: "metrics")
        let run = try ChildProcess.run(["/usr/bin/python3", "-c", python, file])
        try #require(run.status == .exited(0), "\(run.errorOutput)")
        return run.output.split(separator: "\n").map(String.init)
    }

    @Test func theStrictParserReadsWhatWasCounted() throws {
        let samples = try Self.samples(Self.facts())
        let route = "listener=web,method=GET,route=api"
        let expected = [
            "gyre_http_requests_total|code=2xx,\(route)|7.0",
            "gyre_http_request_duration_seconds_count|listener=web,route=api|7.0",
            "gyre_endpoint_failures_total|endpoint=10.0.0.2:80,reason=reset,upstream=app|3.0",
            "gyre_ends_total|reason=pending-timeout|1.0",
            "gyre_timeouts_total|deadline=pending|2.0",
            "gyre_http_heads_refused_total|reason=bare-line-feed|1.0",
            "gyre_http_heads_refused_total|reason=coding-in-http10|1.0",
            "gyre_backend_info|backend=epoll,reason=asked \"for\"|1.0",
            "gyre_worker_cpu_seconds_total|worker=1|0.25",
            "gyre_worker_cpu_utilization_ratio|window=1s,worker=1|0.25",
            "gyre_endpoint_health_changes_total|change=ejected|4.0",
        ]
        #expect(expected.filter { !samples.contains($0) } == [])
        let hard = samples.filter {
            $0.hasPrefix("gyre_http_requests_total|") && $0.contains("a\"b")
        }
        #expect(
            hard == [
                "gyre_http_requests_total|code=2xx,listener=web,method=GET,route=a\"b\\\\c\\nd|2.0"
            ])
        // None twice.
        let names = Set(samples.map { $0.prefix(upTo: $0.lastIndex(of: "|") ?? $0.endIndex) })
        #expect(names.count == samples.count)
    }

    @Test func promtoolHasNothingToSay() throws {
        let directory = try TemporaryDirectory()
        let page = String(decoding: MetricsPage.bytes(Self.facts(), .classic), as: UTF8.self)
        let file = try directory.write(page, to: "metrics")
        let run = try ChildProcess.run(["sh", "-c", "promtool check metrics < \(file)"])
        #expect(run.status == .exited(0), "\(run.errorOutput)")
        #expect(run.output + run.errorOutput == "")
    }

    @Test func everyCounterIsTold() {
        let told =
            Counter.systemCalls + MetricsPage.plain.map(\.0) + MetricsPage.gathered
        #expect(told.sorted { $0.rawValue < $1.rawValue } == Counter.allCases)
    }

    @Test func aThousandOfEachHaveSeriesAndTheOthersAreSummed() throws {
        var facts = MetricsFacts(now: ProcessSample(startNs: 0, workers: 1))
        for id in 0..<1_200 as Range<UInt32> {
            var route = RouteTally()
            route.requests[.get, .success] = 2
            facts.counts.routes.append(
                SiteCounts.Route(id: id, listener: "web", name: "r\(id)", tally: route))
            facts.counts.endpoints.append(
                SiteCounts.Endpoint(
                    id: id, upstreamID: 0, upstream: "u", name: "e\(id)", address: "e\(id)",
                    weight: 1, tally: EndpointTally()))
        }
        let samples = try Self.samples(facts)
        let requests = samples.filter { $0.hasPrefix("gyre_http_requests_total|") }
        let count = requests.count
        #expect(count == 1_001)
        #expect(samples.count { $0.hasPrefix("gyre_endpoint_up|") } == 1_000)
        let expected = [
            "gyre_http_requests_total|code=2xx,listener=web,method=GET,route=_other|400.0",
            "gyre_metrics_hidden_series|kind=route|200.0",
            "gyre_metrics_hidden_series|kind=endpoint|200.0",
        ]
        #expect(expected.filter { !samples.contains($0) } == [])
    }

    /// Words of queries that look like our metrics.
    private static func names(in text: String) -> Set<String> {
        let words = text.split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_")) }
        return Set(words.filter { $0.hasPrefix("gyre_") }.map(String.init))
    }

    @Test(arguments: ["grafana/gyre.json", "prometheus/gyre-alerts.yaml"])
    func whatIsAskedForExists(_ file: String) throws {
        let url = Self.root.appending(path: "Config/\(file)")
        let known = Set(try Self.samples(Self.facts()).map { String($0.prefix { $0 != "|" }) })
        let asked = Self.names(in: try String(contentsOf: url, encoding: .utf8))
        #expect(asked.count > 10)
        #expect(asked.subtracting(known).isEmpty, "\(asked.subtracting(known))")
    }

    @Test func theDashboardIsOne() throws {
        let data = try Data(contentsOf: Self.root.appending(path: "Config/grafana/gyre.json"))
        let dashboard = try #require(
            try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(dashboard["schemaVersion"] as? Int ?? 0 >= 36)
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        let ids = panels.compactMap { $0["id"] as? Int }
        #expect(ids.count > 15 && Set(ids).count == ids.count && ids.count == panels.count)
        for panel in panels where panel["type"] as? String != "row" {
            let targets = panel["targets"] as? [[String: Any]] ?? []
            #expect(!targets.isEmpty, "\(panel["title"] ?? "")")
            for target in targets { #expect((target["expr"] as? String)?.isEmpty == false) }
        }
    }

    /// Also every query of the dashboard is one: each becomes a rule.
    @Test func promtoolTakesTheRules() throws {
        let rules = Self.root.appending(path: "Config/prometheus/gyre-alerts.yaml")
        let run = try ChildProcess.run(
            ["promtool", "check", "rules", rules.path(percentEncoded: false)])
        #expect(run.status == .exited(0), "\(run.output)\(run.errorOutput)")
        let data = try Data(contentsOf: Self.root.appending(path: "Config/grafana/gyre.json"))
        let dashboard = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        let panels = dashboard?["panels"] as? [[String: Any]] ?? []
        let queries = panels.flatMap { $0["targets"] as? [[String: Any]] ?? [] }
            .compactMap { $0["expr"] as? String }
            .map { $0.replacing("$__rate_interval", with: "1m").replacing("$instance", with: "a") }
        let records = queries.enumerated().map { index, query in
            "  - record: r\(index)\n    expr: '\(query.replacing("'", with: "''"))'\n"
        }
        let directory = try TemporaryDirectory()
        let file = try directory.write(
            "groups:\n- name: dashboard\n  rules:\n" + records.joined(), to: "rules.yaml")
        let check = try ChildProcess.run(["promtool", "check", "rules", file])
        #expect(check.status == .exited(0), "\(check.output)\(check.errorOutput)")
    }
}
