// Variables, aliases, limits, suggestions, and routes that are never reached.

import Protocols
import Testing

@testable import ControlPlane

@Suite struct ReadingTests {
    private static let upstreams = "upstreams: [{name: app, endpoints: [\"127.0.0.1:9000\"]}]\n"

    private func listener(_ rest: String) -> String {
        "listeners:\n  - {name: web, protocol: http, address: \"127.0.0.1:80\", \(rest)}\n"
            + Self.upstreams
    }

    private func substituted(_ text: String) -> (String, [String]) {
        let result = Substitution.apply(["A": "x", "B_2": "$A", "EMPTY": ""], to: text)
        return (result.text, result.complaints.map(\.text))
    }

    @Test(
        arguments: [
            ("plain", "plain"), ("${A}", "x"), ("<${A}${A}>", "<xx>"), ("$$", "$"),
            ("$${A}", "${A}"),
            ("${B_2}", "$A"), ("${EMPTY}", ""), ("${EMPTY:-y}", ""), ("${NONE:-y}", "y"),
            ("${NONE:-}", ""), ("${NONE:-a:b-c$}", "a:b-c$"), ("$$$$", "$$"),
        ])
    func variablesArePutIn(text: String, expected: String) {
        let (result, complaints) = substituted(text)
        #expect(result == expected)
        #expect(complaints == [])
    }

    @Test(arguments: [
        "$", "a$b", "${", "${}", "${A", "${1}", "${A-b}", "${NONE}", "${a b}", "${A:b}",
    ])
    func wrongVariablesAreTold(text: String) {
        #expect(substituted(text).1.count == 1)
    }

    @Test func variablesBecomeNumbersAndFlags() throws {
        let configuration = try ConfigurationFiles.parse(
            "workers: ${NONE:-3}\npin_workers: \"${NONE:-false}\"\nadmin: {token: \"${NONE:-}\"}\n"
                + listener("upstream: app"))
        #expect(configuration.process.workers == 3)
        #expect(!configuration.process.pinsWorkers)
        #expect(configuration.process.admin.token == "")
    }

    @Test func aliasesStandForWholeValues() throws {
        let configuration = try ConfigurationFiles.parse(
            """
            listeners:
              - {name: a, protocol: http, address: "127.0.0.1:1", upstream: &up app,
                 timeouts: &t {head: 7s}}
              - {name: b, protocol: http, address: "127.0.0.1:2", upstream: *up, timeouts: *t}
            \(Self.upstreams)
            """)
        #expect(configuration.listeners.map(\.timeouts.headMs) == [7_000, 7_000])
        #expect(configuration.listeners[1].upstream == "app")
    }

    @Test func whatAnAliasRepeatsIsToldOnce() {
        let lines = ConfigurationFiles.mistakes(
            """
            listeners:
              - {name: a, protocol: http, address: "127.0.0.1:1", upstream: app,
                 timeouts: &t {head: 7}}
              - {name: b, protocol: http, address: "127.0.0.1:2", upstream: app, timeouts: *t}
            \(Self.upstreams)
            """)
        #expect(lines.count == 1)
    }

    /// 256 listeners with 4,000 routes each, in a few kilobytes.
    @Test func aliasesOfAliasesEnd() {
        let routes = (0..<4_000).map { "{name: r\($0), hosts: *h, upstream: app}" }
        let listeners = (1...250).map {
            "  - {name: l\($0), protocol: http, address: \"127.0.0.1:\($0)\", routes: *r}\n"
        }
        let hosts = (0..<200).map { "h\($0)" }
        let text = """
            listeners:
              - {name: a, protocol: http, address: ":1", routes: &r
                [{name: r, upstream: app, hosts: &h [\(hosts.joined(separator: ", "))]},
                \(routes.joined(separator: ",\n    "))]}
            \(listeners.joined())\(Self.upstreams)
            """
        let lines = ConfigurationFiles.mistakes(text)
        #expect(lines.contains { $0.contains("aliases that stand for too much") })
        #expect(lines.count < 10)
    }

