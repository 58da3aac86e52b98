// The admin address of a running gyre, under load and under attack, and the commands that ask it.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct Admin {
        private static let secret = "integration-test-token"

        private struct Status: Decodable {
            struct Listener: Decodable {
                let address: String
                let state: String
            }
            let backend: String
            let state: String
            let requests: Int
            let connectionsActive: Int
            let pid: Int32
            let listeners: [Listener]
        }

        private static func get(_ path: String) -> String {
            "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n"
        }

        private func status(_ path: String) throws -> Status {
            let text = try Curl.fetch(["--unix-socket", path, "http://localhost/v1/status"])
            return try JSONDecoder().decode(Status.self, from: Data(text.utf8))
        }

        private func run(
            _ arguments: String..., environment: [String: String] = [:]
        ) throws -> (status: ProcessEnd, output: String, errorOutput: String) {
            try ChildProcess.run([Product.binary] + arguments, environment: environment, within: 10)
        }

        @Test(arguments: Backend.modes)
        func itAnswersUnderLoadWithoutHarm(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let socket = directory.file("admin")
            let nginx = try NginxOrigin()
            let gyre = try GyreProcess(
                http: nginx.address, backend: backend, options: ["--admin-socket", socket])
            let load = Background {
                try HTTPLoad.wrk(gyre.address, connections: 64, seconds: 2)
            }
            // Many clients that ask, and as many that only pretend to.
            let loris = try (0..<100).map { _ in
                let client = HTTPStream(try Connection(to: .unix(path: socket)))
                try client.send("GET /v1/status HTTP/1.1\r\nHost: loc")
                return client
            }
            let askers = (0..<8).map { _ in
                Background {
                    let client = HTTPStream(try Connection(to: .unix(path: socket)))
                    for _ in 0..<50 {
                        let response = try client.exchange(Self.get("/v1/status"))
                        guard response.status == 200 else { throw TestFailure("\(response)") }
                    }
                }
            }
            for asker in askers { try asker.value() }
            let busy = try status(socket)
            #expect(busy.backend == backend.name && busy.state == "serving")
            #expect(busy.pid == gyre.process.pid)
            #expect(busy.listeners.map(\.address) == [gyre.address.description])
            let result = try load.value()
            #expect(result.requests > 500 && result.errors == [])
            #expect(try eventually { try status(socket).requests >= result.requests })
            // Asking goes on beside those that never finish their question.
            #expect(loris.count { !$0.isEnded(within: 0) } > 0)
            #expect(try gyre.terminate() == .exited(0))
            #expect(!FileManager.default.fileExists(atPath: socket))
        }

        @Test(arguments: Backend.usable)
        func theSocketIsTheOwnersAloneAndReplacesAStaleOne(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let socket = directory.file("admin")
            let listener = try Listener()
            let arguments = ["--admin-socket", socket]
            let first = try GyreProcess(
                to: listener.address, backend: backend, options: arguments)
            let attributes = try FileManager.default.attributesOfItem(atPath: socket)
            #expect(attributes[.posixPermissions] as? Int == 0o600)

            let second = try ChildProcess.run(
                [Product.binary, "tcp", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9"]
                    + backend.arguments + arguments, within: 5)
            #expect(second.status == .exited(1))
            #expect(
                second.errorOutput
                    == "gyre: cannot serve the control API: cannot listen on unix:\(socket):"
                    + " another process is listening there (EADDRINUSE)\n")
            #expect(try status(socket).pid == first.process.pid)

            first.process.signal(SIGKILL)
            try first.process.wait()
            #expect(FileManager.default.fileExists(atPath: socket))
            let third = try GyreProcess(
                to: listener.address, backend: backend, options: arguments)
            #expect(try status(socket).pid == third.process.pid)
            #expect(try third.terminate() == .exited(0))
            #expect(!FileManager.default.fileExists(atPath: socket))
        }

        @Test func whatIsNoSocketIsLeftAlone() throws {
            let directory = try TemporaryDirectory()
            let file = try directory.write("precious", to: "admin")
            let run = try run(
                "tcp", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9", "--admin-socket", file)
            #expect(run.status == .exited(1) && run.errorOutput.contains("not a socket"))
            #expect(FileManager.default.contents(atPath: file) == Data("precious".utf8))
        }

        @Test(arguments: Backend.usable)
        func drainingIsToldUntilTheEnd(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let socket = directory.file("admin")
            let listener = try Listener()
            let gyre = try GyreProcess(
                to: listener.address, backend: backend, options: ["--admin-socket", socket])
            let client = try gyre.connect()
            let origin = try listener.accept()
            gyre.process.signal(SIGTERM)
            #expect(try eventually { try status(socket).state == "draining" })
            #expect(try status(socket).connectionsActive == 1)
            client.close()
            origin.close()
            #expect(try gyre.process.wait(within: 5) == .exited(0))
        }

        @Test(arguments: Backend.usable)
        func theTCPAddressIsGuarded(_ backend: Backend) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(
                launching: [
                    "--listen", "127.0.0.1:0", "--to", listener.address.description,
                    "--admin", "127.0.0.1:0",
                ] + backend.arguments, environment: ["GYRE_ADMIN_TOKEN": Self.secret])
            let admin = try #require(Self.adminAddress(gyre), "\(gyre.process.errorOutput)")
            let url = "http://\(admin)/v1/status"
            let code = ["--output", "/dev/null", "--write-out", "%{http_code}"]
            #expect(try Curl(code + [url]).output == "401")
            #expect(try Curl(code + ["--oauth2-bearer", "wrong-wrong-wrong", url]).output == "401")
            #expect(try Curl(code + ["--oauth2-bearer", Self.secret, url]).output == "200")
            let evil = ["--header", "Host: evil.example", "--oauth2-bearer", Self.secret, url]
            #expect(try Curl(code + evil).output == "421")

            // The token opens, it does not lift the limits.
            let directory = try TemporaryDirectory()
            let huge = try directory.write(
                String(repeating: "# \n", count: 3 << 20), to: "huge.yaml")
            let post = ["--oauth2-bearer", Self.secret, "--data-binary", "@\(huge)"]
            #expect(try Curl(code + post + ["http://\(admin)/v1/plan"]).output == "413")
            #expect(try Curl(code + ["--data-binary", "@\(huge)", url]).output == "401")

            let asked = try run(
                "status", "--address", admin.description, "--token", Self.secret)
            #expect(asked.status == .exited(0) && asked.output.contains("LISTENER"))
            let refused = try run("status", "--address", admin.description)
            #expect(refused.status == .exited(1))
            #expect(refused.errorOutput == "gyre: the token is missing or wrong\n")
        }

        @Test func otherMachinesNeedAToken() throws {
            for address in ["0.0.0.0:0", ":0", "[::]:0"] {
                let run = try run(
                    "tcp", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9", "--admin", address)
                #expect(run.status == .exited(1))
                #expect(run.errorOutput.contains("needs a token"), "\(run.errorOutput)")
            }
        }

        @Test(arguments: Backend.usable)
        func commandsAskTheProcess(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let environment = ["RUNTIME_DIRECTORY": directory.path]
            let origin = try HTTPOrigin(named: "one")
            let gyre = try GyreProcess(
                http: [origin.address], backend: backend, options: ["--admin-socket", "auto"],
                environment: environment)
            #expect(try Curl.fetch([gyre.url("/")]) == "one")
            let status = try run("status", environment: environment)
            #expect(status.status == .exited(0))
            #expect(status.output.contains("pid \(gyre.process.pid), serving for"))
            #expect(status.output.contains(" on \(backend.name) (asked for)"))
            #expect(status.output.contains("\(gyre.address)  serving"))
            #expect(status.output.contains("\(origin.address)  usable"))
            let json = try run("status", "--json", environment: environment)
            #expect(
                json.output.hasPrefix("{\"endpoints\":[{") && json.output.contains("\"status\":{"))

            let file = try directory.write(
                """
                listeners: [{name: web, address: "127.0.0.1:0", protocol: http, upstream: web}]
                upstreams: [{name: web, endpoints: ["\(origin.address)"]}]
                """, to: "file.yaml")
            let plan = try run("plan", file, environment: environment)
            #expect(plan.status == .exited(0), "\(plan.errorOutput)")
            let drained = try run(
                "drain", "endpoint", "\(origin.address)", environment: environment)
            #expect(drained.status == .exited(0), "\(drained.errorOutput)")
            let after = try run("status", environment: environment)
            #expect(after.output.contains("\(origin.address)  draining"), "\(after.output)")
            for (arguments, reason) in [
                (["reload"], "gyre: this process was started from a command line"),
                (["drain", "endpoint", "a"], "gyre: no endpoint is named 'a'"),
            ] {
                let run = try ChildProcess.run(
                    [Product.binary] + arguments, environment: environment, within: 10)
                #expect(run.status == .exited(1))
                #expect(run.errorOutput.hasPrefix(reason), "\(run.errorOutput)")
            }
        }

        @Test func nobodyThereIsToldWithThePlace() throws {
            let directory = try TemporaryDirectory()
            let socket = directory.file("gyre.sock")
            for arguments in [["status"], ["reload"], ["drain", "listener", "web"]] {
                let run = try ChildProcess.run(
                    [Product.binary] + arguments + ["--socket", socket], within: 5)
                #expect(run.status == .exited(3))
                #expect(
                    run.errorOutput
                        == "gyre: nobody answers at \(socket) (No such file or directory);"
                        + " expected a gyre with --admin-socket there\n")
            }
            let everywhere = try run(
                "status", environment: ["RUNTIME_DIRECTORY": directory.path])
            #expect(everywhere.errorOutput.contains("\(socket) (No such file"))
            let absent = try run("plan", directory.file("absent.yaml"), "--socket", socket)
            #expect(absent.status == .exited(1) && absent.errorOutput.contains("cannot read"))
            let closed = try withFreePort { port in
                try run("status", "--address", "127.0.0.1:\(port)")
            }
            #expect(closed.status == .exited(3) && closed.errorOutput.contains("refused"))
        }

        private static func adminAddress(_ gyre: GyreProcess) -> PeerAddress? {
            var found: PeerAddress?
            _ = eventually {
                let line = gyre.process.errorOutput.split(separator: "\n").first {
                    $0.contains("control API on ")
                }
                found = line?.split(separator: " ").last.flatMap { PeerAddress(String($0)) }
                return found != nil
            }
            return found
        }
    }
}
