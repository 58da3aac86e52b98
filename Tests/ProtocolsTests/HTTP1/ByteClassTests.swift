// Which bytes are allowed where: all 256 of them in every place, against the grammars spelled out.

import Protocols
import Testing

@Suite struct ByteClassTests {
    private static let alphanumeric = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
    /// RFC 9110 section 5.6.2.
    private static let token = alphanumeric.union("!#$%&'*+-.^_`|~".utf8)
    /// RFC 9110 section 5.5: field-vchar, SP and HTAB.
    private static let value = Set<UInt8>([0x09]).union(0x20...0x7E).union(0x80...0xFF)
    /// RFC 3986 section 3.3, and what is let through besides.
    private static let path = alphanumeric.union("-._~!$&'()*+,;=:@/[]^`{|}".utf8)
    private static let query = path.union("?%\\".utf8)
    /// RFC 3986 section 3.2.2: unreserved and sub-delims.
    private static let host = alphanumeric.union("-._~!$&'()*+,;=".utf8)

    /// The bytes with which a head made by `head` is accepted.
    private func accepted(_ head: (UInt8) -> [UInt8]) -> Set<UInt8> {
        var feeder = RequestFeeder()
        return Set((UInt8.min...UInt8.max).filter { feeder.feed(head($0)).verdict == .complete })
    }

    private func around(_ before: String, _ byte: UInt8, _ after: String) -> [UInt8] {
        Array(before.utf8) + [byte] + Array(after.utf8)
    }

    @Test func methods() {
        let accepted = accepted { around("G", $0, "T / HTTP/1.1\r\nHost: a\r\n\r\n") }
        #expect(accepted == Self.token)
        let first = self.accepted { around("", $0, "ET / HTTP/1.1\r\nHost: a\r\n\r\n") }
        #expect(first == Self.token)
    }

    @Test func names() {
        let accepted = accepted { around("GET / HTTP/1.1\r\nHost: a\r\nX", $0, "Y: z\r\n\r\n") }
        // A colon ends the name.
        #expect(accepted == Self.token.union(":".utf8))
        let first = self.accepted { around("GET / HTTP/1.1\r\nHost: a\r\n", $0, "X: z\r\n\r\n") }
        #expect(first == Self.token)
    }

    /// At every place in a value, since eight bytes are looked at together.
    @Test func values() {
        for (before, after) in [(0, 0), (1, 1), (7, 0), (8, 0), (3, 9), (9, 20)] {
            let accepted = accepted { byte in
                let value = around(
                    String(repeating: "x", count: before), byte,
                    String(repeating: "y", count: after))
                return Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8) + value
                    + Array("\r\n\r\n".utf8)
            }
            #expect(accepted == Self.value, "\(before) before, \(after) behind")
        }
    }

    @Test func paths() {
        let accepted = accepted { around("GET /a", $0, "b HTTP/1.1\r\nHost: a\r\n\r\n") }
        // A question mark ends the path.
        #expect(accepted == Self.path.union("?".utf8))
    }

    @Test func queries() {
        let accepted = accepted { around("GET /?a", $0, "b HTTP/1.1\r\nHost: a\r\n\r\n") }
        #expect(accepted == Self.query)
    }

    @Test func percentEncodings() {
        let hex = Set("0123456789abcdefABCDEF".utf8)
        #expect(accepted { around("GET /%", $0, "0 HTTP/1.1\r\nHost: a\r\n\r\n") } == hex)
        #expect(accepted { around("GET /%0", $0, " HTTP/1.1\r\nHost: a\r\n\r\n") } == hex)
        #expect(accepted { around("GET / HTTP/1.1\r\nHost: a%", $0, "0\r\n\r\n") } == hex)
        #expect(accepted { around("GET / HTTP/1.1\r\nHost: a%0", $0, "\r\n\r\n") } == hex)
    }

    @Test func hosts() {
        let accepted = accepted { around("GET / HTTP/1.1\r\nHost: a", $0, "0\r\n\r\n") }
        // A colon ends the name.
        #expect(accepted == Self.host.union(":".utf8))
        let target = self.accepted { around("GET http://a", $0, "0 HTTP/1.0\r\n\r\n") }
        // And so do a path and a query.
        #expect(target == Self.host.union(":/?".utf8))
    }

    @Test func reasons() {
        var feeder = ResponseFeeder()
        let accepted = Set(
            (UInt8.min...UInt8.max).filter { byte in
                feeder.feed(around("HTTP/1.1 200 a", byte, "b\r\n\r\n")).verdict == .complete
            })
        #expect(accepted == Self.value)
    }

    /// The bytes behind which a chunked body goes on.
    private func chunked(_ before: String, _ after: String) -> Set<UInt8> {
        Set(
            (UInt8.min...UInt8.max).filter { byte in
                var decoder = ChunkedDecoder()
                return decoder.consume(around(before, byte, after).span) == .more
            })
    }

    @Test func chunks() {
        let hex = Set("0123456789abcdefABCDEF".utf8)
        #expect(chunked("", "\r\n") == hex)
        #expect(chunked("5;a", "b\r\n") == Self.token.union(";=".utf8))
        #expect(chunked("5;a=b", "c\r\n") == Self.token.union(";".utf8))
        let quoted = Self.value.subtracting("\"".utf8)
        #expect(chunked("5;a=\"", "b\"\r\n") == quoted)
        #expect(chunked("5;a=\"\\", "b\"\r\n") == Self.value)
        #expect(chunked("0\r\nX", "Y: z\r\n") == Self.token.union(":".utf8))
        #expect(chunked("0\r\nX: ", "z\r\n") == Self.value)
    }
}
