// Records on their way from a worker to whoever writes the access log: a bounded ring of bytes with
// one writer and one reader. The worker never waits: what finds no room is counted and lost. It
// makes its records known once per turn, and wakes the reader only if that one sleeps.

internal import CLinux
internal import Synchronization

/// The ring of one worker. The worker writes, one other thread reads.
@safe
package final class AccessRing: @unchecked Sendable {
    /// Bytes that records may take until they are read; a power of two.
    package static let capacity = 1 << 20
    /// Of a record with all its texts, in the ring.
    static let recordBytesMax = header + AccessText.allCases.reduce(0) { $0 + $1.bytesMax } + 8
    private static let header = MemoryLayout<AccessRecord>.stride + sizeWord
    /// Before each record, its size with this word; 0 says that the next one is at the beginning.
    private static let sizeWord = 8
    private static let mask = capacity - 1

    private let memory = MappedRegion(bytes: capacity)
    private let wake: Descriptor
    /// What the reader has read, and what it can read.
    private let head = Atomic<UInt64>(0)
    private let tail = Atomic<UInt64>(0)
    private let lost = Atomic<UInt64>(0)
    private let isReaderAsleep = Atomic<Bool>(false)

    // Worker thread only.
    private var written: UInt64 = 0
    private var knownHead: UInt64 = 0

    /// - Parameter wake: an eventfd that is signalled when there are records and the reader sleeps.
    package init(wake: Descriptor) {
        self.wake = wake
    }

    /// Records that found no room, since the start. Any thread.
    package var lostCount: UInt64 { lost.load(ordering: .relaxed) }
}

// MARK: The worker's side

extension AccessRing {
    /// Puts a record behind those there are, for the reader to see after `publish`.
    ///
    /// - Parameters:
    ///   - record: its `lengths` say how much of `texts` each text has.
    ///   - texts: one behind the other.
    /// - Returns: where its times can still be put before `publish`; `nil` when there is no room.
    func append(_ record: borrowing AccessRecord, texts: Span<UInt8>) -> Int? {
        let size = (Self.header + texts.count + 7) & ~7
        precondition(size <= Self.recordBytesMax)
        guard let start = reserve(size) else {
            lost.store(lost.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
            return nil
        }
        let base = unsafe memory.base + start
        unsafe base.storeBytes(of: UInt64(size), as: UInt64.self)
        unsafe (base + Self.sizeWord).storeBytes(of: copy record, as: AccessRecord.self)
        unsafe texts.withUnsafeBytes { source in
            guard let bytes = source.baseAddress else { return }
            unsafe (base + Self.header).copyMemory(from: bytes, byteCount: source.count)
        }
        written &+= UInt64(size)
        return start
    }

    /// - Returns: where `size` bytes in one piece are free.
    private func reserve(_ size: Int) -> Int? {
        let position = Int(truncatingIfNeeded: written) & Self.mask
        let left = Self.capacity - position
        let skipped = left < size ? left : 0
        let needed = UInt64(skipped + size)
        if written &+ needed &- knownHead > UInt64(Self.capacity) {
            knownHead = head.load(ordering: .acquiring)
            guard written &+ needed &- knownHead <= UInt64(Self.capacity) else { return nil }
        }
        guard skipped > 0 else { return position }
        unsafe (memory.base + position).storeBytes(of: 0, as: UInt64.self)
        written &+= UInt64(skipped)
        return 0
    }

    /// Puts the times into a record that is not published, which are known at a turn's end only.
    func setTimes(totalNs: UInt64, ownNs: UInt64, at start: Int) {
        precondition(start >= 0 && start + Self.header <= Self.capacity)
        let record = unsafe (memory.base + start + Self.sizeWord)
            .assumingMemoryBound(to: AccessRecord.self)
        unsafe record.pointee.totalNs = totalNs
        unsafe record.pointee.ownNs = ownNs
    }

    /// Lets the reader have all records so far.
    ///
    /// - Returns: whether it was woken, which is one system call.
    func publish() -> Bool {
        guard tail.load(ordering: .relaxed) != written else { return false }
        tail.store(written, ordering: .releasing)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard isReaderAsleep.load(ordering: .relaxed) else { return false }
        isReaderAsleep.store(false, ordering: .relaxed)
        if wake.isOpen { _ = gyre_event_signal(wake.raw) }
        return true
    }
}

// MARK: The reader's side

extension AccessRing {
    /// Gives the next records to `read`, oldest first, and makes room for others.
    ///
    /// - Parameters:
    ///   - limit: records at most.
    ///   - read: gets a record and its texts, one behind the other.
    /// - Returns: how many there were.
    package func take(
        atMost limit: Int, _ read: (borrowing AccessRecord, Span<UInt8>) -> Void
    ) -> Int {
        var position = head.load(ordering: .relaxed)
        let end = tail.load(ordering: .acquiring)
        var count = 0
        while position != end && count < limit {
            let start = Int(truncatingIfNeeded: position) & Self.mask
            let base = unsafe memory.base + start
            let size = unsafe Int(base.load(as: UInt64.self))
            guard size > 0 else {
                position &+= UInt64(Self.capacity - start)
                continue
            }
            let record = unsafe (base + Self.sizeWord).load(as: AccessRecord.self)
            let texts = unsafe Span<UInt8>(
                _unsafeStart: (base + Self.header).assumingMemoryBound(to: UInt8.self),
                count: size - Self.header)
            read(record, texts)
            position &+= UInt64(size)
            count += 1
        }
        head.store(position, ordering: .releasing)
        return count
    }

    /// Asks to be woken by the next record.
    ///
    /// - Returns: false when there are some already; nobody is woken then.
    package func fallAsleep() -> Bool {
        isReaderAsleep.store(true, ordering: .relaxed)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard tail.load(ordering: .acquiring) == head.load(ordering: .relaxed) else {
            isReaderAsleep.store(false, ordering: .relaxed)
            return false
        }
        return true
    }
}
