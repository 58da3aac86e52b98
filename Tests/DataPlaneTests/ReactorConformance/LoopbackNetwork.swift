// Conformance peers on real TCP sockets, 127.0.0.1 only.

import CLinux
import DataPlane
import Glibc
import Protocols
import TestSupport
import Testing

final class LoopbackPeer: Peer {
    private var descriptor: Descriptor
    var stream: ByteStream
    private(set) var sight = PeerSight.open
    let address = IPBytes(ipv4: 127 << 24 | 1)
    private var sentBytes = 0
    private var receivedBytes = 0

    init(_ descriptor: Descriptor, stream: ByteStream) {
        self.descriptor = descriptor
        self.stream = stream
    }

    /// `tcpi_segs_in`, which the C library's `tcp_info` is too old for (linux/tcp.h).
    var segmentsIn: UInt32? {
        var bytes = [UInt8](repeating: 0, count: 144)
        var length = socklen_t(bytes.count)
        guard getsockopt(descriptor.raw, Int32(IPPROTO_TCP), TCP_INFO, &bytes, &length) == 0,
            length == bytes.count
        else { return nil }
        return bytes.withUnsafeBytes { $0.load(fromByteOffset: 140, as: UInt32.self) }
    }

    deinit {
        if descriptor.isOpen { _ = gyre_close(descriptor.raw) }
    }

    func send(_ count: Int) -> Int {
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.withUnsafeMutableBytes { stream.fill($0, from: sentBytes) }
        let taken = bytes.withUnsafeMutableBytes { bytes in
            var segment = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
            return gyre_send(descriptor.raw, &segment, 1, 0)
        }
        sentBytes += max(taken, 0)
        return max(taken, 0)
    }

    func receive(_ limit: Int) -> Int {
        guard descriptor.isOpen else { return 0 }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = bytes.withUnsafeMutableBytes {
            gyre_receive(descriptor.raw, $0.baseAddress, $0.count)
        }
        guard count > 0 else {
            if count == 0, limit > 0 { sight = .ended }
            if count == -Int(ECONNRESET) { sight = .reset }
            return 0
        }
        let difference = bytes.prefix(count).withUnsafeBytes {
            reactorStream.firstDifference($0, from: receivedBytes)
        }
        #expect(difference == nil)
        receivedBytes += count
        return count
    }

    func end() { _ = gyre_socket_shutdown_write(descriptor.raw) }

    func reset() {
        _ = gyre_socket_reset_on_close(descriptor.raw)
        _ = gyre_close(descriptor.raw)
        descriptor = .none
    }
}

final class LoopbackNetwork: PeerNetwork {
    /// Small socket buffers, so that a slow reader blocks its writer soon.
    private static let socketBytes: Int32 = 32 * 1024

    private let endpoint: Descriptor
    private let endpointAddress: SocketAddress
    private var listeners: [(raw: Int32, address: SocketAddress)] = []
    private var peers = 0
    /// Clients that were not accepted yet, by listener, the first first: a queue is a queue, so no
    /// descriptor needs to be asked who is behind it, which a direct one could not be.
    private var waiting: [Int32: [LoopbackPeer]] = [:]

    init() throws {
        (endpoint, endpointAddress) = try Self.listen()
    }

    deinit {
        _ = gyre_close(endpoint.raw)
    }

    private static func anyPort() throws -> SocketAddress {
        var bytes = [UInt8](repeating: 0, count: 16)
        (bytes[0], bytes[4], bytes[7]) = (UInt8(AF_INET), 127, 1)
        let address = SocketAddress(copying: bytes.span)
        return try #require(address)
    }

    private static func open() throws -> Descriptor {
        let descriptor = Descriptor(raw: try SystemError.check(gyre_socket_open(AF_INET)))
        for name in [SO_SNDBUF, SO_RCVBUF] {
            _ = gyre_socket_set_option(descriptor.raw, SOL_SOCKET, name, socketBytes)
        }
        return descriptor
    }

    private static func listen() throws -> (Descriptor, SocketAddress) {
        let descriptor = try open()
        try anyPort().bind(descriptor)
        try SystemError.check(gyre_socket_listen(descriptor.raw, 128))
        return (descriptor, try SocketAddress.local(of: descriptor))
    }

    private func newPeer(_ descriptor: Descriptor) -> LoopbackPeer {
        peers += 1
        return LoopbackPeer(descriptor, stream: ByteStream(number: UInt8(peers % 200)))
    }

    /// A client's socket, connected: on loopback the handshake is through when connect returns,
    /// even for a socket that does not wait.
    private func connect(to address: SocketAddress) throws -> Descriptor {
        let client = try Self.open()
        do {
            try address.connect(client)
        } catch let error where error.code == EINPROGRESS {
            // Waits for the outcome, which gyre_socket_error then tells.
            var poll = pollfd(fd: client.raw, events: Int16(POLLOUT), revents: 0)
            Glibc.poll(&poll, 1, 2_000)
            let result = gyre_socket_error(client.raw)
            guard result == 0 else {
                _ = gyre_close(client.raw)
                throw SystemError(code: -result)
            }
        } catch {
            _ = gyre_close(client.raw)
            throw error
        }
        return client
    }

    func makePair() throws -> (Descriptor, any Peer) {
        let peer = newPeer(try connect(to: endpointAddress))
        let accepted = try SystemError.check(gyre_socket_accept(endpoint.raw))
        return (Descriptor(raw: accepted), peer)
    }

    func makeListener() throws -> Descriptor {
        let (descriptor, address) = try Self.listen()
        listeners.append((descriptor.raw, address))
        return descriptor
    }

    func dial(_ listener: Descriptor) throws -> any Peer {
        let known = try #require(listeners.last { $0.raw == listener.raw })
        let peer = newPeer(try connect(to: known.address))
        waiting[listener.raw, default: []].append(peer)
        return peer
    }

    func peer(ofAccepted _: Descriptor, by listener: ListenerID) -> (any Peer)? {
        waiting[listeners[Int(listener.index)].raw]?.removeFirst()
    }

    func makeEndpoint() -> AddressReference { AddressReference(keeping: endpointAddress) }

    func takeConnected() -> (any Peer)? {
        let accepted = gyre_socket_accept(endpoint.raw)
        return accepted < 0 ? nil : newPeer(Descriptor(raw: accepted))
    }

    /// A port that was just free: bound once, never listened on, closed.
    func makeRefusing() throws -> AddressReference {
        let descriptor = try Self.open()
        defer { _ = gyre_close(descriptor.raw) }
        try Self.anyPort().bind(descriptor)
        return AddressReference(keeping: try SocketAddress.local(of: descriptor))
    }
}
