// One listening socket per worker on the same address and port: the kernel spreads connections
// over them (SO_REUSEPORT), and no worker ever wakes for another one's client.

internal import CLinux
package import DataPlane
internal import Glibc

/// Opens the listening sockets of a TCP address.
package enum TCPListener {
    /// A ring that is torn down frees its port some time after its process was seen to exit.
    static let inUseRetriesMax = 50
    static let inUseRetryMs: Int32 = 20

    /// Opens `count` sockets and retries for about one second while the address is in use.
    static func openRetrying(
        _ address: SocketAddress, count: Int, backlog: Int32, isBeside: Bool = false
    ) throws(SystemError) -> [Descriptor] {
        for _ in 0..<inUseRetriesMax {
            do throws(SystemError) {
                return try open(address, count: count, backlog: backlog, isBeside: isBeside)
            } catch {
                guard error.code == EADDRINUSE else { throw error }
                _ = gyre_sleep_ms(inUseRetryMs)
            }
        }
        return try open(address, count: count, backlog: backlog, isBeside: isBeside)
    }

    /// Opens `count` sockets. With port 0 the kernel chooses the port of the first one and the
    /// others join it.
    ///
    /// The first socket listens alone before SO_REUSEPORT is turned on: bound with it from the
    /// beginning, a second Gyre on the same port would silently get half of the connections.
    ///
    /// - Parameter isBeside: that is what is wanted: another process of the same user may listen
    ///   there, which did the same.
    package static func open(
        _ address: SocketAddress, count: Int, backlog: Int32, isBeside: Bool = false
    ) throws(SystemError) -> [Descriptor] {
        precondition(count > 0)
        var sockets: [Descriptor] = []
        do throws(SystemError) {
            let first = try prepared(address, keepingIn: &sockets)
            if isBeside { try first.setReusePort() }
            try address.bind(first)
            try first.listen(backlog: backlog)
            if !isBeside { try first.setReusePort() }
            let bound = try SocketAddress.local(of: first)
            while sockets.count < count {
                let sibling = try prepared(address, keepingIn: &sockets)
                try sibling.setReusePort()
                try bound.bind(sibling)
                try sibling.listen(backlog: backlog)
            }
        } catch {
            for socket in sockets { socket.close() }
            throw error
        }
        return sockets
    }

    private static func prepared(
        _ address: SocketAddress, keepingIn sockets: inout [Descriptor]
    ) throws(SystemError) -> Descriptor {
        let socket = try Descriptor.streamSocket(family: address.family)
        sockets.append(socket)
        try socket.setReuseAddress()
        try socket.setStreamDefaults()
        // Both families of `:port` are bound separately, whatever net.ipv6.bindv6only says.
        if address.isIPv6 { try socket.setIPv6Only() }
        if address.isLoopback { LoopbackPacing.remove(from: socket) }
        return socket
    }
}
