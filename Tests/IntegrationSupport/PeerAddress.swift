// The addresses traffic peers use: loopback and unix sockets, nothing that leaves this machine.

import Foundation

/// A loopback or unix socket address.
public enum PeerAddress: Hashable, Sendable, CustomStringConvertible {
    case loopback4(port: UInt16)
    case loopback6(port: UInt16)
    case unix(path: String)

    /// Reads the form the command line and the log use; `nil` when it is none of ours.
    public init?(_ text: String) {
        if let path = text.dropping(prefix: "unix:") {
            self = .unix(path: path)
        } else if let port = text.dropping(prefix: "127.0.0.1:").flatMap({ UInt16($0) }) {
            self = .loopback4(port: port)
        } else if let port = text.dropping(prefix: "[::1]:").flatMap({ UInt16($0) }) {
            self = .loopback6(port: port)
        } else {
            return nil
        }
    }

    /// The form the command line takes.
    public var description: String {
        switch self {
        case .loopback4(let port): "127.0.0.1:\(port)"
        case .loopback6(let port): "[::1]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// 0 for a unix socket.
    public var port: UInt16 {
        switch self {
        case .loopback4(let port), .loopback6(let port): port
        case .unix: 0
        }
    }

    var family: Int32 {
        switch self {
        case .loopback4: AF_INET
        case .loopback6: AF_INET6
        case .unix: AF_UNIX
        }
    }

    /// Calls `body` with the address as the kernel takes it.
    func withSocketAddress<Result>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result
    ) rethrows -> Result {
        var storage = sockaddr_storage()
        let length = withUnsafeMutableBytes(of: &storage) { fill($0) }
        return try withUnsafePointer(to: &storage) {
            try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { try body($0, length) }
        }
    }

    private func fill(_ memory: UnsafeMutableRawBufferPointer) -> socklen_t {
        switch self {
        case .loopback4(let port):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            memory.storeBytes(of: address, as: sockaddr_in.self)
            return socklen_t(MemoryLayout<sockaddr_in>.size)
        case .loopback6(let port):
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            address.sin6_addr = in6addr_loopback
            memory.storeBytes(of: address, as: sockaddr_in6.self)
            return socklen_t(MemoryLayout<sockaddr_in6>.size)
        case .unix(let path):
            memory.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
            // The rest is zero, which ends the path; the size of sun_path bounds it.
            memory[MemoryLayout<sa_family_t>.size...].copyBytes(from: path.utf8.prefix(107))
            return socklen_t(MemoryLayout<sockaddr_un>.size)
        }
    }
}

extension String {
    fileprivate func dropping(prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
