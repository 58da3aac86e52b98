// What the operator did wrong is told in one line, with the exit code scripts rely on.

import IntegrationSupport
import Testing

extension Integration {
    @Suite struct Refusals {
        private static let usage = [
            ["tcp"],
            ["tcp", "--listen", "127.0.0.1:0"],
            ["http", "--to", "127.0.0.1:9"],
            ["http", "--listen", "127.0.0.1:70000", "--to", "127.0.0.1:9"],
            ["tcp", "--listen", "nonsense", "--to", "127.0.0.1:9"],
            ["http", "--listen", "127.0.0.1:0", "--to", ""],
            ["http", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:0"],
            ["no-such-command"],
        ]

        /// Options that are refused by both commands, then by one of them.
        private static let options: [(commands: [String], options: [String])] = [
            (["tcp", "http"], ["--no-such-option"]),
            (["tcp", "http"], ["--backend", "kqueue"]),
            (["tcp", "http"], ["--workers", "0"]),
            (["tcp", "http"], ["--workers", "-1"]),
            (["tcp", "http"], ["--max-connections", "0"]),
            (["tcp", "http"], ["--connect-timeout", "0s"]),
            (["tcp", "http"], ["--drain-timeout", "30"]),
            (["tcp", "http"], ["--relay", "magic"]),
            (["tcp", "http"], ["--log-level", "loud"]),
            (["tcp", "http"], ["--relay", "splice-ring", "--backend", "epoll"]),
            (["tcp", "http"], ["--direct-descriptors", "--backend", "epoll"]),
            (["tcp", "http"], ["--direct-descriptors", "--relay", "splice"]),
            (["tcp", "http"], ["--accept-proxy-from", "127.0.0.1/8"]),
            (["tcp", "http"], ["--accept-proxy-timeout", "5"]),
            (["tcp", "http"], ["--send-proxy", "v3"]),
            (["tcp", "http"], ["--send-proxy", "v2", "--direct-descriptors"]),
            (["http"], ["--send-proxy", "v2", "--upstream-pipeline", "2"]),
            (["tcp"], ["--idle-timeout", "soon"]),
            (["tcp"], ["--max-body", "1m"]),
            (["http"], ["--idle-timeout", "1h"]),
            (["http"], ["--relay", "splice-ring"]),
            (["http"], ["--head-timeout", "0s"]),
            (["http"], ["--body-timeout", "60"]),
            (["http"], ["--response-timeout", "never"]),
            (["http"], ["--upstream-timeout", "-1s"]),
            (["http"], ["--keep-alive-timeout", "1.5s"]),
            (["http"], ["--upstream-keep-alive-timeout", "0ms"]),
            (["http"], ["--tunnel-timeout", "1d"]),
            (["http"], ["--half-close-timeout", "2"]),
            (["http"], ["--max-head", "65k"]),
            (["http"], ["--max-fields", "257"]),
            (["http"], ["--max-target", "8kb"]),
            (["http"], ["--max-chunk-line", "0"]),
            (["http"], ["--max-trailers", "1m"]),
            (["http"], ["--max-body", "0"]),
            (["http"], ["--max-requests", "4294967296"]),
            (["http"], ["--pipeline-depth", "0"]),
            (["http"], ["--upstream-idle-max", "off"]),
            (["http"], ["--host-header", "example.org"]),
            (["http"], ["--forwarded", "via"]),
            (["http"], ["--trust", "10.0.0.0/33"]),
            (["http"], ["--via=yes"]),
        ]

        @Test(arguments: options)
        func badOptionsAreNamed(commands: [String], options: [String]) throws {
            for command in commands {
                let run = try ChildProcess.run(
                    [Product.binary, command, "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9"]
                        + options, within: 5)
                #expect(run.status == .exited(64))
                expectOneLine(run.errorOutput)
                let name = options[0].prefix { $0 != "=" }
                #expect(run.errorOutput.hasPrefix("gyre \(command): "), "\(run.errorOutput)")
                #expect(run.errorOutput.contains(name), "\(run.errorOutput)")
            }
        }

        @Test(arguments: usage)
        func badCommandLinesExit64(_ arguments: [String]) throws {
            let run = try ChildProcess.run([Product.binary] + arguments, within: 5)
            #expect(run.status == .exited(64))
            expectOneLine(run.errorOutput)
        }

        @Test(arguments: Backend.usable)
        func portInUseExits1AndNamesIt(_ backend: Backend) throws {
            let occupant = try Listener()
            let run = try refuse(listen: occupant.address.description, backend: backend)
            #expect(run.status == .exited(1))
            expectOneLine(run.errorOutput)
            #expect(run.errorOutput.contains("\(occupant.address.port)"))
        }

        /// `.invalid` never resolves (RFC 2606), and the resolver need not be asked over a network.
        @Test(arguments: Backend.usable)
        func unresolvableNameExits1AndNamesIt(_ backend: Backend) throws {
            let run = try ChildProcess.run(
                [
                    Product.binary, "tcp", "--listen", "127.0.0.1:0",
                    "--to", "nowhere.invalid:80", "--backend", backend.rawValue,
                ], within: 20)
            #expect(run.status == .exited(1))
            expectOneLine(run.errorOutput)
            #expect(run.errorOutput.contains("nowhere.invalid"))
        }

        @Test(arguments: Backend.usable)
        func unixPathThatCannotBeBoundExits1(_ backend: Backend) throws {
            let run = try refuse(listen: "unix:/nonexistent/gyre.socket", backend: backend)
            #expect(run.status == .exited(1))
            expectOneLine(run.errorOutput)
            #expect(run.errorOutput.contains("/nonexistent/gyre.socket"))
        }

        @Test(arguments: Backend.usable)
        func forwardingToItselfExits1(_ backend: Backend) throws {
            let run = try withFreePort { port in
                let run = try ChildProcess.run(
                    [
                        Product.binary, "tcp", "--listen", "127.0.0.1:\(port)",
                        "--to", "localhost:\(port)", "--backend", backend.rawValue,
                    ], within: 10)
                return run.errorOutput.contains("in use") ? nil : run
            }
            #expect(run.status == .exited(1))
            expectOneLine(run.errorOutput)
            #expect(run.errorOutput.contains("listening address"))
        }

        /// Tables are reserved at start; without room for them it ends with a reason, not a trap.
        @Test(arguments: Backend.usable)
        func tooLittleAddressSpaceExits1(_ backend: Backend) throws {
            let run = try ChildProcess.run(
                [
                    "/bin/sh", "-c", "ulimit -v 1000000; exec \"$@\"", "sh", Product.binary, "tcp",
                    "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9",
                    "--backend", backend.rawValue,
                ], within: 10)
            #expect(run.status == .exited(1))
            expectOneLine(run.errorOutput)
            #expect(run.errorOutput.contains("address space"))
        }

        private func refuse(
            listen: String, backend: Backend
        ) throws -> (status: ProcessEnd, output: String, errorOutput: String) {
            try ChildProcess.run(
                [
                    Product.binary, "tcp", "--listen", listen, "--to", "127.0.0.1:9",
                    "--backend", backend.rawValue,
                ], within: 5)
        }

        /// What was wrong is one line; argument-parser adds usage and a pointer to `--help`, which
        /// do not count.
        private func expectOneLine(_ text: String) {
            let lines = text.split(separator: "\n").filter {
                !$0.hasPrefix("Usage:") && !$0.hasPrefix("  See ")
            }
            #expect(lines.count == 1, "\(text)")
            #expect(lines.allSatisfy { $0.count > 10 })
        }
    }
}
