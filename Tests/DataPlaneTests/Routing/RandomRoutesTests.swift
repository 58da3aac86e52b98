// Random rules and requests: the index and a linear scan choose the same. The alphabets are small,
// so that hosts, beginnings and wildcards meet often.

import Protocols
import TestSupport
import Testing

@testable import DataPlane

@Suite struct RandomRoutesTests {
    private struct Draw {
        var random: SeededRandom

        mutating func host() -> String {
            let labels = (0...random.pick(0...2)).map { _ in random.pick(["a", "b", "C"]) }
            return labels.joined(separator: ".")
        }

        mutating func path(wild: Bool) -> String {
            let choices = ["a", "b", "ab", "abc"] + (wild ? ["*", "*"] : [])
            var path = ""
            for _ in 0..<random.pick(1...4) { path += "/" + random.pick(choices) }
            if random.chance(150) { path += "/" }
            if wild && random.chance(150) { path += path.hasSuffix("/") ? "**" : "/**" }
            return path
        }

        mutating func rule() -> DrawnRule {
            var rule = DrawnRule(hosts: [], path: nil, methods: [], field: nil)
            for _ in 0..<random.pick([0, 0, 1, 1, 2]) {
                rule.hosts.append((random.chance(400) ? "*." : "") + host())
            }
            switch random.pick(0...9) {
            case 0: break
            case 1...3: rule.path = path(wild: false)
            case 4...6:
                let text = path(wild: false)
                rule.path = text.prefix(random.pick(1...text.count)) + "…"
            default: rule.path = path(wild: true)
            }
            for _ in 0..<random.pick([0, 0, 0, 1, 2]) {
                rule.methods.append(random.pick(["GET", "POST", "PURGE", "get"]))
            }
            if random.chance(200) {
                rule.field = (random.pick(["x-a", "x-b"]), random.pick(["1", "2", nil]))
            }
            return rule
        }

        mutating func request() -> DrawnRequest {
            var request = DrawnRequest(
                host: host(), path: path(wild: false),
                method: random.pick(["GET", "POST", "PURGE", "get"]), fields: [])
            for _ in 0..<random.pick(0...2) {
                request.fields.append(
                    (random.pick(["x-a", "X-B", "x-c"]), random.pick(["1", "2"])))
            }
            return request
        }
    }

    private static func made(_ drawn: DrawnRule) throws -> RouteRule {
        var fields: [FieldCondition] = []
        if let (name, value) = drawn.field {
            fields = [try FieldCondition(name: name, value.map { .equals($0) } ?? .absent)]
        }
        return try rule(drawn.path, hosts: drawn.hosts, methods: drawn.methods, fields: fields)
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func theIndexChoosesAsALinearScan(seed: UInt64) throws {
        var draw = Draw(random: SeededRandom(seed: seed))
        var hits = 0
        for _ in 0..<300 {
            let count = draw.random.magnitude(upTo: 40)
            let rules = (0..<count).map { _ in draw.rule() }
            let index = try RouteIndex(rules.map(Self.made))
            for _ in 0..<10 {
                let request = draw.request()
                let expected = ReferenceMatcher.match(request, rules)
                let found = route(
                    "\(request.method) \(request.path)", host: request.host,
                    request.fields.map { "\($0.name): \($0.value)" }, by: index)
                #expect(
                    found == expected.map { .rule($0) } ?? .nothing,
                    "\(request) among \(rules)")
                if expected != nil { hits += 1 }
            }
        }
        // Both outcomes are met often, else the test tests nothing.
        #expect(hits > 500 && hits < 2_500)
    }
}
