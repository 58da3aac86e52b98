// What is read of a proxy: its log, cut anywhere, and its processor time.

import ControlPlane
import DataPlane
import Testing

@testable import LoadGeneration

@Suite struct ProxyLogTests {
    private func report(requests: UInt64) -> String {
        var counters = CounterSet()
        counters[.requests] = requests
        return CountersReport(backend: .epoll, counters: counters, processorTimesNs: [3]).json
    }

    @Test func everyCutGivesTheSame() {
        let text = """
            2026-01-01T00:00:00.000Z info listening on 127.0.0.1:4711, proxying HTTP to :9, \
            backend epoll, 1 worker
            \(report(requests: 7))
            2026-01-01T00:00:00.001Z warning cannot connect
            \(report(requests: 9))

            """
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            var log = ProxyLog()
            log.append(bytes[..<cut])
            log.append(bytes[cut...])
            #expect(log.address?.port == 4711)
            #expect(log.countersCount == 2)
            #expect(log.counters?.counters[.requests] == 9)
            #expect(log.lastLine.hasSuffix("warning cannot connect"))
        }
    }

    @Test func halfALineIsNoLine() {
        var log = ProxyLog()
        log.append("x listening on 127.0.0.1:47".utf8)
        #expect(log.address == nil)
        log.append("11, \n".utf8)
        #expect(log.address?.port == 4711)
        log.append(report(requests: 1).utf8)
        #expect(log.countersCount == 0)
    }
}

@Suite struct ProcessorTimeTests {
    private func time(_ totalNs: UInt64, _ user: Int, _ system: Int) -> ProcessorTime? {
        // A name can hold what separates the fields.
        let stat = "17 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 \(user) \(system) 0 0 20 0 3 0 99"
        return ProcessorTime(totalNs: totalNs, stat: stat)
    }

    @Test func fieldsCountFromBehindTheName() throws {
        let found = try #require(time(5, 12, 34))
        #expect(found.totalNs == 5 && found.userTicks == 12 && found.systemTicks == 34)
    }

    @Test func theTotalIsDividedAsTheTicksAre() throws {
        let start = try #require(time(1_000, 10, 10))
        let end = try #require(time(9_000, 20, 40))
        let used = end.used(since: start)
        #expect(used.totalNs == 8_000)
        #expect(used.userNs == 2_000)
        #expect(used.systemNs == 6_000)
    }

    @Test func aFewTicksDivideNothing() throws {
        let start = try #require(time(1_000, 10, 10))
        let end = try #require(time(1_500, 10, 29))
        #expect(end.used(since: start) == ProcessorUse(totalNs: 500, userNs: nil))
        #expect(end.used(since: start).systemNs == nil)
    }

    @Test(arguments: ["", "17 (a) S 1 2", "17 a S", "17 (a) S 1 2 3 4 5 6 7 8 9 10 x y 0"])
    func anythingElseIsNone(stat: String) {
        #expect(ProcessorTime(totalNs: 1, stat: stat) == nil)
    }
}
