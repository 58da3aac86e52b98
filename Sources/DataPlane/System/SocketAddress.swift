// Socket addresses in the kernel's own form, and stable references to them for calls that the
// kernel finishes later.

internal import CLinux
internal import Glibc
internal import Protocols
internal import Synchronization

/// An IPv4, IPv6 or Unix address as the kernel wants it (ip(7), ipv6(7), unix(7)).
package struct SocketAddress: Sendable {
    private var storage: sockaddr_storage
    /// Bytes of `storage` that count.
    package let length: UInt32

    /// Whether it leads back to this machine: 127.0.0.0/8 (RFC 1122 section 3.2.1.3) or ::1
    /// (RFC 4291 section 2.5.3).
    package var isLoopback: Bool {
        unsafe withUnsafeBytes(of: storage) { bytes in
            switch family {
            case AF_INET: unsafe bytes[4] == 127
            case AF_INET6: unsafe bytes[23] == 1 && bytes[8..<23].allSatisfy { $0 == 0 }
            default: false
            }
        }
    }

    /// The address family, `AF_INET`, `AF_INET6` or `AF_UNIX`.
    package var family: Int32 { Int32(storage.ss_family) }

    package var isUnix: Bool { family == AF_UNIX }

    /// Copies an address that a resolver returned.
    ///
    /// - Parameter bytes: the sockaddr, at most 128 bytes; `nil` is returned for any other size.
    package init?(copying bytes: Span<UInt8>) {
        guard bytes.count >= 2, bytes.count <= MemoryLayout<sockaddr_storage>.size else {
            return nil
        }
        storage = sockaddr_storage()
        length = UInt32(bytes.count)
        unsafe withUnsafeMutableBytes(of: &storage) { target in
            for index in 0..<bytes.count { unsafe target[index] = bytes[index] }
        }
    }

    /// A Unix socket's path.
    ///
    /// - Parameter path: 1 to 107 bytes of UTF-8 without NUL, else `nil` (unix(7): 108 with it).
    package init?(unixPath path: String) {
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count <= 107, !bytes.contains(0) else { return nil }
        storage = sockaddr_storage()
        storage.ss_family = sa_family_t(AF_UNIX)
        length = UInt32(MemoryLayout<sa_family_t>.size + bytes.count + 1)
        unsafe withUnsafeMutableBytes(of: &storage) { target in
            for (index, byte) in bytes.enumerated() { unsafe target[2 + index] = byte }
        }
    }

    /// Calls `body` with the address as the C library takes it.
    func withPointer<Result>(
        _ body: (UnsafePointer<sockaddr>, UInt32) -> Result
    ) -> Result {
        unsafe withUnsafePointer(to: storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, length)
            }
        }
    }
}

/// A `SocketAddress` at a place that never moves: a connect through the ring reads it when the
/// batch is submitted, after the call that prepared it has returned.
@safe
package struct AddressReference: @unchecked Sendable, BitwiseCopyable {
    private let address: UnsafePointer<SocketAddress>

    /// Every address that was ever referred to. Kept for the life of the process, because workers
    /// may still read what a newer configuration has dropped; each address once.
    private static let kept = Mutex<[SocketAddress: AddressReference]>([:])

    /// The reference to `address`. Set-up time only.
    package init(keeping address: SocketAddress) {
        self = Self.kept.withLock { kept in
            if let known = kept[address] { return known }
            let copy = UnsafeMutablePointer<SocketAddress>.allocate(capacity: 1)
            unsafe copy.initialize(to: address)
            let reference = unsafe AddressReference(at: UnsafePointer(copy))
            kept[address] = reference
            return reference
        }
    }

    private init(at address: UnsafePointer<SocketAddress>) {
        unsafe self.address = address
    }

    /// Whether both refer to the same address.
    package func isSame(as other: AddressReference) -> Bool {
        unsafe address == other.address
    }

    package var family: Int32 { unsafe address.pointee.family }

    package var isUnix: Bool { unsafe address.pointee.isUnix }

    package var isLoopback: Bool { unsafe address.pointee.isLoopback }

    package var length: UInt32 { unsafe address.pointee.length }

    /// A copy of it.
    package var value: SocketAddress { unsafe address.pointee }

    /// The kernel's view of it. `storage` is the first field of `SocketAddress`.
    var pointer: UnsafePointer<sockaddr> {
        unsafe UnsafeRawPointer(address).assumingMemoryBound(to: sockaddr.self)
    }
}

extension IPBytes {
    /// The IP address in a socket address (IPv4 mapped); all zero for another family.
    init(of address: UnsafePointer<sockaddr>) {
        var words = (UInt64(0), UInt64(0))
        unsafe withUnsafeMutableBytes(of: &words) {
            unsafe gyre_address_bytes(address, $0.baseAddress)
        }
        self.init(high: UInt64(bigEndian: words.0), low: UInt64(bigEndian: words.1))
    }
}
