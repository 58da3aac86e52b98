// Which rule wins: hosts, paths, methods, fields, order.

import Protocols
import Testing

@testable import DataPlane

@Suite struct RouteIndexTests {
    @Test(arguments: [
        ("a.example.org", 2), ("A.EXAMPLE.org", 2), ("a.example.org:8080", 2),
        ("a.example.org.", 2), ("a.example.org.:80", 2), ("a.example.org:", 2),
        ("b.example.org", 1), ("c.b.example.org", 1), ("x.a.example.org", 3),
        ("y.x.a.example.org:1", 3), ("example.org", 0), (".example.org", 0), ("org", 0),
        ("aexample.org", 0), ("xample.org", 0), ("a.example.orgs", 0), ("192.0.2.1:80", 4),
        ("192.0.2.10", 0), ("[2001:db8::1]", 5), ("[2001:DB8:0:0::1]:443", 5),
        ("[2001:db8::2]", 0), ("[::ffff:192.0.2.1]", 0), ("_A_.TEST", 6), ("-a-.test", 0),
    ])
    func theMostSpecificHostWins(host: String, expected: Int) throws {
        let index = try RouteIndex([
            rule(), rule(hosts: ["*.Example.org"]), rule(hosts: ["other.test", "a.example.ORG."]),
            rule(hosts: ["*.a.example.org"]), rule(hosts: ["192.0.2.1"]),
            rule(hosts: ["[2001:db8::1]"]), rule(hosts: ["_a_.test"]),
        ])
        #expect(route("GET /", host: host, by: index) == .rule(expected))
    }

    @Test func withoutARuleForAllOthersNoneFits() throws {
        let index = try RouteIndex([rule(hosts: ["a.test"]), rule(hosts: ["*.b.test", "::1"])])
        #expect(route("GET /", host: "c.test", by: index) == .nothing)
        #expect(route("GET /", host: "b.test", by: index) == .nothing)
        #expect(route("GET /", host: "[::2]", by: index) == .nothing)
        #expect(route("GET /", host: "[::1]", by: index) == .rule(1))
        #expect(route("GET /", host: nil, by: index) == .nothing)
        #expect(route("GET http://x.b.test/", host: "x.b.test", by: index) == .rule(1))
        let empty = try RouteIndex([])
        #expect(route("GET /", host: "a.test", by: empty) == .nothing)
    }

    @Test func whatFitsNoRuleOfItsHostFallsToTheNext() throws {
        let index = try RouteIndex([
            rule("/any"), rule("/wide", hosts: ["*.test"]), rule("/deep", hosts: ["*.a.test"]),
            rule("/own", hosts: ["x.a.test"]), rule("/wide", hosts: ["x.a.test"]),
        ])
        let expected = ["/own": 3, "/deep": 2, "/wide": 4, "/any": 0]
        for (path, place) in expected {
            #expect(route("GET \(path)", host: "x.a.test", by: index) == .rule(place))
        }
        #expect(route("GET /wide", host: "y.a.test", by: index) == .rule(1))
        #expect(route("GET /any", host: "y.a.test", by: index) == .rule(0))
        #expect(route("GET /deep", host: "y.test", by: index) == .nothing)
    }

    @Test(arguments: [
        (["/a…", "/a/b"], "/a/b", 0), (["/a/b", "/a…"], "/a/b", 0), (["/a/b", "/a…"], "/a/c", 1),
        (["/a/…", "/a…"], "/a", 1), (["/a/…", "/a…"], "/a/", 0), (["/api…"], "/apis", 0),
        (["/a/*", "/a/b"], "/a/b", 0), (["/a/b", "/a/*"], "/a/b", 0), (["/a/*"], "/a/", -1),
        (["/a/*"], "/a/b/", -1), (["/a/*/"], "/a/b/", 0), (["/a/*/c", "/a/b/c"], "/a/b/c", 0),
        (["/a/b/c", "/a/*/c"], "/a/x/c", 1), (["/*/b", "/a/*"], "/a/b", 0),
        (["/a/**"], "/a/", 0), (["/a/**"], "/a", -1), (["/a/**"], "/a/b/c", 0), (["/**"], "/", 0),
        (["/*/x/**", "/a/**"], "/a/x/y", 0), (["/*/x/**", "/a/**"], "/a/y/x", 1),
        (["/a/*/c/*/e", "/a/b/c/d/e"], "/a/b/c/d/e", 0), (["/*"], "/*", 0),
        (["/a", "/A"], "/A", 1), (["/a%2Fb", "/a/b"], "/a%2fb", 0), (["/é"], "/%c3%A9", 0),
        (["/admin", "/…"], "/%61dmin", 0), (["/admin", "/…"], "/x/../admin", 0),
        (["/admin", "/…"], "//admin", 0), (["/admin", "/…"], "/admin/", 1),
        (["/a/b…", "/a/bc…", "/a/bcd…"], "/a/bcde", 0), (["/…", "/a"], "/a", 0),
        (["/a/*/z", "/a/b…"], "/a/b/y", 1),
    ])
    func theFirstPathThatFitsWins(paths: [String], path: String, expected: Int) throws {
        let index = try RouteIndex(paths.map { try rule($0) })
        let found = route("GET \(path)?q=/a/b", host: "h", by: index)
        #expect(found == (expected < 0 ? .nothing : .rule(expected)))
    }

