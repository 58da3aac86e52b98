// An origin for the demo: one thread, one poll(2) loop over a bounded number of connections. A
// client that does not take its answer at once is closed, so nothing is ever queued.

internal import CLinux
package import DataPlane
internal import Glibc
internal import Protocols
internal import Synchronization

/// A running origin on a free loopback port.
package final class DemoOrigin: Sendable {
    /// Where it listens.
    package let address: SocketAddress

    private let listener: Descriptor
    private let wake: Descriptor
    private let thread = Mutex<ControlThread?>(nil)

    private let name: String

    private static let connectionsMax = 256
    private static let receiveBytes = 64 * 1024

    /// Starts the thread.
    ///
    /// - Parameter name: which every answer tells.
    package static func start(named name: String) throws(StartError) -> DemoOrigin {
        let loopback = try HostResolver.listenAddresses(.host("127.0.0.1", port: 0))
        do throws(SystemError) {
            let origin = try DemoOrigin(named: name, on: loopback[0])
            let thread = try ControlThread.start("demo-origin") { origin.serve() }
            origin.thread.withLock { $0 = thread }
            return origin
        } catch {
            throw StartError("cannot start the built-in origin: \(error)")
        }
    }

    private init(named name: String, on loopback: SocketAddress) throws(SystemError) {
        self.name = name
        listener = try TCPListener.open(loopback, count: 1, backlog: 128)[0]
        address = try SocketAddress.local(of: listener)
        wake = Descriptor(raw: try SystemError.check(gyre_event_open()))
    }

    /// Ends the thread and closes its connections. Call once, from the thread that started it.
    package func stop() {
        _ = gyre_event_signal(wake.raw)
        thread.withLock { $0 }?.join()
        listener.close()
        wake.close()
    }

    private struct Connection {
        let socket: Descriptor
        var session: DemoSession
    }

    private func serve() {
        var connections: [Connection] = []
        var bytes = [UInt8](repeating: 0, count: Self.receiveBytes)
        while true {
            let accepts = connections.count < Self.connectionsMax
            var entries = [wake, accepts ? listener : .none].map(Self.entry)
            entries += connections.map { Self.entry($0.socket) }
            guard unsafe poll(&entries, nfds_t(entries.count), -1) > 0 else { continue }
            if entries[0].revents != 0 { break }
            let ready = entries.dropFirst(2).map { $0.revents != 0 }
            var kept: [Connection] = []
            for (var connection, isReady) in zip(connections, ready) {
                if !isReady || Self.answer(&connection, through: &bytes) {
                    kept.append(connection)
                } else {
                    connection.socket.close()
                }
            }
            connections = kept
            if entries[1].revents != 0 {
                let accepted = Descriptor(raw: gyre_socket_accept(listener.raw))
                if accepted.isOpen {
                    connections.append(
                        Connection(socket: accepted, session: DemoSession(of: name)))
                }
            }
        }
        for connection in connections { connection.socket.close() }
    }

    private static func entry(_ descriptor: Descriptor) -> pollfd {
        pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
    }

    /// Reads once and answers what is complete.
    ///
    /// - Returns: whether the connection goes on.
    private static func answer(
        _ connection: inout Connection, through bytes: inout [UInt8]
    ) -> Bool {
        let count = connection.socket.receive(into: &bytes)
        if count == -Int(EAGAIN) { return true }
        guard count > 0 else { return false }
        let output = connection.session.receive(bytes.prefix(count))
        // What the kernel does not take at once is not worth waiting for.
        let isTaken = output.isEmpty || connection.socket.send(output[...]) == output.count
        return isTaken && !connection.session.isOver
    }
}
