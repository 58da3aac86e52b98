// The screen of `gyre top`: what is on it at which size, and that it keeps to its size whatever a
// report has in it.

import ControlPlane
import Testing

@testable import gyre

@Suite struct TopScreenTests {
    private func text(
        _ report: LiveReport, _ columns: Int, _ rows: Int, _ view: TopView = TopView()
    ) -> [String] {
        TopScreen.lines(report, TopScreen.Size(columns: columns, rows: rows), view).map(\.text)
    }

    @Test func aTerminalOfTheUsualSizeHasWhatMattersMost() throws {
        let lines = text(try LiveReportFixture.report(), 80, 24)
        let expected = """
            gyre 1.2  pid 7  serving  ready  up 1h 2m  io_uring  configuration 3 (site.yaml)
            clients 6 of 9784  busy 1  flows 2  waiting 0  to upstreams 9
            PER SECOND   REQUESTS  ACCEPTED      IN     OUT   2xx   3xx   4xx   5xx  NONE
            last second      20.0      1.50  3.12kB  14.2kB  17.5  1.00  1.00  0.50     0
            LAST MINUTE    p50    p90     p99  p99.9   MEAN  COUNT
            total        250us  900us  12.5ms  251ms  310us   1200
            first byte   250us  900us  12.5ms  251ms  310us   1200
            own share    250us  900us  12.5ms  251ms  310us   1200
            """
        #expect(lines.prefix(8).joined(separator: "\n") == expected)
        #expect(lines.count == 24)
        #expect(lines.contains { $0.hasPrefix("UPSTREAM  ENDPOINT") })
        #expect(lines.contains { $0.contains("10.0.0.3:80  ejected") })
        #expect(lines.contains { $0.contains("LISTENER  ROUTE") })
        #expect(lines[23] == "by requests  q quit  s sort  1-5 table  p pause  ? help")
    }

    @Test func theWholeIsShownWhereThereIsRoom() throws {
        let lines = text(try LiveReportFixture.report(), 160, 50)
        for part in [
            "WORKER", "LISTENER", "UPSTREAM", "LISTENER  ROUTE", "AGO  LEVEL", "last minute",
            "queue", "ended  done 51000  client_gone 12  retries 3", "3 checks failed",
            "1m  error    worker 1 found no buffer",
        ] {
            #expect(lines.contains { $0.contains(part) }, "\(part)")
        }
    }

    static let sizes = [
        (80, 24), (120, 40), (40, 12), (200, 60), (20, 5), (10, 3), (1, 1), (80, 8), (60, 16),
    ]

    /// Also with names that are anything, and with the largest numbers.
    @Test(arguments: sizes)
    func nothingIsEverWiderOrLongerThanTheScreen(columns: Int, rows: Int) throws {
        let plain = try LiveReportFixture.report()
        for report in [plain, try LiveReportFixture.empty(), Self.hostile(plain), Self.huge(plain)]
        {
            for focus in TopFocus.allCases {
                for isHelping in [false, true] {
                    var view = TopView()
                    view.focus = focus
                    view.showsHelp = isHelping
                    view.offset = 1_000
                    view.trouble = "nobody answers at /run/gyre/\u{1B}[31m/gyre.sock"
                    let lines = TopScreen.lines(
                        report, TopScreen.Size(columns: columns, rows: rows), view)
                    #expect(lines.count == rows)
                    for line in lines {
                        #expect(line.width <= columns, "\(line.text)")
                        #expect(Self.isHarmless(line.text), "\(line.text)")
                    }
                }
            }
        }
    }

