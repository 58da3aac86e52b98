// Counting a process's system calls from outside, to keep its own count honest.

import Foundation

/// Counts every system call a process makes while a command runs: with perf, and where the kernel
/// does not let us, with strace.
public final class SystemCallTracer: Sendable {
    public let name: String
    /// To be put in front of the command during which is counted.
    public let command: [String]
    private let report: String
    private let directory: TemporaryDirectory

    public init(pid: pid_t) throws {
        directory = try TemporaryDirectory()
        report = directory.file("report")
        let event = "raw_syscalls:sys_enter"
        let trial = try? ChildProcess.run(["perf", "stat", "-x,", "-e", event, "true"])
        if trial?.status == .exited(0), trial?.errorOutput.contains("<not") == false {
            name = "perf"
            // Until what the command leaves behind, such as its closed connections, is dealt with.
            let lingering = "\"$@\"; ended=$?; sleep 0.3; exit $ended"
            command = [
                "perf", "stat", "-x,", "-o", report, "-e", event, "-p", "\(pid)", "--",
                "/bin/sh", "-c", lingering, "sh",
            ]
        } else {
            name = "strace"
            let script = """
                strace -q -c -f -p "$1" -o "$2" & tracer=$!; sleep 0.5; shift 2
                "$@"; ended=$?; sleep 0.3; kill -INT $tracer; wait $tracer; exit $ended
                """
            command = ["/bin/sh", "-c", script, "sh", "\(pid)", report]
        }
    }

    /// What was counted, once the command has ended.
    public func count() throws -> Int {
        let text = String(
            decoding: FileManager.default.contents(atPath: report) ?? Data(), as: UTF8.self)
        let lines = text.split(separator: "\n")
        let number =
            name == "perf"
            ? lines.first { $0.contains("raw_syscalls") }?.split(separator: ",").first
            // strace's last line: percentage, seconds, microseconds a call, calls, [errors,] total
            : lines.last { $0.hasSuffix("total") }?.split(separator: " ").dropFirst(3).first
        guard let count = number.flatMap({ Int($0) }), count > 0 else {
            throw TestFailure("\(name) counted nothing: \(text)")
        }
        return count
    }
}
