// Room for one head: read together from a chain, written and cut into buffers.

import TestSupport
import Testing

@testable import DataPlane

@Suite struct HeadScratchTests {
    private static let stream = ByteStream(number: 77)

    /// As many bytes as the chain has, or as fit, whatever buffers they lie in.
    @Test(arguments: [0, 1, 16_383, 16_384, 16_385, 50_000, 65_536, 80_000])
    func readsAChainTogether(count: Int) throws {
        let pool = BufferPool(capacity: 16)
        let scratch = HeadScratch(incomingBytes: 65_536, outgoingBytes: 64)
        defer {
            scratch.destroy()
            pool.destroy()
        }
        var chain = try chain(of: Self.stream, count, in: pool)
        // The first buffer does not begin at its beginning.
        let dropped = min(count, 100)
        chain.consume(dropped, in: pool)
        let expected = min(count - dropped, 65_536)
        let span = scratch.bytes(of: chain, in: pool)
        #expect(span.count == expected)
        let bytes = (0..<span.count).map { span[$0] }
        #expect(bytes.withUnsafeBytes { Self.stream.firstDifference($0, from: dropped) } == nil)
        // Only read.
        #expect(Int(chain.bytes) == count - dropped)
        chain.discard(in: pool)
        #expect(pool.usedCount == 0)
    }

    @Test(arguments: [0, 1, 16_384, 16_385, 49_000])
    func cutsWhatWasWrittenIntoBuffers(count: Int) throws {
        let pool = BufferPool(capacity: 16)
        let scratch = HeadScratch(incomingBytes: 64, outgoingBytes: 50_000)
        defer {
            scratch.destroy()
            pool.destroy()
        }
        var writer = scratch.writer
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.withUnsafeMutableBytes { Self.stream.fill($0, from: 0) }
        for byte in bytes { writer.append(byte) }
        #expect(writer.count == count)
        #expect(!writer.hasOverflowed)
        var chain = BufferChain()
        #expect(scratch.appendWritten(writer.count, to: &chain, in: pool))
        #expect(Int(chain.bytes) == count)
        #expect(Int(chain.buffers) == (count + 16_383) / 16_384)
        #expect(difference(chain, of: Self.stream, in: pool) == nil)
        chain.discard(in: pool)
        #expect(pool.usedCount == 0)
    }

    @Test func saysWhenBuffersRunOut() {
        let pool = BufferPool(capacity: 2)
        let scratch = HeadScratch(incomingBytes: 64, outgoingBytes: 50_000)
        defer {
            scratch.destroy()
            pool.destroy()
        }
        var chain = BufferChain()
        #expect(!scratch.appendWritten(40_000, to: &chain, in: pool))
        // The part is in the chain for the caller to discard.
        #expect(pool.usedCount == Int(chain.buffers))
        chain.discard(in: pool)
        #expect(pool.usedCount == 0)
    }

    @Test func theWriterKnowsItsEnd() {
        let scratch = HeadScratch(incomingBytes: 64, outgoingBytes: 10)
        defer { scratch.destroy() }
        var writer = scratch.writer
        writer.append("0123456789")
        #expect(!writer.hasOverflowed)
        writer.append("0")
        #expect(writer.hasOverflowed)
        #expect(writer.count == 10)
    }
}

/// A chain of full buffers, but for the last, that hold a stream's beginning.
func chain(of stream: ByteStream, _ count: Int, in pool: BufferPool) throws -> BufferChain {
    var chain = BufferChain()
    var position = 0
    while position < count {
        let buffer = try #require(pool.take())
        pool.setCount(buffer, min(count - position, BufferPool.bufferBytes))
        let bytes = UnsafeMutableRawBufferPointer(
            start: pool.contents(buffer), count: pool.count(buffer))
        stream.fill(bytes, from: position)
        position += bytes.count
        chain.append(buffer, in: pool)
    }
    return chain
}

/// Where a chain's bytes are not those of `stream` from `position` on.
func difference(
    _ chain: BufferChain, of stream: ByteStream, from position: Int = 0, in pool: BufferPool
) -> Int? {
    var position = position
    var buffer = chain.head
    while !buffer.isNone {
        let bytes = UnsafeRawBufferPointer(
            start: pool.contents(buffer), count: pool.count(buffer))
        if let difference = stream.firstDifference(bytes, from: position) { return difference }
        position += bytes.count
        buffer = pool.next(buffer)
    }
    return nil
}
