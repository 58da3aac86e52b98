// Test data whose every byte is known from its position, so that a receiver checks it without
// the sender. Comparing bytes finds what equal checksums would, and says where it went wrong.

import Foundation

/// An endless stream of reproducible bytes.
///
/// The stream repeats a table of prime length: no buffer size divides it, so a chunk that is lost,
/// doubled or out of order never meets the same bytes again. Sending and checking are one pointer
/// and one `memcmp`, so that the test is not slower than what it tests.
public final class Pattern: Sendable {
    /// The longest chunk in bytes that is contiguous in memory.
    public static let chunkBytesMax = 256 * 1024
    private static let period = 1_048_573

    nonisolated(unsafe) private let table: UnsafeMutableRawPointer

    /// - Parameter seed: streams of different seeds differ nearly everywhere.
    public init(seed: UInt64) {
        let bytes = Self.period + Self.chunkBytesMax
        table = .allocate(byteCount: bytes, alignment: 64)
        var state = seed
        for offset in stride(from: 0, to: Self.period, by: 8) {
            state &+= 0x9e37_79b9_7f4a_7c15
            var word = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
            word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
            table.storeBytes(of: word ^ (word >> 31), toByteOffset: offset, as: UInt64.self)
        }
        // The start once more behind the end: a chunk that crosses the seam stays contiguous.
        memcpy(table + Self.period, table, Self.chunkBytesMax)
    }

    deinit { table.deallocate() }

    /// The stream's bytes from `position` on.
    ///
    /// - Parameter count: at most `chunkBytesMax`.
    public func chunk(at position: Int, count: Int) -> UnsafeRawBufferPointer {
        precondition(count <= Self.chunkBytesMax)
        return UnsafeRawBufferPointer(start: table + position % Self.period, count: count)
    }

    /// A copy of the stream's bytes, for short messages.
    public func bytes(at position: Int, count: Int) -> [UInt8] {
        Array(chunk(at: position, count: count))
    }

    /// Where `received`, which should start at `position`, first differs from the stream.
    ///
    /// - Returns: a position in the stream; `nil` when every byte is right.
    func firstDifference(_ received: UnsafeRawBufferPointer, at position: Int) -> Int? {
        guard let base = received.baseAddress else { return nil }
        let expected = chunk(at: position, count: received.count)
        if memcmp(base, table + position % Self.period, received.count) == 0 { return nil }
        return zip(received, expected).enumerated().first { $1.0 != $1.1 }.map {
            position + $0.offset
        }
    }
}
