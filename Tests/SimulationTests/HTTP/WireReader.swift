// Reads a connection's messages piece by piece, for the peers of the simulation.

/// What a reader found.
enum WireEvent {
    /// The first byte of a message.
    case began
    case head(WireHead, WireFraming)
    case body(ArraySlice<UInt8>)
    case ended(trailers: [WireField])
    /// Bytes behind the head that opened a tunnel.
    case tunnel(ArraySlice<UInt8>)
}

/// A connection's messages in one direction.
final class WireReader {
    private enum State {
        case head
        case length(Int)
        case chunkSize
        case chunkData(Int)
        case chunkEnd
        case trailers
        case untilClose
        case tunnel
    }

    private var state = State.head
    private var pending: [UInt8] = []
    private var position = 0
    /// Bytes of an incomplete head or line that have been searched already.
    private var searched = 0
    private var hasBegun = false
    private let framing: (WireHead) throws -> WireFraming
    private let handle: (WireEvent) throws -> Void
    /// What follows the present message waits for another call of `feed` after this is false.
    var isHeld = false

    /// - Parameters:
    ///   - framing: says how a message goes on behind its head.
    ///   - handle: is told of what was found, in order.
    init(
        framing: @escaping (WireHead) throws -> WireFraming,
        handle: @escaping (WireEvent) throws -> Void
    ) {
        self.framing = framing
        self.handle = handle
    }

    /// Whether a message has begun and not ended.
    var isWithinMessage: Bool { hasBegun }

    /// What follows the present message are no messages. For `handle`, when a message ended.
    func openTunnel() { state = .tunnel }

    /// - Throws: a fault, or what `handle` throws. Nothing may be fed afterwards.
    func feed(_ bytes: [UInt8]) throws {
        pending.append(contentsOf: bytes)
        while position < pending.count, !isHeld || hasBegun, try step() {}
        if position == pending.count {
            pending.removeAll(keepingCapacity: true)
            position = 0
        }
    }

    /// The connection was ended in order: what ends with it is whole.
    func end() throws {
        if case .untilClose = state { try finish([]) }
    }

    /// - Returns: false when more bytes are needed.
    private func step() throws -> Bool {
        switch state {
        case .head: return try readHead()
        case .length(let left):
            let count = try passOn(left)
            if count == left { try finish([]) } else { state = .length(left - count) }
        case .chunkSize: return try readSize()
        case .chunkData(let left):
            let count = try passOn(left)
            state = count == left ? .chunkEnd : .chunkData(left - count)
        case .chunkEnd:
            guard pending.count - position >= 2 else { return false }
            guard pending[position...].prefix(2) == [13, 10] else {
                throw WireFault("chunk data longer than its size")
            }
            position += 2
            state = .chunkSize
        case .trailers: return try readTrailers()
        case .untilClose: _ = try passOn(.max)
        case .tunnel:
            let bytes = pending[position...]
            position = pending.count
            try handle(.tunnel(bytes))
        }
        return true
    }

    private func passOn(_ limit: Int) throws -> Int {
        let count = min(limit, pending.count - position)
        position += count
        try handle(.body(pending[position - count..<position]))
        return count
    }

    private func finish(_ trailers: [WireField]) throws {
        state = .head
        hasBegun = false
        try handle(.ended(trailers: trailers))
    }

    private func readHead() throws -> Bool {
        if !hasBegun {
            hasBegun = true
            try handle(.began)
        }
        guard let end = find([13, 10, 13, 10]) else { return false }
        let head = try WireHead(pending[position..<end])
        position = end
        let framing = try framing(head)
        switch framing {
        case .none: state = .head
        case .length(let count): state = .length(count)
        case .chunked: state = .chunkSize
        case .untilClose: state = .untilClose
        case .tunnel: state = .tunnel
        }
        if framing == .none { hasBegun = false }
        try handle(.head(head, framing))
        if framing == .none { try handle(.ended(trailers: [])) }
        return true
    }

    private func readSize() throws -> Bool {
        guard let end = find([13, 10]) else { return false }
        let line = Latin1.text(pending[position..<end - 2])
        let digits = line.prefix { $0.isASCII && $0.isHexDigit }
        let rest = line.dropFirst(digits.count)
        guard !digits.isEmpty, digits.count <= 15, let size = Int(digits, radix: 16),
            rest.isEmpty || rest.drop(while: { $0 == " " || $0 == "\t" }).first == ";",
            !rest.contains(where: { $0.isNewline })
        else { throw WireFault("a chunk line '\(line)'") }
        position = end
        if size > 0 {
            state = .chunkData(size)
        } else {
            state = .trailers
            // The line end behind the last chunk is the first one that may be the empty line's.
            position -= 2
            searched = 0
        }
        return true
    }

    private func readTrailers() throws -> Bool {
        guard let end = find([13, 10, 13, 10]) else { return false }
        // Read like a head whose start line is empty.
        let section = try WireHead(pending[position..<end])
        position = end
        for field in section.fields
        where ["content-length", "transfer-encoding", "host", "connection"].contains(
            field.name.lowercased())
        {
            throw WireFault("a trailer named \(field.name)")
        }
        try finish(section.fields)
        return true
    }

    /// Where the first `mark` from here on ends.
    private func find(_ mark: [UInt8]) -> Int? {
        var index = max(position, position + searched - mark.count + 1)
        while index + mark.count <= pending.count {
            if pending[index..<index + mark.count].elementsEqual(mark) {
                searched = 0
                return index + mark.count
            }
            index += 1
        }
        searched = pending.count - position
        return nil
    }
}
