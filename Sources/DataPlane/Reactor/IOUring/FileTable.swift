// Direct descriptors: sockets that live in a table of the ring and not in the process's, so that
// RLIMIT_NOFILE limits each ring and not the process. Which slot a socket gets is decided here and
// not by the kernel: it is known before the socket is there, and none is accepted into a full
// table, where the kernel would cut the client. Worker thread only.

internal import CLiburing
internal import Glibc
internal import Protocols

/// The slots of a ring's file table, with the address of who is at the other end of each.
@safe
struct FileTable: ~Copyable {
    /// What the kernel writes when it accepts into a slot. While a slot is free, its first word is
    /// the next free one.
    private struct Record {
        var address: sockaddr_in6
        var length: socklen_t
    }

    private let region: MappedRegion
    private let records: UnsafeMutablePointer<Record>
    private var freeHead = UInt32.max
    /// Slots below this have been used at least once.
    private var touched: UInt32 = 0

    /// Slots of the table; 0 when the ring has none.
    let capacity: Int

    /// Option values that the kernel reads when it gets to them: on, and a reset at close.
    let on: UnsafeMutablePointer<Int32>
    let reset: UnsafeMutablePointer<linger>

    /// Registers an empty table with `ring`.
    ///
    /// - Parameter capacity: slots, at most RLIMIT_NOFILE; 0 for no table.
    init(ring: borrowing Ring, capacity: Int) throws(SystemError) {
        if capacity > 0 { try ring.reserveFiles(UInt32(capacity)) }
        self.capacity = capacity
        let recordsBytes = capacity * MemoryLayout<Record>.stride
        region = MappedRegion(
            bytes: recordsBytes + MemoryLayout<linger>.stride + MemoryLayout<Int32>.stride)
        unsafe records = region.base.bindMemory(to: Record.self, capacity: capacity)
        let values = unsafe region.base + recordsBytes
        unsafe reset = values.bindMemory(to: linger.self, capacity: 1)
        unsafe on = (values + MemoryLayout<linger>.stride).bindMemory(to: Int32.self, capacity: 1)
        // Nothing to initialise in a table that nobody uses: it costs no page.
        guard capacity > 0 else { return }
        unsafe reset.pointee = linger(l_onoff: 1, l_linger: 0)
        unsafe on.pointee = 1
    }

    /// A slot that nothing is in; `nil` when the table is full.
    mutating func take() -> Descriptor? {
        let slot: UInt32
        if freeHead != .max {
            slot = freeHead
            unsafe freeHead = next(slot).pointee
        } else {
            guard Int(touched) < capacity else { return nil }
            slot = touched
            touched += 1
        }
        unsafe records[Int(slot)].address.sin6_family = sa_family_t(AF_UNSPEC)
        unsafe records[Int(slot)].length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        return Descriptor(raw: Int32(slot))
    }

    /// Nothing is in the slot any more, or nothing came into it.
    mutating func giveBack(_ file: Descriptor) {
        let slot = UInt32(file.raw)
        precondition(slot < touched)
        unsafe next(slot).pointee = freeHead
        freeHead = slot
    }

    /// Where the kernel is to write the address of a client that it accepts into the slot.
    func address(_ file: Descriptor) -> UnsafeMutablePointer<sockaddr> {
        unsafe UnsafeMutableRawPointer(records + Int(file.raw))
            .assumingMemoryBound(to: sockaddr.self)
    }

    /// Where it reads the room for that and writes how much of it was needed.
    func addressLength(_ file: Descriptor) -> UnsafeMutablePointer<socklen_t> {
        let record = unsafe UnsafeMutableRawPointer(records + Int(file.raw))
        return unsafe (record + MemoryLayout<sockaddr_in6>.size)
            .assumingMemoryBound(to: socklen_t.self)
    }

    /// The IP address that was written; all zero when it is of another family, or none was.
    func peerAddress(_ file: Descriptor) -> IPBytes {
        unsafe IPBytes(of: address(file))
    }

    private func next(_ slot: UInt32) -> UnsafeMutablePointer<UInt32> {
        unsafe UnsafeMutableRawPointer(records + Int(slot)).assumingMemoryBound(to: UInt32.self)
    }
}
