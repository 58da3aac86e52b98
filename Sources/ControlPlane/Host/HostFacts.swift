// What this machine gives the process: processors, memory, descriptors, the kernel's name.

internal import CLinux
package import DataPlane

/// The machine as the process sees it at start.
package struct HostFacts: Sendable {
    /// A resource limit (getrlimit(2)); `UInt64.max` is "unlimited".
    package struct Limit: Equatable, Sendable {
        package let soft: UInt64
        package let hard: UInt64

        package init(soft: UInt64, hard: UInt64) {
            self.soft = soft
            self.hard = hard
        }
    }

    /// For example `6.1.0-18-amd64`.
    package let kernelRelease: String
    /// Numbers of the processors that the process may run on, at least one.
    package let processors: [Int]
    /// What the control group's quota makes of them, rounded up; `nil` without a quota.
    package let processorQuota: Int?
    /// Physical memory or the control group's limit, whichever is smaller, in bytes.
    package let memoryBytes: UInt64
    /// Descriptors, after the soft limit was raised to the hard one.
    package let descriptors: Limit
    /// Bytes of locked memory; no limit for a process with CAP_IPC_LOCK, which is not charged.
    package let lockedMemory: Limit
    /// The longest accept queue that the kernel grants (net.core.somaxconn).
    package let listenQueueMax: Int

    package init(
        kernelRelease: String, processors: [Int], processorQuota: Int?, memoryBytes: UInt64,
        descriptors: Limit, lockedMemory: Limit, listenQueueMax: Int
    ) {
        precondition(!processors.isEmpty)
        self.kernelRelease = kernelRelease
        self.processors = processors
        self.processorQuota = processorQuota
        self.memoryBytes = memoryBytes
        self.descriptors = descriptors
        self.lockedMemory = lockedMemory
        self.listenQueueMax = listenQueueMax
    }

    /// Looks at the machine, and raises the soft descriptor limit to the hard one.
    package static func gather() throws(SystemError) -> HostFacts {
        let group = ControlGroup.current()
        return HostFacts(
            kernelRelease: kernelName(),
            processors: try allowedProcessors(),
            processorQuota: group.processorsMax,
            memoryBytes: min(gyre_memory_bytes(), group.memoryBytesMax ?? .max),
            descriptors: try raisedDescriptorLimit(),
            lockedMemory: try lockedMemoryLimit(),
            listenQueueMax: listenQueueMaximum())
    }

    /// How many workers `--workers auto` means.
    package var workersDefault: Int {
        max(1, min(processors.count, processorQuota ?? processors.count))
    }

    private static func allowedProcessors() throws(SystemError) -> [Int] {
        var numbers = [Int32](repeating: 0, count: 1024)
        let count = try SystemError.check(
            unsafe gyre_allowed_processors(&numbers, Int32(numbers.count)))
        return numbers.prefix(Int(count)).map(Int.init)
    }

    private static func raisedDescriptorLimit() throws(SystemError) -> Limit {
        var soft: UInt64 = 0
        var hard: UInt64 = 0
        try SystemError.check(unsafe gyre_descriptor_limit_raise(&soft, &hard))
        return Limit(soft: soft, hard: hard)
    }

    private static func lockedMemoryLimit() throws(SystemError) -> Limit {
        var soft: UInt64 = 0
        var hard: UInt64 = 0
        try SystemError.check(unsafe gyre_memlock_limit(&soft, &hard))
        let lockCapability: Int32 = 14  // CAP_IPC_LOCK, capabilities(7)
        if gyre_has_capability(lockCapability) != 0 { return Limit(soft: .max, hard: .max) }
        return Limit(soft: soft, hard: hard)
    }

    private static func listenQueueMaximum() -> Int {
        Int(clamping: SystemFile.number("/proc/sys/net/core/somaxconn") ?? 4096)
    }

    private static func kernelName() -> String {
        var text = [CChar](repeating: 0, count: 128)
        guard unsafe gyre_kernel_release(&text, text.count) == 0 else { return "unknown" }
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
