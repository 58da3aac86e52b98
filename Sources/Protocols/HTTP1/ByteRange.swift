// Parts of a head, by their place. A parsed head owns no bytes: it says where in the caller's
// memory they stand.

/// A run of bytes of the head, as offsets from the head's first byte. Heads have at most 65,535
/// bytes (`HeadLimits`), so both fit.
package struct ByteRange: BitwiseCopyable, Equatable, Sendable {
    package var start: UInt16
    package var count: UInt16

    /// Nothing, at the head's beginning.
    package init() {
        start = 0
        count = 0
    }

    /// - Parameters:
    ///   - start: offset of the first byte, at most 65,535.
    ///   - end: offset behind the last byte, `start` to 65,535.
    @inline(__always)
    init(_ start: Int, _ end: Int) {
        self.start = UInt16(truncatingIfNeeded: start)
        count = UInt16(truncatingIfNeeded: end &- start)
    }

    @inlinable
    package var isEmpty: Bool { count == 0 }

    package var range: Range<Int> { Int(start)..<end }

    /// Offset behind the last byte.
    @inlinable
    package var end: Int { Int(start) + Int(count) }
}
