// Blocking sockets with a bound on every call: the traffic peers' end of a connection.

import Foundation
import Synchronization

/// A failed socket call.
public struct SocketError: Error, Equatable, CustomStringConvertible, Sendable {
    public let call: String
    public let code: Int32

    init(_ call: String, _ code: Int32 = errno) {
        self.call = call
        self.code = code
    }

    public var description: String { "\(call): \(String(cString: strerror(code)))" }
}

/// A connected stream socket. Sends and receives fail with EAGAIN when nothing moves for 15 s.
/// One thread may send while another receives.
public final class Connection: Sendable {
    public let descriptor: Int32
    private let isOwned = Atomic(true)

    /// Takes over a connected socket.
    public init(adopting descriptor: Int32) {
        self.descriptor = descriptor
        var bound = timeval(tv_sec: 15, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &bound, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &bound, size)
        setOption(TCP_NODELAY, of: descriptor, level: Int32(IPPROTO_TCP), to: 1)
    }

    /// Connects; the kernel's accept queue is enough, the other side need not have accepted.
    public convenience init(to address: PeerAddress) throws {
        let descriptor = try makeSocket(address.family)
        // Before connecting: SO_SNDTIMEO bounds connect too.
        self.init(adopting: descriptor)
        let result = address.withSocketAddress { connect(descriptor, $0, $1) }
        guard result == 0 else { throw SocketError("connect") }
    }

    /// Connects, or gives up and returns `nil` when the handshake is not done within `seconds`.
    public static func connecting(
        to address: PeerAddress, within seconds: Double
    ) throws -> Connection? {
        let descriptor = try makeSocket(address.family, flags: Int32(SOCK_NONBLOCK.rawValue))
        let connection = Connection(adopting: descriptor)
        if address.withSocketAddress({ connect(descriptor, $0, $1) }) != 0 {
            guard errno == EINPROGRESS else { throw SocketError("connect") }
            var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&entry, 1, Deadline(after: seconds).remainingMs) > 0 else { return nil }
            guard entry.revents & Int16(POLLERR) == 0 else { throw SocketError("connect", EIO) }
        }
        _ = fcntl(descriptor, F_SETFL, 0)
        return connection
    }

    deinit { close() }

    /// Sends all of `bytes`.
    public func send(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try send($0) }
    }

    /// Sends all of `bytes`.
    public func send(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let sent = Glibc.send(
                descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            guard sent >= 0 else {
                if errno == EINTR { continue }
                throw SocketError("send")
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[sent...])
        }
    }

    /// Receives once into `buffer`; 0 is the end of the stream.
    public func receive(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count >= 0 { return count }
            if errno != EINTR { throw SocketError("recv") }
        }
    }

    /// Receives once; nothing at the end of the stream.
    public func receiveSome(upTo countMax: Int = .max) throws -> [UInt8] {
        try Array(unsafeUninitializedCapacity: min(countMax, 1 << 18)) { buffer, count in
            let memory = UnsafeMutableRawBufferPointer(buffer)
            count = try receive(
                into: UnsafeMutableRawBufferPointer(rebasing: memory.prefix(countMax)))
        }
    }

    /// Receives `count` bytes, fewer only at the end of the stream.
    public func receive(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let more = try bytes.withUnsafeMutableBytes {
                try receive(into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
            }
            if more == 0 { break }
            filled += more
        }
        return Array(bytes.prefix(filled))
    }

    /// The port of this end.
    public var localPort: UInt16 { boundPort(of: descriptor) }

    /// Whether bytes or an end can be read within `seconds`.
    public func isReadable(within seconds: Double) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, Deadline(after: seconds).remainingMs) > 0
    }

    /// Says that no more will be sent; receiving goes on.
    public func finishSending() throws {
        guard shutdown(descriptor, Int32(SHUT_WR)) == 0 else { throw SocketError("shutdown") }
    }

    /// Closes with a reset instead of an orderly end.
    public func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    /// Whether it has not been closed by this side.
    public var isOpen: Bool { isOwned.load(ordering: .relaxed) }

    /// Closes; further calls do nothing.
    public func close() {
        if isOwned.exchange(false, ordering: .relaxed) { Glibc.close(descriptor) }
    }
}

/// A blocking stream socket that children do not inherit.
func makeSocket(_ family: Int32, flags: Int32 = 0) throws -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | flags
    let descriptor = socket(family, kind, 0)
    guard descriptor >= 0 else { throw SocketError("socket") }
    return descriptor
}

/// Sets a socket option that is one number. A kind of socket that lacks it keeps its ways.
func setOption(_ name: Int32, of descriptor: Int32, level: Int32 = SOL_SOCKET, to value: Int32) {
    var value = value
    setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
}

/// The port that an IP socket is bound to.
func boundPort(of descriptor: Int32) -> UInt16 {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    withUnsafeMutablePointer(to: &storage) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            _ = getsockname(descriptor, $0, &length)
        }
    }
    // sin_port and sin6_port lie at the same place.
    return withUnsafeBytes(of: storage) {
        UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
    }
}
