// Kernel threads that work for the rings of this process (io-wq): a proxy should need none, and
// where some appear, work has left the workers' processors.

internal import FoundationEssentials

/// How many there are, and how many there were at most.
struct RingThreads: Sendable {
    private(set) var count = 0
    private(set) var most = 0

    private static let folder = "/proc/self/task"
    private static let prefix = "iou-wrk-"

    /// Looks at the names of all threads (proc(5), `comm`).
    mutating func look() {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: Self.folder)) ?? []
        count = tasks.count { task in
            SystemFile.line("\(Self.folder)/\(task)/comm")?.hasPrefix(Self.prefix) ?? false
        }
        most = max(most, count)
    }
}
