// The bytes of one connection in both directions, as an engine sees them: what was received and not
// used yet, what is to be sent. An engine above it does not know where they come from.

/// What is true of a transport.
struct TransportFlags: OptionSet, BitwiseCopyable {
    let rawValue: UInt8

    /// A receive is armed.
    static let receiving = TransportFlags(rawValue: 1 << 0)
    /// A send is in flight.
    static let sending = TransportFlags(rawValue: 1 << 1)
    /// The peer sent its last byte.
    static let ended = TransportFlags(rawValue: 1 << 2)
    /// The peer takes no bytes any more: what is to be sent is dropped.
    static let discarding = TransportFlags(rawValue: 1 << 3)
    /// Bytes can be sent.
    static let connected = TransportFlags(rawValue: 1 << 4)
    /// A Unix socket.
    static let unix = TransportFlags(rawValue: 1 << 5)
    /// A wait for bytes to splice is armed.
    static let awaitsReadable = TransportFlags(rawValue: 1 << 6)
}

/// One socket with the bytes on their way in and out.
struct Transport: BitwiseCopyable {
    var socket = SocketID.none
    var flags: TransportFlags = []
    /// Bytes of the send in flight.
    var sendingBytes: UInt32 = 0
    /// Received and not used yet.
    var received = BufferChain()
    /// To be sent when the send in flight is through.
    var waiting = BufferChain()

    /// Bytes that the peer has not taken yet.
    var unsentBytes: UInt32 { waiting.bytes + sendingBytes }

    /// Starts to send what waits, unless a send is in flight already.
    ///
    /// - Parameter isAwaited: whether nothing else can happen before it is through.
    mutating func flush<R: Reactor & ~Copyable>(
        isAwaited: Bool = false, on reactor: inout R
    ) {
        guard flags.isDisjoint(with: [.sending, .discarding]), flags.contains(.connected),
            !waiting.isEmpty
        else { return }
        let chain = waiting.take()
        sendingBytes = chain.bytes
        flags.insert(.sending)
        // Who still receives has other news to wait for than the end of this.
        reactor.send(
            socket, chain, isAwaited: isAwaited || !flags.contains(.receiving), endsNext: false)
    }

    /// The send in flight is through.
    ///
    /// - Returns: whether the peer took it; if not, nothing more is sent.
    mutating func sent<R: Reactor & ~Copyable>(_ result: Int32, on reactor: inout R) -> Bool {
        flags.remove(.sending)
        sendingBytes = 0
        guard result < 0 else {
            flush(on: &reactor)
            return true
        }
        flags.insert(.discarding)
        waiting.discard(in: reactor.buffers)
        return false
    }

    /// Arms a receive of at most `credit` bytes, unless one is armed or nothing can come.
    mutating func receive<R: Reactor & ~Copyable>(credit: UInt32, on reactor: inout R) {
        guard flags.isDisjoint(with: [.receiving, .awaitsReadable, .ended]), credit > 0 else {
            return
        }
        flags.insert(.receiving)
        reactor.receive(socket, credit: credit)
    }

    /// Waits for bytes without receiving them.
    mutating func awaitReadable<R: Reactor & ~Copyable>(on reactor: inout R) {
        guard flags.isDisjoint(with: [.receiving, .awaitsReadable, .ended]) else { return }
        flags.insert(.awaitsReadable)
        reactor.awaitReadable(socket)
    }

    /// Gives every buffer back that is not in flight.
    mutating func discard(in pool: BufferPool) {
        received.discard(in: pool)
        waiting.discard(in: pool)
    }
}
