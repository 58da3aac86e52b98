// Bytes that change buffers: copies, parts, and chains that hand their first bytes on.

import Protocols
import TestSupport
import Testing

@testable import DataPlane

@Suite struct BufferMoveTests {
    private static let stream = ByteStream(number: 5)

    @Test func aCopyHasTheSameBytesAndItsOwnLife() throws {
        let pool = BufferPool(capacity: 2)
        defer { pool.destroy() }
        var source = try chain(of: Self.stream, 10_000, in: pool)
        source.consume(300, in: pool)
        let copy = try #require(pool.copy(source.head))
        #expect(pool.next(copy).isNone)
        // No third one.
        #expect(pool.copy(source.head) == nil)
        source.discard(in: pool)
        var copies = BufferChain()
        copies.append(copy, in: pool)
        #expect(copies.bytes == 9_700)
        #expect(difference(copies, of: Self.stream, from: 300, in: pool) == nil)
        copies.discard(in: pool)
        #expect(pool.usedCount == 0)
    }

    /// - Parameter held: bytes of the chain that a copy of 1,000 is added to.
    @Test(arguments: [(held: 0, buffers: 1), (5_000, 1), (15_384, 1), (15_385, 2), (16_384, 2)])
    func aCopyIsAddedWhole(held: Int, buffers: UInt32) throws {
        let pool = BufferPool(capacity: 3)
        defer { pool.destroy() }
        var target = try chain(of: Self.stream, held, in: pool)
        let source = try #require(pool.take())
        pool.setCount(source, 1_000)
        Self.stream.fill(bytes(source, pool), from: held)
        let isAdded = target.append(copyOf: source, in: pool)
        #expect(isAdded && target.buffers == buffers && target.bytes == UInt32(held + 1_000))
        #expect(difference(target, of: Self.stream, from: 0, in: pool) == nil)
        #expect(pool.count(source) == 1_000)
        pool.release(source)
        target.discard(in: pool)
        #expect(pool.usedCount == 0)
    }

    @Test func aCopyThatHasNoRoomIsNotAdded() throws {
        let pool = BufferPool(capacity: 2)
        defer { pool.destroy() }
        var target = try chain(of: Self.stream, 16_000, in: pool)
        var source = try chain(of: Self.stream, 1_000, in: pool)
        let isAdded = target.append(copyOf: source.head, in: pool)
        #expect(!isAdded && target.bytes == 16_000 && source.bytes == 1_000)
        target.discard(in: pool)
        source.discard(in: pool)
        #expect(pool.usedCount == 0)
    }

    /// - Parameter held: bytes of the target; `limit` is asked for of 1,000.
    @Test(arguments: [
        (held: 0, limit: 1_000, moved: 1_000), (0, 0, 0), (0, 999, 999), (5_000, 1_000, 1_000),
        (16_384, 1_000, 0), (16_000, 1_000, 384), (16_000, 100, 100), (5_000, 9_999, 1_000),
    ])
    func aPartMovesAsFarAsItFits(held: Int, limit: Int, moved: Int) throws {
        let pool = BufferPool(capacity: 2)
        defer { pool.destroy() }
        let target = try #require(pool.take())
        pool.setCount(target, held)
        Self.stream.fill(bytes(target, pool), from: 0)
        let source = try #require(pool.take())
        pool.setCount(source, 1_000)
        Self.stream.fill(bytes(source, pool), from: held)
        #expect(pool.moveFirst(limit, from: source, to: target) == moved)
        #expect(pool.count(target) == held + moved)
        #expect(pool.count(source) == 1_000 - moved)
        #expect(Self.stream.firstDifference(.init(bytes(target, pool)), from: 0) == nil)
        let rest = Self.stream.firstDifference(.init(bytes(source, pool)), from: held + moved)
        #expect(rest == nil)
    }

    @Test func bytesAreThoseBehindTheStart() throws {
        let pool = BufferPool(capacity: 1)
        defer { pool.destroy() }
        var chain = try chain(of: Self.stream, 1_000, in: pool)
        chain.consume(990, in: pool)
        let span = pool.bytes(chain.head)
        #expect(span.count == 10)
        let bytes = (0..<10).map { span[$0] }
        #expect(bytes.withUnsafeBytes { Self.stream.firstDifference($0, from: 990) } == nil)
    }

