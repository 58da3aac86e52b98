// All listening sockets of the process, from their opening until the workers own them.

internal import CLinux
package import DataPlane
internal import Glibc
package import Protocols

/// Where a listener of the configuration listens.
package struct ListenRequest: Sendable {
    /// The listener's name.
    package let name: String
    package let addresses: [AddressText]

    package init(name: String, addresses: [AddressText]) {
        self.name = name
        self.addresses = addresses
    }
}

/// One listening address.
package struct Listener: Sendable {
    /// The number of its sockets, one in each worker; never used again.
    package let number: UInt32
    /// The name of the listener that it belongs to.
    package fileprivate(set) var name: String
    /// How the address is written, and the how many-th it is that is written so.
    fileprivate let text: AddressText
    fileprivate let ordinal: Int
    /// The address that clients use, with the real port.
    package let address: SocketAddress
    /// One descriptor per worker, in the order of the workers.
    fileprivate let sockets: [Descriptor]
    fileprivate let file: SocketFile?

    var firstSocket: Descriptor { sockets[0] }

    var socketCount: Int { sockets.count }
}

/// How sockets are opened.
private struct ListenManner {
    /// Per address, at least 1.
    let sockets: Int
    let backlog: Int32
    let fileMode: UInt32?
    var isBeside: Bool

    func open(
        _ address: SocketAddress, isRetrying: Bool
    ) throws(SystemError) -> [Descriptor] {
        let open = isRetrying ? TCPListener.openRetrying : TCPListener.open
        return try open(address, sockets, backlog, isBeside)
    }
}

/// What has to be done to listen somewhere else.
package struct ListenerChange: Sendable {
    /// What is listened on afterwards.
    package let set: ListenerSet
    package let opened: [Listener]
    /// Those that belong to another listener afterwards.
    package let moved: [Listener]
    package let closed: [Listener]
}

