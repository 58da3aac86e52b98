// The spelling of hosts: dotted IPv4 (RFC 6943 section 3.1.1, strict form), IPv6 (RFC 4291 section
// 2.2, zone of RFC 4007 section 11) and host names (RFC 1123 section 2.1, underscores allowed).

/// Checks of host spellings.
package enum IPText {
    /// RFC 1035 section 2.3.4.
    private static let hostNameBytesMax = 253
    private static let labelBytesMax = 63
    /// `IFNAMSIZ` with its NUL is 16 (netdevice(7)).
    private static let zoneBytesMax = 15

    /// Four decimal numbers from 0 to 255 without leading zeros, separated by dots.
    package static func isIPv4(_ text: Substring.UTF8View) -> Bool {
        let bytes = Array(text)
        return IPBytes(parsingIPv4: bytes.span, from: 0, to: bytes.count) != nil
    }

    /// Eight groups of one to four hexadecimal digits, one `::` at most, the last two groups maybe
    /// as IPv4, and maybe a zone behind `%`.
    package static func isIPv6(_ text: Substring.UTF8View) -> Bool {
        let zoned = text.split(
            separator: UInt8(ascii: "%"), maxSplits: 1, omittingEmptySubsequences: false)
        if zoned.count == 2 {
            guard isZone(zoned[1]) else { return false }
        }
        let address = Array(zoned[0])
        return IPBytes(parsingIPv6: address.span, from: 0, to: address.count) != nil
    }

    /// Whether the part behind the last dot is made of digits: such a host can only be IPv4.
    package static func endsInNumber(_ text: Substring.UTF8View) -> Bool {
        guard let last = text.split(separator: UInt8(ascii: ".")).last else { return false }
        return last.allSatisfy(isDigit)
    }

    /// Labels of letters, digits, `-` and `_`, none of which begins or ends with `-`; one dot may
    /// follow the last label.
    package static func isHostName(_ text: Substring.UTF8View) -> Bool {
        let name = text.last == UInt8(ascii: ".") ? text.dropLast() : text
        guard !name.isEmpty, name.count <= hostNameBytesMax else { return false }
        return name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .allSatisfy(isLabel)
    }

    private static func isZone(_ text: Substring.UTF8View) -> Bool {
        guard (1...zoneBytesMax).contains(text.count) else { return false }
        return text.allSatisfy { isNameByte($0) || $0 == UInt8(ascii: ".") }
    }

    private static func isLabel(_ text: Substring.UTF8View) -> Bool {
        guard (1...labelBytesMax).contains(text.count) else { return false }
        let dash = UInt8(ascii: "-")
        return text.first != dash && text.last != dash && text.allSatisfy(isNameByte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return isDigit(byte) || (lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z"))
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}
