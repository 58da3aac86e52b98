// One client of the admin address: its socket, what it has sent, and what it has yet to take. Admin
// thread only. Whoever holds it closes the socket.

internal import CLinux
internal import DataPlane
internal import Glibc
internal import Protocols

/// A connection and how far it is.
struct AdminConnection {
    enum Phase: Equatable {
        /// A request is awaited, or on its way.
        case reading
        /// Its request is a command that is not done.
        case answering
        /// Events are pushed to it.
        case streaming
        /// It was told to go; what it still sends is thrown away, because closing with bytes
        /// unread would reset the connection under the answer.
        case lingering
    }

    /// What came of looking for bytes.
    enum Intake {
        case some
        case nothing
        case ended
    }

    let id: UInt64
    let socket: Descriptor
    let door: AdminGate.Door
    var reader: RequestReader
    private(set) var phase = Phase.reading
    /// When its time is over.
    private(set) var deadlineNs: UInt64
    /// Since when it has been without a complete request; counts in `reading`.
    private(set) var idleSinceNs: UInt64

    private var output: [UInt8] = []
    private var sent = 0
    private var closesAfterOutput = false
    private var hasHadRequest = false
    /// Of the request that is being answered.
    private var isHEAD = false
    private var keepsAlive = true

    init(
        id: UInt64, socket: Descriptor, door: AdminGate.Door, limits: AdminLimits, nowNs: UInt64
    ) {
        self.id = id
        self.socket = socket
        self.door = door
        reader = RequestReader(limits: limits.heads)
        idleSinceNs = nowNs
        deadlineNs = Self.after(limits.requestMs, nowNs)
    }

    /// Bytes that the client has yet to take.
    var outputLeft: Int { output.count - sent }

    /// Whether it waits for an answer, or for the rest of one.
    var isOwedAnAnswer: Bool {
        phase == .answering || outputLeft > 0 && phase != .streaming
    }

    /// A complete request has come: what follows belongs to it.
    mutating func begin(_ request: AdminRequest) {
        hasHadRequest = true
        isHEAD = request.method == .head
        keepsAlive = request.isPersistent
    }

    mutating func awaitCommand(_ limits: AdminLimits, nowNs: UInt64) {
        phase = .answering
        deadlineNs = Self.after(limits.commandMs, nowNs)
    }

    /// Puts an answer behind what the client has yet to take.
    mutating func respond(_ response: AdminResponse, _ limits: AdminLimits, nowNs: UInt64) {
        let keepsAlive = keepsAlive && !response.closes
        enqueue(response.bytes(isHEAD: isHEAD, keepsAlive: keepsAlive), limits, nowNs)
        phase = .reading
        closesAfterOutput = !keepsAlive
        isHEAD = false
        self.keepsAlive = true
    }

    /// Lets the client send the body that it holds back (RFC 9110 section 10.1.1).
    mutating func sendContinue(_ limits: AdminLimits, nowNs: UInt64) {
        enqueue(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), limits, nowNs)
    }

    /// Answers with the head of an event stream.
    mutating func beginStream(_ limits: AdminLimits, nowNs: UInt64) {
        enqueue(AdminResponse.streamHead(contentType: "text/event-stream"), limits, nowNs)
        if isHEAD {
            closesAfterOutput = true
        } else {
            phase = .streaming
        }
    }

    /// Adds an event to a stream.
    ///
    /// - Returns: false when the reader is too far behind.
    mutating func push(_ event: [UInt8], _ limits: AdminLimits, nowNs: UInt64) -> Bool {
        guard outputLeft + event.count <= limits.streamBytesMax else { return false }
        enqueue(event, limits, nowNs)
        return true
    }

    private mutating func enqueue(_ bytes: [UInt8], _ limits: AdminLimits, _ nowNs: UInt64) {
        if outputLeft == 0 {
            output = bytes
            sent = 0
            deadlineNs = Self.after(limits.sendMs, nowNs)
        } else {
            output.removeFirst(sent)
            sent = 0
            output += bytes
        }
    }

    /// Sends what the kernel takes.
    ///
    /// - Returns: false when the connection is broken.
    mutating func flush(_ limits: AdminLimits, nowNs: UInt64) -> Bool {
        guard outputLeft > 0 else { return true }
        while outputLeft > 0 {
            let count = socket.send(output.span.extracting(sent..<output.count))
            if count == -Int(EAGAIN) { return true }
            guard count > 0 else { return false }
            sent += count
            deadlineNs = Self.after(limits.sendMs, nowNs)
        }
        output = []
        sent = 0
        if closesAfterOutput {
            phase = .lingering
            _ = gyre_socket_shutdown_write(socket.raw)
            deadlineNs = Self.after(limits.lingerMs, nowNs)
        } else if phase == .reading {
            idleSinceNs = nowNs
            deadlineNs = Self.after(reader.isIdle ? limits.keepAliveMs : limits.requestMs, nowNs)
        } else {
            deadlineNs = .max
        }
        return true
    }

    /// Takes in what has come, once; what is of no use any more is thrown away.
    mutating func fill(
        through buffer: inout [UInt8], _ limits: AdminLimits, nowNs: UInt64
    ) -> Intake {
        let count = socket.receive(into: &buffer)
        if count == -Int(EAGAIN) { return .nothing }
        guard count > 0 else { return .ended }
        if phase == .reading {
            if reader.isIdle, hasHadRequest { deadlineNs = Self.after(limits.requestMs, nowNs) }
            reader.receive(buffer.prefix(count))
        }
        return .some
    }

    private static func after(_ milliseconds: UInt64, _ nowNs: UInt64) -> UInt64 {
        nowNs + milliseconds * 1_000_000
    }
}
