// Eight bytes looked at together, as one word. Vectors of the standard library were tried: their
// comparisons are compiled into loops over the bytes, and words in pairs are carried back and
// forth between the two kinds of registers.

/// Eight bytes, the first one lowest.
struct EightBytes {
    let word: UInt64

    @inline(__always)
    private static func every(_ byte: UInt8) -> UInt64 {
        0x0101_0101_0101_0101 &* UInt64(byte)
    }

    /// The place of the first byte that is `byte`; 8 when none is.
    @inline(__always)
    func first(_ byte: UInt8) -> Int {
        Self.place(Self.zeroes(word ^ Self.every(byte)))
    }

    /// The place of the first control character; 8 when there is none.
    @inline(__always)
    var firstControl: Int {
        let belowSpace = (word &- Self.every(0x20)) & ~word & Self.every(0x80)
        return Self.place(belowSpace | Self.zeroes(word ^ Self.every(0x7F)))
    }

    /// The place of the first byte of a path that may not be normal, or ends it: `%`, `?`, or a `/`
    /// with `/` or `.` behind it; 8 when there is none.
    ///
    /// - Parameter next: the eight bytes from the second one on.
    @inline(__always)
    func firstPathMark(_ next: EightBytes) -> Int {
        // 0x2E and 0x2F differ in the last bit only. What is joined by `&` has to be exact.
        let pairs =
            Self.exactZeroes(word ^ Self.every(ASCII.slash))
            & Self.exactZeroes((next.word | Self.every(1)) ^ Self.every(ASCII.slash))
        let percent = Self.zeroes(word ^ Self.every(ASCII.percent))
        let question = Self.zeroes(word ^ Self.every(ASCII.question))
        return Self.place(pairs | percent | question)
    }

    /// The highest bit of each byte that is zero.
    @inline(__always)
    private static func exactZeroes(_ word: UInt64) -> UInt64 {
        ~((word & every(0x7F)) &+ every(0x7F) | word | every(0x7F))
    }

    /// The highest bit of each byte that is zero; exact up to the first one, which is all that is
    /// looked at (a borrow reaches only the bytes above it).
    @inline(__always)
    private static func zeroes(_ word: UInt64) -> UInt64 {
        (word &- every(1)) & ~word & every(0x80)
    }

    /// The place of the first byte whose highest bit is set. A word without one has 64 zeros.
    @inline(__always)
    private static func place(_ set: UInt64) -> Int {
        set.trailingZeroBitCount / 8
    }
}
