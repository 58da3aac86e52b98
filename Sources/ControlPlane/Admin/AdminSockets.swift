// The listening sockets of the admin address.

package import DataPlane
internal import Protocols

/// Sockets that listen, each with who can get to it.
package struct AdminSockets: Sendable {
    struct Listener: Sendable {
        let socket: Descriptor
        let door: AdminGate.Door
    }

    private static let queueMax = 64
    /// Only the user that runs Gyre, and root.
    private static let fileMode: UInt32 = 0o600

    let listeners: [Listener]
    private let sets: [ListenerSet]

    /// With their real ports.
    package var addresses: [SocketAddress] { sets.flatMap { $0.listeners.map(\.address) } }

    /// Opens all that is asked for, or nothing.
    ///
    /// - Parameter isBeside: another process may serve there, whose place is being taken.
    /// - Throws: when an address cannot be had, or would need a token.
    package static func open(
        _ options: AdminOptions, isBeside: Bool = false
    ) throws(StartError) -> AdminSockets {
        var texts: [AddressText] = []
        switch options.socket {
        case .off: break
        case .automatic: texts.append(.unix(path: try RuntimeFolder.makeSocketPath()))
        case .path(let path): texts.append(.unix(path: path))
        }
        if let address = options.address { texts.append(address) }
        var sets: [ListenerSet] = []
        do throws(StartError) {
            for text in texts {
                sets.append(
                    try ListenerSet.open(
                        [ListenRequest(name: "admin", addresses: [text])], workers: 1,
                        queueMax: queueMax, fileMode: fileMode, isBeside: isBeside))
            }
        } catch {
            for set in sets { set.close() }
            throw StartError("cannot serve the control API: \(error)")
        }
        let sockets = AdminSockets(sets)
        let gate = AdminGate(token: options.token)
        guard sockets.listeners.allSatisfy({ gate.allows($0.door) }) else {
            sockets.close()
            throw StartError(
                "cannot serve the control API on \(options.address.map { "\($0)" } ?? ""): other"
                    + " machines may reach it, so it needs a token (\(AdminToken.variable))")
        }
        return sockets
    }

    private init(_ sets: [ListenerSet]) {
        self.sets = sets
        listeners = sets.flatMap { set in
            let sockets = ListenerSet.sockets(set.listeners, ofWorker: 0, ids: ["admin": 0])
            return zip(sockets, set.listeners).map { socket, listener in
                Listener(
                    socket: socket.descriptor, door: Self.door(of: listener.address))
            }
        }
    }

    /// Closes them and removes the socket file.
    package func close() {
        for set in sets { set.close() }
    }

    private static func door(of address: SocketAddress) -> AdminGate.Door {
        if address.isUnix { return .unixSocket }
        return address.isLoopback ? .loopback : .network
    }
}
