// Routes: from a parsed head to the rule, the path's normal form included. The rule that fits is
// always the last one; how many there are must hardly matter.

import DataPlane
import Protocols

private let routed = message("GET /service-0999/items/7?page=2 HTTP/1.1", "Host: api.example.org")
private let routedToHost = message("GET /items/7 HTTP/1.1", "Host: host-0999.example.org:8080")
private let routedInDisguise = message(
    "GET /a/../service-0999//%69tems/7?page=2 HTTP/1.1", "Host: api.example.org")

private func number(_ value: Int) -> String {
    String(String(10_000 + value).dropFirst())
}

/// Rules that differ in what `make` makes of a number; the last one is 999's.
private func rules(_ count: Int, _ make: (String) throws(RouteError) -> RouteRule) -> [RouteRule] {
    do throws(RouteError) {
        var rules: [RouteRule] = []
        for place in 1000 - count..<1000 { rules.append(try make(number(place))) }
        return rules
    } catch {
        preconditionFailure("\(error)")
    }
}

private func exact(_ number: String) throws(RouteError) -> RouteRule {
    RouteRule(path: .exact(try PathText(parsing: "/service-\(number)/items/7")))
}

private func prefix(_ number: String) throws(RouteError) -> RouteRule {
    RouteRule(
        hosts: [try RouteHost(parsing: "*.example.org")],
        path: .prefix(try PathText(parsing: "/service-\(number)/")))
}

private func pattern(_ number: String) throws(RouteError) -> RouteRule {
    RouteRule(path: .pattern(try PathPattern(parsing: "/service-\(number)/*/7")))
}

private func host(_ number: String) throws(RouteError) -> RouteRule {
    RouteRule(hosts: [try RouteHost(parsing: "host-\(number).example.org")])
}

/// A small site: few hosts, methods and fields in the way.
private func mixed(_ number: String) throws(RouteError) -> RouteRule {
    var rule = try prefix(number)
    rule.methods = [try RouteMethod(parsing: "GET"), try RouteMethod(parsing: "POST")]
    rule.fields = [try FieldCondition(name: "host", .prefix("api"))]
    return rule
}

private let counts = [1, 10, 1000]

let routeCases =
    counts.map { count in
        Case("route-by-exact-path-among-\(count)") { find(routed, rules(count, exact), times: $0) }
    }
    + counts.map { count in
        Case("route-by-prefix-among-\(count)") { find(routed, rules(count, prefix), times: $0) }
    }
    + counts.map { count in
        Case("route-by-pattern-among-\(count)") { find(routed, rules(count, pattern), times: $0) }
    }
    + counts.map { count in
        Case("route-by-host-among-\(count)") { find(routedToHost, rules(count, host), times: $0) }
    }
    + [
        Case("route-by-method-and-field-among-1000") {
            find(routed, rules(1000, mixed), times: $0)
        },
        Case("route-by-path-not-normal-among-1000") {
            find(routedInDisguise, rules(1000, exact), times: $0)
        },
    ]

private func find(_ text: [UInt8], _ rules: [RouteRule], times: Int) {
    guard let index = try? RouteIndex(rules) else { preconditionFailure("too many rules") }
    let scratch = PathScratch()
    var request = RequestHead()
    var progress = HeadProgress()
    let verdict = request.parse(text.span, limits: HeadLimits(), progress: &progress)
    precondition(verdict == .complete)
    for _ in 0..<times {
        guard let path = try? scratch.path(of: request, in: text.span) else {
            preconditionFailure("the path has no normal form")
        }
        let found = index.match(request, text.span, path: path)
        precondition(found.map(Int.init) == rules.count - 1)
    }
}
