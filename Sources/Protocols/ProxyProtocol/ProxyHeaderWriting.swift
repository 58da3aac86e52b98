// PROXY headers on their way out: without TLVs, so 56 bytes at most for IPv4 and 104 for IPv6.

extension ProxyVersion {
    /// The header of a connection that is made in nobody's name.
    package var ownHeader: [UInt8] {
        switch self {
        case .v1: return Array("PROXY UNKNOWN\r\n".utf8)
        case .v2:
            var bytes: [UInt8] = []
            for index in 0..<ProxyBinary.signature.count {
                bytes.append(ProxyBinary.signature[index])
            }
            let command = ProxyBinary.version << 4 | ProxyBinary.commandLocal
            return bytes + [command, ProxyBinary.unspecified, 0, 0]
        }
    }
}

extension HeadWriter {
    /// Writes a header.
    ///
    /// - Parameter addresses: of the client's connection; `nil` when it has none that can be told:
    ///   the header then says that the connection is proxied and not from where.
    package mutating func appendProxyHeader(_ version: ProxyVersion, _ addresses: ProxyAddresses?) {
        switch version {
        case .v1: appendText(addresses)
        case .v2: appendBinary(addresses)
        }
    }

    private mutating func appendText(_ addresses: ProxyAddresses?) {
        guard let addresses else {
            append("PROXY UNKNOWN\r\n")
            return
        }
        let isIPv4 = addresses.areIPv4
        append(isIPv4 ? "PROXY TCP4 " : "PROXY TCP6 ")
        appendText(addresses.source, isIPv4: isIPv4)
        appendText(addresses.destination, isIPv4: isIPv4)
        appendDecimal(UInt64(addresses.sourcePort))
        append(ASCII.space)
        appendDecimal(UInt64(addresses.destinationPort))
        append("\r\n")
    }

    private mutating func appendText(_ address: IPBytes, isIPv4: Bool) {
        if isIPv4 { appendIPv4(address) } else { appendIPv6(address) }
        append(ASCII.space)
    }

    private mutating func appendBinary(_ addresses: ProxyAddresses?) {
        for index in 0..<ProxyBinary.signature.count { append(ProxyBinary.signature[index]) }
        append(ProxyBinary.version << 4 | ProxyBinary.commandProxy)
        guard let addresses else {
            append(ProxyBinary.unspecified)
            appendNumber(0, bytes: 2)
            return
        }
        let isIPv4 = addresses.areIPv4
        append(isIPv4 ? ProxyBinary.tcp4 : ProxyBinary.tcp6)
        appendNumber(isIPv4 ? 12 : 36, bytes: 2)
        appendAddress(addresses.source, isIPv4: isIPv4)
        appendAddress(addresses.destination, isIPv4: isIPv4)
        appendNumber(UInt64(addresses.sourcePort), bytes: 2)
        appendNumber(UInt64(addresses.destinationPort), bytes: 2)
    }

    private mutating func appendAddress(_ address: IPBytes, isIPv4: Bool) {
        if !isIPv4 { appendNumber(address.high, bytes: 8) }
        appendNumber(address.low, bytes: isIPv4 ? 4 : 8)
    }

    /// Writes the lowest bytes of a number, the highest of them first.
    private mutating func appendNumber(_ value: UInt64, bytes: Int) {
        for place in 0..<bytes {
            append(UInt8(truncatingIfNeeded: value >> UInt64((bytes - 1 - place) * 8)))
        }
    }
}

extension ProxyAddresses {
    /// A header is of one family: one IPv4 address beside an IPv6 one is written as IPv6, mapped.
    fileprivate var areIPv4: Bool { source.isIPv4 && destination.isIPv4 }
}
