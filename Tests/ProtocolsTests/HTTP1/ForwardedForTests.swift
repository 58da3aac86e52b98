// Whom X-Forwarded-For names, as far as it can be believed.

import Testing

@testable import Protocols

@Suite struct ForwardedForTests {
    /// 10.0.0.0/8 and fd00::/8 are trusted.
    static let cases: [(lists: [String], source: String?)] = [
        ([], nil),
        ([""], nil),
        (["192.0.2.1"], "192.0.2.1"),
        (["192.0.2.1, 192.0.2.2"], "192.0.2.2"),
        (["192.0.2.1,192.0.2.2 ,\t10.0.0.1"], "192.0.2.2"),
        (["192.0.2.1, 10.0.0.1, 192.0.2.2, 10.0.0.2, 10.0.0.3"], "192.0.2.2"),
        (["192.0.2.1", "192.0.2.2", "10.0.0.1"], "192.0.2.2"),
        (["10.0.0.1, 10.0.0.2"], "10.0.0.1"),
        (["192.0.2.1, what, 10.0.0.1, 10.0.0.2"], "10.0.0.1"),
        (["192.0.2.1, unknown"], nil),
        (["_hidden, 192.0.2.1"], "192.0.2.1"),
        ([", ,192.0.2.1,,"], "192.0.2.1"),
        (["192.0.2.1:8080"], "192.0.2.1"),
        (["192.0.2.1:80:80"], nil),
        (["2001:db8::1"], "2001:db8::1"),
        (["[2001:db8::1]"], "2001:db8::1"),
        (["192.0.2.9, [2001:db8::1]:443, fd00::1"], "2001:db8::1"),
        (["[2001:db8::1"], nil),
        (["[]"], nil),
        ([":80"], nil),
        (["010.0.0.1"], nil),
    ]

    private static func address(_ text: String) throws -> IPBytes {
        let bytes = Array(text.utf8)
        let span = bytes.span
        let address =
            IPBytes(parsingIPv4: span, from: 0, to: span.count)
            ?? IPBytes(parsingIPv6: span, from: 0, to: span.count)
        return try #require(address)
    }

    @Test(arguments: cases)
    func theLastThatIsNotTrusted(lists: [String], source: String?) throws {
        let fields = lists.map { "X-Forwarded-For: \($0)\r\n" }.joined()
        let text = Array("GET / HTTP/1.1\r\nHost: a\r\n\(fields)X-Other: 1.1.1.1\r\n\r\n".utf8)
        let trusted = [try IPBlock(parsing: "10.0.0.0/8"), try IPBlock(parsing: "fd00::/8")]
        var head = RequestHead()
        var progress = HeadProgress()
        let verdict = head.parse(text.span, limits: HeadLimits(), progress: &progress)
        #expect(verdict == .complete)
        let found = head.forwardedFor(in: text.span) { address in
            trusted.contains { $0.contains(address) }
        }
        #expect(try found == source.map { try Self.address($0) })
    }
}
