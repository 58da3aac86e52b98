// What a process uses, read from /proc. All values are of the whole process, every thread.

import Foundation

/// Reads one process's use of memory, CPU and descriptors.
public struct ProcessUsage: Sendable {
    private let directory: String

    public init(pid: pid_t) {
        directory = "/proc/\(pid)"
    }

    /// Resident anonymous memory in bytes: heap, stacks, private maps; no file or shared pages.
    public func anonymousBytes() throws -> Int {
        for line in try text("status").split(separator: "\n") where line.hasPrefix("RssAnon:") {
            if let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first {
                return (Int(kilobytes) ?? 0) * 1024
            }
        }
        throw TestFailure("no RssAnon in \(directory)/status")
    }

    /// User and system time so far, in clock ticks of 10 ms.
    public func cpuTicks() throws -> Int {
        // The command's name is in parentheses and may hold spaces; fields count from after it.
        let fields = try text("stat").split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
            throw TestFailure("cannot read \(directory)/stat")
        }
        return user + system
    }

    /// Whether each of its threads has been stopped by a signal.
    public func isStopped() throws -> Bool {
        try FileManager.default.contentsOfDirectory(atPath: directory + "/task").allSatisfy {
            let fields = try text("task/\($0)/stat").split(separator: ")").last ?? ""
            return fields.hasPrefix(" T")
        }
    }

    /// Descriptors open now, other than the ends of pipes.
    public func descriptorCount() throws -> Int { try descriptorTargets().count { !isPipe($0) } }

    /// Ends of pipes open now.
    public func pipeEndCount() throws -> Int { try descriptorTargets().count { isPipe($0) } }

    private func isPipe(_ target: String) -> Bool { target.hasPrefix("pipe:") }

    /// What each open descriptor is of; one that is closed meanwhile is left out.
    private func descriptorTargets() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory + "/fd").compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/fd/\($0)")
        }
    }

    private func text(_ name: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: "\(directory)/\(name)") else {
            throw TestFailure("cannot read \(directory)/\(name): is the process gone?")
        }
        return String(decoding: data, as: UTF8.self)
    }
}

/// Clock ticks in a second, the unit of `ProcessUsage.cpuTicks`.
public let clockTicksPerSecond = sysconf(Int32(_SC_CLK_TCK))

/// Raises this process's descriptor limit as far as it goes: thousands of flows are held here.
///
/// - Returns: the limit now in force.
@discardableResult
public func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(limit.rlim_cur)
}

/// The lowest processor that this process may run on.
public func firstProcessor() -> Int {
    let status = FileManager.default.contents(atPath: "/proc/self/status") ?? Data()
    let lines = String(decoding: status, as: UTF8.self).split(separator: "\n")
    let list = lines.first { $0.hasPrefix("Cpus_allowed_list:") }?.dropFirst(18)
    let digits = list?.drop(while: \.isWhitespace).prefix(while: \.isNumber)
    return digits.flatMap { Int($0) } ?? 0
}
