// Targets and places that are put together, and that nothing of a client's leads to another host.

import Protocols
import Testing

@testable import DataPlane

@Suite struct PathRewriteTests {
    private static func written(_ write: (inout HeadWriter) -> Void) -> String {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 256, alignment: 1)
        defer { memory.deallocate() }
        guard let start = memory.baseAddress else { return "" }
        var writer = HeadWriter(start, capacity: 256)
        write(&writer)
        return String(decoding: memory[..<writer.count], as: UTF8.self)
    }

    /// What `write` makes of a request's path in its normal form, and its query.
    private static func written(
        _ target: String,
        _ write: (inout HeadWriter, Span<UInt8>, ByteRange, Span<UInt8>) -> Void
    ) throws(PathRefusal) -> String {
        let head = Array("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
        var request = RequestHead()
        var progress = HeadProgress()
        guard request.parse(head.span, limits: HeadLimits(), progress: &progress) == .complete
        else { return "not a request" }
        let scratch = PathScratch()
        let path = try scratch.path(of: request, in: head.span)
        let query = request.query(in: head.span)
        return written { write(&$0, path, query, head.span) }
    }

    @Test(arguments: [
        ("/old/x?q=1", "/old/", "/new/", "/new/x?q=1"), ("/old/x", "/old/", "/new", "/new/x"),
        ("/old/", "/old/", "/new", "/new"), ("/old/", "/old/", "/", "/"),
        ("/old", "/old", "/", "/"), ("/old/x", "/old", "/", "/x"),
        ("/older", "/old", "/new", "/newer"),
        ("/old/x", "/old", "/new/", "/new/x"), ("/a/b", "", "/x/", "/x/a/b"),
        ("/a/b", "", "/x", "/x/a/b"), ("/%6fld/%2Fx?%", "/old/", "/new/", "/new/%2Fx?%"),
        ("/z/../old//x", "/old/", "/", "/x"), ("/a/b?c", "/a/b", "/x", "/x?c"),
        ("http://h?c", "", "/x", "/x/?c"),
    ])
    func beginningsAreReplaced(
        target: String, beginning: String, replacement: String, expected: String
    ) throws {
        let text = try PathText(parsing: replacement)
        let result = try Self.written(target) { writer, path, query, head in
            writer.appendTarget(
                path, replacing: beginning.utf8.count, by: text.bytes.span, query: query, of: head)
        }
        #expect(result == expected)
    }

    @Test(arguments: [
        ("/a?q", "https://example.org", "https://example.org/a?q"),
        ("/a", "https://example.org/", "https://example.org/a"),
        ("/a", "https://example.org/base", "https://example.org/base/a"),
        ("/a", "/", "/a"), ("/", "/", "/"), ("/a", "/b", "/b/a"),
        ("//evil.test/x", "/", "/evil.test/x"), ("/.//evil.test", "/", "/evil.test"),
        ("/%2Fevil.test", "/", "/%2Fevil.test"), ("/%5Cevil.test", "/", "/%5Cevil.test"),
        ("/@evil.test", "https://example.org", "https://example.org/@evil.test"),
        ("/%40evil.test", "https://example.org", "https://example.org/@evil.test"),
        ("/a%0d%0aSet-Cookie:x", "/", "/a%0D%0ASet-Cookie:x"),
        ("http://h", "https://example.org", "https://example.org/"),
    ])
    func placesKeepThePath(target: String, place: String, expected: String) throws {
        let place = try RedirectPlace(parsing: place)
        let result = try Self.written(target) { writer, path, query, head in
            writer.appendLocation(place.bytes.span, keeping: path, query: query, of: head)
        }
        #expect(result == expected)
    }

    @Test(arguments: [
        "https://a.test", "http://a.test:8080/x?y#z", "HTTPS://[::1]:443/", "/login?next=%2F#top",
        "https://192.0.2.1", "https://a.test?x", "https://a.test#x",
    ])
    func places(text: String) throws {
        #expect(try RedirectPlace(parsing: text).bytes == Array(text.utf8))
    }

    @Test(arguments: [
        "", "a.test", "//evil.test", "/\\evil.test", "https://", "https:///x", "ftp://a.test",
        "javascript:alert(1)", "https://a.test\r\nSet-Cookie: x", "https://user@a.test",
        "https://a.test:0", "https://a.test:99999", "https://a.test:", "https://*.a.test",
        "https://::1/", "https://a b", "/a b", "https://a.test\\@b.test",
        "/" + String(repeating: "a", count: 2048),
    ])
    func notPlaces(text: String) {
        #expect(throws: RouteError.notRedirect(text)) { try RedirectPlace(parsing: text) }
    }
}
