// PROXY headers: every vector in one piece, with every beginning of it, and with bytes behind it;
// what is written is read back as it was meant.

import Protocols
import Testing

@Suite struct ProxyHeaderTests {
    /// The verdict of the shortest beginning that has one. Each beginning lies at an address of its
    /// own, with nothing behind it.
    private func firstVerdict(_ text: [UInt8]) -> (verdict: ProxyVerdict, count: Int) {
        for count in 0..<text.count {
            let beginning = Array(text[..<count])
            let verdict = ProxyHeader.parse(beginning.span)
            if verdict != .incomplete { return (verdict, count) }
        }
        return (ProxyHeader.parse(text.span), text.count)
    }

    @Test(arguments: ProxyVectors.accepted)
    func whatIsAHeaderIsRead(_ vector: ProxyVector) {
        let text = bytes(vector.text)
        #expect(ProxyHeader.parse(text.span) == vector.verdict)
        let first = firstVerdict(text)
        #expect(first.verdict == vector.verdict)
        #expect(first.count == text.count, "the whole header is waited for")
        for next in ["G", "\r\n", "\0", "PROXY UNKNOWN\r\n"] {
            let longer = text + bytes(next)
            #expect(ProxyHeader.parse(longer.span) == vector.verdict)
        }
    }

    /// However little of it has come when it can be told.
    @Test(arguments: ProxyVectors.refused)
    func whatIsNoneIsRefused(_ vector: ProxyVector) {
        let text = bytes(vector.text)
        #expect(ProxyHeader.parse(text.span) == vector.verdict)
        let first = firstVerdict(text)
        #expect(first.verdict == vector.verdict)
        for count in first.count...text.count {
            let beginning = Array(text[..<count])
            #expect(ProxyHeader.parse(beginning.span) == vector.verdict)
        }
        let longer = text + bytes("\r\nGET / HTTP/1.1\r\n\r\n")
        #expect(ProxyHeader.parse(longer.span) == vector.verdict)
    }

    @Test func whatCannotBeAHeaderIsRefusedAtItsFirstByte() {
        for byte in UInt8.min...UInt8.max {
            let isPossible = byte == UInt8(ascii: "P") || byte == UInt8(ascii: "\r")
            let verdict = ProxyHeader.parse([byte].span)
            #expect(verdict == (isPossible ? .incomplete : .refused(.notProxy)))
        }
    }

    @Test func everyRuleHasAVectorAndAReason() {
        let broken = ProxyVectors.refused.compactMap { vector -> ProxyRefusal? in
            if case .refused(let refusal) = vector.verdict { refusal } else { nil }
        }
        #expect(Set(broken.map(\.rawValue)) == Set(ProxyRefusal.allCases.map(\.rawValue)))
        let reasons = Set(ProxyRefusal.allCases.map { "\($0.reason)" })
        #expect(reasons.count == ProxyRefusal.allCases.count)
    }

    private static let addresses: [ProxyAddresses] = {
        let ends = [
            IPBytes(ipv4: 0), IPBytes(ipv4: 0x7F00_0001), IPBytes(ipv4: .max),
            IPBytes(high: 0, low: 0), IPBytes(high: 0, low: 1), IPBytes(high: .max, low: .max),
            IPBytes(high: 0x2001_0DB8 << 32, low: 0xABCD << 16),
        ]
        return ends.flatMap { source in
            ends.map { destination in
                ProxyAddresses(
                    source: source, destination: destination,
                    sourcePort: UInt16(truncatingIfNeeded: source.low),
                    destinationPort: UInt16(truncatingIfNeeded: ~destination.low))
            }
        }
    }()

    @Test(arguments: ProxyVersion.allCases)
    func whatIsWrittenIsReadBack(version: ProxyVersion) {
        for addresses in Self.addresses.map({ $0 as ProxyAddresses? }) + [nil] {
            let text = write { $0.appendProxyHeader(version, addresses) }
            let header = ProxyHeader(length: text.count, addresses: addresses)
            #expect(ProxyHeader.parse(text.span) == .complete(header))
        }
    }

    @Test func whatIsWrittenIsWhatTheSpecificationShows() {
        for vector in ProxyVectors.accepted.prefix(3) + ProxyVectors.accepted[10...11] {
            guard case .complete(let header) = vector.verdict else { continue }
            let version = vector.text.hasPrefix("PROXY") ? ProxyVersion.v1 : .v2
            let text = write { $0.appendProxyHeader(version, header.addresses) }
            #expect(text == bytes(vector.text))
        }
        #expect(write { $0.appendProxyHeader(.v1, nil) } == bytes("PROXY UNKNOWN\r\n"))
    }

    /// One IPv4 address beside an IPv6 one.
    @Test func familiesAreNotMixed() {
        let mixed = ProxyAddresses(
            source: IPBytes(ipv4: 0xC000_0201), destination: IPBytes(high: 0, low: 1),
            sourcePort: 5, destinationPort: 6)
        let text = write { $0.appendProxyHeader(.v1, mixed) }
        #expect(text == bytes("PROXY TCP6 ::ffff:c000:201 ::1 5 6\r\n"))
    }

    private func write(_ body: (inout HeadWriter) -> Void) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 107) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            var writer = HeadWriter(start, capacity: 107)
            body(&writer)
            #expect(!writer.hasOverflowed)
            count = writer.count
        }
    }
}
