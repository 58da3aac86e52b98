// Notices that the configuration file is another one than before. It is looked at, not waited for:
// links in its path may change as well as the file, as where volumes are swapped as a whole. Main
// thread only.

internal import CLinux
internal import DataPlane

/// Looks at a file now and then.
package struct FileWatch: Sendable {
    /// What tells one state of a file from another.
    private struct Look: Equatable, Sendable {
        var device: UInt64 = 0
        var inode: UInt64 = 0
        var bytes: UInt64 = 0
        var changedNs: UInt64 = 0
    }

    private static let intervalMs: Int32 = 500
    private static let intervalNs = UInt64(intervalMs) * 1_000_000

    private let path: String
    private var known: Look
    private var last: Look
    private var lastNs: UInt64 = 0

    /// Looks for the first time, which is to be before the file is read.
    package init(_ path: String) {
        self.path = path
        known = Self.look(path)
        last = known
    }

    /// Whether it has changed since it was last told so, and is not being written any more: it
    /// looked the same twice. Once there is none, it waits for one.
    mutating func hasChanged() -> Bool {
        // Two looks that follow each other at once say nothing about who is writing.
        let nowNs = MonotonicClock.nowNs
        guard nowNs >= lastNs + Self.intervalNs else { return false }
        lastNs = nowNs
        let now = Self.look(path)
        defer { last = now }
        guard now != known, now == last, now != Look() else { return false }
        known = now
        return true
    }

    private static func look(_ path: String) -> Look {
        var look = Look()
        let result = unsafe gyre_file_look(
            path, &look.device, &look.inode, &look.bytes, &look.changedNs)
        return result < 0 ? Look() : look
    }

    /// How long to wait for the next event when there may be a file to look at.
    static func waitMs(_ watch: FileWatch?, _ waitMs: Int32) -> Int32 {
        guard watch != nil else { return waitMs }
        return waitMs < 0 ? intervalMs : min(waitMs, intervalMs)
    }
}