/// The listening sockets of every address.
package struct ListenerSet: Sendable {
    /// In the order in which they were asked for.
    package private(set) var listeners: [Listener] = []
    private var nextNumber: UInt32 = 0

    /// With port 0 on several addresses, the port that the first one got may be taken on the next.
    private static let freePortRetriesMax = 16

    /// Resolves and opens every address that is asked for, all or none.
    ///
    /// - Parameters:
    ///   - workers: sockets per address, at least 1.
    ///   - queueMax: the kernel's limit on accept queues.
    ///   - fileMode: permissions of socket files, from their first moment; `nil` leaves them to
    ///     the umask.
    ///   - isBeside: another process may listen there, whose place is being taken.
    package static func open(
        _ requests: [ListenRequest], workers: Int, queueMax: Int, fileMode: UInt32? = nil,
        isBeside: Bool = false
    ) throws(StartError) -> ListenerSet {
        let manner = ListenManner(
            sockets: workers, backlog: Int32(min(queueMax, acceptQueueMax)), fileMode: fileMode,
            isBeside: isBeside)
        return try ListenerSet().changed(to: requests, manner).set
    }

    /// Opens what is asked for and not open yet, all or none. Sockets of addresses that are written
    /// as before stay as they are, with the clients in their queues.
    package func changed(
        to requests: [ListenRequest], workers: Int, queueMax: Int
    ) throws(StartError) -> ListenerChange {
        let manner = ListenManner(
            sockets: workers, backlog: Int32(min(queueMax, acceptQueueMax)), fileMode: nil,
            isBeside: false)
        return try changed(to: requests, manner)
    }

    private func changed(
        to requests: [ListenRequest], _ manner: ListenManner
    ) throws(StartError) -> ListenerChange {
        var next = ListenerSet()
        next.nextNumber = nextNumber
        var opened: [Listener] = []
        var moved: [Listener] = []
        var texts: [AddressText] = []
        do throws(StartError) {
            for request in requests {
                for text in request.addresses {
                    let ordinal = texts.count { $0 == text }
                    texts.append(text)
                    let kept = listeners.filter { $0.text == text && $0.ordinal == ordinal }
                    for var listener in kept {
                        if listener.name != request.name {
                            listener.name = request.name
                            moved.append(listener)
                        }
                        next.listeners.append(listener)
                    }
                    guard kept.isEmpty else { continue }
                    // One of the old sockets may be on the port until the workers close it.
                    var manner = manner
                    let port = text.port
                    if port != 0, listeners.contains(where: { $0.address.port == port }) {
                        manner.isBeside = true
                    }
                    let found = try Self.listeners(text, manner)
                    for sockets in found {
                        let listener = Listener(
                            number: next.nextNumber, name: request.name, text: text,
                            ordinal: ordinal, address: sockets.address, sockets: sockets.sockets,
                            file: sockets.file)
                        next.nextNumber += 1
                        opened.append(listener)
                        next.listeners.append(listener)
                    }
                }
            }
        } catch {
            Self.close(opened)
            throw error
        }
        let staying = Set(next.listeners.map(\.number))
        return ListenerChange(
            set: next, opened: opened, moved: moved,
            closed: listeners.filter { !staying.contains($0.number) })
    }

    /// The sockets of one worker, which becomes their owner.
    ///
    /// - Parameter ids: of listeners by their names; all are in it.
    package static func sockets(
        _ listeners: [Listener], ofWorker index: Int, ids: [String: UInt32]
    ) -> [WorkerListener] {
        listeners.compactMap { listener in
            ids[listener.name].map { id in
                WorkerListener(
                    number: listener.number, id: id, descriptor: listener.sockets[index])
            }
        }
    }

    /// Closes sockets that no worker got, and removes their files.
    package static func close(_ listeners: [Listener]) {
        for socket in listeners.flatMap(\.sockets) { socket.close() }
        removeFiles(listeners)
    }

    package static func removeFiles(_ listeners: [Listener]) {
        for listener in listeners { listener.file?.remove() }
    }

    /// Closes the sockets of workers `first` and later, which did not get them, and removes all
    /// socket files.
    package func close(fromWorker first: Int = 0) {
        for socket in listeners.flatMap({ $0.sockets.dropFirst(first) }) { socket.close() }
        removeFiles()
    }

    /// Removes the socket files, so that no new client finds them.
    package func removeFiles() {
        Self.removeFiles(listeners)
    }

    /// One address while it is being opened.
    private struct OpenSockets {
        let address: SocketAddress
        let sockets: [Descriptor]
        let file: SocketFile?
    }

    private static func listeners(
        _ text: AddressText, _ manner: ListenManner
    ) throws(StartError) -> [OpenSockets] {
        let addresses = try HostResolver.listenAddresses(text)
        if case .unix(let path) = text {
            return [try unixListener(path, addresses[0], manner)]
        }
        guard text.port == 0, addresses.count > 1 else {
            return try bind(addresses, text, manner, isRetrying: true)
        }
        for _ in 0..<freePortRetriesMax {
            do throws(StartError) {
                return try bindFreePort(addresses, text, manner)
            } catch {
                continue
            }
        }
        return try bindFreePort(addresses, text, manner)
    }

    /// Binds the first address to a free port and the others to the same one.
    private static func bindFreePort(
        _ addresses: [SocketAddress], _ text: AddressText, _ manner: ListenManner
    ) throws(StartError) -> [OpenSockets] {
        let first = try bind([addresses[0]], text, manner, isRetrying: false)
        let port = first.first?.address.port ?? 0
        do throws(StartError) {
            let others = addresses.dropFirst().map { $0.withPort(port) }
            return first + (try bind(others, text, manner, isRetrying: false))
        } catch {
            close(first)
            throw error
        }
    }

    /// Binds all addresses that one text stands for. An address of a family that this machine
    /// does not have is left out if another address of the same text works.
    private static func bind(
        _ addresses: [SocketAddress], _ text: AddressText, _ manner: ListenManner,
        isRetrying: Bool
    ) throws(StartError) -> [OpenSockets] {
        var opened: [OpenSockets] = []
        var missing: StartError?
        for address in addresses {
            do throws(SystemError) {
                let sockets = try manner.open(address, isRetrying: isRetrying)
                opened.append(
                    OpenSockets(
                        address: (try? SocketAddress.local(of: sockets[0])) ?? address,
                        sockets: sockets, file: nil))
            } catch {
                let failure = cannotListen(on: address, writtenAs: text, error)
                guard error.code == EAFNOSUPPORT || error.code == EADDRNOTAVAIL else {
                    close(opened)
                    throw failure
                }
                missing = missing ?? failure
            }
        }
        if let missing, opened.isEmpty { throw missing }
        return opened
    }

    private static func close(_ opened: [OpenSockets]) {
        for socket in opened.flatMap(\.sockets) { socket.close() }
    }

    private static func unixListener(
        _ path: String, _ address: SocketAddress, _ manner: ListenManner
    ) throws(StartError) -> OpenSockets {
        do throws(SystemError) {
            let (sockets, file) = try UnixListener.open(
                path: path, address: address, count: manner.sockets, backlog: manner.backlog,
                fileMode: manner.fileMode, isBeside: manner.isBeside)
            return OpenSockets(address: address, sockets: sockets, file: file)
        } catch {
            throw cannotListen(on: address, writtenAs: .unix(path: path), error)
        }
    }

    private static func cannotListen(
        on address: SocketAddress, writtenAs text: AddressText, _ error: SystemError
    ) -> StartError {
        let place = "\(address)" == "\(text)" ? "\(text)" : "\(address) (from \(text))"
        let reason =
            switch error.code {
            case EADDRINUSE:
                "another process is listening there"
            case EACCES where !address.isUnix:
                "permission denied; ports below \(unprivilegedPortStart) need CAP_NET_BIND_SERVICE"
            case EACCES:
                "permission denied for the socket's folder"
            case ENOENT where address.isUnix:
                "the socket's folder does not exist"
            case ENOTSOCK:
                "a file that is not a socket is in the way"
            default:
                "\(error.text)"
            }
        return StartError("cannot listen on \(place): \(reason) (\(error.name))")
    }

    private static var unprivilegedPortStart: UInt64 {
        SystemFile.number("/proc/sys/net/ipv4/ip_unprivileged_port_start") ?? 1024
    }
}
