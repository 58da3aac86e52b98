// `gyre demo` is what a newcomer starts first: what it prints has to work as printed.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct Demo {
        @Test func printedCurlLineWorksAndInterruptEndsIt() throws {
            let demo = try ChildProcess([Product.binary, "demo"])
            var curl: Substring?
            _ = eventually(within: 10) {
                curl = demo.output.split(separator: "\n").first { $0.contains("curl ") }
                return curl != nil || demo.exitStatus != nil
            }
            let line = try #require(curl, "no curl line in: \(demo.output) \(demo.errorOutput)")
            let command = String(
                line[(line.firstRange(of: "curl ")?.lowerBound ?? line.startIndex)...])
            #expect(command.contains("127.0.0.1") || command.contains("localhost"))
            let run = try ChildProcess.run(
                ["/bin/sh", "-c", command.replacing("curl ", with: "curl -sS -f -m 5 ")])
            #expect(run.status == .exited(0), "\(run.errorOutput)")
            #expect(!run.output.isEmpty)
            demo.signal(SIGINT)
            #expect(try demo.wait(within: 5) == .exited(0))
        }
    }
}
