// git over HTTP: requests that are compressed or chunked, answers that are streamed, and a client
// that notices every wrong byte.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct GitClient {
        @Test(arguments: Backend.usable)
        func clonePushAndFetchAgree(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let git = Git(directory)
            try git.run("init", "-q", "-b", "main", "--bare", directory.file("served.git"))
            try git.run("-C", directory.file("served.git"), "config", "http.receivepack", "true")
            try git.run("init", "-q", "-b", "main", directory.file("first"))
            try commit("one", to: git, in: directory)
            let origin = try ScriptedOrigin("HTTP/git_origin.py", arguments: [directory.path])
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let url = gyre.url("/served.git")

            // Pushes in chunks, for the pack is larger than what git buffers.
            let first = ["-C", directory.file("first"), "-c", "http.postBuffer=65536"]
            try git.run(first + ["push", "-q", url, "main"])
            try git.run("clone", "-q", url, directory.file("second"))
            try commit("two", to: git, in: directory)
            try git.run(first + ["push", "-q", url, "main"])
            try git.run("-C", directory.file("second"), "pull", "-q", "--ff-only")
            let heads = try ["first", "second", "served.git"].map {
                try git.run("-C", directory.file($0), "rev-parse", "HEAD^{tree}", "HEAD")
            }
            #expect(heads[0] == heads[1])
            try git.run("-C", directory.file("served.git"), "fsck", "--full", "--strict")
            let shallow = directory.file("shallow")
            try git.run("clone", "-q", "--depth", "1", url, shallow)
            #expect(try git.run("-C", shallow, "rev-list", "--count", "HEAD") == "1\n")
        }

        /// Commits files of which one does not compress.
        private func commit(_ name: String, to git: Git, in directory: TemporaryDirectory) throws {
            let path = "first/\(name)"
            let seed = UInt64(name.utf8.count)
            let noise = Data(Pattern(seed: 63 + seed).bytes(at: 0, count: 256 << 10))
            try noise.write(to: URL(fileURLWithPath: directory.file(path + ".noise")))
            for number in 0..<50 {
                _ = try directory.write(
                    String(repeating: "\(name) \(number)\n", count: 200), to: "\(path).\(number)")
            }
            try git.run("-C", directory.file("first"), "add", ".")
            try git.run("-C", directory.file("first"), "commit", "-q", "-m", name)
        }
    }
}

/// git without the configuration of who runs the tests.
private struct Git {
    private let environment: [String: String]

    init(_ directory: TemporaryDirectory) {
        environment = [
            "HOME": directory.path, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@gyre.test",
            "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@gyre.test",
            "http_proxy": "", "no_proxy": "*",
        ]
    }

    @discardableResult
    func run(_ arguments: String...) throws -> String { try run(arguments) }

    @discardableResult
    func run(_ arguments: [String]) throws -> String {
        let run = try ChildProcess.run(["git"] + arguments, environment: environment)
        guard run.status == .exited(0) else {
            throw TestFailure("git \(arguments): \(run.errorOutput)")
        }
        return run.output
    }
}
