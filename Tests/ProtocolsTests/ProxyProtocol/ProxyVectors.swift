// Beginnings of connections, and what has to be found in them. U+0080 to U+00FF stand for bytes.

import Protocols
import Testing

/// A beginning of a connection with what it says.
struct ProxyVector: Sendable, CustomTestStringConvertible {
    let text: String
    let verdict: ProxyVerdict

    var testDescription: String { String(text.debugDescription.prefix(72)) }

    /// A whole header, which `text` is.
    static func says(_ text: String, _ addresses: ProxyAddresses?) -> ProxyVector {
        let header = ProxyHeader(length: text.unicodeScalars.count, addresses: addresses)
        return ProxyVector(text: text, verdict: .complete(header))
    }

    static func refused(_ text: String, _ refusal: ProxyRefusal) -> ProxyVector {
        ProxyVector(text: text, verdict: .refused(refusal))
    }
}

private let signature = "\r\n\r\n\0\r\nQUIT\n"

/// A header of version 2 with the right length in it.
private func binary(_ start: String, _ rest: String = "") -> String {
    let count = rest.unicodeScalars.count
    return signature + start + byte(count >> 8) + byte(count & 255) + rest
}

private func byte(_ value: Int) -> String { String(Unicode.Scalar(UInt8(value))) }

/// A TLV.
private func vector(_ type: Int, _ value: String) -> String {
    let count = value.unicodeScalars.count
    return byte(type) + byte(count >> 8) + byte(count & 255) + value
}

private func ipv4(_ source: UInt32, _ sourcePort: UInt16, _ to: UInt32, _ port: UInt16)
    -> ProxyAddresses
{
    ProxyAddresses(
        source: IPBytes(ipv4: source), destination: IPBytes(ipv4: to), sourcePort: sourcePort,
        destinationPort: port)
}

/// 192.0.2.1:56324 to 198.51.100.2:443.
private let example = ipv4(0xC000_0201, 56_324, 0xC633_6402, 443)
private let addresses4 = "\u{C0}\0\u{2}\u{1}\u{C6}\u{33}\u{64}\u{2}\u{DC}\u{4}\u{1}\u{BB}"

/// [2001:db8::1]:1 to [::2]:65535.
private let example6 = ProxyAddresses(
    source: IPBytes(high: 0x2001_0DB8 << 32, low: 1), destination: IPBytes(high: 0, low: 2),
    sourcePort: 1, destinationPort: 65_535)
private let zeros = String(repeating: "\0", count: 11)
private let addresses6 =
    "\u{20}\u{1}\u{D}\u{B8}" + zeros + "\u{1}" + "\0\0\0\0" + zeros + "\u{2}\0\u{1}\u{FF}\u{FF}"

enum ProxyVectors {
    static let accepted: [ProxyVector] = [
        .says("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n", example),
        .says(
            "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
            ipv4(.max, .max, .max, .max)),
        .says("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", ipv4(0, 0, 0, 0)),
        .says("PROXY TCP6 2001:db8::1 ::2 1 65535\r\n", example6),
        .says("PROXY TCP6 2001:0DB8:0:0:0:0:0:1 ::0002 1 65535\r\n", example6),
        .says("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c633:6402 56324 443\r\n", example),
        .says("PROXY UNKNOWN\r\n", nil),
        .says("PROXY UNKNOWN \r\n", nil),
        .says("PROXY UNKNOWN 1 2\t\u{FF} \0 what ever\r\n", nil),
        .says(
            "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
                + " ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", nil),
        .says(binary("\u{21}\u{11}", addresses4), example),
        .says(binary("\u{21}\u{21}", addresses6), example6),
        // The proxy's own connection: whatever it says, and if it is no TLV.
        .says(binary("\u{20}\0"), nil),
        .says(binary("\u{20}\u{11}", addresses4), nil),
        .says(binary("\u{20}\u{FF}", "what ever"), nil),
        // Families that have no address for us.
        .says(binary("\u{21}\0"), nil),
        .says(binary("\u{21}\0", "what ever"), nil),
        .says(binary("\u{21}\u{1}", "x"), nil),
        .says(binary("\u{21}\u{10}", "x"), nil),
        .says(binary("\u{21}\u{12}", addresses4), nil),
        .says(binary("\u{21}\u{22}", addresses6), nil),
        .says(binary("\u{21}\u{31}", String(repeating: "/", count: 216)), nil),
        .says(binary("\u{21}\u{32}", String(repeating: "/", count: 216) + vector(4, "")), nil),
        // TLVs.
        .says(binary("\u{21}\u{11}", addresses4 + vector(4, "")), example),
        .says(
            binary(
                "\u{21}\u{11}",
                addresses4 + vector(1, "h2") + vector(0xEE, String(repeating: "x", count: 300))),
            example),
        .says(
            binary("\u{21}\u{21}", addresses6 + vector(0x20, "\u{1}\0\0\0\0" + vector(0x21, "T"))),
            example6),
        .says(
            binary("\u{21}\u{11}", addresses4 + vector(4, String(repeating: "\0", count: 4065))),
            example),
        .says(
            binary("\u{21}\u{11}", addresses4 + vector(3, "\u{20}\u{EC}\u{95}\u{49}")), example),
        .says(
            binary(
                "\u{21}\u{21}",
                addresses6 + vector(3, "\u{90}\u{FC}\u{CC}\u{37}") + vector(2, "example.org")),
            example6),
    ]

