// What the process's control groups allow it, versions 1 and 2: a container's share of processors
// and memory is written there and nowhere else. The text handling is pure; `current` reads files.

/// Limits set by control groups (cgroups(7)).
package struct ControlGroup: Equatable, Sendable {
    /// Processors' worth of time, rounded up; `nil` when unlimited.
    package let processorsMax: Int?
    /// Bytes of memory; `nil` when unlimited.
    package let memoryBytesMax: UInt64?

    /// The limits of the calling process: the smallest of its group and all groups above it.
    package static func current() -> ControlGroup {
        let membership = SystemFile.read("/proc/self/cgroup") ?? ""
        return limits(membership: membership, read: SystemFile.read)
    }

    /// - Parameters:
    ///   - membership: the text of `/proc/self/cgroup`.
    ///   - read: gives the text of a file, `nil` when there is none.
    package static func limits(
        membership: String, read: (String) -> String?
    ) -> ControlGroup {
        var counts: [Int?] = []
        var bytes: [UInt64?] = []
        for group in groups(membership) {
            for folder in group.folders {
                switch group.controller {
                case .unified:
                    counts.append(read(folder + "/cpu.max").flatMap(processors(version2:)))
                    bytes.append(read(folder + "/memory.max").flatMap(memoryBytes))
                case .cpu:
                    counts.append(
                        processors(
                            quota: read(folder + "/cpu.cfs_quota_us"),
                            period: read(folder + "/cpu.cfs_period_us")))
                case .memory:
                    bytes.append(read(folder + "/memory.limit_in_bytes").flatMap(memoryBytes))
                }
            }
        }
        return ControlGroup(
            processorsMax: counts.compactMap(\.self).min(),
            memoryBytesMax: bytes.compactMap(\.self).min())
    }

    private enum Controller {
        /// Version 2: all controllers in one hierarchy.
        case unified
        case cpu, memory
    }

    /// The groups of `/proc/self/cgroup` (`number:controllers:path`) that can limit something,
    /// with every folder where their limits may be.
    private static func groups(
        _ membership: String
    ) -> [(controller: Controller, folders: [String])] {
        membership.split(separator: "\n").flatMap { line in
            let fields = line.split(
                separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return [(controller: Controller, folders: [String])]() }
            let parents = ancestors(of: fields[2])
            if fields[1].isEmpty {
                let roots = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
                return [(.unified, roots.flatMap { root in parents.map { root + $0 } })]
            }
            let folders = parents.map { "/sys/fs/cgroup/\(fields[1])" + $0 }
            let names = fields[1].split(separator: ",")
            return (names.contains("cpu") ? [(.cpu, folders)] : [])
                + (names.contains("memory") ? [(.memory, folders)] : [])
        }
    }

    /// `cpu.max`: `max 100000` or `150000 100000`, microseconds of time per period.
    package static func processors(version2 text: String) -> Int? {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 2 else { return nil }
        return processors(quota: String(words[0]), period: String(words[1]))
    }

    /// The version 1 files; a quota of -1 means none.
    package static func processors(quota: String?, period: String?) -> Int? {
        guard let quota = quota.flatMap(number), let period = period.flatMap(number),
            quota > 0, period > 0
        else { return nil }
        let (whole, rest) = quota.quotientAndRemainder(dividingBy: period)
        return Int(clamping: whole) + (rest > 0 ? 1 : 0)
    }

    /// The group's folder, the folder above it, up to and including the root (an empty text). A
    /// container often sees its own group at the root while the path still names the host's.
    package static func ancestors(of path: some StringProtocol) -> [String] {
        let names = path.split(separator: "/")
        return (0...names.count).reversed().map { count in
            names.prefix(count).map { "/" + $0 }.joined()
        }
    }

    private static func memoryBytes(_ text: String) -> UInt64? {
        // Version 1 writes "no limit" as the largest whole number of pages.
        number(text).flatMap { $0 > 0 && $0 < UInt64.max / 4 ? $0 : nil }
    }

    private static func number(_ text: String) -> UInt64? {
        UInt64(text.prefix { !$0.isWhitespace })
    }
}
