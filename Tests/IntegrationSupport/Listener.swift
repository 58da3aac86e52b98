// Listening sockets of the test's own, and ports that are free.

import Foundation

/// A listening socket on loopback or in a temporary directory. Closed with the last reference.
public final class Listener: Sendable {
    public let descriptor: Int32
    public let address: PeerAddress

    /// Binds and listens.
    ///
    /// - Parameters:
    ///   - address: port 0 takes a free one.
    ///   - backlog: connections the kernel completes before they are accepted.
    ///   - receiveBuffer: of the accepted connections, in bytes; 0 lets the kernel choose.
    ///   - refuses: holds the port without listening, so that connecting to it is refused. A port
    ///     that was only free a moment ago may be the one that the next program gets.
    public init(
        _ address: PeerAddress = .loopback4(port: 0), backlog: Int32 = 4096,
        receiveBuffer: Int32 = 0, refuses: Bool = false
    ) throws {
        let descriptor = try makeSocket(address.family)
        self.descriptor = descriptor
        // A reusable port could be given away again while nobody listens on it.
        if !refuses { setOption(SO_REUSEADDR, of: descriptor, to: 1) }
        if receiveBuffer > 0 { setOption(SO_RCVBUF, of: descriptor, to: receiveBuffer) }
        let bound = address.withSocketAddress { bind(descriptor, $0, $1) }
        guard bound == 0, refuses || listen(descriptor, backlog) == 0 else {
            let error = SocketError("bind or listen")
            close(descriptor)
            throw error
        }
        switch address {
        case .loopback4: self.address = .loopback4(port: boundPort(of: descriptor))
        case .loopback6: self.address = .loopback6(port: boundPort(of: descriptor))
        case .unix: self.address = address
        }
    }

    deinit { close(descriptor) }

    /// Waits for a connection.
    ///
    /// - Throws: `TestFailure` when none comes within `seconds`.
    public func accept(within seconds: Double = 10) throws -> Connection {
        guard let connection = try acceptIfAny(within: seconds) else {
            throw TestFailure("no connection came to \(address) within \(seconds) s")
        }
        return connection
    }

    /// The next connection, or `nil` when none comes within `seconds`.
    public func acceptIfAny(within seconds: Double) throws -> Connection? {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, Deadline(after: seconds).remainingMs) > 0 else { return nil }
        let accepted = Glibc.accept(descriptor, nil, nil)
        guard accepted >= 0 else { throw SocketError("accept") }
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        return Connection(adopting: accepted)
    }
}

/// An endpoint on which connecting hangs: it listens, its accept queue is full, and the kernel
/// drops what comes after.
public final class SilentEndpoint: Sendable {
    private let listener: Listener
    private let occupants: [Connection]

    public var address: PeerAddress { listener.address }

    public init() throws {
        let listener = try Listener(backlog: 0)
        self.listener = listener
        var occupants: [Connection] = []
        while let occupant = try Connection.connecting(to: listener.address, within: 0.2) {
            occupants.append(occupant)
            guard occupants.count < 16 else { throw TestFailure("the accept queue does not fill") }
        }
        self.occupants = occupants
    }
}

/// Runs `body` with ports that were free a moment ago, anew when a program finds its port taken.
///
/// - Parameter body: returns `nil` to be tried again with another port.
public func withFreePort<Value>(_ body: (UInt16) throws -> Value?) throws -> Value {
    for _ in 0..<10 {
        if let value = try body(Listener().address.port) { return value }
    }
    throw TestFailure("found no free port in ten attempts")
}
