// Chunked bodies (RFC 9112 section 7.1), read byte by byte as they come. What was read is strictly
// valid, with its extensions and trailers, so it can be passed on as it is.

/// Limits of what is not data in a chunked body.
package struct ChunkLimits: Sendable, BitwiseCopyable {
    /// Bytes of a line with a chunk size: the digits and the extensions. 16 to 65,535.
    package let lineBytesMax: Int
    /// Bytes of the trailer section, with the empty line behind it. 2 to 65,535.
    package let trailerBytesMax: Int
    /// Trailer fields. 0 to 256.
    package let trailerFieldsMax: Int

    /// - Parameters: see the properties; values outside their ranges are moved into them.
    package init(
        lineBytesMax: Int = 1024, trailerBytesMax: Int = 8 * 1024, trailerFieldsMax: Int = 64
    ) {
        self.lineBytesMax = min(max(lineBytesMax, 16), 65_535)
        self.trailerBytesMax = min(max(trailerBytesMax, 2), 65_535)
        self.trailerFieldsMax = min(max(trailerFieldsMax, 0), 256)
    }
}

/// What `ChunkedDecoder.consume` found.
package enum ChunkStep: BitwiseCopyable, Equatable, Sendable {
    /// All bytes belong to the body, and it goes on.
    case more
    /// The body ends behind that many of the bytes.
    case finished(Int)
    case refused(ChunkRefusal)
}

/// What `ChunkedDecoder.next` found.
package enum ChunkEvent: BitwiseCopyable, Equatable, Sendable {
    /// Body data, `count` bytes from offset `start` on; go on behind it.
    case data(start: Int, count: Int)
    /// All bytes were used.
    case needsMore
    /// The body ends before that offset.
    case finished(at: Int)
    case refused(ChunkRefusal)
}

