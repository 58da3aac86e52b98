// `gyre demo` is what a newcomer starts first: what it prints has to work as printed.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct Demo {
        @Test(arguments: Backend.usable)
        func printedCurlLinesWorkAndInterruptEndsIt(_ backend: Backend) throws {
            let demo = try ChildProcess([Product.binary, "demo", "--backend", backend.rawValue])
            _ = eventually(within: 10) {
                demo.output.contains("Ctrl-C") || demo.exitStatus != nil
            }
            let commands = Self.curlCommands(demo.output)
            try #require(commands.count == 3, "in: \(demo.output) \(demo.errorOutput)")
            for command in commands {
                let run = try ChildProcess.run(
                    ["/bin/sh", "-c", command.replacing("curl ", with: "curl -sS -f -m 5 ")])
                #expect(run.status == .exited(0), "\(run.errorOutput)")
                #expect(run.output.contains("This is origin "))
                #expect(run.output.contains("\nX-Forwarded-For: 127.0.0.1\n"))
                if command.contains("--data hello") {
                    #expect(run.output.hasSuffix("\n5 bytes of body\n"))
                }
                if command.contains("/2") {
                    #expect(run.output.contains("origin one") && run.output.contains("origin two"))
                }
            }
            demo.signal(SIGINT)
            #expect(try demo.wait(within: 5) == .exited(0))
        }

        /// A browser keeps its connections open and asks several things at once.
        @Test func clientsThatKeepTheirConnectionDoNotHoldUpTheEnd() throws {
            let demo = try ChildProcess([Product.binary, "demo"])
            var proxy: PeerAddress?
            _ = eventually(within: 10) {
                let line = demo.output.split(separator: "\n").first { $0.hasPrefix("proxy") }
                let url = line?.split(separator: "/").last.map(String.init)
                proxy = demo.output.contains("Ctrl-C") ? url.flatMap { PeerAddress($0) } : nil
                return proxy != nil || demo.exitStatus != nil
            }
            let client = try Connection(to: try #require(proxy, "\(demo.output)"))
            try client.send(Array("GET / HTTP/1.1\r\nHost: demo\r\n\r\n".utf8))
            let start = try client.receive(12)
            #expect(String(decoding: start, as: UTF8.self) == "HTTP/1.1 200")
            demo.signal(SIGINT)
            #expect(try demo.wait(within: 5) == .exited(0))
        }

        private static func curlCommands(_ output: String) -> [String] {
            output.split(separator: "\n").compactMap { line in
                line.firstRange(of: "curl ").map { String(line[$0.lowerBound...]) }
            }
        }
    }
}
