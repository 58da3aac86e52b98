// Durations and lists: every unit, every malformed form, and the exact upper limit.

import Protocols
import Testing

@Suite struct DurationTextTests {
    static let accepted: [(String, UInt64)] = [
        ("0ms", 0), ("1ms", 1), ("250ms", 250), ("0s", 0), ("5s", 5_000), ("007s", 7_000),
        ("1m", 60_000), ("90m", 5_400_000), ("1h", 3_600_000), ("8760h", 31_536_000_000),
        ("31536000000ms", 31_536_000_000),
    ]

    @Test(arguments: accepted)
    func accepts(text: String, milliseconds: UInt64) throws {
        #expect(try DurationText.milliseconds(text) == milliseconds)
    }

    static let refused: [(String, DurationTextError)] = [
        ("", .empty),
        ("s", .numberMissing("s")),
        ("-5s", .numberMissing("-5s")),
        ("+5s", .numberMissing("+5s")),
        (" 5s", .numberMissing(" 5s")),
        (".5s", .numberMissing(".5s")),
        ("\u{0665}s", .numberMissing("\u{0665}s")),
        ("5", .unitMissing("5")),
        ("0", .unitMissing("0")),
        ("5 s", .notUnit("5 s")),
        ("5s ", .notUnit("5s ")),
        ("1.5s", .notUnit("1.5s")),
        ("5S", .notUnit("5S")),
        ("5sec", .notUnit("5sec")),
        ("5us", .notUnit("5us")),
        ("1d", .notUnit("1d")),
        ("1m30s", .notUnit("1m30s")),
        ("8761h", .tooLong("8761h")),
        ("31536000001ms", .tooLong("31536000001ms")),
        ("18446744073709551616ms", .tooLong("18446744073709551616ms")),
        ("99999999999999999999h", .tooLong("99999999999999999999h")),
    ]

    static let written: [(String, UInt64)] = [
        ("0ms", 0), ("1ms", 1), ("1500ms", 1_500), ("2s", 2_000), ("75s", 75_000), ("1m", 60_000),
        ("90m", 5_400_000), ("1h", 3_600_000), ("8760h", DurationText.maximumMs),
    ]

    @Test(arguments: written)
    func writesTheShortestText(text: String, milliseconds: UInt64) throws {
        #expect(DurationText.text(milliseconds: milliseconds) == text)
        #expect(try DurationText.milliseconds(text) == milliseconds)
    }

    @Test(arguments: [
        ("1us", 1), ("50us", 50), ("007us", 7), ("1ms", 1_000), ("100ms", 100_000),
        ("100000us", DurationText.shortMaximumUs),
    ])
    func acceptsShortOnes(text: String, microseconds: UInt64) throws {
        #expect(try DurationText.microseconds(text) == microseconds)
    }

    @Test(arguments: [
        "", "us", "0us", "0ms", "50", "-1us", "1.5us", "50 us", "50us ", "50US", "1s", "101ms",
        "100001us", "18446744073709551616us", "\u{0665}us",
    ])
    func refusesWhatIsNotShort(text: String) {
        #expect(throws: DurationTextError.notShort(text)) { try DurationText.microseconds(text) }
    }

    @Test(arguments: refused)
    func refusesWithTheReason(text: String, reason: DurationTextError) {
        #expect(throws: reason) { try DurationText.milliseconds(text) }
        #expect("\(reason)".contains("\n") == false)
    }
}

@Suite struct CommaListTests {
    @Test(arguments: [
        ("a", ["a"]), ("a,b", ["a", "b"]), ("[::1]:1,unix:/s,:2", ["[::1]:1", "unix:/s", ":2"]),
        (" a, b", [" a", " b"]),
    ])
    func splits(text: String, items: [String]) throws {
        #expect(try CommaList.items(text).map(String.init) == items)
    }

    @Test func refusesEmptyItems() {
        #expect(throws: CommaListError.empty) { try CommaList.items("") }
        for text in [",", "a,", ",a", "a,,b"] {
            #expect(throws: CommaListError.emptyItem) { try CommaList.items(text) }
        }
    }
}
