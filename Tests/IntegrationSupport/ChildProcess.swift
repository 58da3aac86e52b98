// Starting, signalling and reaping programs by pid. Output goes to files, so a child never blocks
// on a pipe that nobody reads, and its text can be looked at while it runs.

import Foundation
import Synchronization

/// How a program ended.
public enum ProcessEnd: Equatable, Sendable {
    case exited(Int32)
    case signalled(Int32)
}

/// A running program. Killed and reaped when the last reference goes.
public final class ChildProcess: Sendable {
    public let pid: pid_t
    private let directory: TemporaryDirectory
    private let status = Mutex<ProcessEnd?>(nil)

    /// Starts `arguments[0]`, looked up in PATH, with the rest as its arguments.
    ///
    /// - Parameter environment: variables to add to the inherited ones.
    public init(_ arguments: [String], environment: [String: String] = [:]) throws {
        directory = try TemporaryDirectory()
        Self.closeDescriptorsOnExec()
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let argv = arguments.map { strdup($0) } + [nil]
        let envp = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }

        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
        let mode = O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&files, 1, directory.file("stdout"), mode, 0o600)
        posix_spawn_file_actions_addopen(&files, 2, directory.file("stderr"), mode, 0o600)

        // The test runner's signal set-up is not the child's: it starts as from a shell.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGPIPE, SIGINT, SIGTERM, SIGUSR1] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var pid: pid_t = 0
        let error = posix_spawnp(&pid, arguments[0], &files, &attributes, argv, envp)
        guard error == 0 else {
            throw TestFailure("\(arguments[0]): \(String(cString: strerror(error)))")
        }
        self.pid = pid
    }

    deinit {
        guard exitStatus == nil else { return }
        kill(pid, SIGKILL)
        var ignored: Int32 = 0
        waitpid(pid, &ignored, 0)
    }

    /// What it has written to its standard output so far.
    public var output: String { text(of: "stdout") }

    /// What it has written to its standard error so far.
    public var errorOutput: String { text(of: "stderr") }

    /// How it ended; `nil` while it runs.
    public var exitStatus: ProcessEnd? {
        status.withLock { known in
            if known == nil {
                var raw: Int32 = 0
                if waitpid(pid, &raw, WNOHANG) == pid {
                    let signal = raw & 0x7f
                    known = signal == 0 ? .exited((raw >> 8) & 0xff) : .signalled(signal)
                }
            }
            return known
        }
    }

    /// Sends a signal; does nothing once the program has been reaped.
    public func signal(_ number: Int32) {
        if exitStatus == nil { kill(pid, number) }
    }

    /// Waits for the program to end.
    ///
    /// - Throws: `TestFailure`, with what it wrote, when it still runs after `seconds`.
    @discardableResult
    public func wait(within seconds: Double = 10) throws -> ProcessEnd {
        _ = eventually(within: seconds) { exitStatus != nil }
        guard let exitStatus else {
            throw TestFailure("pid \(pid) still runs after \(seconds) s; it wrote: \(errorOutput)")
        }
        return exitStatus
    }

    /// Runs a program to its end.
    ///
    /// - Returns: how it ended and what it wrote.
    /// - Throws: when it cannot be started or runs longer than `seconds`.
    public static func run(
        _ arguments: [String], environment: [String: String] = [:], within seconds: Double = 30
    ) throws -> (status: ProcessEnd, output: String, errorOutput: String) {
        let child = try ChildProcess(arguments, environment: environment)
        let status = try child.wait(within: seconds)
        return (status, child.output, child.errorOutput)
    }

    private func text(of name: String) -> String {
        let data = FileManager.default.contents(atPath: directory.file(name)) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }

    /// A descriptor that another test left open to inheritance would keep its connection alive in
    /// our child, and count as the child's.
    private static func closeDescriptorsOnExec() {
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in open.compactMap(Int32.init) where descriptor > 2 {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }
}