    private static func isHarmless(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            let value = scalar.value
            return value >= 0x20 && !(0x7F...0x9F).contains(value)
                && !(0x2028...0x202E).contains(value) && !(0x2066...0x2069).contains(value)
        }
    }

    private static func hostile(_ report: LiveReport) -> LiveReport {
        var report = report
        let name = "\u{1B}]0;owned\u{07}\r\n\u{9B}2J名前\u{202E}e\u{301}\u{301}\u{301}👍🏽\u{2028}"
        report.version = name
        report.configuration = name
        report.isReady = false
        report.notReadyReason = name
        report.listeners[0].name = name
        report.listeners[0].addresses = [name, name]
        report.routes[0].name = String(repeating: name, count: 20)
        report.upstreams[0].name = name
        report.upstreams[0].endpoints[0].name = name
        report.upstreams[0].endpoints[2].reason = String(repeating: name, count: 20)
        report.errors[0].message = String(repeating: name, count: 100)
        report.errors[0].level = name
        report.totals.ends[name] = 1
        return report
    }

    private static func huge(_ report: LiveReport) -> LiveReport {
        var report = report
        report.connections.active = .max
        report.second.requests = .greatestFiniteMagnitude
        report.second.bytesIn = .infinity
        report.second.bytesOut = .nan
        report.minute.total.p99Us = 1e300
        report.minute.total.p50Us = -1
        report.uptimeMs = .max
        report.listeners[0].bytesIn = .max
        report.listeners[0].statuses.serverError = 1e300
        report.listeners[1].statuses.success = .nan
        report.upstreams[0].endpoints[0].weight = .max
        report.upstreams[0].endpoints[0].requests = .max
        report.errors[0].atMs = .max
        report.errors[1].atMs = 0
        report.workers[0].second.processors = 1e300
        return report
    }

    @Test func namesAreShownAndNotObeyed() throws {
        var report = try LiveReportFixture.report()
        report.upstreams[0].endpoints[0].name = "\u{1B}[31mred"
        let lines = text(report, 120, 40)
        #expect(lines.contains { $0.contains("?[31mred") })
    }

    /// Columns stay under their headings behind a wide name.
    @Test func wideNamesKeepTheColumns() throws {
        var report = try LiveReportFixture.report()
        report.upstreams[0].endpoints[0].name = "東京一号"
        let lines = TopScreen.lines(report, TopScreen.Size(columns: 80, rows: 24), TopView())
        let heading = try #require(lines.first { $0.text.hasPrefix("UPSTREAM") }).text
        let row = try #require(lines.first { $0.text.contains("東京一号") }).text
        let before = try #require(row.split(separator: "usable").first)
        #expect(
            TerminalText.width(String(before))
                == heading.distance(
                    from: heading.startIndex,
                    to: try #require(heading.firstRange(of: "STATE")).lowerBound))
    }

    @Test(arguments: [
        (TopSort.requests, ["10.0.0.2", "10.0.1.1", "10.0.0.1", "10.0.0.3"]),
        (.errors, ["10.0.1.1", "10.0.0.3", "10.0.0.1", "10.0.0.2"]),
        (.name, ["10.0.1.1", "10.0.0.1", "10.0.0.2", "10.0.0.3"]),
    ])
    func rowsAreInTheOrderThatIsAskedFor(sort: TopSort, order: [String]) throws {
        var view = TopView()
        view.sort = sort
        let lines = text(try LiveReportFixture.report(), 120, 40, view)
        let found = lines.filter { $0.hasPrefix("app ") || $0.hasPrefix("api ") }
            .compactMap { $0.split(separator: " ")[1].split(separator: ":").first.map(String.init) }
        #expect(found == order)
        let footer = try #require(lines.last)
        #expect(footer.hasPrefix("by \(sort.rawValue)"))
    }

    @Test func theTableInFocusHasTheRoomAndCanBeMovedIn() throws {
        var report = try LiveReportFixture.report()
        let one = report.upstreams[0].endpoints[0]
        report.upstreams[0].endpoints = (100..<200).map { number in
            var endpoint = one
            endpoint.name = "host-\(number)"
            return endpoint
        }
        var view = TopView()
        view.sort = .name
        func hosts() -> [Substring] {
            text(report, 80, 24, view).flatMap { $0.split(separator: " ") }
                .filter { $0.hasPrefix("host-") }
        }
        #expect(hosts().first == "host-100")
        view.offset = 10
        #expect(hosts().first == "host-109", "behind the one of the other upstream")
        view.offset = 1_000
        #expect(hosts().last == "host-199")
        let inFocus = hosts().count
        view.offset = 0
        view.focus = .workers
        #expect(hosts().count < inFocus)
    }

    @Test func whatIsLeftOutIsCounted() throws {
        var report = try LiveReportFixture.report()
        #expect(!TopScreen.text(report, columns: .max).contains { $0.contains(" of 4") })
        report.endpointsLeftOut = 600
        report.routesLeftOut = 0
        let lines = TopScreen.text(report, columns: .max)
        #expect(lines.contains { $0.hasPrefix("UPSTREAM") && $0.hasSuffix("  1-4 of 604") })
        #expect(lines.contains { $0.hasPrefix("LISTENER  ROUTE") && $0.hasSuffix("MEAN") })
        let screen = text(report, 80, 24)
        #expect(screen.contains { $0.hasPrefix("UPSTREAM") && !$0.hasSuffix("WEIGHT") })
    }

    @Test func shrinkingLeavesOutWhatMattersLeast() throws {
        let report = try LiveReportFixture.report()
        let small = text(report, 40, 12)
        #expect(small.contains { $0.contains("ENDPOINT") && $0.contains("STATE") })
        #expect(small.contains { $0.contains("REQUESTS   2xx   4xx   5xx") })
        #expect(!small.contains { $0.contains("p99.9") || $0.contains("WORKER") })
        #expect(TopScreen.shares([5, 4, 0], room: 20) == [5, 4, nil])
        #expect(TopScreen.shares([5, 4, 9], room: 10) == [5, 1, nil])
        #expect(TopScreen.shares([0, 4], room: 4) == [0, nil])
        #expect(TopScreen.shares([9], room: 1) == [nil])
    }

    @Test func troubleAndPauseAreSaid() throws {
        var view = TopView()
        view.trouble = "nobody answers at /a"
        view.isPaused = true
        let lines = text(try LiveReportFixture.report(), 120, 24, view)
        #expect(lines.last?.hasPrefix("nobody answers at /a; trying again  paused  by") == true)
        view.showsHelp = true
        let help = text(try LiveReportFixture.report(), 80, 24, view)
        #expect(
            help.last?.hasPrefix("q quit  s sort: r requests") == true
                && help.last?.hasSuffix("? back") == true)
    }

    /// What `--once` prints has all rows, and nothing is cut where there is no terminal.
    @Test func theTextHasEverything() throws {
        var report = try LiveReportFixture.report()
        let long = String(repeating: "long-", count: 50)
        report.upstreams[0].endpoints[2].reason = long
        report.routes = (0..<300).map { number in
            var route = report.routes[0]
            route.name = "route-\(number)"
            return route
        }
        let lines = TopScreen.text(report, columns: .max)
        #expect(lines.count { $0.contains("route-") } == 300)
        #expect(lines.contains { $0.hasSuffix(long) })
        #expect(!lines.contains { $0.hasSuffix(" ") || $0.contains("\u{1B}") })
        #expect(TopScreen.text(report, columns: 60).allSatisfy { TerminalText.width($0) <= 60 })
    }
}
