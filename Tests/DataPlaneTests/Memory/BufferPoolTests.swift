// The buffer pool and chains: lending, giving back, counting, merging.

import TestSupport
import Testing

@testable import DataPlane

@Suite struct BufferPoolTests {
    @Test func lendsEachBufferOnceUntilExhausted() {
        let pool = BufferPool(capacity: 5)
        defer { pool.destroy() }
        let buffers = (0..<5).compactMap { _ in pool.take() }
        #expect(Set(buffers.map(\.index)).count == 5)
        #expect(pool.take() == nil)
        pool.release(buffers[3])
        #expect(pool.usedCount == 4)
        #expect(pool.take() == buffers[3])
    }

    @Test func aBufferComesEmptyAndUnlinked() throws {
        let pool = BufferPool(capacity: 2)
        defer { pool.destroy() }
        let buffer = try #require(pool.take())
        pool.setCount(buffer, 100)
        pool.consume(buffer, 40)
        pool.setNext(buffer, BufferID(index: 1))
        pool.release(buffer)
        #expect(pool.take() == buffer)
        #expect(pool.count(buffer) == 0)
        #expect(pool.next(buffer).isNone)
        pool.setCount(buffer, BufferPool.bufferBytes)
        #expect(pool.count(buffer) == BufferPool.bufferBytes)
    }

    @Test func buffersDoNotOverlap() throws {
        let pool = BufferPool(capacity: 8)
        defer { pool.destroy() }
        let buffers = (0..<8).compactMap { _ in pool.take() }
        for buffer in buffers { write(buffer, of: UInt8(buffer.index), 0, pool) }
        for buffer in buffers {
            #expect(difference(buffer, of: UInt8(buffer.index), 0, pool) == nil)
        }
    }

    @Test func consumingMovesTheStart() throws {
        let pool = BufferPool(capacity: 1)
        defer { pool.destroy() }
        let buffer = try #require(pool.take())
        write(buffer, of: 3, 0, pool)
        pool.consume(buffer, 1_000)
        #expect(pool.count(buffer) == BufferPool.bufferBytes - 1_000)
        #expect(difference(buffer, of: 3, 1_000, pool) == nil)
    }

    @Test func movingTakesOnlyWhatFits() throws {
        let pool = BufferPool(capacity: 3)
        defer { pool.destroy() }
        let target = try #require(pool.take())
        let source = try #require(pool.take())
        pool.setCount(target, BufferPool.bufferBytes - 10)
        ByteStream(number: 9).fill(bytes(target, pool), from: 0)
        pool.setCount(source, 10)
        ByteStream(number: 9).fill(bytes(source, pool), from: BufferPool.bufferBytes - 10)
        pool.move(from: source, to: target)
        #expect(pool.count(target) == BufferPool.bufferBytes)
        #expect(pool.count(source) == 0)
        #expect(difference(target, of: 9, 0, pool) == nil)
        pool.setCount(source, 1)
        pool.move(from: source, to: target)
        #expect(pool.count(source) == 1)
        // Space before the start does not count: the bytes would have to be moved.
        pool.consume(target, 100)
        pool.move(from: source, to: target)
        #expect(pool.count(source) == 1)
    }

    @Test func whatIsLeftMovesToTheBeginning() throws {
        let pool = BufferPool(capacity: 3)
        defer { pool.destroy() }
        let target = try #require(pool.take())
        let source = try #require(pool.take())
        write(target, of: 9, 0, pool)
        pool.setCount(target, BufferPool.bufferBytes - 10)
        write(source, of: 9, BufferPool.bufferBytes - 10, pool)
        pool.move(from: source, to: target)
        #expect(pool.count(source) == BufferPool.bufferBytes - 10)
        #expect(difference(source, of: 9, BufferPool.bufferBytes, pool) == nil)
        // It has room for the next one at its end again.
        let third = try #require(pool.take())
        pool.setCount(third, 10)
        pool.move(from: third, to: source)
        #expect(pool.count(source) == BufferPool.bufferBytes)
    }

    @Test func releasingTwiceStopsTheProcess() async {
        await #expect(processExitsWith: .failure) {
            let pool = BufferPool(capacity: 4)
            if let first = pool.take(), pool.take() != nil {
                pool.release(first)
                pool.release(first)
            }
        }
    }

    @Test func useAfterReleaseStopsTheProcess() async {
        await #expect(processExitsWith: .failure) {
            let pool = BufferPool(capacity: 4)
            if let first = pool.take(), pool.take() != nil {
                pool.release(first)
                pool.setCount(first, 1)
            }
        }
    }
}

