// Moves a message's body from where it was received to where it is sent, and finds its end.

internal import Protocols

/// What came of moving a body on.
enum BodyStep {
    case moved
    /// The chunked framing is wrong.
    case refused(ChunkRefusal)
    /// More bytes than allowed.
    case tooLarge
    /// A part needed a buffer and none was free.
    case noBuffer
}

/// Where the bytes of one message's body end.
enum BodyProgress: BitwiseCopyable {
    /// All of it was seen, or there is none.
    case finished
    /// As many bytes are to come.
    case length(UInt64)
    case chunked(ChunkedDecoder)
    /// Until the connection ends.
    case untilClose

    init(_ framing: BodyFraming, _ limits: ChunkLimits) {
        switch framing {
        case .none: self = .finished
        case .length(let count): self = .length(count)
        case .chunked: self = .chunked(ChunkedDecoder(limits: limits))
        case .untilClose: self = .untilClose
        }
    }

    var isFinished: Bool {
        if case .finished = self { true } else { false }
    }

    /// Moves what is there of the body as it is, framing included; it was strictly checked, so that
    /// no two readers can differ about it.
    ///
    /// - Parameter bytesMax: the largest chunked body, without its framing.
    mutating func move(
        from source: inout BufferChain, to target: inout BufferChain, in pool: BufferPool,
        bytesMax: UInt64 = .max
    ) -> BodyStep {
        switch self {
        case .finished: return .moved
        case .length(let left):
            let count = Int(min(left, UInt64(source.bytes)))
            guard source.moveFirst(count, to: &target, in: pool) else { return .noBuffer }
            self = left == UInt64(count) ? .finished : .length(left - UInt64(count))
            return .moved
        case .chunked(var decoder):
            let (count, step) = Self.measure(&decoder, source, in: pool)
            guard decoder.bodyBytes <= bytesMax else { return .tooLarge }
            guard source.moveFirst(count, to: &target, in: pool) else { return .noBuffer }
            self = decoder.isFinished ? .finished : .chunked(decoder)
            return step
        case .untilClose:
            let count = Int(source.bytes)
            return source.moveFirst(count, to: &target, in: pool) ? .moved : .noBuffer
        }
    }

    /// How many bytes of a chain belong to a chunked body.
    private static func measure(
        _ decoder: inout ChunkedDecoder, _ source: BufferChain, in pool: BufferPool
    ) -> (count: Int, step: BodyStep) {
        var count = 0
        var buffer = source.head
        for _ in 0..<source.buffers {
            switch decoder.consume(pool.bytes(buffer)) {
            case .more: count += pool.count(buffer)
            case .finished(let end): return (count + end, .moved)
            case .refused(let refusal): return (count, .refused(refusal))
            }
            buffer = pool.next(buffer)
        }
        return (count, .moved)
    }

    /// Moves what is there of the body and takes a chunked framing off.
    mutating func moveUnchunked(
        from source: inout BufferChain, to target: inout BufferChain, in pool: BufferPool
    ) -> BodyStep {
        guard case .chunked(var decoder) = self else {
            return move(from: &source, to: &target, in: pool)
        }
        while !source.isEmpty {
            let bytes = pool.bytes(source.head)
            switch decoder.next(bytes, from: 0) {
            case .data(let start, let count):
                source.consume(start, in: pool)
                guard source.moveFirst(count, to: &target, in: pool) else { return .noBuffer }
            case .needsMore:
                source.consume(bytes.count, in: pool)
            case .finished(let end):
                source.consume(end, in: pool)
                self = .finished
                return .moved
            case .refused(let refusal): return .refused(refusal)
            }
        }
        self = .chunked(decoder)
        return .moved
    }
}
