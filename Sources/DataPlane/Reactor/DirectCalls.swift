// System calls that both kernel-facing reactors make directly, because the ring has no cheaper way
// (io_uring runs shutdown and splice on helper threads) or none at all. Each is counted here.

internal import CLinux
internal import Glibc
internal import Protocols

/// Direct, non-blocking system calls. Results are counts or negative errno values.
enum DirectCalls {
    /// Opens a socket for an outgoing connection: non-blocking, no Nagle delay, keep-alive on.
    static func openStream(
        to address: AddressReference, counting counters: inout CounterSet
    ) throws(SocketFailure) -> Descriptor {
        counters[.socket] &+= 1
        let result = gyre_socket_open(address.family)
        guard result >= 0 else { throw .system(-result) }
        if !address.isUnix {
            counters[.socketOption] &+= 2
            // Neither can fail on a fresh TCP socket; without them it would still work.
            _ = gyre_socket_set_option(result, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
            _ = gyre_socket_set_option(result, SOL_SOCKET, SO_KEEPALIVE, 1)
        }
        if address.isLoopback && LoopbackPacing.isDefault {
            counters[.socketOption] &+= 1
            _ = gyre_socket_set_unpaced(result)
        }
        return Descriptor(raw: result)
    }

    static func peerAddress(
        _ descriptor: Descriptor, counting counters: inout CounterSet
    ) -> IPBytes? {
        counters[.peerName] &+= 1
        return unsafe end(of: descriptor, gyre_socket_peer)?.address
    }

    /// Both ends of a socket; `nil` when it has no peer, or one that is not of IP.
    static func addresses(
        _ descriptor: Descriptor, counting counters: inout CounterSet
    ) -> ProxyAddresses? {
        counters[.peerName] &+= 1
        counters[.socketName] &+= 1
        guard let peer = unsafe end(of: descriptor, gyre_socket_peer),
            let own = unsafe end(of: descriptor, gyre_socket_name),
            peer.address != IPBytes(high: 0, low: 0)
        else { return nil }
        return ProxyAddresses(
            source: peer.address, destination: own.address, sourcePort: peer.port,
            destinationPort: own.port)
    }

    /// One end of a socket.
    ///
    /// - Parameter name: getpeername(2) or getsockname(2).
    private static func end(
        of descriptor: Descriptor,
        _ name: (Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<UInt32>?) -> Int32
    ) -> (address: IPBytes, port: UInt16)? {
        var storage = sockaddr_in6()
        var length = UInt32(MemoryLayout<sockaddr_in6>.size)
        let result = unsafe withUnsafeMutableBytes(of: &storage) { bytes -> IPBytes? in
            guard let base = bytes.baseAddress else { return nil }
            let pointer = unsafe base.assumingMemoryBound(to: sockaddr.self)
            guard unsafe name(descriptor.raw, pointer, &length) == 0 else { return nil }
            return unsafe IPBytes(of: pointer)
        }
        // Both families have the port at the same place (ip(7), ipv6(7)).
        return result.map { ($0, UInt16(bigEndian: storage.sin6_port)) }
    }

    /// Makes the coming close send a reset.
    static func resetOnClose(_ descriptor: Descriptor, counting counters: inout CounterSet) {
        counters[.socketOption] &+= 1
        _ = gyre_socket_reset_on_close(descriptor.raw)
    }

    static func shutdownWrite(_ descriptor: Descriptor, counting counters: inout CounterSet) {
        counters[.shutdown] &+= 1
        // ENOTCONN after a reset: the receiving side reports that.
        _ = gyre_socket_shutdown_write(descriptor.raw)
    }

    static func accept(_ descriptor: Descriptor, counting counters: inout CounterSet) -> Int32 {
        counters[.accept] &+= 1
        return gyre_socket_accept(descriptor.raw)
    }

    /// Whether a failed accept says something about one client only, so that the next one may be
    /// asked for at once: errors that were pending on the new connection (accept(2), "Error
    /// handling"), and interruptions.
    static func concernsOneClient(_ error: Int32) -> Bool {
        switch error {
        case EAGAIN, EINTR, ECANCELED, ECONNABORTED, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET,
            EHOSTUNREACH, EOPNOTSUPP, ENETDOWN, ENETUNREACH:
            true
        default: false
        }
    }

    static func splice(
        from: Descriptor, to: Descriptor, length: Int, counting counters: inout CounterSet
    ) -> Int {
        counters[.splice] &+= 1
        return gyre_splice(from.raw, to.raw, length)
    }

    static func close(_ descriptor: Descriptor, counting counters: inout CounterSet) {
        counters[.close] &+= 1
        _ = gyre_close(descriptor.raw)
    }
}
