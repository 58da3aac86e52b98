// Address blocks: what they hold, and what is said about texts that are none.

import Protocols
import Testing

@Suite struct IPBlockTests {
    private func address(_ text: String) throws -> IPBytes {
        let bytes = Array(text.utf8)
        let ipv4 = IPBytes(parsingIPv4: bytes.span, from: 0, to: bytes.count)
        return try #require(ipv4 ?? IPBytes(parsingIPv6: bytes.span, from: 0, to: bytes.count))
    }

    static let blocks: [(String, inside: [String], outside: [String])] = [
        (
            "10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"],
            ["11.0.0.0", "::a00:1"]
        ),
        ("192.0.2.1", ["192.0.2.1"], ["192.0.2.0", "192.0.2.2"]),
        ("192.0.2.1/32", ["192.0.2.1"], ["192.0.2.0"]),
        ("192.0.2.0/31", ["192.0.2.0", "192.0.2.1"], ["192.0.2.2"]),
        ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::", "::1", "::fffe:1.2.3.4"]),
        ("128.0.0.0/1", ["128.0.0.0", "255.0.0.0"], ["127.255.255.255"]),
        ("::1", ["::1"], ["::", "::2", "0.0.0.1", "127.0.0.1"]),
        ("::/0", ["::", "ffff::"], ["0.0.0.0", "::ffff:1.2.3.4"]),
        ("fd00::/8", ["fd00::", "fdff::1"], ["fc00::", "fe00::"]),
        ("2001:db8::/64", ["2001:db8::", "2001:db8::ffff:ffff:ffff:ffff"], ["2001:db8:0:1::"]),
        ("2001:db8::8000:0:0:0/65", ["2001:db8::8000:0:0:0"], ["2001:db8::7fff:0:0:0"]),
        ("2001:db8::fffe/127", ["2001:db8::ffff"], ["2001:db8::fffd"]),
        ("::ffff:10.0.0.0/104", ["10.1.2.3"], ["11.0.0.0", "::1"]),
        ("::/80", ["::1"], ["1.2.3.4"]),
    ]

    @Test(arguments: blocks)
    func holds(text: String, inside: [String], outside: [String]) throws {
        let block = try IPBlock(parsing: text)
        for text in inside { #expect(block.contains(try address(text)), "\(text)") }
        for text in outside { #expect(!block.contains(try address(text)), "\(text)") }
    }

    static let refused: [(String, IPBlockError)] = [
        ("", .empty),
        ("/8", .notAddress("")),
        ("localhost", .notAddress("localhost")),
        ("10.0.0/8", .notAddress("10.0.0")),
        ("10.0.0.0.0", .notAddress("10.0.0.0.0")),
        ("010.0.0.0/8", .notAddress("010.0.0.0")),
        ("10.0.0.256", .notAddress("10.0.0.256")),
        ("10.0.0.1 ", .notAddress("10.0.0.1 ")),
        ("[::1]", .notAddress("[::1]")),
        ("fe80::1%eth0", .notAddress("fe80::1%eth0")),
        ("1::2::3", .notAddress("1::2::3")),
        (":::", .notAddress(":::")),
        (":1", .notAddress(":1")),
        ("1:", .notAddress("1:")),
        ("12345::", .notAddress("12345::")),
        ("1:2:3:4:5:6:7", .notAddress("1:2:3:4:5:6:7")),
        ("1:2:3:4:5:6:7:8:9", .notAddress("1:2:3:4:5:6:7:8:9")),
        ("1:2:3:4::5:6:7:8", .notAddress("1:2:3:4::5:6:7:8")),
        ("1:2:3:4:5:6:7:1.2.3.4", .notAddress("1:2:3:4:5:6:7:1.2.3.4")),
        ("1.2.3.4::", .notAddress("1.2.3.4::")),
        ("10.0.0.0/", .notPrefix("", bitsMax: 32)),
        ("10.0.0.0/33", .notPrefix("33", bitsMax: 32)),
        ("10.0.0.0/-1", .notPrefix("-1", bitsMax: 32)),
        ("10.0.0.0/08", .notPrefix("08", bitsMax: 32)),
        ("10.0.0.0/8/8", .notPrefix("8/8", bitsMax: 32)),
        ("10.0.0.0/255.0.0.0", .notPrefix("255.0.0.0", bitsMax: 32)),
        ("::/129", .notPrefix("129", bitsMax: 128)),
        ("10.0.0.1/8", .hostBits("10.0.0.1/8")),
        ("192.0.2.1/31", .hostBits("192.0.2.1/31")),
        ("::1/0", .hostBits("::1/0")),
        ("fd00::1/8", .hostBits("fd00::1/8")),
    ]

    @Test(arguments: refused)
    func refuses(text: String, expected: IPBlockError) {
        #expect(throws: expected) { try IPBlock(parsing: text) }
        #expect(!expected.description.isEmpty && !expected.description.contains("\n"))
    }

    @Test func equalBlocksAreEqual() throws {
        #expect(try IPBlock(parsing: "10.0.0.1") == IPBlock(parsing: "10.0.0.1/32"))
        #expect(try IPBlock(parsing: "::ffff:0:0/96") == IPBlock(parsing: "0.0.0.0/0"))
        #expect(try IPBlock(parsing: "10.0.0.0/8") != IPBlock(parsing: "10.0.0.0/9"))
    }
}
