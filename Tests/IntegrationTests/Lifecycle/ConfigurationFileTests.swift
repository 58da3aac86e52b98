// `gyre check` and `gyre run` as scripts and people meet them.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct ConfigurationFiles {
        private func file(_ directory: TemporaryDirectory, endpoint: String) throws -> String {
            try directory.write(
                """
                drain_timeout: ${GYRE_TEST_DRAIN:-5s}
                listeners:
                  - {name: web, protocol: tcp, address: "127.0.0.1:0", upstream: app}
                upstreams:
                  - {name: app, endpoints: ["\(endpoint)"]}
                """, to: "site.yaml")
        }

        @Test func aRightFileIsServed() throws {
            let directory = try TemporaryDirectory()
            let origin = try SwarmOrigin()
            let file = try file(directory, endpoint: origin.address.description)
            let gyre = try GyreProcess(launching: ["--config", file], command: "run")
            let client = try gyre.connect()
            try client.send([5])
            #expect(try client.receive(1) == [5])
            client.close()
            #expect(try gyre.terminate() == .exited(0))
        }

        @Test func theLogIsJSONWhereItIsAskedFor() throws {
            let directory = try TemporaryDirectory()
            let gyre = try GyreProcess(
                site: """
                    log: {level: debug, format: json}
                    listeners:
                      - {name: web, protocol: tcp, address: "127.0.0.1:0", upstream: app}
                    upstreams:
                      - {name: app, endpoints: ["127.0.0.1:9"]}
                    """, backend: .epoll, in: directory)
            #expect(try gyre.terminate() == .exited(0))
            let lines = gyre.process.errorOutput.split(separator: "\n")
            #expect(lines.count > 2)
            var last: [String: Any] = [:]
            for line in lines {
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
                last = try #require(object as? [String: Any])
                #expect(Set(last.keys) == ["time", "level", "message", "metadata"])
            }
            #expect(last["level"] as? String == "info" && last["message"] as? String == "stopped")
            #expect((last["metadata"] as? [String: String]) == ["connectionsCut": "false"])
        }

        @Test func checkTellsWhatIsInARightFile() throws {
            let directory = try TemporaryDirectory()
            let file = try file(directory, endpoint: "127.0.0.1:9")
            let run = try ChildProcess.run([Product.binary, "check", file], within: 10)
            #expect(run.status == .exited(0))
            #expect(run.output == "\(file): ok, 1 listener, 0 routes, 1 upstream, 1 endpoint\n")
            #expect(run.errorOutput == "")
        }

        @Test func whatIsWrongIsToldAndNothingServed() throws {
            let directory = try TemporaryDirectory()
            let file = try file(directory, endpoint: "127.0.0.1:0")
            let line = "\(file):5:29: '127.0.0.1:0' has port 0; expected 1 to 65535\n"
            let check = try ChildProcess.run([Product.binary, "check", file], within: 10)
            #expect(check.status == .exited(1))
            #expect(check.errorOutput == line)
            let run = try ChildProcess.run([Product.binary, "run", "--config", file], within: 10)
            #expect(run.status == .exited(78))
            #expect(run.errorOutput == line)
            let missing = try ChildProcess.run(
                [Product.binary, "check", directory.file("none.yaml"), file], within: 10)
            #expect(missing.status == .exited(1))
            #expect(missing.errorOutput.contains("none.yaml: cannot be read: "))
            #expect(missing.errorOutput.hasSuffix(line))
        }
    }
}
