// Version 2: a signature, 4 bytes that say what follows, addresses, and TLVs (section 2.2). The
// TLVs are told from each other and otherwise skipped, but for the checksum.

/// The fixed part of a header of version 2.
enum ProxyBinary {
    static let signature: InlineArray<12, UInt8> = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]
    /// Bytes before the addresses.
    static let fixedBytes = 16
    static let version: UInt8 = 2
    /// The connection is the proxy's own.
    static let commandLocal: UInt8 = 0
    static let commandProxy: UInt8 = 1
    /// Families with their transports, as one byte.
    static let unspecified: UInt8 = 0x00
    static let tcp4: UInt8 = 0x11
    static let tcp6: UInt8 = 0x21
    /// PP2_TYPE_CRC32C.
    static let typeChecksum: UInt8 = 0x03
    static let checksumBytes = 4
}

extension ProxyHeader {
    /// - Returns: `nil` when more bytes are needed.
    static func readBinary(_ bytes: Span<UInt8>) throws(ProxyRefusal) -> ProxyHeader? {
        let signature = ProxyBinary.signature
        for index in 0..<min(bytes.count, signature.count) where bytes[index] != signature[index] {
            throw .notProxy
        }
        guard bytes.count > 12 else { return nil }
        guard bytes[12] >> 4 == ProxyBinary.version else { throw .unsupportedVersion }
        let command = bytes[12] & 15
        guard command <= ProxyBinary.commandProxy else { throw .unknownCommand }
        guard bytes.count > 13 else { return nil }
        // Of a LOCAL connection everything else is to be skipped unseen.
        let isLocal = command == ProxyBinary.commandLocal
        let family = isLocal ? ProxyBinary.unspecified : bytes[13]
        let addressBytes = try addressBytes(family)
        guard bytes.count >= ProxyBinary.fixedBytes else { return nil }
        let length = ProxyBinary.fixedBytes + Int(number16(bytes, 14))
        guard length <= bytesMax else { throw .headerTooLong }
        let vectors = ProxyBinary.fixedBytes + (addressBytes ?? 0)
        guard vectors <= length else { throw .addressTruncated }
        guard bytes.count >= length else { return nil }
        if addressBytes != nil { try checkVectors(bytes, from: vectors, to: length) }
        return ProxyHeader(length: length, addresses: addresses(bytes, family))
    }

    /// How many bytes the addresses of a family have; `nil` when it does not say what follows.
    private static func addressBytes(_ family: UInt8) throws(ProxyRefusal) -> Int? {
        let transport = family & 15
        guard transport <= 2 else { throw .unknownFamily }
        switch family >> 4 {
        case 0: return nil
        case 1: return transport == 0 ? nil : 2 * 4 + 2 * 2
        case 2: return transport == 0 ? nil : 2 * 16 + 2 * 2
        case 3: return transport == 0 ? nil : 2 * 108
        default: throw .unknownFamily
        }
    }

    /// - Returns: `nil` for all but TCP: a datagram's or a Unix socket's are no client's address.
    private static func addresses(_ bytes: Span<UInt8>, _ family: UInt8) -> ProxyAddresses? {
        switch family {
        case ProxyBinary.tcp4:
            ProxyAddresses(
                source: IPBytes(ipv4: number32(bytes, 16)),
                destination: IPBytes(ipv4: number32(bytes, 20)),
                sourcePort: number16(bytes, 24), destinationPort: number16(bytes, 26))
        case ProxyBinary.tcp6:
            ProxyAddresses(
                source: IPBytes(high: number64(bytes, 16), low: number64(bytes, 24)),
                destination: IPBytes(high: number64(bytes, 32), low: number64(bytes, 40)),
                sourcePort: number16(bytes, 48), destinationPort: number16(bytes, 50))
        default: nil
        }
    }

    /// Looks whether TLVs fill the rest of the header, and whether its checksum is right if there
    /// is one (section 2.2.3).
    private static func checkVectors(
        _ bytes: Span<UInt8>, from start: Int, to end: Int
    ) throws(ProxyRefusal) {
        /// Where the checksum is.
        var checksum: Int?
        var position = start
        while position < end {
            guard end - position >= 3 else { throw .malformedVector }
            let count = Int(number16(bytes, position + 1))
            guard count <= end - position - 3 else { throw .malformedVector }
            if bytes[position] == ProxyBinary.typeChecksum {
                guard checksum == nil, count == ProxyBinary.checksumBytes else {
                    throw .malformedVector
                }
                checksum = position + 3
            }
            position += 3 + count
        }
        guard let checksum else { return }
        var sum = CRC32C()
        for index in 0..<end {
            let isChecksum = index >= checksum && index < checksum + ProxyBinary.checksumBytes
            sum.add(isChecksum ? 0 : bytes[index])
        }
        guard sum.value == number32(bytes, checksum) else { throw .wrongChecksum }
    }

    private static func number16(_ bytes: Span<UInt8>, _ offset: Int) -> UInt16 {
        UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
    }

    private static func number32(_ bytes: Span<UInt8>, _ offset: Int) -> UInt32 {
        UInt32(number16(bytes, offset)) << 16 | UInt32(number16(bytes, offset + 2))
    }

    private static func number64(_ bytes: Span<UInt8>, _ offset: Int) -> UInt64 {
        UInt64(number32(bytes, offset)) << 32 | UInt64(number32(bytes, offset + 4))
    }
}
