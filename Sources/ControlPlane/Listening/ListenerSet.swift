// All listening sockets of the process, from their opening until the workers own them.

internal import CLinux
package import DataPlane
internal import Glibc
package import Protocols

/// One listening address.
package struct Listener: Sendable {
    /// The address that clients use, with the real port.
    package let address: SocketAddress
    /// One descriptor per worker, in the order of the workers.
    fileprivate let sockets: [Descriptor]
    fileprivate let file: SocketFile?
}

/// The listening sockets of every address.
package struct ListenerSet: Sendable {
    /// In the order in which they were asked for.
    package let listeners: [Listener]

    /// With port 0 on several addresses, the port that the first one got may be taken on the next.
    private static let freePortRetriesMax = 16

    /// Resolves and opens every address of `texts`, all or none.
    ///
    /// - Parameters:
    ///   - texts: at least one address.
    ///   - workers: sockets per address, at least 1.
    ///   - queueMax: the kernel's limit on accept queues.
    ///   - fileMode: permissions of socket files, from their first moment; `nil` leaves them to
    ///     the umask.
    package static func open(
        _ texts: [AddressText], workers: Int, queueMax: Int, fileMode: UInt32? = nil
    ) throws(StartError) -> ListenerSet {
        var opened: [Listener] = []
        let backlog = Int32(min(queueMax, acceptQueueMax))
        do throws(StartError) {
            for text in texts {
                opened += try listeners(
                    text, count: workers, backlog: backlog, fileMode: fileMode)
            }
        } catch {
            ListenerSet(listeners: opened).close()
            throw error
        }
        return ListenerSet(listeners: opened)
    }

    /// The sockets of one worker, which becomes their owner.
    package func sockets(ofWorker index: Int) -> [WorkerListener] {
        listeners.map { WorkerListener(id: 0, descriptor: $0.sockets[index]) }
    }

    /// Closes the sockets of workers `first` and later, which did not get them, and removes all
    /// socket files.
    package func close(fromWorker first: Int = 0) {
        for socket in listeners.flatMap({ $0.sockets.dropFirst(first) }) { socket.close() }
        removeFiles()
    }

    /// Removes the socket files, so that no new client finds them.
    package func removeFiles() {
        for listener in listeners { listener.file?.remove() }
    }

    private static func listeners(
        _ text: AddressText, count: Int, backlog: Int32, fileMode: UInt32?
    ) throws(StartError) -> [Listener] {
        let addresses = try HostResolver.listenAddresses(text)
        if case .unix(let path) = text {
            return [
                try unixListener(
                    path, addresses[0], count: count, backlog: backlog, fileMode: fileMode)
            ]
        }
        guard text.port == 0, addresses.count > 1 else {
            return try bind(addresses, text, count: count, backlog: backlog, isRetrying: true)
        }
        for _ in 0..<freePortRetriesMax {
            do throws(StartError) {
                return try bindFreePort(addresses, text, count: count, backlog: backlog)
            } catch {
                continue
            }
        }
        return try bindFreePort(addresses, text, count: count, backlog: backlog)
    }

    /// Binds the first address to a free port and the others to the same one.
    private static func bindFreePort(
        _ addresses: [SocketAddress], _ text: AddressText, count: Int, backlog: Int32
    ) throws(StartError) -> [Listener] {
        let first = try bind(
            [addresses[0]], text, count: count, backlog: backlog, isRetrying: false)
        let port = first.first?.address.port ?? 0
        do throws(StartError) {
            let others = addresses.dropFirst().map { $0.withPort(port) }
            return first
                + (try bind(others, text, count: count, backlog: backlog, isRetrying: false))
        } catch {
            ListenerSet(listeners: first).close()
            throw error
        }
    }

    /// Binds all addresses that one text stands for. An address of a family that this machine
    /// does not have is left out if another address of the same text works.
    private static func bind(
        _ addresses: [SocketAddress], _ text: AddressText, count: Int, backlog: Int32,
        isRetrying: Bool
    ) throws(StartError) -> [Listener] {
        var opened: [Listener] = []
        var missing: StartError?
        for address in addresses {
            do throws(SystemError) {
                let sockets =
                    isRetrying
                    ? try TCPListener.openRetrying(address, count: count, backlog: backlog)
                    : try TCPListener.open(address, count: count, backlog: backlog)
                opened.append(
                    Listener(
                        address: (try? SocketAddress.local(of: sockets[0])) ?? address,
                        sockets: sockets, file: nil))
            } catch {
                let failure = cannotListen(on: address, writtenAs: text, error)
                guard error.code == EAFNOSUPPORT || error.code == EADDRNOTAVAIL else {
                    ListenerSet(listeners: opened).close()
                    throw failure
                }
                missing = missing ?? failure
            }
        }
        if let missing, opened.isEmpty { throw missing }
        return opened
    }

    private static func unixListener(
        _ path: String, _ address: SocketAddress, count: Int, backlog: Int32, fileMode: UInt32?
    ) throws(StartError) -> Listener {
        do throws(SystemError) {
            let (sockets, file) = try UnixListener.open(
                path: path, address: address, count: count, backlog: backlog, fileMode: fileMode)
            return Listener(address: address, sockets: sockets, file: file)
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
