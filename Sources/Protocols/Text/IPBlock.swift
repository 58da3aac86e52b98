// Blocks of addresses as an operator writes them (RFC 4632 section 3.1, RFC 4291 section 2.3).

/// An address block: `10.0.0.0/8`, `fd00::/8`, or one address.
package struct IPBlock: BitwiseCopyable, Equatable, Sendable {
    package let network: IPBytes
    /// 0 to 128; an IPv4 block has at least 96.
    package let prefixBits: UInt8

    /// - Parameters:
    ///   - network: all bits behind the prefix zero.
    ///   - prefixBits: 0 to 128; of an IPv4 block at least 96.
    package init(network: IPBytes, prefixBits: UInt8) {
        self.network = network
        self.prefixBits = prefixBits
    }

    /// Reads `address` or `address/bits`.
    ///
    /// - Parameter text: without spaces. The bits behind the prefix have to be zero: `10.1.2.3/8`
    ///   is more likely a mistake than a way to write `10.0.0.0/8`.
    /// - Throws: what is wrong with it, as a sentence.
    package init(parsing text: some StringProtocol) throws(IPBlockError) {
        guard !text.isEmpty else { throw .empty }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let address = Array(parts[0].utf8)
        let bytes = address.span
        let ipv4 = IPBytes(parsingIPv4: bytes, from: 0, to: bytes.count)
        guard let parsed = ipv4 ?? IPBytes(parsingIPv6: bytes, from: 0, to: bytes.count) else {
            throw .notAddress(String(parts[0]))
        }
        let bitsMax: UInt64 = ipv4 == nil ? 128 : 32
        var bits = bitsMax
        if parts.count == 2 {
            let digits = Substring(parts[1])
            let hasLeadingZero = digits.utf8.count > 1 && digits.utf8.first == ASCII.zero
            guard !hasLeadingZero, let number = DecimalParser.parse(digits.utf8, maximum: bitsMax)
            else { throw .notPrefix(String(digits), bitsMax: Int(bitsMax)) }
            bits = number
        }
        prefixBits = UInt8(bits + 128 - bitsMax)
        network = Self.masked(parsed, prefixBits)
        guard network == parsed else { throw .hostBits(String(text)) }
    }

    /// Whether the block holds `address`. An IPv6 block holds no IPv4 address, `::/0` neither.
    package func contains(_ address: IPBytes) -> Bool {
        address.isIPv4 == isIPv4 && Self.masked(address, prefixBits) == network
    }

    private var isIPv4: Bool { network.isIPv4 && prefixBits >= 96 }

    private static func masked(_ address: IPBytes, _ bits: UInt8) -> IPBytes {
        // Shifting by 64 or more leaves nothing, which is meant.
        let highMask = ~(UInt64.max >> UInt64(min(bits, 64)))
        let lowMask = ~(UInt64.max >> UInt64(bits > 64 ? bits - 64 : 0))
        return IPBytes(high: address.high & highMask, low: address.low & lowMask)
    }
}

extension IPBlock: CustomStringConvertible {
    /// The text that parses to this value; a block of one address without its prefix.
    package var description: String {
        guard prefixBits < 128 else { return "\(network)" }
        return "\(network)/\(isIPv4 ? prefixBits - 96 : prefixBits)"
    }
}

/// Why a text is not an address block.
package enum IPBlockError: Error, Equatable, Sendable {
    case empty
    case notAddress(String)
    case notPrefix(String, bitsMax: Int)
    case hostBits(String)
}

extension IPBlockError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty:
            "the address block is empty; expected 10.0.0.0/8, fd00::/8 or one address"
        case .notAddress(let text):
            "'\(text)' is not an IP address; expected 10.0.0.0/8, fd00::/8 or one address"
        case .notPrefix(let text, let bitsMax):
            "'\(text)' is not a prefix length; expected a number from 0 to \(bitsMax)"
        case .hostBits(let text):
            "'\(text)' has bits set behind its prefix; write the block's first address"
        }
    }
}
