// Every option of `gyre bench`: its default, where its value ends up, and what is refused.

import ArgumentParser
import LoadGeneration
import Testing

@testable import gyre

@Suite struct BenchCommandTests {
    @Test func nothingAskedForIsTheDefault() throws {
        let options = try BenchCommand.parse([]).options
        let expected = BenchOptions()
        #expect("\(options)" == "\(expected)")
        #expect(try !BenchCommand.parse([]).json)
    }

    /// A run without options is to be over before anybody wonders.
    @Test func theDefaultIsShort() {
        let options = BenchOptions()
        let measurements = options.connections.count * options.rounds * 2
        #expect(UInt64(measurements) * options.durationMs <= 30_000)
    }

    @Test func everyOptionReachesItsPlace() throws {
        let command = try BenchCommand.parse([
            "--mode", "tcp", "--backend", "io_uring", "--target", "http://127.0.0.1:9/x",
            "--connections", "2,10000", "--duration", "100ms", "--rounds", "7", "--json",
        ])
        let options = command.options
        #expect(options.mode == .tcp)
        #expect(options.backends == .ioUring)
        #expect(options.target == (try BenchTarget(parsing: "http://127.0.0.1:9/x")))
        #expect(options.connections == [2, 10_000])
        #expect(options.durationMs == 100)
        #expect(options.rounds == 7)
        #expect(command.json)
    }

    static let refused: [(option: String, values: [String])] = [
        ("--mode", ["", "udp", "HTTP"]),
        ("--backend", ["auto", "kqueue", ""]),
        ("--target", ["", "9000", "https://host/", "host:0", "http://host/a b", "http://"]),
        ("--connections", ["", "0", "10001", "1,", "1,1", "1;2", "-1", "many"]),
        ("--connections", [(1...17).map { "\($0)" }.joined(separator: ",")]),
        ("--duration", ["99ms", "61s", "2m", "1", "0s", "soon"]),
        ("--rounds", ["0", "101", "-1", "x"]),
        ("--workers", ["2"]),
    ]

    @Test(arguments: refused)
    func aWrongValueIsToldWithItsOption(option: String, values: [String]) {
        for value in values {
            let error = #expect(throws: (any Error).self, "\(option) \(value)") {
                try BenchCommand.parse([option, value])
            }
            guard let error else { continue }
            #expect(BenchCommand.exitCode(for: error).rawValue == 64)
            let line = Refusal.line(BenchCommand.message(for: error), ["gyre", "bench"])
            #expect(line?.contains(option) == true, "\(line ?? "nothing is said")")
            #expect(line?.contains("\n") == false)
            #expect(line?.hasSuffix("(see gyre bench --help)") == true)
        }
    }
}
