// Reports: JSON that a parser reads back, lines that stay lines.

import ControlPlane
import DataPlane
import Foundation
import Logging
import Testing

private func parsed(_ json: String) throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: Data(json.utf8))
    return try #require(value as? [String: Any])
}

@Suite struct JSONTextTests {
    @Test func everyCharacterSurvives() throws {
        let text = String(String.UnicodeScalarView((0..<0x300).compactMap(Unicode.Scalar.init)))
        let json = JSONText.object([(text, .string(text))]).text
        #expect(!json.contains("\n"))
        #expect(try parsed(json)[text] as? String == text)
    }

    @Test func membersKeepTheirOrder() {
        let value = JSONText.object([
            ("z", .number(.max)), ("a", .array([.bool(true), .bool(false), .null])),
            ("e", .object([])), ("l", .array([])),
        ])
        #expect(
            value.text == #"{"z":18446744073709551615,"a":[true,false,null],"e":{},"l":[]}"#)
    }

    @Test func decimalsHaveThreePlacesOrAreNone() {
        let values: [JSONText] = [
            .decimal(1.23456), .decimal(2), .decimal(.nan), .decimal(.infinity), .decimal(1e-9),
        ]
        #expect(JSONText.array(values).text == "[1.235,2.0,null,null,0.0]")
    }
}

@Suite struct CountersReportTests {
    @Test func everyCounterIsThereOnce() throws {
        var counters = CounterSet()
        for counter in Counter.allCases { counters[counter] = UInt64(counter.rawValue) + 1 }
        let json = CountersReport(
            backend: .ioUring, counters: counters, processorTimesNs: [5, 7]
        ).json
        #expect(!json.contains("\n"))
        let report = try parsed(json)
        let calls = try #require(report["systemCalls"] as? [String: UInt64])
        #expect(calls.count == Counter.systemCalls.count)
        for counter in Counter.allCases {
            let isCall = Counter.systemCalls.contains(counter)
            let value = isCall ? calls["\(counter)"] : report["\(counter)"] as? UInt64
            #expect(value == UInt64(counter.rawValue) + 1, "\(counter)")
        }
        #expect(report["systemCallsTotal"] as? UInt64 == calls.values.reduce(0, +))
        #expect(report["workers"] as? Int == 2)
        #expect(report["backend"] as? String == "io_uring")
        #expect(report["processorTimeNs"] as? [UInt64] == [5, 7])
        #expect(report["processorTimeNsTotal"] as? UInt64 == 12)
    }

    @Test func whatIsWrittenIsReadBack() throws {
        var counters = CounterSet()
        for counter in Counter.allCases { counters[counter] = UInt64(counter.rawValue) + 1 }
        counters[.enter] = .max
        let report = CountersReport(
            backend: .ioUring, counters: counters, processorTimesNs: [5, 7])
        let read = try #require(CountersReport(parsing: report.json))
        #expect(read.json == report.json)
        for end in 0..<report.json.count {
            #expect(CountersReport(parsing: report.json.prefix(end)) == nil)
        }
    }

    @Test(arguments: ["", "{}", "{\"backend\":\"epoll\"}", "2026 info listening on :1"])
    func otherLinesAreNone(line: String) {
        #expect(CountersReport(parsing: line) == nil)
    }
}

@Suite struct ProbeReportTests {
    private func report(hasDirectDescriptors: Bool = false) throws -> ProbeReport {
        let host = HostFacts(
            kernelRelease: "6.1.0-18", processors: [0, 2], processorQuota: 1, memoryBytes: 1 << 30,
            descriptors: HostFacts.Limit(soft: 1024, hard: 1024),
            lockedMemory: HostFacts.Limit(soft: .max, hard: .max), listenQueueMax: 128)
        let choice = try BackendChoice.decide(.auto, relay: .auto, ringFailure: "no \"ring\"")
        return ProbeReport(
            host, choice: choice,
            features: [
                ProbeReport.Feature(
                    name: "ring", purpose: "everything", isAvailable: false, isRequired: true,
                    reason: "no \"ring\""),
                ProbeReport.Feature(
                    name: "minimum-wait", purpose: "one wait", isAvailable: true,
                    isRequired: false, reason: ""),
            ],
            hasDirectDescriptors: hasDirectDescriptors)
    }

    @Test func directDescriptorsHaveALimitOfTheirOwn() throws {
        let none = try report()
        #expect(try parsed(none.json)["connectionsAllowedDirect"] is NSNull)
        #expect(!none.text.contains("direct"))
        let some = try report(hasDirectDescriptors: true)
        #expect(try parsed(some.json)["connectionsAllowedDirect"] as? Int == 384)
        #expect(some.text.contains("on 1 worker, for 384 with --direct-descriptors"))
    }

    @Test func jsonHasWhatTheTextHas() throws {
        let json = try parsed(report().json)
        #expect(json["kernel"] as? String == "6.1.0-18")
        #expect(json["backend"] as? String == "epoll")
        #expect(json["processors"] as? [Int] == [0, 2])
        #expect(json["workers"] as? Int == 1)
        #expect(json["connectionsAllowed"] as? Int == 456)
        #expect((json["reason"] as? String)?.contains("no \"ring\"") == true)
        #expect((json["lockedMemoryBytes"] as? [String: Any])?["soft"] is NSNull)
        let features = try #require(json["features"] as? [[String: Any]])
        #expect(features.map { $0["available"] as? Bool } == [false, true])
        #expect(features.map { $0["name"] as? String } == ["ring", "minimum-wait"])
    }

    @Test func textSaysWhatIsMissingAndWhy() throws {
        let lines = try report().text.split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("kernel") && $0.hasSuffix("6.1.0-18") })
        #expect(lines.contains { $0.hasPrefix("auto takes") && $0.contains("epoll") })
        #expect(lines.contains { $0.contains("ring  ") && $0.contains("missing, required") })
        #expect(lines.contains { $0.contains("minimum-wait  found: one wait") })
        #expect(lines.contains { $0.contains("room for 456 connections on 1 worker") })
    }
}

@Suite struct LineLogHandlerTests {
    @Test func anEventIsOneLine() {
        let line = LineLogHandler.line(
            .text, time: "T", level: .warning, message: "one\ntwo\r\nthree",
            metadata: ["b": "2", "a": "1"])
        #expect(line == "T warning one two three a=1 b=2")
    }

    static let json: [(message: String, metadata: Logger.Metadata, expected: String)] = [
        ("plain", [:], #""message":"plain","metadata":{}"#),
        (
            "one\ntwo \"three\"", ["b": "2", "a": "1"],
            #""message":"one\ntwo \"three\"","metadata":{"a":"1","b":"2"}"#
        ),
        (
            "é", ["list": ["x", ["deep": "y\u{1}"]], "number": .stringConvertible(5)],
            #""message":"é","metadata":{"list":["x",{"deep":"y\u0001"}],"number":"5"}"#
        ),
    ]

    @Test(arguments: json)
    func anEventIsOneObject(
        message: String, metadata: Logger.Metadata, expected: String
    ) throws {
        let line = LineLogHandler.line(
            .json, time: "T", level: .error, message: message, metadata: metadata)
        #expect(line == #"{"time":"T","level":"error",\#(expected)}"#)
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        #expect(object?["message"] as? String == message)
    }
}