    static let refused: [ProxyVector] = [
        .refused("GET / HTTP/1.1\r\n\r\n", .notProxy),
        .refused("\u{16}\u{3}\u{1}", .notProxy),
        .refused("proxy TCP4 1.1.1.1 2.2.2.2 1 2\r\n", .notProxy),
        .refused("PROXY\tTCP4 1.1.1.1 2.2.2.2 1 2\r\n", .notProxy),
        .refused("PROXY\r\n", .notProxy),
        .refused(" PROXY UNKNOWN\r\n", .notProxy),
        .refused("\r\nPROXY UNKNOWN\r\n", .notProxy),
        .refused("PROXY UNKNOWN" + String(repeating: "x", count: 93) + "\r\n", .lineTooLong),
        .refused("PROXY " + String(repeating: "x", count: 101), .lineTooLong),
        .refused("PROXY UNKNOWN\n", .bareLineEnd),
        .refused("PROXY UNKNOWN\rx", .bareLineEnd),
        .refused("PROXY UNKNOWN\r\r\n", .bareLineEnd),
        .refused("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n", .bareLineEnd),
        .refused("PROXY TCP5 1.1.1.1 2.2.2.2 1 2\r\n", .unknownProtocol),
        .refused("PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n", .unknownProtocol),
        .refused("PROXY tcp4 1.1.1.1 2.2.2.2 1 2\r\n", .unknownProtocol),
        .refused("PROXY  TCP4 1.1.1.1 2.2.2.2 1 2\r\n", .unknownProtocol),
        .refused("PROXY UNKNOWNS\r\n", .unknownProtocol),
        .refused("PROXY \r\n", .unknownProtocol),
        .refused("PROXY TCP4\r\n", .malformedAddress),
        .refused("PROXY TCP4 \r\n", .malformedAddress),
        .refused("PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n", .malformedAddress),
        .refused("PROXY TCP4 1.1.1.1\t2.2.2.2 1 2\r\n", .malformedAddress),
        .refused("PROXY TCP4 01.1.1.1 2.2.2.2 1 2\r\n", .malformedAddress),
        .refused("PROXY TCP4 1.1.1.256 2.2.2.2 1 2\r\n", .malformedAddress),
        .refused("PROXY TCP4 1.1.1 2.2.2.2 1 2\r\n", .malformedAddress),
        .refused("PROXY TCP4 ::1 ::1 1 2\r\n", .malformedAddress),
        .refused("PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n", .malformedAddress),
        .refused("PROXY TCP6 ::1 ::g 1 2\r\n", .malformedAddress),
        .refused("PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", .malformedAddress),
        .refused("PROXY TCP6 [::1] ::1 1 2\r\n", .malformedAddress),
        .refused("PROXY TCP4 1.1.1.1 2.2.2.2\r\n", .malformedPort),
        .refused("PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n", .malformedPort),
        .refused("PROXY TCP4 1.1.1.1 2.2.2.2  1 2\r\n", .malformedPort),
        .refused("PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n", .malformedPort),
        .refused("PROXY TCP4 1.1.1.1 2.2.2.2 1 65536\r\n", .malformedPort),
        .refused("PROXY TCP4 1.1.1.1 2.2.2.2 1 000002\r\n", .malformedPort),
        .refused("PROXY TCP4 1.1.1.1 2.2.2.2 1 -2\r\n", .malformedPort),
        .refused("PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n", .malformedLine),
        .refused("PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n", .malformedLine),
        .refused(signature + "\u{11}\u{11}", .unsupportedVersion),
        .refused(signature + "\u{31}", .unsupportedVersion),
        .refused(signature + "\u{22}\u{11}", .unknownCommand),
        .refused(signature + "\u{2F}", .unknownCommand),
        .refused(signature + "\u{21}\u{41}", .unknownFamily),
        .refused(signature + "\u{21}\u{13}", .unknownFamily),
        .refused(signature + "\u{21}\u{3}\0\0", .unknownFamily),
        .refused(signature + "\u{21}\u{11}\u{F}\u{F1}", .headerTooLong),
        .refused(signature + "\u{20}\0\u{FF}\u{FF}", .headerTooLong),
        .refused(signature + "\u{21}\u{11}\0\u{B}", .addressTruncated),
        .refused(signature + "\u{21}\u{21}\0\u{23}", .addressTruncated),
        .refused(signature + "\u{21}\u{22}\0\u{C}", .addressTruncated),
        .refused(signature + "\u{21}\u{31}\0\u{D7}", .addressTruncated),
        .refused(binary("\u{21}\u{11}", addresses4 + "x"), .malformedVector),
        .refused(binary("\u{21}\u{11}", addresses4 + "\u{4}\0"), .malformedVector),
        .refused(binary("\u{21}\u{11}", addresses4 + "\u{4}\0\u{1}"), .malformedVector),
        .refused(
            binary("\u{21}\u{11}", addresses4 + vector(4, "x") + "\u{1}\0\u{3}h2"),
            .malformedVector),
        .refused(
            binary("\u{21}\u{31}", String(repeating: "/", count: 217)), .malformedVector),
        .refused(
            binary("\u{21}\u{11}", addresses4 + vector(3, "\0\0\0")), .malformedVector),
        .refused(
            binary(
                "\u{21}\u{11}",
                addresses4 + vector(3, "\u{20}\u{EC}\u{95}\u{49}") + vector(3, "\0\0\0\0")),
            .malformedVector),
        .refused(
            binary("\u{21}\u{11}", addresses4 + vector(3, "\u{20}\u{EC}\u{95}\u{48}")),
            .wrongChecksum),
        .refused(
            binary("\u{21}\u{12}", addresses4 + vector(3, "\u{20}\u{EC}\u{95}\u{49}")),
            .wrongChecksum),
    ]
}
