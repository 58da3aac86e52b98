// CRC-32C (RFC 9260 appendix A), bit by bit: it is asked for once per connection at most.

/// The checksum of the bytes that were added.
struct CRC32C: BitwiseCopyable {
    /// The polynomial 0x1EDC6F41, lowest power first.
    private static let polynomial: UInt32 = 0x82F6_3B78

    private var register = UInt32.max

    /// The checksum as a number; the protocol has its highest byte first.
    var value: UInt32 { ~register }

    mutating func add(_ byte: UInt8) {
        register ^= UInt32(byte)
        for _ in 0..<8 {
            register = register >> 1 ^ (register & 1 == 0 ? 0 : Self.polynomial)
        }
    }
}
