// `gyre top`: what a running process does at this moment, again and again.

internal import ArgumentParser
internal import CLinux
internal import ControlPlane
internal import DataPlane
internal import Glibc

struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch a running gyre: rates, latencies, workers, listeners, endpoints, routes.",
        discussion: """
            Keys: q ends it, s or the arrows choose what tables are sorted by (r requests, e \
            errors, l latency, n name), 1 to 5 or tab the table that gets the most room, up and \
            down move in it, p pauses, ? shows the keys.

            Rates are those of the last second, percentiles those of the last minute. When the \
            process goes away it says so and keeps asking. NO_COLOR switches colours off.

            \(ControlArguments.discussion)

            Examples:
              gyre top
              gyre top --address 127.0.0.1:9901 --interval 5s
              gyre top --once
              gyre top --json | jq .second.requests
            """)

    @OptionGroup var control: ControlArguments

    @Option(duration: "From one question to the next.", minimumMs: 100)
    var interval: UInt64 = 1_000

    @Flag(help: "Print everything once, as plain text, and end.")
    var once = false

    @Flag(help: "A line of JSON each time instead of a screen; a single one with --once.")
    var json = false

    func run() throws {
        if json {
            try printJSON()
        } else if once {
            let report = try control.report(LiveReport.self, .live)
            let columns = TopTerminal.isThere ? TopTerminal.size.columns : Int.max
            print(TopScreen.text(report, columns: columns).joined(separator: "\n"))
        } else {
            try watch()
        }
    }

    /// The answer goes through as it came: a later gyre may tell more than is known here.
    private func printJSON() throws {
        while true {
            let answer = try control.ask(.live)
            _ = try ControlArguments.report(LiveReport.self, in: answer)
            print(String(decoding: answer.body, as: UTF8.self))
            fflush(nil)
            guard !once else { return }
            _ = gyre_sleep_ms(Int32(clamping: interval))
        }
    }

    private func watch() throws {
        guard TopTerminal.isThere,
            let look = TerminalLook(
                terminal: Environment.value("TERM"), noColour: Environment.value("NO_COLOR"))
        else {
            throw StartError("there is no terminal to draw on; expected --once or --json")
        }
        let report = try control.report(LiveReport.self, .live)
        let client = try control.client()
        var signal: Int32?
        do throws(SystemError) {
            var loop = try TopLoop(report, look)
            guard TopTerminal.begin() else {
                throw SystemError(code: ENOTTY)
            }
            defer { TopTerminal.end() }
            signal = try loop.run(client, intervalMs: interval)
        } catch {
            throw StartError("cannot watch: \(error)")
        }
        // What shells say of a program that a signal has ended.
        if let signal { throw ExitCode(128 + signal) }
    }
}