    @Test func aWriterHasTheWholeBuffer() throws {
        let pool = BufferPool(capacity: 1)
        defer { pool.destroy() }
        let buffer = try #require(pool.take())
        var writer = pool.writer(buffer)
        for byte in 0..<BufferPool.bufferBytes { writer.append(UInt8(truncatingIfNeeded: byte)) }
        #expect(!writer.hasOverflowed)
        // Nothing counts before it is said to.
        #expect(pool.count(buffer) == 0)
        pool.setCount(buffer, writer.count)
        let span = pool.bytes(buffer)
        #expect((0..<span.count).allSatisfy { span[$0] == UInt8(truncatingIfNeeded: $0) })
        writer.append(0)
        #expect(writer.hasOverflowed)
    }

    @Test func writingOverBytesStopsTheProcess() async {
        await #expect(processExitsWith: .failure) {
            let pool = BufferPool(capacity: 1)
            if let buffer = pool.take() {
                pool.setCount(buffer, 1)
                _ = pool.writer(buffer)
            }
        }
    }

    /// Whole buffers change hands without another one, and what follows an empty target keeps its
    /// buffers.
    @Test func wholeBuffersNeedNoOther() throws {
        let pool = BufferPool(capacity: 3)
        defer { pool.destroy() }
        var source = try chain(of: Self.stream, 3 * BufferPool.bufferBytes, in: pool)
        var target = BufferChain()
        #expect(source.moveFirst(3 * BufferPool.bufferBytes, to: &target, in: pool))
        #expect(source.isEmpty)
        #expect(source.bytes == 0)
        #expect(target.buffers == 3)
        #expect(difference(target, of: Self.stream, in: pool) == nil)
        target.discard(in: pool)
    }

    /// The whole buffer before the part has moved all the same.
    @Test func aPartWithoutABufferStays() throws {
        let pool = BufferPool(capacity: 2)
        defer { pool.destroy() }
        var source = try chain(of: Self.stream, BufferPool.bufferBytes + 500, in: pool)
        var target = BufferChain()
        #expect(!source.moveFirst(BufferPool.bufferBytes + 100, to: &target, in: pool))
        #expect(target.bytes == UInt32(BufferPool.bufferBytes))
        #expect(source.bytes == 500)
        #expect(difference(target, of: Self.stream, in: pool) == nil)
        target.discard(in: pool)
        #expect(source.moveFirst(100, to: &target, in: pool))
        #expect(source.bytes == 400)
        #expect(difference(target, of: Self.stream, from: BufferPool.bufferBytes, in: pool) == nil)
        target.discard(in: pool)
        source.discard(in: pool)
        #expect(pool.usedCount == 0)
    }

    /// Random moves between chains whose ends are at any place: what comes out at the far end is
    /// the stream, in order, and no buffer is lost, also when none is free for a part.
    @Test func keepsTheOrderOfTheBytes() throws {
        let refusals = try (1...40 as ClosedRange<UInt64>).reduce(0) {
            try $0 + moveAtRandom(seed: $1)
        }
        #expect(refusals > 100)
    }

    private func moveAtRandom(seed: UInt64) throws -> Int {
        var random = SeededRandom(seed: seed)
        let pool = BufferPool(capacity: random.pick([2, 3, 64]))
        defer { pool.destroy() }
        var chains = [BufferChain(), BufferChain(), BufferChain()]
        var (written, read, refusals) = (0, 0, 0)
        for _ in 0..<2_000 {
            switch random.pick(0...3) {
            case 0:
                guard let buffer = pool.take() else { continue }
                pool.setCount(buffer, random.magnitude(upTo: BufferPool.bufferBytes))
                Self.stream.fill(bytes(buffer, pool), from: written)
                written += pool.count(buffer)
                chains[0].append(buffer, in: pool)
            case 1:
                let count = random.pick(0...Int(chains[2].bytes))
                chains[2].consume(count, in: pool)
                read += count
            case let step:
                var source = chains[step - 2]
                let count = random.pick(0...Int(source.bytes))
                let sum = source.bytes + chains[step - 1].bytes
                let isMoved = source.moveFirst(count, to: &chains[step - 1], in: pool)
                chains[step - 2] = source
                if !isMoved { refusals += 1 }
                #expect(isMoved || pool.freeCount == 0)
                #expect(source.bytes + chains[step - 1].bytes == sum)
            }
            #expect(chains.reduce(0) { $0 + Int($1.bytes) } == written - read)
            #expect(pool.usedCount == chains.reduce(0) { $0 + Int($1.buffers) })
            var position = read
            for chain in chains.reversed() {
                #expect(difference(chain, of: Self.stream, from: position, in: pool) == nil)
                position += Int(chain.bytes)
            }
        }
        for position in chains.indices { chains[position].discard(in: pool) }
        #expect(pool.usedCount == 0)
        return refusals
    }

    private func bytes(_ buffer: BufferID, _ pool: BufferPool) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: pool.contents(buffer), count: pool.count(buffer))
    }
}
