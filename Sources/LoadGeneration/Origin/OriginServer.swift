// An origin on a free loopback port: one thread, one epoll(7) loop over a bounded number of
// connections. A client that does not take its answer at once is closed; nothing is queued but
// answers that are to be late, within a bound. What is answered is a session's matter: the demo's
// tells what it was asked, the bench's is fixed.

internal import CLinux
package import ControlPlane
internal import DataPlane
internal import Glibc
internal import Protocols

/// The server's side of one HTTP/1 connection: bytes in, bytes out.
protocol OriginSession: Sendable {
    /// Takes in what a client has sent.
    ///
    /// - Returns: what the client is to be sent.
    mutating func receive(_ bytes: ArraySlice<UInt8>) -> [UInt8]

    /// Whether nothing more is answered and the connection is to be closed.
    var isOver: Bool { get }

    /// How late what was returned last is to be sent.
    var delayMs: UInt64 { get }
}

/// A running origin.
package struct OriginServer: Sendable {
    /// Where it listens, on 127.0.0.1.
    package let port: UInt16

    private let wake: Descriptor
    private let thread: ControlThread

    /// Starts the demo's origin.
    ///
    /// - Parameter name: which every answer tells.
    package static func demo(named name: String) throws(StartError) -> OriginServer {
        try start { DemoSession(of: name) }
    }

    /// Starts an origin that answers every request in the same way.
    ///
    /// - Parameters:
    ///   - bodyBytes: of the answer.
    ///   - processor: that it is bound to; `nil` for none.
    static func fixed(bodyBytes: Int, processor: Int?) throws(StartError) -> OriginServer {
        let session = FixedSession(bodyBytes: bodyBytes)
        return try start(processor: processor) { session }
    }

    private static func start(
        processor: Int? = nil, _ session: @escaping @Sendable () -> some OriginSession
    ) throws(StartError) -> OriginServer {
        let loopback = try HostResolver.listenAddresses(.host("127.0.0.1", port: 0))
        do throws(SystemError) {
            let listener = try TCPListener.open(loopback[0], count: 1, backlog: 4096)[0]
            let port = try SocketAddress.local(of: listener).port ?? 0
            let wake = Descriptor(raw: try SystemError.check(gyre_event_open()))
            let ready = try ReadySet(eventsMax: 256)
            try ready.add(wake, flags: EPOLLIN.rawValue, token: OriginLoopToken.wake)
            try ready.add(listener, flags: EPOLLIN.rawValue, token: OriginLoopToken.listener)
            let thread = try ControlThread.start("origin") {
                if let processor { _ = gyre_thread_pin(Int32(processor)) }
                var loop = OriginLoop(listener: listener, ready: ready, session: session)
                loop.run()
            }
            return OriginServer(port: port, wake: wake, thread: thread)
        } catch {
            throw StartError("cannot start the built-in origin: \(error)")
        }
    }

    private init(port: UInt16, wake: Descriptor, thread: ControlThread) {
        self.port = port
        self.wake = wake
        self.thread = thread
    }

    /// Ends the thread and closes its connections. Once only.
    package func stop() {
        _ = gyre_event_signal(wake.raw)
        thread.join()
        wake.close()
    }
}

/// Tokens that are not a connection's, which are descriptor numbers.
private enum OriginLoopToken {
    static let wake = UInt64.max
    static let listener = UInt64.max - 1
}

/// What the origin's thread does and has.
private struct OriginLoop<Session: OriginSession> {
    private struct Connection {
        let socket: Descriptor
        var session: Session
        /// What is to be sent later, and when.
        var held: [UInt8] = []
        var dueNs: UInt64 = 0
    }

    /// Further clients are closed at once.
    private static var connectionsMax: Int { 16_384 }
    private static var receiveBytes: Int { 64 * 1024 }
    /// Of one connection. A client that asks on meanwhile for more is closed.
    private static var heldBytesMax: Int { 256 * 1024 }
    /// How long to stay away from a listener that has a client and gives none (descriptors).
    private static var acceptPauseMs: Int32 { 5 }

