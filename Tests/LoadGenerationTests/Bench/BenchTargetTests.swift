// What an operator may write as a target, and what is refused.

import Protocols
import Testing

@testable import LoadGeneration

@Suite struct BenchTargetTests {
    @Test(arguments: [
        ("127.0.0.1:9000", "127.0.0.1:9000", "/"),
        (":9000", ":9000", "/"),
        ("http://app.internal", "app.internal:80", "/"),
        ("http://app.internal/", "app.internal:80", "/"),
        ("http://app.internal:8080", "app.internal:8080", "/"),
        ("http://127.0.0.1:1/a/b?c=d", "127.0.0.1:1", "/a/b?c=d"),
        ("http://[::1]/x", "[::1]:80", "/x"),
        ("http://[::1]:81/x:y", "[::1]:81", "/x:y"),
        ("unix:/run/app.sock", "unix:/run/app.sock", "/"),
    ])
    func isRead(text: String, address: String, path: String) throws {
        let target = try BenchTarget(parsing: text)
        #expect("\(target.address)" == address)
        #expect(target.path == path)
    }

    @Test(arguments: [
        "", "9000", "host", "https://host/", "ftp://host", "http://", "http:///path",
        "http://host:0/", "host:0", "http://host:70000/", "http://user@host/", "http://host?x",
        "http://host/a b", "http://host/a#b", "http://host/\u{7F}", "http://host/ä",
        "http://host/\r\nX: y", "http://host/" + String(repeating: "x", count: 8_000),
    ])
    func isRefusedWithASentence(text: String) {
        let error = #expect(throws: BenchTargetError.self) { try BenchTarget(parsing: text) }
        #expect(error?.description.isEmpty == false)
        #expect(error?.description.contains("\n") == false)
    }

    @Test func processorsAreDivided() {
        #expect(Placement(processors: [4]).isShared)
        let two = Placement(processors: [4, 6, 7])
        #expect(two.proxy == 4 && two.load == 6 && two.processors == 3 && !two.isShared)
    }
}
