// Where io_uring cannot be had: `auto` serves on epoll and says why, `io_uring` refuses.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct BackendFallback {
        /// Makes io_uring_setup fail with EPERM, as Docker's default seccomp profile does.
        private let withoutIOUring = [
            "/usr/bin/python3", Product.root + "/Tests/IntegrationTests/Lifecycle/deny_io_uring.py",
        ]

        @Test func autoServesOnEpollAndSaysWhy() throws {
            let origin = try SwarmOrigin()
            let gyre = try GyreProcess(
                launching: [
                    "--listen", "127.0.0.1:0", "--to", origin.address.description,
                ], launcher: withoutIOUring)
            let client = try gyre.connect()
            try client.send([5])
            #expect(try client.receive(1) == [5])
            #expect(try gyre.counters().backend == "epoll")
            let reason = gyre.process.errorOutput.split(separator: "\n").first {
                $0.contains("io_uring") && $0.contains("epoll")
            }
            let line = try #require(reason, "no line says why: \(gyre.process.errorOutput)")
            #expect(line.contains("EPERM") || line.contains("not permitted"))
            #expect(gyre.process.exitStatus == nil)
        }

        @Test func ioUringOnDemandExits1WithTheReason() throws {
            let run = try ChildProcess.run(
                withoutIOUring + [
                    Product.binary, "tcp", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9",
                    "--backend", "io_uring",
                ], within: 10)
            #expect(run.status == .exited(1))
            let lines = run.errorOutput.split(separator: "\n")
            #expect(lines.count == 1, "\(run.errorOutput)")
            #expect(run.errorOutput.contains("io_uring"))
            #expect(
                run.errorOutput.contains("EPERM") || run.errorOutput.contains("not permitted"))
        }

        @Test(arguments: ["tcp", "http"], ["auto", "io_uring"])
        func directDescriptorsDoNotFallBack(_ command: String, backend: String) throws {
            let run = try ChildProcess.run(
                withoutIOUring + [
                    Product.binary, command, "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9",
                    "--backend", backend, "--direct-descriptors",
                ], within: 10)
            #expect(run.status == .exited(1))
            #expect(run.errorOutput.split(separator: "\n").count == 1, "\(run.errorOutput)")
            #expect(run.errorOutput.contains("direct-descriptors"))
            #expect(
                run.errorOutput.contains("EPERM") || run.errorOutput.contains("not permitted"))
        }

        @Test func probeFindsItMissing() throws {
            let run = try ChildProcess.run(withoutIOUring + [Product.binary, "probe"], within: 10)
            #expect(run.status == .exited(0))
            #expect(run.output.contains("epoll"))
            #expect(run.output.contains("EPERM") || run.output.contains("not permitted"))
        }

        @Test func probeTellsPeopleAndPrograms() throws {
            let text = try ChildProcess.run([Product.binary, "probe"], within: 10)
            #expect(text.status == .exited(0))
            #expect(text.output.contains(Backend.ioUringRefusal == nil ? "io_uring" : "epoll"))
            let json = try ChildProcess.run([Product.binary, "probe", "--json"], within: 10)
            #expect(json.status == .exited(0))
            let report = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
            #expect(report is [String: Any])
        }
    }
}
