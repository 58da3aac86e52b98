// What the operator did wrong is told in one line, with the exit code scripts rely on.

import IntegrationSupport
import Testing

extension Integration {
    @Suite struct Refusals {
        private static let usage = [
            ["tcp"],
            ["tcp", "--listen", "127.0.0.1:0"],
            ["tcp", "--to", "127.0.0.1:9"],
            ["tcp", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9", "--no-such-option"],
            ["tcp", "--listen", "127.0.0.1:70000", "--to", "127.0.0.1:9"],
            ["tcp", "--listen", "nonsense", "--to", "127.0.0.1:9"],
            ["tcp", "--listen", "127.0.0.1:0", "--to", ""],
            ["tcp", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9", "--backend", "kqueue"],
            ["tcp", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9", "--workers", "0"],
            ["tcp", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9", "--workers", "-1"],
            ["tcp", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9", "--idle-timeout", "soon"],
            ["tcp", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9", "--max-connections", "0"],
            ["tcp", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9", "--relay", "magic"],
            [
                "tcp", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9",
                "--relay", "splice-ring", "--backend", "epoll",
            ],
            ["no-such-command"],
        ]

        @Test(arguments: usage)
        func badOptionsExit64(_ arguments: [String]) throws {
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
