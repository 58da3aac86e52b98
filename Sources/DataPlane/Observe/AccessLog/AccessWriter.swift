// A worker's way to its access log: which of its exchanges and flows are told, and the texts of
// requests while these last. Worker thread only.

internal import Protocols

/// Tells what ended. Copies refer to the same ring, which the worker keeps alive.
@safe
struct AccessWriter: BitwiseCopyable {
    private let ring: Unmanaged<AccessRing>
    /// How many of 65,536 of those that end well are told.
    private let sample: UInt32
    private let worker: UInt16

    init(_ ring: AccessRing, sample: UInt32, worker: Int) {
        unsafe self.ring = Unmanaged.passUnretained(ring)
        self.sample = sample
        self.worker = UInt16(truncatingIfNeeded: worker)
    }

    /// Puts a record into the ring, if it is one of those that are told.
    ///
    /// - Parameters:
    ///   - draw: a random number.
    ///   - texts: what the record's `lengths` speak of.
    /// - Returns: where its times can still be set; negative for nowhere.
    func append(_ record: inout AccessRecord, texts: Span<UInt8>, draw: UInt64) -> Int32 {
        let isGood = record.end == .done || record.end == .upgraded
        let isSampled = UInt32(truncatingIfNeeded: draw >> 48) < sample
        guard isSampled || !isGood || record.status >= 500 else { return -1 }
        record.worker = worker
        let place = unsafe ring._withUnsafeGuaranteedRef { $0.append(record, texts: texts) }
        return place.map { Int32(truncatingIfNeeded: $0) } ?? -1
    }

    func setTimes(totalNs: UInt64, ownNs: UInt64, at place: Int32) {
        unsafe ring._withUnsafeGuaranteedRef {
            $0.setTimes(totalNs: totalNs, ownNs: ownNs, at: Int(place))
        }
    }

    /// - Returns: whether a reader was woken, which is one system call.
    func publish() -> Bool { unsafe ring._withUnsafeGuaranteedRef { $0.publish() } }
}

/// The texts of requests under way, by the slots of their exchanges: room for all of them is
/// reserved and becomes real as it is used.
@safe
struct AccessNotes: ~Copyable {
    /// Of one exchange: lengths, then the texts one behind the other.
    private static let stride = 2048
    private static let firstText = 16
    private let memory: MappedRegion
    private let count: Int

    /// - Parameter count: exchanges at once.
    init(count: Int) {
        precondition(
            Self.firstText + AccessText.allCases.reduce(0) { $0 + $1.bytesMax } <= Self.stride)
        self.count = count
        memory = MappedRegion(bytes: count * Self.stride)
    }

    private func start(_ slot: UInt32) -> UnsafeMutableRawPointer {
        precondition(Int(slot) < count)
        return unsafe memory.base + Int(slot) * Self.stride
    }

    /// What of a slot's texts was written.
    private struct Header: BitwiseCopyable {
        var lengths = InlineArray<7, UInt16>(repeating: 0)
        var cutTexts: UInt8 = 0
        var isWanted = false
    }

    /// Begins the texts of an exchange.
    ///
    /// - Parameter isWanted: whether it is told to the log at all.
    func begin(_ slot: UInt32, isWanted: Bool) {
        var header = Header()
        header.isWanted = isWanted
        unsafe start(slot).storeBytes(of: header, as: Header.self)
    }

    /// Adds a text, as far as it may be kept.
    ///
    /// - Parameter text: behind those that were added.
    func add(_ text: AccessText, _ slot: UInt32, _ bytes: Span<UInt8>, _ range: Range<Int>) {
        let length = min(range.count, text.bytesMax)
        let start = unsafe start(slot)
        let header = unsafe start.assumingMemoryBound(to: Header.self)
        var offset = Self.firstText
        for index in 0..<text.rawValue { offset += unsafe Int(header.pointee.lengths[index]) }
        unsafe header.pointee.lengths[text.rawValue] = UInt16(length)
        if length < range.count {
            unsafe header.pointee.cutTexts |= 1 << UInt8(text.rawValue)
        }
        let first = range.lowerBound
        precondition(first >= 0 && first + length <= bytes.count)
        unsafe bytes.withUnsafeBytes { source in
            guard length > 0, let from = source.baseAddress else { return }
            unsafe (start + offset).copyMemory(from: from + first, byteCount: length)
        }
    }

    /// Gives a record and the texts of its exchange to `tell`, if it is told at all.
    func finish(
        _ slot: UInt32, _ record: inout AccessRecord,
        _ tell: (inout AccessRecord, Span<UInt8>) -> Int32
    ) -> Int32 {
        let start = unsafe start(slot)
        let header = unsafe start.load(as: Header.self)
        guard header.isWanted else { return -1 }
        record.lengths = header.lengths
        record.cutTexts = header.cutTexts
        var length = 0
        for index in 0..<AccessText.allCases.count { length += Int(header.lengths[index]) }
        let texts = unsafe Span<UInt8>(
            _unsafeStart: (start + Self.firstText).assumingMemoryBound(to: UInt8.self),
            count: length)
        return tell(&record, texts)
    }
}
