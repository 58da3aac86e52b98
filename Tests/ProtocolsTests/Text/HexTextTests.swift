// Hexadecimal numbers: what is one and what is not.

import Testing

@testable import Protocols

@Suite struct HexTextTests {
    private static func parse(_ text: String) -> UInt64? {
        let bytes = Array(text.utf8)
        return HexText.parse(bytes.span, 0..<bytes.count)
    }

    @Test(
        arguments: [
            ("0", 0), ("f", 15), ("F", 15), ("00ff", 255),
            ("0123456789abcdef", 0x0123_4567_89AB_CDEF),
            ("FFFFFFFFFFFFFFFF", .max),
        ] as [(String, UInt64)])
    func readsDigits(text: String, value: UInt64) {
        #expect(Self.parse(text) == value)
    }

    @Test(arguments: ["", "g", " 1", "1 ", "0x1", "-1", "1\u{0}", "00000000000000000"])
    func refusesAnythingElse(text: String) {
        #expect(Self.parse(text) == nil)
    }

    @Test func readsOnlyItsRange() {
        let bytes = Array("zz1f;".utf8)
        #expect(HexText.parse(bytes.span, 2..<4) == 0x1F)
    }
}
