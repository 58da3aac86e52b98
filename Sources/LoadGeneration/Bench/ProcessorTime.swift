// What a process has used of its processors.

/// Processor time of all threads of a process.
struct ProcessorTime: Equatable, Sendable {
    /// As the scheduler counts it, exact.
    let totalNs: UInt64
    /// How the kernel divides it, in ticks of its own.
    let userTicks: UInt64
    let systemTicks: UInt64

    /// - Parameters:
    ///   - totalNs: of the same moment.
    ///   - stat: the text of `/proc/PID/stat` (proc_pid_stat(5)).
    init?(totalNs: UInt64, stat: String) {
        // The command's name is in parentheses and may hold anything; fields count from behind it.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = UInt64(fields[11]), let system = UInt64(fields[12])
        else { return nil }
        self.totalNs = totalNs
        userTicks = user
        systemTicks = system
    }

    /// What was used since an earlier moment.
    func used(since start: ProcessorTime) -> ProcessorUse {
        let total = totalNs - min(start.totalNs, totalNs)
        let user = userTicks - min(start.userTicks, userTicks)
        let ticks = user + systemTicks - min(start.systemTicks, systemTicks)
        guard ticks >= ProcessorUse.ticksMin else {
            return ProcessorUse(totalNs: total, userNs: nil)
        }
        let userNs = UInt64(Double(total) * Double(user) / Double(ticks))
        return ProcessorUse(totalNs: total, userNs: userNs)
    }
}

/// Processor time between two moments.
struct ProcessorUse: Equatable, Sendable {
    /// The kernel sees whose time it is when a tick comes, every 10 ms. Fewer ticks than this say
    /// nothing about how time was divided.
    static let ticksMin: UInt64 = 20

    let totalNs: UInt64
    /// `nil` when it was too short to tell.
    let userNs: UInt64?

    /// The rest.
    var systemNs: UInt64? { userNs.map { totalNs - $0 } }
}
