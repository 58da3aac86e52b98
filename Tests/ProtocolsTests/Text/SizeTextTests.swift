// Sizes: every unit, every malformed form, and the exact upper limit.

import Protocols
import Testing

@Suite struct SizeTextTests {
    static let accepted: [(String, UInt64)] = [
        ("0", 0), ("1", 1), ("512", 512), ("007", 7), ("0k", 0), ("1k", 1_024), ("32k", 32_768),
        ("64k", 65_536), ("1m", 1_048_576), ("10m", 10_485_760), ("1g", 1_073_741_824),
        ("1048576g", 1_125_899_906_842_624), ("1125899906842624", 1_125_899_906_842_624),
    ]

    @Test(arguments: accepted)
    func accepts(text: String, bytes: UInt64) throws {
        #expect(try SizeText.bytes(text) == bytes)
    }

    static let refused: [(String, SizeTextError)] = [
        ("", .empty),
        ("k", .numberMissing("k")),
        ("-1", .numberMissing("-1")),
        ("+1k", .numberMissing("+1k")),
        (" 1k", .numberMissing(" 1k")),
        (".5m", .numberMissing(".5m")),
        ("off", .numberMissing("off")),
        ("\u{0665}k", .numberMissing("\u{0665}k")),
        ("1 k", .notUnit("1 k")),
        ("1k ", .notUnit("1k ")),
        ("1.5m", .notUnit("1.5m")),
        ("1K", .notUnit("1K")),
        ("1kb", .notUnit("1kb")),
        ("1kib", .notUnit("1kib")),
        ("1b", .notUnit("1b")),
        ("1t", .notUnit("1t")),
        ("1m512k", .notUnit("1m512k")),
        ("0x10", .notUnit("0x10")),
        ("1_000", .notUnit("1_000")),
        ("1048577g", .tooLarge("1048577g")),
        ("1125899906842625", .tooLarge("1125899906842625")),
        ("18446744073709551616", .tooLarge("18446744073709551616")),
        ("99999999999999999999g", .tooLarge("99999999999999999999g")),
    ]

    static let written: [(String, UInt64)] = [
        ("0", 0), ("1", 1), ("1000", 1_000), ("1k", 1_024), ("1025", 1_025), ("32k", 32_768),
        ("1m", 1 << 20), ("1025k", (1 << 20) + 1_024), ("1g", 1 << 30),
        ("1048576g", SizeText.maximumBytes),
    ]

    @Test(arguments: written)
    func writesTheShortestText(text: String, bytes: UInt64) throws {
        #expect(SizeText.text(bytes: bytes) == text)
        #expect(try SizeText.bytes(text) == bytes)
    }

    @Test(arguments: refused)
    func refusesWithTheReason(text: String, reason: SizeTextError) {
        #expect(throws: reason) { try SizeText.bytes(text) }
        #expect("\(reason)".contains("\n") == false)
    }
}
