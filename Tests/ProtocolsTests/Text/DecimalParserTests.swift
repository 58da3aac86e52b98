// Decimal numbers: digits only, exact limits, no overflow.

import Protocols
import Testing

@Suite struct DecimalParserTests {
    @Test(arguments: [
        ("0", 0), ("7", 7), ("0042", 42), ("65535", 65535),
        ("18446744073709551615", UInt64.max),
    ])
    func accepts(text: String, value: UInt64) {
        #expect(DecimalParser.parse(Substring(text).utf8, maximum: .max) == value)
    }

    @Test(arguments: [
        "", " ", "-1", "+1", "1 ", " 1", "1_000", "0x10", "1.0", "1e3", "\u{0661}",
        "18446744073709551616", "99999999999999999999999999",
    ])
    func refuses(text: String) {
        #expect(DecimalParser.parse(Substring(text).utf8, maximum: .max) == nil)
    }

    @Test func keepsToTheMaximum() {
        #expect(DecimalParser.parse(Substring("255").utf8, maximum: 255) == 255)
        #expect(DecimalParser.parse(Substring("256").utf8, maximum: 255) == nil)
    }
}
