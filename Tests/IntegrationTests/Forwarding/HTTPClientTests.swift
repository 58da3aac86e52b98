// The programs people use: curl and wrk through gyre to a real nginx.

import IntegrationSupport
import Testing

extension Integration {
    @Suite struct HTTPClients {
        private static let bigBytes = 16 << 20

        @Test(arguments: Route.all)
        func curlMovesLargeBodiesBothWays(_ route: Route) throws {
            let nginx = try NginxOrigin(bigBytes: Self.bigBytes)
            let gyre = try GyreProcess(to: nginx.address, route: route)
            let directory = try TemporaryDirectory()
            let fetched = directory.file("fetched")
            let curl = ["curl", "--silent", "--show-error", "--fail", "--max-time", "30"]
            let url = "http://\(gyre.address)"
            let download = try ChildProcess.run(curl + ["--output", fetched, url + "/big"])
            #expect(download.status == .exited(0), "\(download.errorOutput)")
            let upload = try ChildProcess.run(curl + ["--upload-file", fetched, url + "/stored/"])
            #expect(upload.status == .exited(0), "\(upload.errorOutput)")
            let files = [nginx.file("/big"), fetched, nginx.file("/stored/fetched")]
            let sums = try ChildProcess.run(["sha256sum"] + files).output.split(separator: "\n")
            #expect(sums.count == 3)
            #expect(Set(sums.map { $0.prefix(64) }).count == 1, "\(sums)")
        }

        @Test(arguments: Backend.usable)
        func wrkSeesNoError(_ backend: Backend) throws {
            let nginx = try NginxOrigin()
            let gyre = try GyreProcess(to: nginx.address, backend: backend)
            let load = try HTTPLoad.wrk(gyre.address, connections: 64, seconds: 2)
            #expect(load.requests > 1_000)
            #expect(load.errors == [])
            // wrk leaves mid-request; that must not show in the next client's answer.
            let url = "http://\(gyre.address)/small"
            let after = try ChildProcess.run(["curl", "--silent", "--max-time", "5", url])
            #expect(after.output == String(repeating: "x", count: 64))
        }
    }
}
