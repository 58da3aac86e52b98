// Which connections lose a pacing congestion control, whatever this machine's default is.

import CLinux
import Glibc
import Testing

@testable import DataPlane

@Suite struct LoopbackPacingTests {
    @Test(arguments: [
        (ipv4(127, 0, 0, 1), true), (ipv4(127, 255, 3, 4), true), (ipv4(128, 0, 0, 1), false),
        (ipv4(10, 0, 0, 127), false), (ipv4(0, 0, 0, 0), false),
        (ipv6(first: 0, last: 1), true), (ipv6(first: 0, last: 2), false),
        (ipv6(first: 0, last: 0), false), (ipv6(first: 0xFE, last: 1), false),
    ])
    func loopbackIsTold(_ bytes: [UInt8], _ isLoopback: Bool) {
        let address = SocketAddress(copying: bytes.span)
        #expect(address?.isLoopback == isLoopback)
    }

    @Test func unixSocketsAreNoLoopback() {
        #expect(SocketAddress(unixPath: "/run/\u{1}\u{1}\u{1}")?.isLoopback == false)
    }

    /// Only connections over loopback change, and only where the default paces.
    @Test func connectionsOverLoopbackAreNotPaced() throws {
        let fresh = try algorithm(of: Descriptor(raw: gyre_socket_open(AF_INET)))
        let unpaced = fresh.hasPrefix("bbr") ? "reno" : fresh
        #expect(try algorithm(toConnectTo: Self.ipv4(127, 0, 0, 1)) == unpaced)
        #expect(try algorithm(toConnectTo: Self.ipv6(first: 0, last: 1)) == unpaced)
        #expect(try algorithm(toConnectTo: Self.ipv4(192, 0, 2, 1)) == fresh)
    }

    /// What a listener is given, its connections have.
    @Test func removingWorks() throws {
        let socket = Descriptor(raw: try SystemError.check(gyre_socket_open(AF_INET)))
        try SystemError.check(gyre_socket_set_unpaced(socket.raw))
        #expect(gyre_socket_is_paced(socket.raw) == 0)
        #expect(try algorithm(of: socket) == "reno")
    }

    /// The algorithm of a socket that was opened for an address; nothing is sent.
    private func algorithm(toConnectTo bytes: [UInt8]) throws -> String {
        let copied = SocketAddress(copying: bytes.span)
        let address = try #require(copied)
        var counters = CounterSet()
        return try algorithm(
            of: DirectCalls.openStream(
                to: AddressReference(keeping: address), counting: &counters))
    }

    /// Closes the socket.
    private func algorithm(of socket: Descriptor) throws -> String {
        defer { _ = gyre_close(socket.raw) }
        var name = [UInt8](repeating: 0, count: 16)
        var length = socklen_t(name.count)
        try #require(
            getsockopt(socket.raw, Int32(IPPROTO_TCP), TCP_CONGESTION, &name, &length) == 0)
        return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func ipv4(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) -> [UInt8] {
        [UInt8(AF_INET), 0, 0, 80, a, b, c, d] + [UInt8](repeating: 0, count: 8)
    }

    private static func ipv6(first: UInt8, last: UInt8) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 28)
        (bytes[0], bytes[3], bytes[8], bytes[23]) = (UInt8(AF_INET6), 80, first, last)
        return bytes
    }
}
