// Lines, value by value and byte by byte: what a client chose never ends a value or a line.

import Foundation
import Protocols
import Testing

@testable import ControlPlane
@testable import DataPlane

@Suite struct AccessLineTests {
    private static let combined = try? AccessFormat(parsing: "combined")

    private func object(_ line: String) throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
        return try #require(value as? [String: Any])
    }

    @Test func jsonHasEveryValueInOrder() {
        #expect(
            MadeRecord.exchange.line(.json) == """
                {"time":"2026-11-26T06:28:38.000000Z","kind":"exchange","client":"127.0.0.1",\
                "listener":"web","route":"api","method":"GET","target":"/a?b=c","version":"1.1",\
                "host":"example.org","status":200,"bytes_in":80,"bytes_out":250,"upstream":"app",\
                "endpoint":"10.0.0.1:80","tries":1,"retries":0,"total_us":1500,"connect_us":0,\
                "first_byte_us":1001,"own_us":12,"end":"done","request_id":"r-1",\
                "trace_id":"0af7651916cd43dd8448eb211c80319c",\
                "traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",\
                "user_agent":"curl/8","referer":"http://x/","worker":1,"connection":77}
                """)
    }

    @Test func jsonLeavesOutWhatThereIsNot() {
        #expect(
            MadeRecord.flow.line(.json) == """
                {"time":"2026-11-26T06:28:36.765432Z","kind":"flow",\
                "listener":"db","bytes_in":0,"bytes_out":0,"tries":2,"retries":1,"total_us":9,\
                "end":"idle-timeout","worker":0,"connection":0}
                """)
    }

    @Test func combinedIsThatOfNginx() throws {
        let combined = try #require(Self.combined)
        #expect(
            MadeRecord.exchange.line(combined) == """
                127.0.0.1 - - [26/Nov/2026:06:28:38 +0000] "GET /a?b=c HTTP/1.1" 200 64 \
                "http://x/" "curl/8"
                """)
        #expect(
            MadeRecord.flow.line(combined) == """
                - - - [26/Nov/2026:06:28:36 +0000] "-" 000 0 "-" "-"
                """)
    }

    @Test(arguments: AccessField.allCases)
    func everyValueHasAVariable(field: AccessField) throws {
        let format = try AccessFormat(parsing: "<$\(field.rawValue)>")
        let value = MadeRecord.exchange.line(format)
        #expect(value.hasPrefix("<") && value.hasSuffix(">") && value.count > 2)
        // Of all that the plain exchange has, only the wait in line is missing.
        #expect((value == "<->") == (field == .queueUs))
        let json = try object(MadeRecord.exchange.line(.json))
        guard AccessField.ofJSON.contains(field), let member = json[field.rawValue] else { return }
        #expect("<\(member)>" == value)
    }

    @Test(arguments: EndReason.allCases)
    func everyEndHasItsWord(end: EndReason) throws {
        var made = MadeRecord.flow
        made.record.end = end
        let json = try object(made.line(.json))
        #expect(json["end"] as? String == "\(end.word)")
    }

    @Test func addressesAreWrittenAsUsual() throws {
        let format = try AccessFormat(parsing: "$client")
        var made = MadeRecord.exchange
        let address = Array("2001:db8::1".utf8)
        let client = IPBytes(parsingIPv6: address.span, from: 0, to: address.count)
        made.record.client = try #require(client)
        #expect(made.line(format) == "2001:db8::1")
    }

    // MARK: Escapes

    @Test(arguments: 0...255)
    func everyByteIsAValueInJSON(byte: UInt8) throws {
        for text in [[byte], [0x61, byte, 0x62], [byte, byte], [0xC3, byte], [byte, 0xA9]] {
            var made = MadeRecord.exchange
            for kind in AccessText.allCases where kind != .traceparent { made.texts[kind] = text }
            let bytes = made.bytes(.json)
            #expect(bytes.count { $0 == 0x0A } == 1 && bytes.last == 0x0A)
            #expect(bytes.dropLast().allSatisfy { $0 >= 0x20 && $0 != 0x7F })
            let line = try #require(String(validating: bytes.dropLast(), as: UTF8.self))
            let object = try object(line)
            #expect(object.count == AccessField.ofJSON.count - 1)
            // What is no UTF-8 is read as the scalars of its numbers.
            let expected =
                String(validating: text, as: UTF8.self)
                ?? String(String.UnicodeScalarView(decoded(text)))
            for kind in ["method", "target", "host", "user_agent", "referer", "request_id"] {
                #expect(object[kind] as? String == expected, "\(text)")
            }
        }
    }

    /// Well-formed parts as they are, other bytes by their numbers.
    private func decoded(_ bytes: [UInt8]) -> [Unicode.Scalar] {
        var scalars: [Unicode.Scalar] = []
        var rest = bytes[...]
        while let first = rest.first {
            let whole = (1...4).lazy.compactMap {
                String(validating: rest.prefix($0), as: UTF8.self)
            }
            .first
            scalars += whole.map { Array($0.unicodeScalars) } ?? [Unicode.Scalar(first)]
            rest = rest.dropFirst(whole?.utf8.count ?? 1)
        }
        return scalars
    }

    @Test(arguments: 0...255)
    func everyByteIsPrintableOtherwise(byte: UInt8) throws {
        let format = try AccessFormat(parsing: "\"$target\" \"$user_agent\"")
        var made = MadeRecord.exchange
        made.texts[.target] = [0x61, byte, 0x62]
        made.texts[.userAgent] = [byte]
        let isItself = (0x20...0x7E).contains(byte) && byte != 0x22 && byte != 0x5C
        let hex = String(byte, radix: 16, uppercase: true)
        let text =
            isItself
            ? String(Unicode.Scalar(byte)) : "\\x" + (hex.count < 2 ? "0" : "") + hex
        #expect(made.line(format) == "\"a\(text)b\" \"\(text)\"")
    }

    @Test(arguments: [
        ("\u{85}", "\\u0085"), ("\u{9B}1m", "\\u009b1m"), ("\u{2028}", "\\u2028"),
        ("\u{2029}", "\\u2029"), ("\u{1F600}é\u{A0}", "\u{1F600}é\u{A0}"),
        ("\u{7F}", "\\u007f"), ("\0", "\\u0000"), ("\r\n\t", "\\r\\n\\t"),
        ("\",\"end\":\"done", "\\\",\\\"end\\\":\\\"done"),
    ])
    func whatEndsLinesToSomebodyIsEscaped(text: String, expected: String) throws {
        var made = MadeRecord()
        made.texts[.userAgent] = Array(text.utf8)
        #expect(made.line(.json).contains("\"user_agent\":\"\(expected)\""))
        #expect(try object(made.line(.json))["user_agent"] as? String == text)
    }

    /// Overlong forms, surrogates, what is beyond U+10FFFF, and halves.
    @Test(arguments: [
        [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
        [0xF0, 0x80, 0x80, 0xAF], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xF8, 0x88, 0x80, 0x80],
    ])
    func whatIsNoTextIsWrittenAsNumbers(bytes: [UInt8]) throws {
        var made = MadeRecord()
        made.texts[.target] = bytes
        let expected = bytes.map { "\\u00" + String($0, radix: 16) }.joined()
        #expect(made.line(.json).contains("\"target\":\"\(expected)\""))
    }

    @Test func whatWasCutSaysSo() throws {
        var made = MadeRecord.exchange
        made.record.cutTexts = 1 << UInt8(AccessText.target.rawValue)
        made.texts[.target] = Array(repeating: 0x78, count: 1024)
        let long = String(repeating: "x", count: 1024)
        #expect(try object(made.line(.json))["target"] as? String == long + "…")
        #expect(made.line(try AccessFormat(parsing: "$target|$host")) == long + "...|example.org")
    }

    @Test func theLongestLinesFit() throws {
        let names = SiteNames.named(endpoint: String(repeating: "\"", count: 5000))
        var made = MadeRecord.exchange
        (made.record.bytesIn, made.record.bytesOut) = (.max, .max)
        (made.record.totalNs, made.record.queueNs) = (.max - 1, .max - 1)
        made.record.connection = .max
        made.record.cutTexts = .max
        for text in AccessText.allCases {
            made.texts[text] = Array(repeating: 1, count: text.bytesMax)
        }
        let all = AccessField.allCases.map { "$\($0.rawValue)" }.joined(separator: "\"")
        for format in [.json, try AccessFormat(parsing: all), try #require(Self.combined)] {
            let bytes = made.bytes(format, names)
            #expect(bytes.last == 0x0A)
            #expect(bytes.count > 10_000 || format == Self.combined)
            let most = AccessLine(format, names).bytesMax
            #expect(bytes.count <= most && most < AccessFilling.bufferBytes / 16)
        }
        #expect(try object(made.line(.json, names)).count == AccessField.ofJSON.count)
    }

    /// A worker's lengths are trusted, but not with memory.
    @Test func lengthsBeyondTheTextsAreNothing() {
        var (record, _) = MadeRecord.exchange.parts
        record.lengths[AccessText.target.rawValue] = .max
        let line = AccessLine(.json, .made)
        var buffer = LineBuffer(capacity: line.bytesMax)
        line.append(record, Array("GET".utf8).span, to: &buffer)
        let text = buffer.withBytes { bytes in
            String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
        }
        #expect(text.contains("\"method\":\"GET\"") && !text.contains("\"target\""))
    }
}

