// The text of metrics: escapes, both formats, buckets, and the bound on series.

import Protocols
import Testing

@testable import ControlPlane
@testable import DataPlane

@Suite struct ExpositionTests {
    private func text(
        _ format: ExpositionFormat, _ write: (inout ExpositionText) -> Void
    ) -> String {
        var text = ExpositionText(format)
        write(&text)
        return String(decoding: text.finish(), as: UTF8.self)
    }

    @Test func bothFormatsSayTheSame() {
        func write(_ text: inout ExpositionText) {
            text.begin("a", .counter, "What it is.")
            text.sample(18_446_744_073_709_551_615, ["x": "1"])
            text.begin("b_seconds", .gauge, unit: "seconds", "More.")
            text.decimal(0.25)
            text.begin("c", .info, "Words.")
            text.sample(1, ["v": "w"])
        }
        #expect(
            text(.openMetrics, write) == """
                # HELP a What it is.
                # TYPE a counter
                a_total{x="1"} 18446744073709551615
                # HELP b_seconds More.
                # TYPE b_seconds gauge
                # UNIT b_seconds seconds
                b_seconds 0.25
                # HELP c Words.
                # TYPE c info
                c_info{v="w"} 1
                # EOF

                """)
        #expect(
            text(.classic, write) == """
                # HELP a_total What it is.
                # TYPE a_total counter
                a_total{x="1"} 18446744073709551615
                # HELP b_seconds More.
                # TYPE b_seconds gauge
                b_seconds 0.25
                # HELP c_info Words.
                # TYPE c_info gauge
                c_info{v="w"} 1

                """)
    }

    @Test func noValueOfALabelEndsIt() {
        let written = text(.openMetrics) { text in
            text.begin("a", .gauge, "x")
            text.sample(1, ["l": "\"} 7\n# EOF\n\\é"])
        }
        #expect(written.contains("a{l=\"\\\"} 7\\n# EOF\\n\\\\é\"} 1\n# EOF\n"))
        #expect(written.split(separator: "\n").count == 4)
    }

    @Test func theFormatIsWhatIsAskedFor() {
        #expect(ExpositionFormat(accepting: nil) == .classic)
        #expect(ExpositionFormat(accepting: "text/plain;version=0.0.4;q=0.5,*/*") == .classic)
        #expect(
            ExpositionFormat(
                accepting: "application/OpenMetrics-text;version=1.0.0,text/plain;q=0.5")
                == .openMetrics)
    }

    @Test func bucketsAreCumulativeAndSumsExact() {
        let metrics = WorkerMetrics()
        for ns in [90_000, 1_000, 3_000_000, 70_000_000_000] as [UInt64] {
            metrics.writer.record(ns, .total)
        }
        let written = text(.openMetrics) { text in
            text.begin("h_seconds", .histogram, unit: "seconds", "x")
            text.histogram(metrics.histogram(.total), ["a": "b"])
            text.histogram(nil)
        }
        #expect(written.contains("h_seconds_bucket{a=\"b\",le=\"0.0001\"} 2\n"))
        #expect(written.contains("h_seconds_bucket{a=\"b\",le=\"0.0025\"} 2\n"))
        #expect(written.contains("h_seconds_bucket{a=\"b\",le=\"0.005\"} 3\n"))
        #expect(written.contains("h_seconds_bucket{a=\"b\",le=\"60.0\"} 3\n"))
        #expect(written.contains("h_seconds_bucket{a=\"b\",le=\"+Inf\"} 4\n"))
        #expect(written.contains("h_seconds_sum{a=\"b\"} 70.003091\n"))
        #expect(written.contains("h_seconds_count{a=\"b\"} 4\n"))
        #expect(written.contains("h_seconds_bucket{le=\"+Inf\"} 0\n"))
    }

    /// Numbers of completions have buckets of whole numbers.
    @Test func smallCountsAreExact() {
        let metrics = WorkerMetrics()
        for count in [1, 1, 2, 5, 16, 17, 2_000] as [UInt64] {
            metrics.writer.record(count * 64, .batch)
        }
        let written = text(.classic) { text in
            text.begin("n", .histogram, "x")
            text.histogram(metrics.histogram(.batch), [:], .counts)
        }
        for (bound, count) in [("1.0", 2), ("2.0", 3), ("4.0", 3), ("8.0", 4), ("16.0", 5)] {
            #expect(written.contains("n_bucket{le=\"\(bound)\"} \(count)\n"))
        }
        #expect(written.contains("n_bucket{le=\"32.0\"} 6\n"))
        #expect(written.contains("n_bucket{le=\"+Inf\"} 7\n") && written.contains("n_sum 2042.0\n"))
    }

    @Test func thoseBeyondTheBoundShareASeries() {
        func tally(_ bytes: UInt64) -> EndpointTally {
            var tally = EndpointTally()
            tally[.bytesIn] = bytes
            return tally
        }
        let series = SeriesCap(max: 2).series(
            [
                (id: 0, group: "u", name: "a", value: tally(1)),
                (id: 1, group: "v", name: "b", value: tally(2)),
                (id: 2, group: "u", name: "c", value: tally(4)),
                (id: 3, group: "u", name: "d", value: tally(8)),
            ],
            gone: [
                .init(name: "u", isHidden: true): tally(16),
                .init(name: "u", isHidden: false): tally(32),
                .init(name: "", isHidden: false): tally(64),
            ])
        #expect(
            series.map { "\($0.group)/\($0.name) \($0.value[.bytesIn])" } == [
                "u/a 1", "v/b 2", "(removed)/(removed) 64", "u/(removed) 32", "u/_other 28",
            ])
    }
}
