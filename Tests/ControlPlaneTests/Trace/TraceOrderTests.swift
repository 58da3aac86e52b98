// What is asked to be traced, and how its events are told.

import Protocols
import Testing

@testable import ControlPlane
@testable import DataPlane

@Suite struct TraceOrderTests {
    private static func block(_ text: String) throws -> IPBlock { try IPBlock(parsing: text) }

    @Test(arguments: ["192.0.2.7", "10.0.0.0/8", "0.0.0.0/0", "::1", "2001:db8::/32", "::/0"])
    func clientsGoThereAndBack(text: String) throws {
        let order = TraceOrder.client(try Self.block(text))
        #expect(try TraceOrder(query: order.query) == order)
        #expect(try TraceOrder(query: "client=\(text)") == order)
    }

    static let names = [
        "api", "a b", "a+b", "a&b=c", "100%", "%41", "a;b", "a#b", "a?b", "\"", "é", "日本", "",
    ]

    @Test(arguments: names)
    func routesGoThereAndBack(name: String) throws {
        for listener in [nil] + Self.names {
            let order = TraceOrder.route(name, listener: listener)
            #expect(try TraceOrder(query: order.query) == order, "\(order.query)")
            // It stands in a request line.
            let isPlain = order.query.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
            #expect(isPlain && !order.query.contains("#"))
        }
    }

    @Test(arguments: [
        ("", "expected client=ADDRESS"), ("client", "address"), ("client=", "address"),
        ("client=localhost", "localhost"), ("client=10.0.0.1/8", "10.0.0.1/8"),
        ("client=10.0.0.0/33", "33"), ("client=::1&route=a", "expected client=ADDRESS"),
        ("client=::1&listener=a", "expected client=ADDRESS"), ("listener=a", "expected"),
        ("route=a&route=b", "'route' is given twice"), ("client=::1&client=::1", "given twice"),
        ("route=a&color=red", "expected"), ("Route=a", "expected"), ("=a", "expected"),
        ("&&&", "given twice"),
    ])
    func mistakesAreTold(query: String, part: String) {
        let refusal = #expect(throws: TraceRefusal.self) { try TraceOrder(query: query) }
        #expect(refusal?.status == 400)
        #expect(refusal?.reason.contains(part) == true, "\(refusal?.reason ?? "")")
        #expect(refusal?.reason.contains("\n") == false)
    }
}

@Suite struct TraceReportTests {
    private static func report(
        _ event: TraceEvent, _ names: SiteNames = SiteNames()
    ) -> TraceReport {
        TraceReport(event, worker: 1, names, unixOffsetNs: 0)
    }

    private static func head(_ text: [UInt8]) -> TraceReport {
        var event = TraceEvent(.head, connection: 7, id: 3, atNs: 0)
        event.append(text.span, 0..<text.count)
        return report(event)
    }

    @Test func linesTellWhenAndWhat() {
        let at: UInt64 = (3_600 * 23 + 60 * 59 + 58) * 1_000_000_000 + 12_345_678
        let first = TraceReport(
            TraceEvent(.sent, connection: 7, atNs: at), worker: 2, SiteNames(), unixOffsetNs: 0)
        #expect(first.line(sinceUs: nil) == "23:59:58.012345  2/7              sent")
        #expect(first.line(sinceUs: at / 1_000 - 42) == "23:59:58.012345  2/7  +42us       sent")
        // Clocks of the turn's start and end: none goes back.
        #expect(first.line(sinceUs: at).contains("+0us"))
        let end = TraceReport(
            TraceEvent(
                .ended, connection: 7, code: 404, end: .noRoute, value: 99,
                atNs: 86_400_000_000_000),
            worker: 0, SiteNames(), unixOffsetNs: 0)
        #expect(
            end.line(sinceUs: nil)
                == "00:00:00.000000  0/7              ended           "
                + "no-route, status 404, 99 bytes")
    }

    @Test func detailsTellNumbers() {
        let details: [(TraceEvent, String)] = [
            (TraceEvent(.chosen, connection: 1, id: 9, code: 2, atNs: 0), "?, number 2"),
            (TraceEvent(.connectFailed, connection: 1, id: 9, code: 0, atNs: 0), "?, not in time"),
            (TraceEvent(.response, connection: 1, id: 9, code: 503, atNs: 0), "503 from ?"),
            (
                TraceEvent(.ended, connection: 1, end: .clientClosed, value: 3, atNs: 0),
                "client-closed, no status, 3 bytes"
            ),
            (TraceEvent(.queued, connection: 1, atNs: 0), ""),
            (TraceEvent(.accepted, connection: 1, id: 4, atNs: 0), "by ?"),
        ]
        for (event, detail) in details { #expect(Self.report(event).detail == detail) }
        let refused = TraceEvent(.connectFailed, connection: 1, id: 9, code: 111, atNs: 0)
        #expect(Self.report(refused).detail.lowercased().contains("refused"))
        let none = TraceEvent(
            .head, connection: 1, id: MetricLimits.noRoute(ofListener: 4), atNs: 0)
        #expect(Self.report(none).detail.hasSuffix("by no route of ?"))
    }

    /// What a client sends cannot move a terminal's cursor, end a line or hide what follows.
    @Test func noByteOfAClientControlsATerminal() throws {
        for byte in UInt8.min...UInt8.max {
            let report = Self.head([0x47, byte, 0x54])
            let line = report.line(sinceUs: nil)
            #expect(line.utf8.allSatisfy { (0x20..<0x7F).contains($0) }, "\(byte)")
            let isPrintable = (0x20..<0x7F).contains(byte)
            #expect(report.detail.contains("\\x") != isPrintable)
        }
        let report = Self.head(Array("GET /\u{1B}[2J\u{7}\r\ndata: forged".utf8))
        #expect(report.detail == "GET /\\x1b[2J\\x07\\x0d\\x0adata: forged  by ?")
        // And not an event's end either.
        let json = String(decoding: try AdminJSON.encode(report), as: UTF8.self)
        #expect(!json.contains("\n") && !json.contains("\r"))
        #expect(try AdminJSON.decode(TraceReport.self, Array(json.utf8)) == report)
    }

    @Test func longTextsAreSaidToBeCut() {
        let long = [UInt8](repeating: 0x61, count: TraceEvent.textBytesMax + 1)
        #expect(Self.head(long).detail.hasPrefix(String(repeating: "a", count: 88) + "...  by"))
        #expect(Self.head(Array(long.prefix(87))).detail.contains("...") == false)
    }
}