@Suite struct BufferChainTests {
    @Test func smallPiecesShareBuffers() throws {
        let pool = BufferPool(capacity: 100)
        defer { pool.destroy() }
        var chain = BufferChain()
        var position = 0
        for _ in 0..<1_000 {
            chain.append(try piece(of: 1, at: position, 100, pool), in: pool)
            position += 100
        }
        #expect(chain.bytes == 100_000)
        #expect(pool.usedCount == Int(chain.buffers))
        // 163 pieces of 100 bytes fit into one buffer.
        #expect(chain.buffers == 7)
        chain.discard(in: pool)
        #expect(chain.isEmpty)
        #expect(chain.bytes == 0)
        #expect(pool.usedCount == 0)
    }

    @Test func takingLeavesAnEmptyChain() throws {
        let pool = BufferPool(capacity: 4)
        defer { pool.destroy() }
        var chain = BufferChain()
        chain.append(try piece(of: 1, at: 0, 10, pool), in: pool)
        var taken = chain.take()
        #expect(chain.isEmpty)
        #expect(chain.head.isNone)
        #expect(taken.bytes == 10)
        taken.discard(in: pool)
        #expect(pool.usedCount == 0)
    }

    @Test func anEmptyBufferCostsNoPlace() throws {
        let pool = BufferPool(capacity: 4)
        defer { pool.destroy() }
        var chain = BufferChain()
        chain.append(try piece(of: 1, at: 0, BufferPool.bufferBytes, pool), in: pool)
        chain.append(try piece(of: 1, at: BufferPool.bufferBytes, 0, pool), in: pool)
        #expect(chain.buffers == 1)
        chain.consume(BufferPool.bufferBytes, in: pool)
        #expect(chain.isEmpty)
        #expect(pool.usedCount == 0)
    }

    /// Random appends and consumptions: what comes out is the stream, in order.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func keepsTheOrderOfTheBytes(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let pool = BufferPool(capacity: 64)
        defer { pool.destroy() }
        var chain = BufferChain()
        var (written, read) = (0, 0)
        for _ in 0..<3_000 {
            if random.chance(550), pool.usedCount < pool.capacity {
                let count = random.magnitude(upTo: BufferPool.bufferBytes)
                chain.append(try piece(of: 5, at: written, count, pool), in: pool)
                written += count
            } else {
                let count = random.pick(0...Int(chain.bytes))
                chain.consume(count, in: pool)
                read += count
            }
            #expect(Int(chain.bytes) == written - read)
            #expect(pool.usedCount == Int(chain.buffers))
            if !chain.isEmpty { #expect(difference(chain.head, of: 5, read, pool) == nil) }
        }
        var buffer = chain.head
        while !buffer.isNone {
            #expect(difference(buffer, of: 5, read, pool) == nil)
            read += pool.count(buffer)
            buffer = pool.next(buffer)
        }
        #expect(read == written)
        chain.discard(in: pool)
        #expect(pool.usedCount == 0)
    }

    private func piece(
        of stream: UInt8, at position: Int, _ count: Int, _ pool: BufferPool
    ) throws -> BufferID {
        let buffer = try #require(pool.take())
        pool.setCount(buffer, count)
        ByteStream(number: stream).fill(bytes(buffer, pool), from: position)
        return buffer
    }
}

/// The bytes that `buffer` holds.
private func bytes(_ buffer: BufferID, _ pool: BufferPool) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: pool.contents(buffer), count: pool.count(buffer))
}

/// Fills the whole buffer from `stream`.
private func write(
    _ buffer: BufferID, of stream: UInt8, _ position: Int, _ pool: BufferPool
) {
    pool.setCount(buffer, BufferPool.bufferBytes)
    ByteStream(number: stream).fill(bytes(buffer, pool), from: position)
}

private func difference(
    _ buffer: BufferID, of stream: UInt8, _ position: Int, _ pool: BufferPool
) -> Int? {
    ByteStream(number: stream).firstDifference(
        UnsafeRawBufferPointer(bytes(buffer, pool)), from: position)
}