    @Test func requestsWithoutAPathFitOnlyRulesForAnyPath() throws {
        let index = try RouteIndex([rule("/…"), rule("/**"), rule()])
        #expect(route("OPTIONS *", host: "h", by: index) == .rule(2))
        #expect(route("CONNECT h:1", host: "h", by: index) == .rule(2))
        #expect(route("OPTIONS http://h", host: "h", by: index) == .rule(2))
        #expect(route("GET http://h", host: "h", by: index) == .rule(0))
        #expect(route("GET http://h?q", host: "h", by: index) == .rule(0))
        #expect(route("GET /..", host: "h", by: index) == .refused(.aboveRoot))
    }

    @Test func methodsMatterByTheirExactNames() throws {
        let index = try RouteIndex([
            rule("/", methods: ["GET", "PURGE"]), rule("/", methods: ["POST"]),
            rule("/", methods: ["get", "LOCK"]), rule("/a…"), rule("/b", methods: ["HEAD"]),
        ])
        let expected = ["GET": 0, "PURGE": 0, "POST": 1, "get": 2, "LOCK": 2]
        for (method, place) in expected {
            #expect(route("\(method) /", host: "h", by: index) == .rule(place))
        }
        for method in ["HEAD", "PURG", "purge", "LOCKS"] {
            #expect(route("\(method) /", host: "h", by: index) == .nothing)
            #expect(route("\(method) /a", host: "h", by: index) == .rule(3))
        }
    }

    @Test func fieldsHaveToBeAsTheRuleSays() throws {
        let index = try RouteIndex([
            rule("/", fields: [try FieldCondition(name: "X-Canary", .equals("1"))]),
            rule("/", fields: [try FieldCondition(name: "x-canary", .prefix("beta"))]),
            rule(
                "/",
                fields: [
                    try FieldCondition(name: "cookie", .present),
                    try FieldCondition(name: "authorization", .absent),
                ]),
            rule("/", fields: [try FieldCondition(name: "host", .equals("special"))]),
            rule("/"),
        ])
        #expect(route("GET /", host: "h", ["X-CANARY: 1"], by: index) == .rule(0))
        #expect(route("GET /", host: "h", ["x-canary:  1 "], by: index) == .rule(0))
        #expect(route("GET /", host: "h", ["x-canary: 2", "x-canary: 1"], by: index) == .rule(0))
        #expect(route("GET /", host: "h", ["x-canary: 11"], by: index) == .rule(4))
        #expect(route("GET /", host: "h", ["x-canary: beta-2"], by: index) == .rule(1))
        #expect(route("GET /", host: "h", ["x-canary: bet"], by: index) == .rule(4))
        #expect(route("GET /", host: "h", ["x-canary: Beta"], by: index) == .rule(4))
        #expect(route("GET /", host: "h", ["Cookie:"], by: index) == .rule(2))
        #expect(route("GET /", host: "h", ["Cookie: a", "Authorization:"], by: index) == .rule(4))
        #expect(route("GET /", host: "special", by: index) == .rule(3))
        #expect(route("GET /", host: "h", ["x-canar: 1", "x-canaryy: 1"], by: index) == .rule(4))
    }

    @Test func limits() throws {
        let plain = try rule()
        _ = try RouteIndex(Array(repeating: plain, count: RouteIndex.rulesMax))
        #expect(throws: RouteError.tooManyRules(16_385, max: 16_384)) {
            _ = try RouteIndex(Array(repeating: plain, count: RouteIndex.rulesMax + 1))
        }
        let hosts = try RouteRule(hosts: (0..<65).map { try RouteHost(parsing: "h\($0).test") })
        #expect(throws: RouteError.tooManyHosts(66_560, max: 65_536)) {
            _ = try RouteIndex(Array(repeating: hosts, count: 1024))
        }
        let methods = try rule(methods: (0..<65).map { "M\($0)" })
        #expect(throws: RouteError.tooManyConditions(rule: 1, max: 64)) {
            _ = try RouteIndex([plain, methods])
        }
        let long = try rule("/" + String(repeating: "a", count: 2047))
        _ = try RouteIndex(Array(repeating: long, count: 1000))
        var longForMany = long
        longForMany.hosts = hosts.hosts
        #expect(throws: RouteError.tooMuchText(max: 64 << 20)) {
            _ = try RouteIndex(Array(repeating: longForMany, count: 1000))
        }
    }

    /// Each segment is a `*` in half of the rules, so that all of them are followed together.
    @Test func manyWildcardsOnOnePath() throws {
        let width = 8
        let rules = try (0..<1 << width).map { bits in
            try rule(
                "/" + (0..<width).map { bits >> $0 & 1 == 1 ? "*" : "a" }.joined(separator: "/"))
        }
        let index = try RouteIndex(Array(rules.reversed()))
        for bits in 0..<1 << width {
            let path = (0..<width).map { bits >> $0 & 1 == 1 ? "b" : "a" }
            // In the order of the file the rule with all wildcards is the first.
            let found = route("GET /" + path.joined(separator: "/"), host: "h", by: index)
            #expect(found == .rule(0))
        }
        let ordered = try RouteIndex(rules)
        for bits in 0..<1 << width {
            let path = (0..<width).map { bits >> $0 & 1 == 1 ? "b" : "a" }
            let found = route("GET /" + path.joined(separator: "/"), host: "h", by: ordered)
            #expect(found == .rule(bits))
        }
    }
}
