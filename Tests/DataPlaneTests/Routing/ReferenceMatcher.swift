// The meaning of routes as a linear scan over texts: slow, and written without a look at the index.

import Protocols

@testable import DataPlane

/// A rule as the random tests draw it.
struct DrawnRule {
    var hosts: [String]
    /// `nil` for any; with `*` a pattern; ending in `…` a prefix.
    var path: String?
    var methods: [String]
    /// A field's name, and its value or `nil` for "absent".
    var field: (name: String, value: String?)?
}

/// A request as the random tests draw it.
struct DrawnRequest {
    var host: String
    var path: String
    var method: String
    var fields: [(name: String, value: String)]
}

enum ReferenceMatcher {
    /// The place of the rule that wins.
    static func match(_ request: DrawnRequest, _ rules: [DrawnRule]) -> Int? {
        rules.indices
            .filter { fits(request, rules[$0]) }
            .min { one, two in
                let (left, right) = (rank(request.host, rules[one]), rank(request.host, rules[two]))
                return left == right ? one < two : left > right
            }
    }

    private static func fits(_ request: DrawnRequest, _ rule: DrawnRule) -> Bool {
        rank(request.host, rule) >= 0 && fitsPath(request.path, rule.path)
            && (rule.methods.isEmpty || rule.methods.contains(request.method))
            && fitsField(request, rule)
    }

    /// How specific the host is by which the rule fits: -1 when it does not, 0 for any host, the
    /// labels of a wildcard, more than any wildcard for the name itself.
    private static func rank(_ host: String, _ rule: DrawnRule) -> Int {
        if rule.hosts.isEmpty { return 0 }
        let host = host.lowercased()
        let ranks = rule.hosts.map { written in
            let own = written.lowercased()
            if own == host { return Int.max }
            guard own.hasPrefix("*") else { return -1 }
            let tail = own.dropFirst()
            return host.hasSuffix(tail) && host.count > tail.count
                ? tail.split(separator: ".").count : -1
        }
        return ranks.max() ?? -1
    }

    private static func fitsPath(_ path: String, _ rule: String?) -> Bool {
        guard let rule else { return true }
        if rule.hasSuffix("…") { return path.hasPrefix(rule.dropLast()) }
        return fitsSegments(
            path.split(separator: "/", omittingEmptySubsequences: false)[...],
            rule.split(separator: "/", omittingEmptySubsequences: false)[...])
    }

    private static func fitsSegments(
        _ path: ArraySlice<Substring>, _ rule: ArraySlice<Substring>
    ) -> Bool {
        guard let own = rule.first else { return path.isEmpty }
        guard let segment = path.first else { return false }
        if own == "**" { return true }
        guard own == segment || own == "*" && !segment.isEmpty else { return false }
        return fitsSegments(path.dropFirst(), rule.dropFirst())
    }

    private static func fitsField(_ request: DrawnRequest, _ rule: DrawnRule) -> Bool {
        guard let (name, value) = rule.field else { return true }
        let values = request.fields.filter { $0.name.lowercased() == name }.map(\.value)
        guard let value else { return values.isEmpty }
        return values.contains(value)
    }
}
