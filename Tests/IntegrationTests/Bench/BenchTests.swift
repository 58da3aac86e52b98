// `gyre bench` as it is run: what it measures adds up, and nothing of it stays behind.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct Bench {
        private struct Document: Decodable {
            struct Measurement: Decodable {
                let round, connections: Int
                let backend: String
                let requests, failures, reconnects, elapsedNs: Int
                let processorNs: Int
                let userNs, systemNs: Int?
                let proxyRequests: Int?
                let systemCalls, completions, turns, bytesCopied: Int
                let p50Ns, p90Ns, p99Ns, p999Ns: Int
            }

            let mode, kernel: String
            let target: String?
            let bodyBytes: Int?
            let durationMs, rounds, processors, proxyProcessor, loadProcessor: Int
            let ringFailure: String?
            let measurements: [Measurement]
            let medians: [[String: Value]]
            let ratios: [[String: Double]]
        }

        /// A number or a name.
        private struct Value: Decodable {
            let number: Double?

            init(from decoder: any Decoder) throws {
                number = try? decoder.singleValueContainer().decode(Double.self)
            }
        }

        private static func run(
            _ arguments: [String], launcher: [String] = []
        ) throws -> (document: Document, errorOutput: String) {
            let run = try ChildProcess.run(
                launcher + [Product.binary, "bench", "--json"] + arguments, within: 30)
            #expect(run.status == .exited(0), "\(run.errorOutput)")
            let lines = run.output.split(separator: "\n")
            #expect(lines.count == 1, "\(run.output)")
            let document = try JSONDecoder().decode(Document.self, from: Data(run.output.utf8))
            return (document, run.errorOutput)
        }

        private static func expectSound(_ one: Document.Measurement, durationMs: Int) {
            #expect(one.failures == 0)
            #expect(one.requests > 0)
            #expect(one.elapsedNs >= durationMs * 1_000_000 * 9 / 10)
            #expect(one.processorNs > 0)
            if let user = one.userNs { #expect(user + (one.systemNs ?? 0) == one.processorNs) }
            // One worker on one processor, and the main thread on the same.
            #expect(one.processorNs <= one.elapsedNs * 11 / 10)
            #expect(one.systemCalls > 0 && one.completions > 0 && one.turns > 0)
            #expect(0 < one.p50Ns && one.p50Ns <= one.p90Ns && one.p90Ns <= one.p99Ns)
            #expect(one.p99Ns <= one.p999Ns && one.p999Ns <= one.elapsedNs * 11 / 10)
        }

        @Test func whatIsMeasuredAddsUp() throws {
            let (document, errors) = try Self.run(
                ["--connections", "1,8", "--duration", "150ms", "--rounds", "2"])
            #expect(document.mode == "http")
            #expect(document.bodyBytes == 64)
            #expect(errors.isEmpty || Backend.usable.count == 1)
            // The backends take turns, and who begins does too.
            let backends = Backend.usable.map(\.rawValue)
            let orders = [backends, backends, backends.reversed(), backends.reversed()]
            #expect(document.measurements.map(\.backend) == orders.flatMap(\.self))
            for one in document.measurements {
                Self.expectSound(one, durationMs: document.durationMs)
                #expect(one.reconnects == 0)
                #expect(one.proxyRequests == one.requests)
                // At least one system call carries each batch, and each request takes part in two.
                #expect(one.completions >= 2 * one.requests)
            }
            #expect(document.medians.count == 2 * backends.count)
            for row in document.medians {
                let numbers = row.filter { !["backend", "userUs", "systemUs"].contains($0.key) }
                #expect(numbers.values.allSatisfy { ($0.number ?? 0) > 0 }, "\(row)")
            }
            #expect(document.ratios.count == (backends.count == 2 ? 2 : 0))
        }

        @Test func theForwarderCopiesEveryByteOnce() throws {
            let (document, _) = try Self.run(
                ["--mode", "tcp", "--connections", "4", "--duration", "150ms", "--rounds", "1"])
            #expect(document.mode == "tcp")
            for one in document.measurements {
                Self.expectSound(one, durationMs: document.durationMs)
                #expect(one.proxyRequests == nil)
                // Requests are alike and answers are alike.
                #expect(one.bytesCopied % one.requests == 0)
                #expect(one.bytesCopied / one.requests > 64)
            }
        }

        @Test(arguments: ["http", "tcp"])
        func anEndpointOfOnesOwn(_ mode: String) throws {
            let nginx = try NginxOrigin()
            let url = "http://\(nginx.address)/small"
            let (document, _) = try Self.run([
                "--mode", mode, "--target", url, "--connections", "4", "--duration", "150ms",
                "--rounds", "1",
            ])
            #expect(document.target == "\(nginx.address)/small")
            #expect(document.bodyBytes == 64)
            for one in document.measurements {
                Self.expectSound(one, durationMs: document.durationMs)
            }
        }

        /// Through the forwarder the end of each connection reaches the clients.
        @Test func anEndpointThatClosesIsConnectedToAnew() throws {
            let origin = try HTTPOrigin { _ in
                .end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            }
            let (document, _) = try Self.run([
                "--mode", "tcp", "--target", "\(origin.address)", "--connections", "2",
                "--duration", "100ms", "--rounds", "1",
            ])
            for one in document.measurements {
                #expect(one.failures == 0 && one.requests > 0)
                #expect(one.reconnects == one.requests)
            }
        }

        @Test func peopleGetATable() throws {
            let run = try ChildProcess.run(
                [
                    Product.binary, "bench", "--connections", "2", "--duration", "100ms",
                    "--rounds", "1",
                ], within: 30)
            #expect(run.status == .exited(0), "\(run.errorOutput)")
            #expect(run.output.hasPrefix("HTTP proxy with 1 worker in front of the built-in"))
            for backend in Backend.usable {
                let rows = run.output.split(separator: "\n").filter {
                    $0.split(separator: " ").dropFirst().first == Substring(backend.rawValue)
                }
                #expect(rows.count == 1)
            }
            // Nobody watches: no progress.
            #expect(run.errorOutput.isEmpty || Backend.usable.count == 1)
        }

        @Test func withoutIOUringEpollIsMeasuredAlone() throws {
            let deny = [
                "/usr/bin/python3",
                Product.root + "/Tests/IntegrationTests/Lifecycle/deny_io_uring.py",
            ]
            let (document, errors) = try Self.run(
                ["--connections", "2", "--duration", "100ms", "--rounds", "1"], launcher: deny)
            #expect(document.measurements.map(\.backend) == ["epoll"])
            #expect(document.ringFailure?.isEmpty == false)
            #expect(document.ratios.isEmpty)
            let lines = errors.split(separator: "\n")
            #expect(lines.count == 1 && errors.contains("io_uring"), "\(errors)")
            #expect(errors.contains("EPERM") || errors.contains("not permitted"))

            let asked = try ChildProcess.run(
                deny + [Product.binary, "bench", "--backend", "io_uring"], within: 10)
            #expect(asked.status == .exited(1))
            #expect(asked.errorOutput.split(separator: "\n").count == 1)
            #expect(asked.output.isEmpty)
        }
    }
}
