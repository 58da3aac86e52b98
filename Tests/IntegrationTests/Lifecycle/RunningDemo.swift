// A `gyre demo` for tests, and where it said that things are.

import Foundation
import IntegrationSupport

/// A running demo.
struct RunningDemo {
    let process: ChildProcess
    /// Where the dashboard, the HTTP proxy and the TCP forwarder are.
    let admin: PeerAddress
    let proxy: PeerAddress
    let tcp: PeerAddress

    init(_ arguments: String...) throws {
        let process = try ChildProcess([Product.binary, "demo"] + arguments)
        _ = eventually(within: 10) {
            process.output.contains("Ctrl-C") || process.exitStatus != nil
        }
        let lines = process.output.split(separator: "\n")
        let places = lines.prefix(3).compactMap { line in
            line.split(whereSeparator: { $0 == "/" || $0 == " " }).last
                .flatMap { PeerAddress(String($0)) }
        }
        let names = lines.prefix(3).compactMap { $0.split(separator: " ").first }
        guard places.count == 3, names == ["dashboard", "proxy", "tcp"] else {
            throw TestFailure("the demo wrote: \(process.output) \(process.errorOutput)")
        }
        self.process = process
        (admin, proxy, tcp) = (places[0], places[1], places[2])
    }

    var curlCommands: [String] {
        process.output.split(separator: "\n").compactMap { line in
            line.firstRange(of: "curl ").map { String(line[$0.lowerBound...]) }
        }
    }

    struct Counters: Decodable {
        let requests: Int
        let responses: Int
        let localReplies: Int
        let flowsFinished: Int
        let upstreamFailures: Int
    }

    func counters() throws -> Counters {
        let text = try Curl.fetch(["http://\(admin)/v1/counters"])
        return try JSONDecoder().decode(Counters.self, from: Data(text.utf8))
    }

    func interrupt() throws -> ProcessEnd {
        process.signal(SIGINT)
        return try process.wait(within: 5)
    }
}
