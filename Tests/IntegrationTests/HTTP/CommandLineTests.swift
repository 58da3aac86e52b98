// What the operator did wrong with `gyre http` is told in one line, with the exit code scripts rely
// on.

import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct CommandLine {
        private static let wrong =
            [
                [], ["--listen", "127.0.0.1:0"], ["--to", "127.0.0.1:9"],
            ].map { ["http"] + $0 }
            + [
                ["--head-timeout", "soon"], ["--head-timeout", "0"], ["--body-timeout", "0"],
                ["--response-timeout", "-1s"], ["--max-head", "100"], ["--max-head", "65k"],
                ["--max-head", "1x"], ["--max-fields", "0"], ["--max-fields", "257"],
                ["--max-target", "0"], ["--max-requests", "0"], ["--max-body", "much"],
                ["--pipeline-depth", "0"], ["--upstream-idle-max", "-1"],
                ["--host-header", "mine"], ["--forwarded", "maybe"], ["--trust", "10.0.0.0/33"],
                ["--trust", "example.test"], ["--trust", "10.0.0.1/8x"],
                ["--relay", "splice-ring"],
                ["--idle-timeout", "1s"], ["--no-such-option"],
            ].map { ["http", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9"] + $0 }

        @Test(arguments: wrong)
        func badOptionsExit64(_ arguments: [String]) throws {
            let run = try ChildProcess.run([Product.binary] + arguments, within: 5)
            #expect(run.status == .exited(64), "\(run.errorOutput)")
            let lines = run.errorOutput.split(separator: "\n").filter {
                !$0.hasPrefix("Usage:") && !$0.hasPrefix("  See ")
            }
            #expect(lines.count == 1, "\(run.errorOutput)")
        }

        @Test func helpNamesEveryOption() throws {
            let help = try ChildProcess.run([Product.binary, "http", "--help"])
            #expect(help.status == .exited(0))
            let options = [
                "listen", "to", "backend", "workers", "relay", "max-connections", "no-pin",
                "log-level", "connect-timeout", "drain-timeout", "head-timeout", "body-timeout",
                "response-timeout", "upstream-timeout", "keep-alive-timeout",
                "upstream-keep-alive-timeout", "tunnel-timeout", "half-close-timeout",
                "max-requests", "max-head", "max-fields", "max-target", "max-chunk-line",
                "max-trailers", "max-body", "pipeline-depth", "upstream-idle-max", "host-header",
                "forwarded", "via", "trust", "allow-connect",
            ]
            for option in options { #expect(help.output.contains("--\(option) "), "\(option)") }
        }
    }
}
