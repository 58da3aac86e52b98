// The pieces of `gyre top`: numbers, cleaned text, keys, and how lines look on a terminal.

import Testing

@testable import gyre

@Suite struct TopTextTests {
    @Test(arguments: [
        (0, "0"), (999_999, "999999"), (1_000_000, "1.00M"), (12_345_678, "12.3M"),
        (UInt64.max, "18.4E"),
    ])
    func counts(number: UInt64, text: String) {
        #expect(TopNumber.count(number) == text)
    }

    @Test(
        arguments: [
            (0, "0"), (0.05, "0.05"), (9.99, "9.99"), (9.996, "10.0"), (99.96, "100"),
            (12_345, "12345"), (123_456, "123k"), (1e30, "999+E"), (-1, "-"), (.nan, "-"),
            (.infinity, "-"), (nil, "-"),
        ] as [(Double?, String)])
    func rates(value: Double?, text: String) {
        #expect(TopNumber.rate(value) == text)
    }

    @Test(
        arguments: [
            (0, "0us"), (0.5, "0.50us"), (999.4, "999us"), (999.6, "1.00ms"), (12_340, "12.3ms"),
            (999_600, "1.00s"), (61e6, "61.0s"), (2e9, "2.00ks"), (1e300, "999+Es"), (nil, "-"),
        ] as [(Double?, String)])
    func times(value: Double?, text: String) {
        #expect(TopNumber.time(value) == text)
    }

    @Test func bytesSharesAndAges() {
        #expect([0, 999, 999.5, 1e6].map(TopNumber.bytes) == ["0B", "999B", "1.00kB", "1.00MB"])
        #expect(
            [0, 0.031, 0.9994, 1, 3.5].map { TopNumber.share($0) }
                == ["0.0%", "3.1%", "99.9%", "100%", "350%"])
        #expect(
            [0, 59_999, 60_000, 7_200_000, 200_000_000].map(TopNumber.age)
                == ["0s", "59s", "1m", "2h", "2d"])
    }

    @Test(arguments: [
        ("plain", "plain", 5), ("a\u{1B}[2Jb", "a?[2Jb", 6), ("\u{9B}", "?", 1), ("\u{7F}", "?", 1),
        ("a\r\nb\tc", "a??b?c", 6), ("\u{202E}x", "?x", 2), ("\u{2028}", "?", 1),
        ("\u{200D}", "?", 1), ("e\u{301}", "e\u{301}", 1), ("\u{301}", "", 0),
        ("e\u{301}\u{301}\u{301}\u{301}", "e\u{301}\u{301}", 1), ("東京", "東京", 4),
        ("👍", "👍", 2), ("\u{E000}", "?", 1), ("", "", 0),
    ])
    func textIsCleanedAndMeasured(text: String, clean: String, width: Int) {
        #expect(TerminalText.clean(text) == clean)
        #expect(TerminalText.clean(clean) == clean)
        #expect(TerminalText.width(clean) == width)
    }

    @Test(arguments: [
        ("abc", 3, "abc"), ("abcd", 3, "ab~"), ("abcd", 1, "~"), ("abcd", 0, ""),
        ("東京", 3, "東~"), ("東京", 2, "~"), ("東京", 4, "東京"),
    ])
    func textIsCut(text: String, columns: Int, cut: String) {
        #expect(TerminalText.cut(text, to: columns) == cut)
    }

    private func keys(_ text: String) -> [TopKey] {
        var keys = TopKeys()
        return text.utf8.compactMap { keys.take($0) }
    }

    @Test func keysAreReadHoweverTheyCome() {
        #expect(keys("q") == [.character(UInt8(ascii: "q"))])
        #expect(keys("\u{1B}[A\u{1B}OB\u{1B}[C\u{1B}[1;5D") == [.up, .down, .right, .left])
        #expect(keys("\u{1B}[200~x") == [.character(UInt8(ascii: "x"))])
        #expect(keys("\u{3}\u{1B}[\u{3}") == [.interrupt, .interrupt])
        #expect(keys("\u{1A}\u{1B}[\u{1A}") == [.suspend, .suspend])
        #expect(keys("\u{1B}\u{1B}q") == [.character(UInt8(ascii: "q"))])
    }

    private func view(_ text: String) -> (view: TopView, goesOn: Bool) {
        var view = TopView()
        for key in keys(text) where !view.take(key) { return (view, false) }
        return (view, true)
    }

    @Test func keysChangeTheView() {
        #expect(view("s").view.sort == .errors && view("\u{1B}[D").view.sort == .name)
        #expect(view("ssss").view.sort == .requests && view("l").view.sort == .latency)
        #expect(view("n").view.sort == .name && view("ner").view.sort == .requests)
        #expect(view("1").view.focus == .workers && view("5").view.focus == .errors)
        #expect(view("5\t").view.focus == .workers && view("\t").view.focus == .routes)
        #expect(view("p").view.isPaused && !view("pp").view.isPaused && view("?").view.showsHelp)
        #expect(view("\u{1B}[B\u{1B}[B\u{1B}[A").view.offset == 1)
        #expect(view("\u{1B}[A").view.offset == 0 && view("\u{1B}[B4").view.offset == 0)
        #expect(view("x69\u{1B}[H\u{1A}").view == TopView())
        #expect(!view("q").goesOn && !view("Q").goesOn && !view("\u{3}").goesOn)
    }

    @Test func coloursAreOnlyWhereTheyAreWanted() throws {
        #expect(TerminalLook(terminal: nil, noColour: nil) == nil)
        #expect(TerminalLook(terminal: "dumb", noColour: nil) == nil)
        let plain = try #require(TerminalLook(terminal: "xterm-256color", noColour: "1"))
        let colourful = try #require(TerminalLook(terminal: "xterm-256color", noColour: nil))
        #expect(colourful.hasColours && !plain.hasColours)
        #expect(TerminalLook(terminal: "vt100", noColour: nil)?.hasColours == false)
        let styles: [ScreenStyle] = [
            .plain, .strong, .faint, .good, .warning, .bad, .heading, .sortedHeading, .focus,
        ]
        for style in styles {
            let line = ScreenLine("x", style)
            // 30 to 37 are the colours, alone or behind another parameter.
            #expect(!plain.text(line).contains(/[\[;]3[0-7]/))
            #expect(colourful.text(line).contains("x"))
        }
        #expect(colourful.text(ScreenLine("x", .good)) == "\u{1B}[32mx\u{1B}[0m")
        #expect(plain.text(ScreenLine("x", .good)) == "x")
    }

    @Test func linesAreCutWithTheirStyles() {
        var line = ScreenLine("abc", .bad)
        line.append("def", .good)
        #expect(line.cut(to: 6) == line && line.cut(to: 5).text == "abcd~")
        #expect(line.cut(to: 3).text == "ab~" && line.cut(to: 0).text == "")
        #expect(line.cut(to: 5).pieces.map(\.style) == [.bad, .good])
    }
}
