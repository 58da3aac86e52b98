// Lines on their way out, in memory of fixed size: filled at the end, taken from the front. The
// only place of this folder that touches raw memory.

internal import Protocols

/// Bytes of whole lines, each with a newline at its end. What does not fit is left out; who writes
/// a line asks for `room` before.
@safe
struct LineBuffer: ~Copyable, @unchecked Sendable {
    static let lineEnd = UInt8(ascii: "\n")

    private let base: UnsafeMutableRawPointer
    let capacity: Int
    /// Bytes that were written, and how many of them were taken.
    private(set) var count = 0
    private(set) var taken = 0

    /// - Parameter capacity: in bytes, at least 1; becomes memory as it is used.
    init(capacity: Int) {
        precondition(capacity > 0)
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        self.capacity = capacity
    }

    deinit {
        unsafe base.deallocate()
    }

    /// How many bytes still fit.
    var room: Int { capacity - count }

    var isEmpty: Bool { taken == count }

    /// Bytes that were not taken.
    var left: Int { count - taken }

    mutating func removeAll() {
        count = 0
        taken = 0
    }
}

// MARK: The end

extension LineBuffer {
    @inline(__always)
    mutating func append(_ byte: UInt8) {
        guard count < capacity else { return }
        unsafe base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count &+= 1
    }

    mutating func append(_ text: StaticString) {
        let bytes = text.utf8CodeUnitCount
        guard bytes <= room else { return }
        unsafe (base + count).copyMemory(from: text.utf8Start, byteCount: bytes)
        count &+= bytes
    }

    /// - Parameter range: within `bytes`.
    @inline(__always)
    mutating func append(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        guard !range.isEmpty, range.count <= room else { return }
        unsafe bytes.withUnsafeBytes { source in
            guard let from = source.baseAddress else { return }
            unsafe (base + count).copyMemory(
                from: from + range.lowerBound, byteCount: range.count)
        }
        count &+= range.count
    }

    /// Eight bytes as they lie in memory.
    ///
    /// - Parameter index: of the first; the others are within `bytes`, too.
    @inline(__always)
    static func eight(_ bytes: Span<UInt8>, at index: Int) -> UInt64 {
        precondition(index >= 0 && index <= bytes.count - 8)
        return unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
    }

    /// Writes what a writer of heads can write, such as addresses and numbers.
    @inline(__always)
    mutating func append(_ write: (inout HeadWriter) -> Void) {
        var writer = unsafe HeadWriter(base + count, capacity: room)
        write(&writer)
        count &+= writer.count
    }

    /// Takes the last bytes away again.
    ///
    /// - Parameter mark: `count` as it was.
    mutating func rewind(to mark: Int) {
        precondition(mark >= taken && mark <= count)
        count = mark
    }
}

// MARK: The front

extension LineBuffer {
    /// What was not taken.
    func withBytes<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        body(
            unsafe Span(
                _unsafeStart: (base + taken).assumingMemoryBound(to: UInt8.self), count: left))
    }

    /// Takes bytes; all memory is free again with the last.
    mutating func take(_ bytes: Int) {
        precondition(bytes >= 0 && bytes <= left)
        taken += bytes
        if isEmpty { removeAll() }
    }

    /// Puts the beginning of the first line back that was taken without its end.
    mutating func untakePart() {
        let bytes = unsafe UnsafeRawBufferPointer(start: base, count: count)
        while taken > 0, unsafe bytes[taken - 1] != Self.lineEnd { taken -= 1 }
    }

    /// Lines that were not taken, or not as a whole.
    var lines: Int {
        withBytes { bytes in
            bytes.indices.count { bytes[$0] == Self.lineEnd }
        }
    }
}
