// Room for one head at a time on its way in and one on its way out, for heads that do not lie in
// one buffer: read together here before they are parsed, or written here before they are cut into
// buffers. Nothing stays in it.

internal import Protocols

/// Two regions of memory, shared by value within a worker; `destroy` ends their life.
@safe
struct HeadScratch: BitwiseCopyable {
    private let incoming: UnsafeMutableRawPointer
    private let outgoing: UnsafeMutableRawPointer
    private let incomingBytes: Int
    private let outgoingBytes: Int

    init(incomingBytes: Int, outgoingBytes: Int) {
        self.incomingBytes = incomingBytes
        self.outgoingBytes = outgoingBytes
        unsafe incoming = MappedRegion.reserve(bytes: incomingBytes)
        unsafe outgoing = MappedRegion.reserve(bytes: outgoingBytes)
    }

    /// Frees both. No copy of this value may be used afterwards.
    func destroy() {
        unsafe MappedRegion.release(incoming, incomingBytes)
        unsafe MappedRegion.release(outgoing, outgoingBytes)
    }

    /// Copies the first bytes of a chain here, as many as it has but no more than fit.
    @_lifetime(borrow self)
    func bytes(of chain: BufferChain, in pool: BufferPool) -> Span<UInt8> {
        var count = 0
        var buffer = chain.head
        for _ in 0..<chain.buffers where count < incomingBytes {
            let part = min(pool.count(buffer), incomingBytes - count)
            unsafe (incoming + count).copyMemory(from: pool.contents(buffer), byteCount: part)
            count += part
            buffer = pool.next(buffer)
        }
        let start = unsafe UnsafePointer(incoming.assumingMemoryBound(to: UInt8.self))
        let span = unsafe Span(_unsafeStart: start, count: count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// A writer for all of the outgoing region.
    var writer: HeadWriter { unsafe HeadWriter(outgoing, capacity: outgoingBytes) }

    /// The first bytes that were written.
    @_lifetime(borrow self)
    func written(_ count: Int) -> Span<UInt8> {
        precondition(count >= 0 && count <= outgoingBytes)
        let start = unsafe UnsafePointer(outgoing.assumingMemoryBound(to: UInt8.self))
        let span = unsafe Span(_unsafeStart: start, count: count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Puts the first `count` bytes that were written at the end of a chain.
    ///
    /// - Returns: false when no buffer is free; a part may be in the chain then.
    func appendWritten(_ count: Int, to chain: inout BufferChain, in pool: BufferPool) -> Bool {
        precondition(count <= outgoingBytes)
        var offset = 0
        while offset < count {
            guard let buffer = pool.take() else { return false }
            let part = min(count - offset, BufferPool.bufferBytes)
            unsafe pool.contents(buffer).copyMemory(from: outgoing + offset, byteCount: part)
            pool.setCount(buffer, part)
            chain.append(buffer, in: pool)
            offset += part
        }
        return true
    }
}