@Suite struct AccessFormatTests {
    @Test func templatesStandForThemselves() throws {
        for text in ["json", "combined", "$client $status", "$$ ${end}us $$$status\t|"] {
            #expect(try AccessFormat(parsing: text).description == text)
        }
        let format = try AccessFormat(parsing: "$$ ${end}us $$$status\t|é")
        #expect(MadeRecord.exchange.line(format) == "$ doneus $200\t|é")
    }

    @Test(arguments: [
        ("jsno", "'jsno'; expected 'json', 'combined' or a template with $names", "'json'"),
        ("Combined", "'Combined'; expected", "'combined'"),
        ("", "''; expected", nil), ("$$", "'$$'; expected", nil),
        ("$statsu", "'$statsu' stands for nothing; expected the name of a value", "'$status'"),
        ("$client $remote_addr", "'$remote_addr' stands for nothing; expected one of time,", nil),
        ("$", "'$' stands for nothing", nil), ("${end", "'$' stands for nothing", nil),
        ("${}", "'$' stands for nothing", nil), ("${end }", "'$end ' stands", "'$end'"),
        ("$status\n", "a template of several lines", nil),
        ("$status\u{85}", "a template of several lines", nil),
    ])
    func mistakesAreTold(text: String, expected: String, hint: String?) {
        let error = #expect(throws: AccessFormatError.self) { try AccessFormat(parsing: text) }
        #expect(error?.description.hasPrefix(expected) == true, "\(error?.text ?? "")")
        #expect(error?.hint == hint)
    }

    @Test func limitsAreKept() throws {
        let many = String(repeating: "$end ", count: AccessFormat.fieldsMax)
        _ = try AccessFormat(parsing: many)
        #expect(throws: AccessFormatError.self) { try AccessFormat(parsing: many + "$end") }
        let long = "$end " + String(repeating: "x", count: AccessFormat.textBytesMax - 5)
        _ = try AccessFormat(parsing: long)
        #expect(throws: AccessFormatError.self) { try AccessFormat(parsing: long + "x") }
    }

    @Test(arguments: [
        ("stdout", AccessTarget.output), ("/var/log/a.log", .file("/var/log/a.log")),
        ("syslog:/dev/log", .syslog("/dev/log")),
    ])
    func targetsStandForThemselves(text: String, target: AccessTarget) {
        #expect(AccessTarget(parsing: text) == target)
        #expect("\(target)" == text)
    }

    @Test(arguments: [
        "", "stderr", "access.log", "/", "/var/log/", "syslog:", "syslog:dev/log", "/a\nb",
        "syslog:/" + String(repeating: "x", count: 120), "/" + String(repeating: "x", count: 5000),
    ])
    func whatIsNoTargetIsNone(text: String) {
        #expect(AccessTarget(parsing: text) == nil)
    }
}
