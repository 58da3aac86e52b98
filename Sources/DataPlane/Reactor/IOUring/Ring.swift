// One io_uring: liburing owns set-up, entry preparation and the mapped queues; this file is the
// only one that knows how they are filled and read. Made on any thread, then used by one.

internal import CLiburing

/// An io_uring instance with its queues.
@safe
struct Ring: ~Copyable {
    private let ring: UnsafeMutablePointer<io_uring>
    private var enterFlags: UInt32 = 0

    /// Creates a ring that is still disabled: whoever enables it becomes its only submitter.
    ///
    /// - Parameters:
    ///   - entries: submission entries, a power of two; halved while the memory-lock limit
    ///     refuses the memory (io_uring_setup(2), ENOMEM).
    ///   - completions: completion entries per submission entry.
    ///   - tellsOfWork: whether `hasWork` can be asked.
    init(
        entries: UInt32, completionsPerEntry: UInt32, tellsOfWork: Bool = false
    ) throws(SystemError) {
        let flags = tellsOfWork ? GYRE_SETUP_TASKRUN_FLAG : 0
        // Kept out of `self` until it is a ring: an initialiser that throws after `self` is
        // complete runs `deinit`.
        let made = UnsafeMutablePointer<io_uring>.allocate(capacity: 1)
        unsafe made.initialize(to: io_uring())
        var entries = entries
        var result = unsafe gyre_ring_create(made, entries, entries * completionsPerEntry, flags)
        while result == -ENOMEM && entries > 64 {
            entries /= 2
            result = unsafe gyre_ring_create(made, entries, entries * completionsPerEntry, flags)
        }
        guard result >= 0 else {
            unsafe made.deallocate()
            throw SystemError(code: -result)
        }
        unsafe ring = made
        // Splices run on the kernel's helper threads: a few are enough, and bound what one
        // ring can occupy.
        var helpers: (UInt32, UInt32) = (4, 4)
        _ = unsafe withUnsafeMutableBytes(of: &helpers) {
            unsafe io_uring_register_iowq_max_workers(
                ring, $0.assumingMemoryBound(to: UInt32.self).baseAddress)
        }
    }

    deinit {
        unsafe io_uring_queue_exit(ring)
        unsafe ring.deallocate()
    }

    /// The kernel's feature bits for this ring.
    var featureBits: UInt32 { unsafe ring.pointee.features }

    /// Submission entries.
    var entries: UInt32 { unsafe ring.pointee.sq.ring_entries }

    /// Makes the calling thread the ring's owner.
    mutating func enable(noIOWait: Bool) {
        let result = unsafe gyre_ring_enable(ring)
        precondition(result >= 0, "the ring could not be enabled: a ring has one owner thread")
        // Saves the descriptor look-up of each enter; without it everything works the same.
        _ = unsafe io_uring_register_ring_fd(ring)
        if noIOWait { enterFlags = GYRE_ENTER_NO_IOWAIT }
    }

    /// Registers a provided-buffer ring as group 0.
    func registerBuffers(_ memory: UnsafeMutableRawPointer, entries: UInt32) throws(SystemError) {
        try SystemError.check(unsafe gyre_buffer_ring_register(ring, memory, entries))
    }

    /// Registers a table of `count` empty file slots.
    func reserveFiles(_ count: UInt32) throws(SystemError) {
        try SystemError.check(unsafe gyre_files_reserve(ring, count))
    }

    /// Puts a descriptor's file into a slot of the table; the descriptor stays.
    func putFile(_ descriptor: Descriptor, into slot: Descriptor) throws(SystemError) {
        try SystemError.check(
            unsafe gyre_files_put(ring, UInt32(slot.raw), descriptor.raw))
    }

    /// The number of the last operation that the kernel knows; negative when it cannot be asked.
    var lastOperation: Int32 { unsafe gyre_last_operation(ring) }

    /// Which operations the kernel knows; `false` also when it cannot be asked.
    func supports(_ operations: [io_uring_op]) -> Bool {
        guard let probe = unsafe io_uring_get_probe_ring(ring) else { return false }
        defer { unsafe io_uring_free_probe(probe) }
        return operations.allSatisfy {
            unsafe io_uring_opcode_supported(probe, Int32($0.rawValue)) != 0
        }
    }

    /// Whether `count` entries can be prepared without submitting in between.
    func hasRoom(for count: UInt32) -> Bool {
        unsafe gyre_ring_free_entries(ring) >= count
    }

    /// The next entry to prepare; the caller has made sure that there is one.
    func nextEntry() -> UnsafeMutablePointer<gyre_sqe> {
        guard let entry = unsafe io_uring_get_sqe(ring) else {
            preconditionFailure("submission queue overrun")
        }
        return unsafe entry
    }

    /// Submits what was prepared, runs completions and waits for `wanted` of them.
    ///
    /// - Parameters:
    ///   - timeoutNs: negative waits without end.
    ///   - minimumWaitUs: after this time one completion is enough [6.12]; 0 for none.
    /// - Returns: entries consumed, or a negative errno value.
    func enter(wanted: UInt32, timeoutNs: Int64, minimumWaitUs: UInt32) -> Int32 {
        let submit = unsafe gyre_ring_publish(ring)
        return unsafe gyre_ring_enter(
            ring, submit, wanted, timeoutNs, minimumWaitUs, enterFlags)
    }

    /// Whether entries are prepared that the kernel has not consumed.
    var hasUnsubmitted: Bool { unsafe gyre_ring_free_entries(ring) < entries }

    /// Whether an enter would find more than `count` completions to read, as far as the kernel has
    /// told: watched for a moment, without a crossing. For a ring that tells of work.
    func hasWork(beyond count: UInt32) -> Bool {
        unsafe gyre_ring_watch(ring, count) != 0
    }

    /// Completions that can be read now.
    var completionCount: UInt32 { unsafe gyre_ring_completions(ring) }

    /// How often the completion queue was too small; nothing is lost then, it is only slower.
    var overflowCount: UInt32 { unsafe gyre_ring_overflows(ring) }

    /// One of the readable completions, counted from the oldest.
    func completion(_ position: UInt32) -> RingCompletion {
        let entry = unsafe gyre_ring_completion(ring, position)
        return unsafe RingCompletion(
            token: CompletionToken(raw: entry.pointee.user_data), result: entry.pointee.res,
            flags: entry.pointee.flags)
    }

    /// Gives `count` read completions back to the kernel.
    func consume(_ count: UInt32) {
        unsafe io_uring_cq_advance(ring, count)
    }
}

/// A completion queue entry as the kernel wrote it.
struct RingCompletion {
    let token: CompletionToken
    let result: Int32
    private let flags: UInt32

    init(token: CompletionToken, result: Int32, flags: UInt32) {
        self.token = token
        self.result = result
        self.flags = flags
    }

    /// The request stays armed. Without it the request is dead, whatever `result` says.
    var more: Bool { flags & GYRE_CQE_MORE != 0 }

    /// The socket held further bytes when this receive was finished.
    var socketHasMore: Bool { flags & GYRE_CQE_NONEMPTY != 0 }

    /// The provided buffer that the kernel used, if any.
    var bufferNumber: UInt16? {
        flags & GYRE_CQE_BUFFER == 0
            ? nil : UInt16(truncatingIfNeeded: flags >> GYRE_CQE_BUFFER_SHIFT)
    }
}
