// `gyre bench` against endpoints that do not do what they should, and when it is interrupted.

import Foundation
import IntegrationSupport
import Synchronization
import Testing

extension Integration {
    @Suite struct BenchFailures {
        /// Runs it against a target that is no good.
        ///
        /// - Returns: the one line that it says.
        private static func refusal(_ target: PeerAddress, mode: String = "http") throws -> String {
            let run = try ChildProcess.run(
                [
                    Product.binary, "bench", "--target", "\(target)", "--mode", mode,
                    "--connections", "4", "--duration", "100ms", "--rounds", "1",
                ], within: 15)
            #expect(run.status == .exited(1), "\(run.output)")
            let lines = run.errorOutput.split(separator: "\n")
            #expect(lines.count == 1, "\(run.errorOutput)")
            return run.errorOutput
        }

        @Test func nobodyListens() throws {
            let listener = try Listener(refuses: true)
            let line = try Self.refusal(listener.address)
            #expect(line.contains("\(listener.address)"))
            #expect(line.contains("ECONNREFUSED"))
        }

        @Test func nothingIsAnswered() throws {
            let origin = try RecordingOrigin()
            let line = try Self.refusal(origin.address)
            #expect(line.contains("no answer within 3s"), "\(line)")
        }

        @Test func somethingElseIsSpoken() throws {
            let origin = try HTTPOrigin { _ in .keep("SSH-2.0-OpenSSH_9\r\n") }
            #expect(try Self.refusal(origin.address).contains("not an HTTP message"))
        }

        @Test func theAnswerIsAnError() throws {
            let origin = try HTTPOrigin { _ in
                .keep("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            }
            #expect(try Self.refusal(origin.address).contains("status 404"))
        }

        /// The first two tell what to expect; everything after them is something else.
        @Test(arguments: ["http", "tcp"])
        func answersChange(_ mode: String) throws {
            let asked = Mutex(0)
            let origin = try HTTPOrigin { _ in
                let number = asked.withLock {
                    $0 += 1
                    return $0
                }
                return .ok(number <= 2 ? "same" : "another")
            }
            let line = try Self.refusal(origin.address, mode: mode)
            #expect(line.contains("7 bytes of body instead of 4"), "\(line)")
        }

        @Test func itStallsOnceItIsMeasured() throws {
            let asked = Mutex(0)
            let origin = try HTTPOrigin { _ in
                let number = asked.withLock {
                    $0 += 1
                    return $0
                }
                if number > 20 { pause(5) }
                return .ok("same")
            }
            let line = try Self.refusal(origin.address)
            #expect(line.contains("clients got no answer within 3s"), "\(line)")
        }

        @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
        func aSignalEndsAllOfIt(signal: Int32, status: Int32) throws {
            let (bench, proxy) = try Self.running()
            bench.signal(signal)
            #expect(try bench.wait(within: 5) == .exited(status))
            #expect(!Self.isRunning(proxy))
            #expect(bench.output.isEmpty && bench.errorOutput.isEmpty)
        }

        @Test func theProxyDoesNotOutliveIt() throws {
            let (bench, proxy) = try Self.running()
            bench.signal(SIGKILL)
            #expect(try bench.wait(within: 5) == .signalled(SIGKILL))
            #expect(eventually { !Self.isRunning(proxy) })
        }

        /// A bench in the middle of a measurement, and the process of its proxy.
        private static func running() throws -> (bench: ChildProcess, proxy: pid_t) {
            let bench = try ChildProcess([
                Product.binary, "bench", "--backend", "epoll", "--connections", "2",
                "--duration", "20s", "--rounds", "1",
            ])
            var proxy: pid_t?
            _ = eventually(within: 10) {
                proxy = children(of: bench.pid).first
                return proxy != nil || bench.exitStatus != nil
            }
            // Past its start.
            pause(0.3)
            return (bench, try #require(proxy, "\(bench.errorOutput)"))
        }

        private static func isRunning(_ pid: pid_t) -> Bool {
            let stat = FileManager.default.contents(atPath: "/proc/\(pid)/stat") ?? Data()
            // One that nobody has waited for yet does nothing any more.
            let state = String(decoding: stat, as: UTF8.self).split(separator: ")").last
            return !stat.isEmpty && state?.hasPrefix(" Z") == false
        }

        private static func children(of parent: pid_t) -> [pid_t] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return names.compactMap { pid_t($0) }.filter { pid in
                let stat = FileManager.default.contents(atPath: "/proc/\(pid)/stat") ?? Data()
                let fields = String(decoding: stat, as: UTF8.self).split(separator: ")").last?
                    .split(separator: " ")
                return fields.map { $0.count > 1 && $0[1] == "\(parent)" } ?? false
            }
        }
    }
}
