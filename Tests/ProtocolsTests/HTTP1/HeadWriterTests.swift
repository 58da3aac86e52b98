// The head writer: what it writes, and that it never writes behind the end.

import Protocols
import Testing

@Suite struct HeadWriterTests {
    /// What `write` leaves in memory of that capacity, with a guard behind it.
    private func written(
        capacity: Int = 200, _ write: (inout HeadWriter) -> Void
    ) -> (text: String, overflowed: Bool) {
        let guarded = capacity + 32
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: guarded, alignment: 1)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 0xA5)
        guard let start = memory.baseAddress else { return ("", true) }
        var writer = HeadWriter(start, capacity: capacity)
        write(&writer)
        #expect(writer.count <= capacity)
        let untouched = memory[writer.hasOverflowed ? capacity..<guarded : writer.count..<guarded]
        #expect(untouched.allSatisfy { $0 == 0xA5 })
        let text = String(decoding: memory[..<writer.count], as: UTF8.self)
        return (text, writer.hasOverflowed)
    }

    @Test func texts() {
        let source = Array("GET /path HTTP/1.1".utf8)
        let result = written { writer in
            writer.append("Via: ")
            writer.append(UInt8(ascii: "x"))
            writer.append(source.span, 3..<9)
            writer.append(source.span, 5..<5)
            writer.append("")
        }
        #expect(result.text == "Via: x /path" && !result.overflowed)
    }

    @Test func rangesOfHeads() {
        let text = bytes(head("GET /path HTTP/1.1", "Host: a.example"))
        var request = RequestHead()
        var progress = HeadProgress()
        let verdict = request.parse(text.span, limits: HeadLimits(), progress: &progress)
        #expect(verdict == .complete)
        let result = written { writer in
            writer.append(text.span, request.target)
            writer.append(text.span, request.authority)
            writer.append(text.span, request.upgrade)
        }
        #expect(result.text == "/patha.example" && !result.overflowed)
    }

    static let decimals: [UInt64] = [
        0, 1, 9, 10, 99, 100, 12_345, 999_999_999, 1_000_000_000, UInt64(Int64.max), .max,
    ]

    @Test(arguments: decimals)
    func numbers(value: UInt64) {
        #expect(written { $0.appendDecimal(value) }.text == String(value))
        #expect(written { $0.appendHex(value) }.text == String(value, radix: 16))
        for digits in 0..<String(value).count {
            let result = written(capacity: digits) { $0.appendDecimal(value) }
            #expect(result.text == "" && result.overflowed)
        }
    }

    @Test(arguments: decimals)
    func digits(value: UInt64) {
        let all = String(value, radix: 16)
        let padded = String(repeating: "0", count: 16 - all.count) + all
        for count in 1...16 {
            let result = written { $0.appendHex(value, digits: count) }
            #expect(result.text == String(padded.suffix(count)) && !result.overflowed)
            let cut = written(capacity: count - 1) { $0.appendHex(value, digits: count) }
            #expect(cut.text == "" && cut.overflowed)
        }
    }

    static let addresses: [(IPBytes, String)] = [
        (IPBytes(ipv4: 0), "0.0.0.0"),
        (IPBytes(ipv4: 0x7F00_0001), "127.0.0.1"),
        (IPBytes(ipv4: 0xFFFF_FFFF), "255.255.255.255"),
        (IPBytes(high: 0, low: 0xFFFF_C000_020A), "192.0.2.10"),
        (IPBytes(high: 0, low: 0), "[::]"),
        (IPBytes(high: 0, low: 1), "[::1]"),
        (IPBytes(high: 1 << 48, low: 0), "[1::]"),
        (IPBytes(high: 0x2001_0DB8_0000_0000, low: 1), "[2001:db8::1]"),
        // RFC 5952 sections 4.2.2 and 4.2.3: no gap for one group, the longest run, the first one.
        (IPBytes(high: 0x2001_0DB8_0000_0001, low: 0x1_0001_0001_0001), "[2001:db8:0:1:1:1:1:1]"),
        (IPBytes(high: 0x2001_0000_0000_0001, low: 1), "[2001:0:0:1::1]"),
        (IPBytes(high: 0x2001_0DB8_0000_0000, low: 0x1_0000_0000_0001), "[2001:db8::1:0:0:1]"),
        (IPBytes(high: 0x1_0002_0003_0004, low: 0x5_0006_0007_0000), "[1:2:3:4:5:6:7:0]"),
        (IPBytes(high: 0x1_0002_0003_0004, low: 0x5_0006_0000_0000), "[1:2:3:4:5:6::]"),
        (
            IPBytes(high: 0xABCD_EF01_2345_6789, low: 0xABCD_EF01_2345_6789),
            "[abcd:ef01:2345:6789:abcd:ef01:2345:6789]"
        ),
        // Near the mapped addresses, but none.
        (IPBytes(high: 0, low: 0xFFFE_0102_0304), "[::fffe:102:304]"),
        (IPBytes(high: 0, low: 0x1_FFFF_0102_0304), "[::1:ffff:102:304]"),
    ]

    @Test(arguments: addresses)
    func addressTexts(address: IPBytes, text: String) {
        #expect(written { $0.appendIPAddress(address, bracketed: true) }.text == text)
        let bare = text.filter { !"[]".contains($0) }
        #expect(written { $0.appendIPAddress(address, bracketed: false) }.text == bare)
        for capacity in 0..<text.utf8.count {
            let result = written(capacity: capacity) {
                $0.appendIPAddress(address, bracketed: true)
            }
            #expect(result.text == "" && result.overflowed)
        }
    }

    @Test func whatDoesNotFitIsLeftOut() {
        let source = Array("0123456789".utf8)
        for capacity in 0..<5 {
            let result = written(capacity: capacity) { writer in
                writer.append("01234")
                // It would fit, but what is before it is missing.
                writer.append(UInt8(ascii: "x"))
                writer.append(source.span, 0..<1)
                writer.appendDecimal(1)
                writer.appendHex(1)
            }
            #expect(result.text == "" && result.overflowed)
        }
        let full = written(capacity: 6) { writer in
            writer.append("01234")
            writer.append(UInt8(ascii: "5"))
        }
        #expect(full.text == "012345" && !full.overflowed)
        let cut = written(capacity: 6) { writer in
            writer.append("01234")
            writer.append(source.span, 0..<2)
        }
        #expect(cut.text == "01234" && cut.overflowed)
    }
}
