// getpeername(2) and getsockname(2) for the families that the conformance suite does not have, on
// both backends.

import CLinux
import Glibc
import Protocols
import Testing

@testable import DataPlane

@Suite struct PeerAddressTests {
    @Test(arguments: Backend.allCases) func unixSocketsHaveNone(on backend: Backend) throws {
        var ends = [Int32](repeating: -1, count: 2)
        try SystemError.check(gyre_socket_pair(&ends))
        defer { _ = gyre_close(ends[1]) }
        let none = IPBytes(high: 0, low: 0)
        let (peer, both) = try addresses(of: Descriptor(raw: ends[0]), on: backend)
        #expect(peer == none && both == nil)
    }

    @Test(arguments: Backend.allCases) func ipv6PeersHaveTheirs(on backend: Backend) throws {
        var bytes = [UInt8](repeating: 0, count: 28)
        (bytes[0], bytes[23]) = (UInt8(AF_INET6), 1)
        let address = SocketAddress(copying: bytes.span)
        let loopback = try #require(address)
        let listener = Descriptor(raw: try SystemError.check(gyre_socket_open(AF_INET6)))
        defer { _ = gyre_close(listener.raw) }
        try loopback.bind(listener)
        try SystemError.check(gyre_socket_listen(listener.raw, 8))
        let client = Descriptor(raw: try SystemError.check(gyre_socket_open(AF_INET6)))
        defer { _ = gyre_close(client.raw) }
        do throws(SystemError) {
            try SocketAddress.local(of: listener).connect(client)
        } catch {
            try #require(error.code == EINPROGRESS)
        }
        var poll = pollfd(fd: listener.raw, events: Int16(POLLIN), revents: 0)
        try #require(Glibc.poll(&poll, 1, 2_000) == 1)
        let accepted = Descriptor(raw: try SystemError.check(gyre_socket_accept(listener.raw)))
        let own = IPBytes(high: 0, low: 1)
        let (peer, both) = try addresses(of: accepted, on: backend)
        #expect(peer == own)
        let expected = ProxyAddresses(
            source: own, destination: own,
            sourcePort: try #require(SocketAddress.local(of: client).port),
            destinationPort: try #require(SocketAddress.local(of: listener).port))
        #expect(both == expected)
    }

    /// What a fresh reactor says of a socket, which it closes.
    private func addresses(
        of descriptor: Descriptor, on backend: Backend
    ) throws -> (peer: IPBytes?, both: ProxyAddresses?) {
        switch backend {
        case .epoll:
            let reactor = try EpollReactor(socketsMax: 4, buffersMax: 4, pipesMax: 1)
            return try addresses(of: descriptor, on: reactor)
        case .ioUring:
            guard RingProbe.report.isUsable else {
                // Not allowed here: the other backend answers in its place.
                return try addresses(of: descriptor, on: .epoll)
            }
            let reactor = try IOUringReactor(
                features: RingProbe.report.detected, socketsMax: 4, buffersMax: 4, pipesMax: 1)
            return try addresses(of: descriptor, on: reactor)
        }
    }

    private func addresses<R: Reactor & ~Copyable>(
        of descriptor: Descriptor, on reactor: consuming R
    ) throws -> (peer: IPBytes?, both: ProxyAddresses?) {
        let socket = try reactor.adopt(descriptor, owner: 0)
        let peer = reactor.peerAddress(of: socket)
        let both = reactor.addresses(of: socket)
        reactor.close(socket, reset: false)
        var batch = CompletionBatch(capacity: 64)
        for _ in 0..<100 where batch.isEmpty {
            reactor.turn(deadlineNs: reactor.nowNs + 10_000_000, into: &batch)
        }
        #expect(batch.count == 1)
        return (peer, both)
    }
}
