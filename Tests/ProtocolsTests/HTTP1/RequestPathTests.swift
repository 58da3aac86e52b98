// Normal forms of paths: vectors, what is refused, and that only paths that need it are rewritten.

import Protocols
import Testing

@Suite struct RequestPathTests {
    /// The normal form by way of the extent, as the data path has it.
    private static func normal(_ target: String) throws(PathRefusal) -> String {
        let text = Array("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        var request = RequestHead()
        var progress = HeadProgress()
        guard request.parse(text.span, limits: HeadLimits(), progress: &progress) == .complete
        else { return "not a request" }
        let extent = RequestPath.extent(of: request.originTarget, in: text.span)
        let path = Int(request.originTarget.start)..<extent.end
        var scratch = [UInt8](repeating: 0xA5, count: path.count)
        var room = scratch.mutableSpan
        let count = try RequestPath.normalise(text.span, path, into: &room)
        let result = String(decoding: scratch[..<count], as: UTF8.self)
        if extent.isNormal { #expect(Array(result.utf8) == Array(text[path])) }
        return result
    }

    static let vectors: [(String, String)] = [
        ("/", "/"), ("/a", "/a"), ("/a/", "/a/"), ("/a/b?c=/../d", "/a/b"), ("/?x", "/"),
        ("/%61dmin", "/admin"), ("/%41%7a%30%2D%2e%5f%7E", "/Az0-._~"),
        ("/%40x%21%3B", "/@x!;"), ("/a%2fb", "/a%2Fb"), ("/a%2Fb", "/a%2Fb"),
        ("/%20%c3%a9%3f%23%25", "/%20%C3%A9%3F%23%25"), ("/%5cx", "/%5Cx"),
        ("/%2541", "/%2541"), ("/a/./b", "/a/b"), ("/a/../b", "/b"), ("/x/../admin", "/admin"),
        ("/a/.", "/a/"), ("/a/..", "/"), ("/a/b/..", "/a/"), ("/a/b/../", "/a/"), ("/.", "/"),
        ("/a/b/../../c", "/c"), ("/a/%2e%2e/b", "/b"), ("/a/.%2E/b", "/b"), ("/a/%2e/b", "/a/b"),
        ("//admin", "/admin"), ("/a//b", "/a/b"), ("/a//", "/a/"), ("//", "/"), ("///", "/"),
        ("/a//b/..", "/a/"), ("/a//./b", "/a/b"), ("/a/../b//", "/b/"),
        ("/...", "/..."), ("/..a", "/..a"), ("/a..", "/a.."), ("/.well-known/x", "/.well-known/x"),
        ("/a;x=1/b", "/a;x=1/b"), ("/a..;/b", "/a..;/b"), ("/.a%2F.b", "/.a%2F.b"),
        ("/a%2F...%2Fb", "/a%2F...%2Fb"), ("/[]{}|^`", "/[]{}|^`"),
        ("/aaaaaaaa/bbbbbbbb/cccccccc/dddddddd%65", "/aaaaaaaa/bbbbbbbb/cccccccc/dddddddde"),
        ("/aaaaaaa//bbbbbbb", "/aaaaaaa/bbbbbbb"), ("/aaaaaa//bbbbbbbb", "/aaaaaa/bbbbbbbb"),
    ]

    @Test(arguments: vectors)
    func oneSpellingForEachPath(target: String, normal: String) throws {
        #expect(try Self.normal(target) == normal)
        // A normal form is its own.
        #expect(try Self.normal(normal) == normal)
    }

    static let refused: [(String, PathRefusal)] = [
        ("/..", .aboveRoot), ("/../a", .aboveRoot), ("/a/../../b", .aboveRoot),
        ("/%2e%2e/a", .aboveRoot), ("//../a", .aboveRoot), ("/./../a", .aboveRoot),
        ("/a//../b", .ambiguous), ("/a//b/../../c", .ambiguous), ("/a//./../b", .ambiguous),
        ("/a/..%2Fb", .ambiguous), ("/a/%2e%2e%2fb", .ambiguous), ("/a%2F..", .ambiguous),
        ("/a%2F../b", .ambiguous), ("/a%5c..%5cb", .ambiguous), ("/a%2F.%2Fb", .ambiguous),
        ("/a/..;/b", .ambiguous), ("/a/..;x=1/b", .ambiguous), ("/a/.;/b", .ambiguous),
        ("/a/..%3b/b", .ambiguous), ("/a/..%5C", .ambiguous), ("/a%00", .nul), ("/%00/..", .nul),
    ]

    @Test(arguments: refused)
    func whatCanBeReadInTwoWaysIsRefused(target: String, refusal: PathRefusal) {
        #expect(throws: refusal) { try Self.normal(target) }
    }

    @Test(arguments: ["/aaaaaaaa?b", "/a/b.c/d-e_f~g/h;i=1", "/", "/a.", "/aaaaaaa./b.?/..%00//"])
    func commonPathsAreTakenAsTheyStand(target: String) {
        let bytes = Array(target.utf8)
        // With bytes behind it and without, for both loops of the scanner.
        for text in [bytes, bytes + Array(" HTTP/1.1//..".utf8)] {
            let extent = RequestPath.extent(
                of: ByteRange(covering: bytes.count), in: text.span)
            let end = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.count
            #expect(extent.end == end && extent.isNormal)
        }
    }

    @Test func theScratchHasToBeAsLongAsThePath() {
        let path = Array("/a/b".utf8)
        for room in 0..<path.count {
            var scratch = [UInt8](repeating: 0, count: room)
            #expect(throws: PathRefusal.tooLong) {
                var span = scratch.mutableSpan
                _ = try RequestPath.normalise(path.span, 0..<path.count, into: &span)
            }
        }
    }

    @Test(arguments: [
        ("GET /a?b=c HTTP/1.1", "?b=c"), ("GET /a HTTP/1.1", ""), ("GET /a? HTTP/1.1", "?"),
        ("GET /a%20b?c?d HTTP/1.1", "?c?d"), ("GET http://h?q HTTP/1.1", "?q"),
    ])
    func queries(line: String, query: String) {
        let text = Array("\(line)\r\nHost: h\r\n\r\n".utf8)
        var request = RequestHead()
        var progress = HeadProgress()
        #expect(request.parse(text.span, limits: HeadLimits(), progress: &progress) == .complete)
        let range = request.query(in: text.span)
        #expect(String(decoding: text[Int(range.start)..<range.end], as: UTF8.self) == query)
    }
}

extension ByteRange {
    /// The first bytes.
    fileprivate init(covering count: Int) {
        self.init()
        self.count = UInt16(count)
    }
}