/// Where in a chunked body one is. One per direction of an exchange.
package struct ChunkedDecoder: BitwiseCopyable, Sendable {
    private enum State: UInt8 {
        case sizeStart, size
        case extensionBlank, extensionNameStart, extensionName, extensionNameBlank
        case extensionValueStart, extensionToken, extensionQuoted, extensionEscaped
        case extensionEnd
        case sizeLineFeed, data, dataReturn, dataLineFeed
        case trailerStart, trailerName, trailerValue, trailerLineFeed, lastLineFeed
        case finished, refused
    }

    /// Body bytes seen so far.
    package private(set) var bodyBytes: UInt64 = 0
    /// Bytes of the present chunk's data still to come, 0 outside of data; while in a line with a
    /// size, the size read so far.
    private var remaining: UInt64 = 0
    private var trailerName = TrailerName()
    private let lineBytesMax: UInt16
    private let trailerBytesMax: UInt16
    private let trailerFieldsMax: UInt16
    private var trailerFields: UInt16 = 0
    /// Bytes of the present line with a size, then of the trailer section.
    private var lineBytes: UInt16 = 0
    private var state = State.sizeStart
    private var refusal = ChunkRefusal.malformedSize

    /// At the body's beginning.
    package init(limits: ChunkLimits = ChunkLimits()) {
        lineBytesMax = UInt16(truncatingIfNeeded: limits.lineBytesMax)
        trailerBytesMax = UInt16(truncatingIfNeeded: limits.trailerBytesMax)
        trailerFieldsMax = UInt16(truncatingIfNeeded: limits.trailerFieldsMax)
    }

    /// Whether the whole body has been seen.
    package var isFinished: Bool { state == .finished }

    /// Bytes of the present chunk's data still to come; 0 outside of data.
    package var dataLeft: UInt64 { state == .data ? remaining : 0 }

    /// Reads on. Bytes that belong to the body can be passed on as they are.
    ///
    /// - Parameter bytes: those that follow what was read before; may hold more than the body.
    package mutating func consume(_ bytes: Span<UInt8>) -> ChunkStep {
        var position = 0
        while true {
            switch next(bytes, from: position) {
            case .data(let start, let count): position = start + count
            case .needsMore: return .more
            case .finished(let end): return .finished(end)
            case .refused(let refusal): return .refused(refusal)
            }
        }
    }

    /// Reads on, up to the end of a run of data.
    ///
    /// - Parameters:
    ///   - bytes: those that follow what was read before; may hold more than the body.
    ///   - offset: where to go on in them, at most their count.
    package mutating func next(_ bytes: Span<UInt8>, from offset: Int) -> ChunkEvent {
        precondition(offset >= 0)
        var position = offset
        while position < bytes.count {
            switch state {
            case .data:
                let count = Int(min(remaining, UInt64(bytes.count - position)))
                take(UInt64(count))
                return .data(start: position, count: count)
            case .finished: return .finished(at: position)
            case .refused: return .refused(refusal)
            default: break
            }
            do throws(ChunkRefusal) {
                try step(bytes[position])
            } catch {
                state = .refused
                refusal = error
                return .refused(error)
            }
            position += 1
        }
        switch state {
        case .finished: return .finished(at: position)
        case .refused: return .refused(refusal)
        default: return .needsMore
        }
    }

    /// Goes over data that was passed on without being shown.
    ///
    /// - Parameter count: at most `dataLeft`.
    package mutating func skipData(_ count: UInt64) {
        precondition(count <= dataLeft)
        if count > 0 { take(count) }
    }

    private mutating func take(_ count: UInt64) {
        remaining -= count
        // More bytes than fit here cannot have passed.
        bodyBytes &+= count
        if remaining == 0 { state = .dataReturn }
    }

    private mutating func step(_ byte: UInt8) throws(ChunkRefusal) {
        switch state {
        case .sizeStart, .size: try stepSize(byte)
        case .extensionBlank, .extensionNameStart, .extensionName, .extensionNameBlank,
            .extensionValueStart, .extensionToken, .extensionQuoted, .extensionEscaped,
            .extensionEnd:
            try stepExtension(byte)
        case .sizeLineFeed:
            guard byte == ASCII.lineFeed else { throw .bareCarriageReturn }
            state = remaining > 0 ? .data : .trailerStart
            lineBytes = 0
        case .dataReturn:
            guard byte == ASCII.carriageReturn else {
                throw byte == ASCII.lineFeed ? .bareLineFeed : .dataNotEnded
            }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == ASCII.lineFeed else { throw .bareCarriageReturn }
            state = .sizeStart
        case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed, .lastLineFeed:
            try stepTrailer(byte)
        case .data, .finished, .refused: break
        }
    }

    private mutating func countLineByte() throws(ChunkRefusal) {
        guard lineBytes < lineBytesMax else { throw .lineTooLong }
        lineBytes += 1
    }

    /// `chunk-size = 1*HEXDIG`. No sign, no `0x`, no white space, and no more digits than a number
    /// below 2^63 has.
    private mutating func stepSize(_ byte: UInt8) throws(ChunkRefusal) {
        if let digit = ASCII.hexValue(byte) {
            if state == .sizeStart {
                lineBytes = 0
                state = .size
            }
            guard lineBytes < 16, remaining < 1 << 59 else { throw .sizeTooLarge }
            try countLineByte()
            remaining = remaining << 4 | UInt64(digit)
            return
        }
        guard state == .size else {
            throw byte == ASCII.lineFeed ? .bareLineFeed : .malformedSize
        }
        try endSize(byte, otherwise: .malformedSize)
    }

    /// What may stand behind a size or a finished extension.
    private mutating func endSize(
        _ byte: UInt8, otherwise fault: ChunkRefusal
    ) throws(ChunkRefusal) {
        switch byte {
        case ASCII.carriageReturn: state = .sizeLineFeed
        case ASCII.lineFeed: throw .bareLineFeed
        case ASCII.semicolon: try enterExtension(.extensionNameStart)
        case ASCII.space, ASCII.tab: try enterExtension(.extensionBlank)
        default: throw fault
        }
    }

    private mutating func enterExtension(_ next: State) throws(ChunkRefusal) {
        try countLineByte()
        state = next
    }

    /// `chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`, RFC 9112
    /// section 7.1.1. A CR or LF in there ends nothing but the body (funky chunks).
    private mutating func stepExtension(_ byte: UInt8) throws(ChunkRefusal) {
        if byte == ASCII.lineFeed { throw .bareLineFeed }
        switch state {
        case .extensionBlank:
            // White space is allowed before a semicolon only.
            if ASCII.isBlank(byte) { return try countLineByte() }
            guard byte == ASCII.semicolon else { throw .malformedExtension }
            try enterExtension(.extensionNameStart)
        case .extensionNameStart:
            if ASCII.isBlank(byte) { return try countLineByte() }
            guard ByteClass.isIn(ByteClass.token, byte) else { throw .malformedExtension }
            try enterExtension(.extensionName)
        case .extensionName:
            if ByteClass.isIn(ByteClass.token, byte) { return try countLineByte() }
            if byte == ASCII.equals { return try enterExtension(.extensionValueStart) }
            if ASCII.isBlank(byte) { return try enterExtension(.extensionNameBlank) }
            try endSize(byte, otherwise: .malformedExtension)
        case .extensionNameBlank:
            if ASCII.isBlank(byte) { return try countLineByte() }
            if byte == ASCII.equals { return try enterExtension(.extensionValueStart) }
            guard byte == ASCII.semicolon else { throw .malformedExtension }
            try enterExtension(.extensionNameStart)
        case .extensionValueStart:
            if ASCII.isBlank(byte) { return try countLineByte() }
            if byte == ASCII.quote { return try enterExtension(.extensionQuoted) }
            guard ByteClass.isIn(ByteClass.token, byte) else { throw .malformedExtension }
            try enterExtension(.extensionToken)
        case .extensionToken:
            if ByteClass.isIn(ByteClass.token, byte) { return try countLineByte() }
            try endSize(byte, otherwise: .malformedExtension)
        case .extensionQuoted:
            if byte == ASCII.quote { return try enterExtension(.extensionEnd) }
            if byte == ASCII.backslash { return try enterExtension(.extensionEscaped) }
            guard ByteClass.isIn(ByteClass.quoted, byte) else { throw .malformedExtension }
            try countLineByte()
        case .extensionEscaped:
            guard ByteClass.isIn(ByteClass.value, byte) else { throw .malformedExtension }
            try enterExtension(.extensionQuoted)
        default: try endSize(byte, otherwise: .malformedExtension)
        }
    }

    /// Trailer fields (RFC 9112 section 7.1.2) keep the rules of fields in heads.
    private mutating func stepTrailer(_ byte: UInt8) throws(ChunkRefusal) {
        guard lineBytes < trailerBytesMax else { throw .trailersTooLong }
        lineBytes += 1
        switch state {
        case .trailerStart:
            if byte == ASCII.carriageReturn {
                state = .lastLineFeed
            } else if ByteClass.isIn(ByteClass.token, byte) {
                guard trailerFields < trailerFieldsMax else { throw .tooManyTrailers }
                trailerFields += 1
                trailerName = TrailerName()
                trailerName.append(byte)
                state = .trailerName
            } else if byte == ASCII.lineFeed {
                throw .bareLineFeed
            } else {
                throw ASCII.isBlank(byte) ? .folded : .malformedTrailer
            }
        case .trailerName:
            if ByteClass.isIn(ByteClass.token, byte) { return trailerName.append(byte) }
            guard byte == ASCII.colon else {
                throw byte == ASCII.lineFeed ? .bareLineFeed : .malformedTrailer
            }
            guard !trailerName.isForbidden else { throw .trailerForbidden }
            state = .trailerValue
        case .trailerValue:
            if ByteClass.isIn(ByteClass.value, byte) { return }
            guard byte == ASCII.carriageReturn else {
                throw byte == ASCII.lineFeed ? .bareLineFeed : .controlInTrailer
            }
            state = .trailerLineFeed
        case .trailerLineFeed:
            guard byte == ASCII.lineFeed else { throw .bareCarriageReturn }
            state = .trailerStart
        default:
            guard byte == ASCII.lineFeed else { throw .bareCarriageReturn }
            state = .finished
        }
    }
}