    private let listener: Descriptor
    private var ready: ReadySet
    private let session: () -> Session
    /// By descriptor number.
    private var connections: [Connection?] = []
    private var count = 0
    /// Connections that have something to be sent later; few.
    private var waiting: [Int] = []
    private var bytes = [UInt8](repeating: 0, count: Self.receiveBytes)

    init(listener: Descriptor, ready: ReadySet, session: @escaping () -> Session) {
        self.listener = listener
        self.ready = ready
        self.session = session
    }

    /// Serves until the wake-up.
    mutating func run() {
        serve()
        for connection in connections { connection?.socket.close() }
        listener.close()
        ready.close()
    }

    private mutating func serve() {
        while true {
            for index in 0..<ready.wait(timeoutNs: timeoutNs) {
                switch ready[index].token {
                case OriginLoopToken.wake: return
                case OriginLoopToken.listener: accept()
                case let number:
                    if !answer(Int(number)) { close(Int(number)) }
                }
            }
            if !waiting.isEmpty { sendLate() }
        }
    }

    /// Until the next late answer is due; -1 when there is none.
    private var timeoutNs: Int64 {
        let due = waiting.compactMap { connections[$0]?.dueNs }.min()
        guard let due else { return -1 }
        let nowNs = MonotonicClock.nowNs
        return due > nowNs ? Int64(clamping: due - nowNs) : 0
    }

    private mutating func sendLate() {
        let nowNs = MonotonicClock.nowNs
        for number in waiting {
            guard let connection = connections[number], connection.dueNs <= nowNs else { continue }
            waiting.removeAll { $0 == number }
            connections[number]?.held = []
            let isTaken = connection.socket.send(connection.held)
            if !isTaken || connection.session.isOver { close(number) }
        }
    }

    private mutating func accept() {
        let socket = Descriptor(raw: gyre_socket_accept(listener.raw))
        guard socket.isOpen else {
            if socket.raw != -EAGAIN { _ = gyre_sleep_ms(Self.acceptPauseMs) }
            return
        }
        let number = Int(socket.raw)
        guard count < Self.connectionsMax,
            (try? ready.add(socket, flags: EPOLLIN.rawValue, token: UInt64(number))) != nil
        else {
            socket.close()
            return
        }
        while connections.count <= number { connections.append(nil) }
        connections[number] = Connection(socket: socket, session: session())
        count += 1
    }

    private mutating func close(_ number: Int) {
        connections[number]?.socket.close()
        connections[number] = nil
        count -= 1
        waiting.removeAll { $0 == number }
    }

    /// Reads once and answers what is complete.
    ///
    /// - Returns: whether the connection goes on.
    private mutating func answer(_ number: Int) -> Bool {
        guard let socket = connections[number]?.socket else { return true }
        let received = socket.receive(into: &bytes)
        if received == -Int(EAGAIN) { return true }
        guard received > 0 else { return false }
        let output = connections[number]?.session.receive(bytes.prefix(received)) ?? []
        let delayMs = connections[number]?.session.delayMs ?? 0
        if delayMs > 0 || connections[number]?.held.isEmpty == false {
            return hold(output, number, delayMs)
        }
        return (output.isEmpty || socket.send(output))
            && connections[number]?.session.isOver == false
    }
    /// Keeps what is to be sent later, behind what is kept already.
    ///
    /// - Returns: whether the connection goes on.
    private mutating func hold(_ output: [UInt8], _ number: Int, _ delayMs: UInt64) -> Bool {
        if !waiting.contains(number) { waiting.append(number) }
        connections[number]?.held += output
        let dueNs = MonotonicClock.nowNs + delayMs * 1_000_000
        let heldUntilNs = connections[number]?.dueNs ?? 0
        connections[number]?.dueNs = max(heldUntilNs, dueNs)
        return (connections[number]?.held.count ?? 0) <= Self.heldBytesMax
    }
}
