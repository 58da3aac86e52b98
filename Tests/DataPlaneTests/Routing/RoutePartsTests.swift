// What can be part of a rule, what cannot, and what is said then.

import Protocols
import Testing

@testable import DataPlane

@Suite struct RoutePartsTests {
    @Test(arguments: [
        "a", "a.example.org", "A.example.ORG.", "*.example.org", "*.org", "192.0.2.1", "::1",
        "[2001:db8::1]", "_dmarc.example.org", "xn--bcher-kva.example",
    ])
    func hosts(text: String) throws { _ = try RouteHost(parsing: text) }

    @Test(arguments: [
        "", "*", "*.", "*a.org", "a.*.org", "**.org", "*.*.org", "a:80", "[::1]:80", "[a]", "a b",
        "-a.org", "a..org", ".org", "*.2.1", "1.2.3", "*.192.0.2.1", "[192.0.2.1]", "[::1", "a/b",
        String(repeating: "a", count: 64), "é.org",
    ])
    func notHosts(text: String) {
        #expect(throws: RouteError.notHost(text)) { try RouteHost(parsing: text) }
    }

    @Test func hostsAreTheSameInAnySpelling() throws {
        #expect(
            try RouteHost(parsing: "A.example.org.") == RouteHost(parsing: "a.Example.ORG"))
        #expect(try RouteHost(parsing: "[::1]") == RouteHost(parsing: "0:0:0:0:0:0:0:1"))
        #expect(try RouteHost(parsing: "*.a") != RouteHost(parsing: "a"))
    }

    @Test(arguments: [
        ("/", "/"), ("/a/", "/a/"), ("/a b", "/a%20b"), ("/caf\u{e9}", "/caf%C3%A9"),
        ("/%61%2f", "/a%2F"), ("/100%25", "/100%25"), ("/*", "/*"),
        ("/.well-known/", "/.well-known/"),
        ("/a\"<>\\", "/a%22%3C%3E%5C"),
    ])
    func pathsInTheirNormalForm(text: String, normal: String) throws {
        #expect(String(decoding: try PathText(parsing: text).bytes, as: UTF8.self) == normal)
    }

    static let spoiltPaths: [(String, RouteError)] = [
        ("", .pathWithoutSlash("")), ("a/b", .pathWithoutSlash("a/b")),
        ("/a?b", .queryInPath("/a?b", "?")), ("/a#b", .queryInPath("/a#b", "#")),
        ("/a\r\nb", .controlInPath("/a\r\nb")), ("/a\u{7f}", .controlInPath("/a\u{7f}")),
        ("/a//b", .pathNotNormal("/a//b")), ("//", .pathNotNormal("//")),
        ("/a/./b", .pathNotNormal("/a/./b")), ("/a/..", .pathNotNormal("/a/..")),
        ("/%2e%2e/", .pathNotNormal("/%2e%2e/")), ("/a%00", .pathNotNormal("/a%00")),
        ("/..;/a", .pathNotNormal("/..;/a")), ("/100%", .brokenEscape("/100%")),
        ("/%4", .brokenEscape("/%4")), ("/%zz", .brokenEscape("/%zz")),
        (
            "/" + String(repeating: "a", count: 2048),
            .pathTooLong("/" + String(repeating: "a", count: 2048), max: 2048)
        ),
    ]

    @Test(arguments: spoiltPaths)
    func notPaths(text: String, error: RouteError) {
        #expect(throws: error) { try PathText(parsing: text) }
        #expect(!error.description.isEmpty)
    }

    @Test(arguments: [
        ("/a**", RouteError.misplacedWildcard("/a**")), ("/**/a", .misplacedWildcard("/**/a")),
        ("/a/*b", .misplacedWildcard("/a/*b")), ("/a/***", .misplacedWildcard("/a/***")),
        ("*", .pathWithoutSlash("*")), ("/*//a", .pathNotNormal("/*//a")),
        ("/*/..", .pathNotNormal("/..")), ("/*/a?", .queryInPath("/a?", "?")),
        (
            String(repeating: "/*", count: 33),
            .tooManySegments(String(repeating: "/*", count: 33), max: 32)
        ),
    ])
    func notPatterns(text: String, error: RouteError) {
        #expect(throws: error) { try PathPattern(parsing: text) }
    }

    @Test(arguments: [
        (nil, 0), ("/é", 7), ("/a/…", 3), ("/users/*/x/**", 7), ("/**", 1), ("/a/b", 4),
    ])
    func whatARewriteOfThePrefixReplaces(path: String?, bytes: Int) throws {
        #expect(try rule(path).path.fixedBytes == bytes)
    }

    @Test(arguments: ["", "GET POST", "GÉT", "A:", String(repeating: "M", count: 33)])
    func notMethods(text: String) {
        #expect(throws: RouteError.notMethod(text)) { try RouteMethod(parsing: text) }
    }

    @Test func notFields() {
        #expect(throws: RouteError.notFieldName("a b")) {
            try FieldCondition(name: "a b", .present)
        }
        #expect(throws: RouteError.notFieldName("")) { try FieldCondition(name: "", .absent) }
        for value in ["a\r\nb", " a", "a ", "\0"] {
            #expect(throws: RouteError.notFieldValue(value)) {
                try FieldCondition(name: "a", .equals(value))
            }
        }
        #expect(throws: Never.self) { try FieldCondition(name: "a", .prefix("a ")) }
        #expect(throws: Never.self) { try FieldCondition(name: "a", .equals("")) }
    }
}