    @Test func tooMuchIsRefused() {
        let large = String(repeating: "#", count: YAMLDocument.bytesMax + 1)
        #expect(ConfigurationFiles.mistakes(large) == ["f: cannot be read: it has more than 4 MiB"])
        let many = "listeners: [\(String(repeating: "a,", count: YAMLDocument.nodesMax))]"
        #expect(ConfigurationFiles.mistakes(many).first?.contains("too much") == true)
        let deep = String(repeating: "[", count: 100_000)
        #expect(ConfigurationFiles.mistakes(deep).count == 1)
        let listeners = String(repeating: "{},", count: 257)
        #expect(
            ConfigurationFiles.mistakes("listeners: [\(listeners)]")
                .contains { $0.contains("expected at most 256") })
    }

    @Test func placesCountCharacters() {
        let lines = ConfigurationFiles.mistakes(
            "# é\nlog: {level: \"é\", levle: x}\n" + Self.upstreams)
        #expect(lines.first { $0.contains("levle") }?.hasPrefix("f:2:19:") == true)
    }

    @Test func bytesThatAreNoUTF8AreTold() {
        let bytes = Array("log: {level: ".utf8) + [0xC3, 0x28]
        #expect(throws: ConfigurationError.self) {
            try ConfigurationFile.parse(bytes, environment: [:])
        }
    }

    @Test(
        arguments: [
            ("wrokers", "workers"), ("worker", "workers"), ("round-robin", "round_robin"),
            ("HTTP", "http"), ("adress", "address"), ("x", nil), ("", nil), ("zzzzzzz", nil),
        ])
    func theNearestWordIsSuggested(text: String, expected: String?) {
        let words = ["workers", "round_robin", "http", "address", "backend"]
        #expect(Suggestion.nearest(to: text, among: words) == expected)
    }

    @Test(
        arguments: [
            ("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("kitten", "sitting", 3), ("abc", "abc", 0),
            ("ca", "abc", 3),
        ])
    func editsAreCounted(a: String, b: String, expected: Int) {
        #expect(Suggestion.distance(Array(a.utf8), Array(b.utf8)) == expected)
        #expect(Suggestion.distance(Array(b.utf8), Array(a.utf8)) == expected)
    }
}

@Suite struct RouteShadowsTests {
    private func shadows(_ routes: String...) throws -> [String] {
        let lines = routes.enumerated().map { "      - {name: r\($0), upstream: app, \($1)}\n" }
        let text = """
            listeners:
              - name: web
                protocol: http
                address: 127.0.0.1:80
                routes:
            \(lines.joined())upstreams: [{name: app, endpoints: ["127.0.0.1:9000"]}]
            """
        return ConfigurationFiles.mistakes(text)
    }

    static let shadowed: [(String, String)] = [
        ("path: /a", "path: /a"), ("path_prefix: /a", "path: /ab"), ("path_prefix: /", "path: /a"),
        ("hosts: []", "path_prefix: /a"), ("path_prefix: /a/", "path_pattern: /a/*/b"),
        ("methods: [GET, HEAD]", "methods: [GET]"), ("hosts: [a.b, c.d]", "hosts: [c.d]"),
        ("path_prefix: /a", "path_prefix: /a, headers: [{name: x, present: true}]"),
        ("path: /a, headers: [{name: X, value: b}]", "path: /a, headers: [{name: x, value: b}]"),
    ]

    @Test(arguments: shadowed)
    func whatIsNeverReachedIsTold(first: String, second: String) throws {
        #expect(try shadows(first, second).count == 1)
    }

    static let reached: [(String, String)] = [
        ("path: /a", "path: /b"), ("path: /ab", "path_prefix: /a"),
        ("path_prefix: /ab", "path: /a"),
        ("hosts: []", "hosts: [a.b]"), ("hosts: [\"*.b\"]", "hosts: [a.b]"),
        ("hosts: [a.b]", "hosts: [a.b, c.d]"), ("methods: [GET]", "methods: [GET, HEAD]"),
        ("methods: [GET]", "hosts: []"), ("headers: [{name: x, present: true}]", "hosts: []"),
        ("path_pattern: /a/*", "path: /a/b"), ("path_prefix: /a", "hosts: []"),
    ]

    @Test(arguments: reached)
    func whatCanBeReachedIsNotAccused(first: String, second: String) throws {
        #expect(try shadows(first, second) == [])
    }
}
