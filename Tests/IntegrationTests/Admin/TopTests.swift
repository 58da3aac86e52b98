// `gyre top` in a real terminal and in pipes, beside a real process.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct Top {
        /// The part of a report that is looked at here.
        private struct Report: Decodable {
            struct Totals: Decodable {
                let requests: Int
            }
            let pid: Int32
            let totals: Totals
        }

        private static func command(_ demo: RunningDemo, _ options: String = "") -> String {
            "\(Product.binary) top --address \(demo.admin) \(options); echo \"ended\" $?"
        }

        private func run(
            _ arguments: [String]
        ) throws -> (status: ProcessEnd, output: String, errorOutput: String) {
            try ChildProcess.run([Product.binary, "top"] + arguments, within: 10)
        }

        /// The first row below the heading that begins with a word.
        private static func row(below heading: String, _ lines: [String]) -> String? {
            lines.firstIndex { $0.hasPrefix(heading) }.flatMap { index in
                index + 1 < lines.count ? lines[index + 1] : nil
            }
        }

        @Test func keysAndSizesChangeTheScreenAndTheEndRestoresIt() throws {
            let demo = try RunningDemo("--no-traffic")
            for _ in 0..<2 {
                _ = try Curl(["--silent", "http://\(demo.proxy)/status/503"])
            }
            let terminal = try TmuxSession(columns: 110, rows: 40)
            try terminal.type("echo as \"before\"")
            try terminal.await("the shell") { $0.contains("as before") }
            try terminal.type(Self.command(demo))
            try terminal.await("the tables") { lines in
                lines.contains { $0.contains("pid \(demo.process.pid)") }
                    && ["WORKER", "LISTENER", "UPSTREAM"].allSatisfy { heading in
                        lines.contains { $0.hasPrefix(heading) }
                    }
            }
            let state = try terminal.state()
            #expect(state.isAlternate && !state.hasCursor)

            try terminal.press("e")
            try terminal.await("the one with errors first") {
                Self.row(below: "UPSTREAM", $0)?.hasPrefix("app ") == true
                    && $0.contains { $0.hasPrefix("by errors") }
            }
            try terminal.press("n")
            try terminal.await("the first by name first") {
                Self.row(below: "UPSTREAM", $0)?.hasPrefix("api ") == true
            }
            try terminal.press("Left")
            try terminal.await("an arrow") { $0.contains { $0.hasPrefix("by latency") } }

            try terminal.resize(columns: 60, rows: 20)
            try terminal.await("a small screen") { lines in
                lines.count >= 20 && lines[19].hasPrefix("by latency")
                    && lines.allSatisfy { $0.count <= 60 }
                    && !lines.contains { $0.hasPrefix("AGO") }
            }
            try terminal.resize(columns: 110, rows: 40)
            try terminal.await("a larger one") { $0.count >= 40 && $0[39].hasPrefix("by latency") }

            try terminal.press("q")
            try terminal.await("the shell again") {
                $0.contains("as before") && $0.contains("ended 0")
                    && !$0.contains { $0.hasPrefix("UPSTREAM") }
            }
            let after = try terminal.state()
            #expect(!after.isAlternate && after.hasCursor)
            #expect(try demo.interrupt() == .exited(0))
        }

        @Test func itGoesToTheBackgroundAndBack() throws {
            let demo = try RunningDemo("--no-traffic")
            let terminal = try TmuxSession(columns: 100, rows: 30)
            try terminal.type("\(Product.binary) top --address \(demo.admin)")
            try terminal.await("the tables") { $0.contains { $0.hasPrefix("UPSTREAM") } }
            try terminal.press("C-z")
            try terminal.await("the shell") { !$0.contains { $0.hasPrefix("UPSTREAM") } }
            #expect(try !terminal.state().isAlternate)
            try terminal.type("echo in \"between\"")
            try terminal.await("what is typed") { $0.contains("in between") }
            try terminal.type("fg")
            try terminal.await("the tables again") { $0.contains { $0.hasPrefix("UPSTREAM") } }
            try terminal.press("n")
            try terminal.await("a key") { $0.contains { $0.hasPrefix("by name") } }
            try terminal.press("C-c")
            try terminal.await("the shell again") { $0.contains("in between") }
        }

        @Test func aProcessThatGoesAwayIsSaidAndASignalRestoresTheScreen() throws {
            let demo = try RunningDemo("--no-traffic")
            let terminal = try TmuxSession(columns: 100, rows: 30, environment: ["NO_COLOR": "1"])
            try terminal.type(Self.command(demo, "--interval 200ms"))
            try terminal.await("the tables") { $0.contains { $0.hasPrefix("UPSTREAM") } }
            #expect(try demo.interrupt() == .exited(0))
            try terminal.await("that nobody answers") {
                $0.contains { $0.contains("nobody answers at \(demo.admin)") }
                    && $0.contains { $0.hasPrefix("UPSTREAM") }
            }
            let children = try ChildProcess.run(["pgrep", "-P", "\(try terminal.shell())"])
            let top = try #require(
                pid_t(children.output.trimmingCharacters(in: .whitespacesAndNewlines)))
            kill(top, SIGTERM)
            try terminal.await("the shell again") { $0.contains("ended 143") }
            let state = try terminal.state()
            #expect(!state.isAlternate && state.hasCursor)
            try terminal.type("stty -a | grep -c '[^-]icanon'")
            try terminal.await("lines are read as before") { $0.contains("1") }
        }

        @Test(arguments: Backend.usable)
        func theTextIsPlainAndWhole(_ backend: Backend) throws {
            let demo = try RunningDemo("--no-traffic", "--backend", backend.rawValue)
            _ = try Curl.fetch(["http://\(demo.proxy)/", "http://\(demo.proxy)/api/"])
            let run = try run(["--once", "--address", "\(demo.admin)"])
            #expect(run.status == .exited(0), "\(run.errorOutput)")
            #expect(run.output.hasPrefix("gyre "))
            #expect(run.output.contains("  \(backend.name)  configuration 1 (command line)\n"))
            #expect(!run.output.contains("\u{1B}"))
            for part in ["\nWORKER", "\nLISTENER", "\nUPSTREAM", "\(demo.tcp)", "\nended"] {
                #expect(run.output.contains(part), "\(part) in \(run.output)")
            }
        }

        @Test func linesOfJSONComeAtTheInterval() throws {
            let demo = try RunningDemo("--no-traffic")
            _ = try Curl.fetch(["http://\(demo.proxy)/", "http://\(demo.proxy)/api/"])
            var reports: [Report] = []
            let isExact = try eventually(within: 5) {
                let run = try run(["--once", "--json", "--address", "\(demo.admin)"])
                #expect(run.status == .exited(0), "\(run.errorOutput)")
                let lines = run.output.split(separator: "\n")
                #expect(lines.count == 1)
                reports = try lines.map {
                    try JSONDecoder().decode(Report.self, from: Data($0.utf8))
                }
                return reports.first?.totals.requests == 2
            }
            #expect(isExact && reports.first?.pid == demo.process.pid)

            let top = try ChildProcess([
                Product.binary, "top", "--json", "--interval", "100ms", "--address",
                "\(demo.admin)",
            ])
            #expect(eventually(within: 5) { top.output.split(separator: "\n").count >= 3 })
            #expect(try demo.interrupt() == .exited(0))
            #expect(try top.wait(within: 5) == .exited(3))
            #expect(top.errorOutput.hasPrefix("gyre: nobody answers at \(demo.admin)"))
        }

        @Test func withoutAProcessOrATerminalThereIsOneLine() throws {
            for options in [["--once"], ["--json"], ["--once", "--json"]] {
                let refused = try withFreePort { port in
                    try run(options + ["--address", "127.0.0.1:\(port)"])
                }
                #expect(refused.status == .exited(3) && refused.output == "")
                #expect(refused.errorOutput.split(separator: "\n").count == 1)
            }
            let piped = try run([])
            #expect(piped.status == .exited(1))
            #expect(
                piped.errorOutput
                    == "gyre: there is no terminal to draw on; expected --once or --json\n")
        }
    }
}
