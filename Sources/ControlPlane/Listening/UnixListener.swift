// Unix listeners: one socket that all workers share, and the file that names it. A file that a
// crashed process left behind is replaced, one that somebody still serves is not.

internal import CLinux
internal import DataPlane
internal import Glibc

/// Opens the listening socket of a path.
enum UnixListener {
    /// Binds and listens on `path`, replacing a stale socket file.
    ///
    /// - Parameters:
    ///   - fileMode: the file's permissions; `nil` leaves them to the umask.
    ///   - isBeside: a process may listen there; its file is replaced in one step, so that there is
    ///     always somebody to connect to.
    /// - Returns: `count` descriptors of one socket, and the file to remove at the end.
    /// - Throws: EADDRINUSE when a process listens there, ENOTSOCK when the file is no socket.
    static func open(
        path: String, address: SocketAddress, count: Int, backlog: Int32, fileMode: UInt32? = nil,
        isBeside: Bool = false
    ) throws(SystemError) -> (sockets: [Descriptor], file: SocketFile) {
        precondition(count > 0)
        let beside = isBeside ? Self.placeBeside(path) : nil
        if beside == nil { try removeStale(path: path, address: address) }
        var sockets = [try Descriptor.streamSocket(family: address.family)]
        var file: SocketFile?
        do throws(SystemError) {
            // Linux gives the file the mode of the socket, so that it is never open to more.
            if let fileMode {
                try SystemError.check(gyre_socket_set_mode(sockets[0].raw, fileMode))
            }
            try (beside?.address ?? address).bind(sockets[0])
            var named = try SocketFile(path: beside?.path ?? path)
            file = named
            try sockets[0].listen(backlog: backlog)
            if beside != nil { named = try named.renamed(path) }
            while sockets.count < count { sockets.append(try sockets[0].duplicate()) }
            return (sockets, named)
        } catch {
            for socket in sockets { socket.close() }
            file?.remove()
            throw error
        }
    }

    /// Where a socket is before it takes another one's place; `nil` when there is nothing to take,
    /// or no room for a longer name.
    private static func placeBeside(_ path: String) -> (path: String, address: SocketAddress)? {
        guard (try? SocketFile(path: path)) != nil else { return nil }
        let place = "\(path).\(getpid())"
        return SocketAddress(unixPath: place).map { (place, $0) }
    }

    /// Removes the socket file at `path` unless a process accepts connections there.
    static func removeStale(path: String, address: SocketAddress) throws(SystemError) {
        let file: SocketFile
        do throws(SystemError) {
            file = try SocketFile(path: path)
        } catch {
            if error.code == ENOENT { return }
            throw error
        }
        let probe = try Descriptor.streamSocket(family: address.family)
        defer { probe.close() }
        do throws(SystemError) {
            try address.connect(probe)
        } catch {
            switch error.code {
            case ECONNREFUSED: return file.remove()
            // A full accept queue belongs to a process that is alive.
            case EAGAIN, EINPROGRESS: break
            default: throw error
            }
        }
        throw SystemError(code: EADDRINUSE)
    }
}

/// A socket file by path and identity, so that a successor's file is never removed.
struct SocketFile: Equatable, Sendable {
    let path: String
    private let device: UInt64
    private let inode: UInt64

    /// - Throws: ENOENT when nothing is there, ENOTSOCK when it is not a socket.
    init(path: String) throws(SystemError) {
        self.path = path
        var device: UInt64 = 0
        var inode: UInt64 = 0
        let isSocket = try SystemError.check(
            unsafe gyre_file_is_socket(path, &device, &inode))
        guard isSocket == 1 else { throw SystemError(code: ENOTSOCK) }
        self.device = device
        self.inode = inode
    }

    /// Gives the file a name, which another one may have.
    func renamed(_ name: String) throws(SystemError) -> SocketFile {
        try SystemError.check(unsafe gyre_file_rename(path, name))
        return try SocketFile(path: name)
    }

    /// Removes the file if it is still the same one.
    func remove() {
        guard let current = try? SocketFile(path: path), current == self else { return }
        _ = unsafe gyre_file_remove(path)
    }
}
