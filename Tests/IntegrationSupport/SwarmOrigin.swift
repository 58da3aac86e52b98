// An origin for thousands of connections at once: one thread, one `poll`.

import Foundation
import Synchronization

/// Accepts everything, greets, and echoes what comes.
public final class SwarmOrigin: Sendable {
    private final class State: Sendable {
        let accepted = Atomic(0)
        let open = Atomic(0)
        let openMax = Atomic(0)
        let stop = Atomic(false)
    }

    private let state = State()
    private let loop: Background<Void>
    public let address: PeerAddress

    /// - Parameters:
    ///   - address: port 0 takes a free one.
    ///   - greeting: sent to each connection when it is accepted, to tell origins apart.
    public init(_ address: PeerAddress = .loopback4(port: 0), greeting: [UInt8] = []) throws {
        raiseDescriptorLimit()
        let listener = try Listener(address)
        self.address = listener.address
        let state = state
        loop = Background {
            var swarm = Swarm(listener: listener, greeting: greeting)
            while !state.stop.load(ordering: .relaxed) {
                swarm.turn()
                state.accepted.store(swarm.accepted, ordering: .relaxed)
                state.open.store(swarm.open, ordering: .relaxed)
                state.openMax.store(swarm.openMax, ordering: .relaxed)
            }
            swarm.closeAll()
        }
    }

    deinit { stop() }

    /// Connections accepted so far.
    public var accepted: Int { state.accepted.load(ordering: .relaxed) }

    /// Connections open now.
    public var open: Int { state.open.load(ordering: .relaxed) }

    /// The most connections that were open at once.
    public var openMax: Int { state.openMax.load(ordering: .relaxed) }

    /// Closes the listener and all connections.
    public func stop() {
        state.stop.store(true, ordering: .relaxed)
        _ = try? loop.value(within: 5)
    }
}

/// The loop's own state; lives on its thread.
private struct Swarm {
    let listener: Listener
    let greeting: [UInt8]
    var accepted = 0
    var openMax = 0
    /// The listener first, then the open connections.
    private var entries: [pollfd]
    private var buffer = [UInt8](repeating: 0, count: 16 * 1024)

    init(listener: Listener, greeting: [UInt8]) {
        self.listener = listener
        self.greeting = greeting
        entries = [pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0)]
        _ = fcntl(listener.descriptor, F_SETFL, O_NONBLOCK)
    }

    var open: Int { entries.count - 1 }

    /// Serves what is ready; waits for at most 20 ms.
    mutating func turn() {
        guard poll(&entries, nfds_t(entries.count), 20) > 0 else { return }
        var isAnyClosed = false
        for index in entries.indices.dropFirst() where entries[index].revents != 0 {
            if !echo(entries[index].fd) {
                close(entries[index].fd)
                entries[index].fd = -1
                isAnyClosed = true
            }
        }
        if isAnyClosed { entries.removeAll { $0.fd < 0 } }
        if entries[0].revents != 0 { acceptAll() }
    }

    mutating func closeAll() {
        entries.dropFirst().forEach { close($0.fd) }
        entries.removeLast(open)
    }

    private mutating func acceptAll() {
        while true {
            let connection = accept(listener.descriptor, nil, nil)
            guard connection >= 0 else { return }
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            _ = fcntl(connection, F_SETFL, O_NONBLOCK)
            accepted += 1
            if !greeting.isEmpty {
                send(connection, greeting, greeting.count, Int32(MSG_NOSIGNAL))
            }
            entries.append(pollfd(fd: connection, events: Int16(POLLIN), revents: 0))
            openMax = max(openMax, open)
        }
    }

    /// Echoes one read; `false` when the connection is over. Messages are small here, so a full
    /// send buffer means a broken peer.
    private mutating func echo(_ connection: Int32) -> Bool {
        let count = recv(connection, &buffer, buffer.count, 0)
        if count < 0 { return errno == EAGAIN }
        return count > 0
            && send(connection, buffer, count, Int32(MSG_NOSIGNAL)) == count
    }
}
