// What is wrong with a route, each as one sentence for the operator.

/// Why something cannot be part of a route.
package enum RouteError: Error, Equatable, Sendable {
    case notHost(String)
    case pathWithoutSlash(String)
    case controlInPath(String)
    case queryInPath(String, Character)
    case pathNotNormal(String)
    case pathTooLong(String, max: Int)
    case brokenEscape(String)
    case tooManySegments(String, max: Int)
    case misplacedWildcard(String)
    case notMethod(String)
    case notFieldName(String)
    case notFieldValue(String)
    case notRedirect(String)
    case tooManyRules(Int, max: Int)
    case tooManyConditions(rule: Int, max: Int)
    case tooManyHosts(Int, max: Int)
    case tooMuchText(max: Int)
}

extension RouteError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notHost(let text):
            "'\(text)' is not a host; expected a.example.org, *.example.org or an IP address, "
                + "without a port"
        case .pathWithoutSlash(let text):
            "'\(text)' does not begin with a slash; expected a path, such as /api/"
        case .controlInPath(let text):
            "\(String(reflecting: text)) holds a control character; expected a path"
        case .queryInPath(let text, let mark):
            "'\(text)' holds '\(mark)'; a path ends before it, so write only what stands there"
        case .pathNotNormal(let text):
            "'\(text)' holds an empty segment, a dot segment or an encoded NUL, which no path has "
                + "when it is compared"
        case .pathTooLong(let text, let max):
            "'\(text.prefix(32))…' is too long; at most \(max) bytes"
        case .brokenEscape(let text):
            "'\(text)' holds a '%' without two hexadecimal digits; write %25 for a percent sign"
        case .tooManySegments(let text, let max):
            "'\(text.prefix(32))…' has too many segments; at most \(max)"
        case .misplacedWildcard(let text):
            "'\(text)' holds a '*' within a segment or a '**' before the end; expected * for one "
                + "whole segment, and ** only at the end"
        case .notMethod(let text):
            "'\(text)' is not a method; expected a name of letters, such as GET"
        case .notFieldName(let text):
            "'\(text)' is not a field name; expected a name such as x-canary"
        case .notFieldValue(let text):
            "\(String(reflecting: text)) cannot be the value of a field"
        case .notRedirect(let text):
            "'\(text)' is not a place to redirect to; expected https://host, maybe with a path, "
                + "or a path that begins with one slash"
        case .tooManyRules(let count, let max):
            "there are \(count) routes; at most \(max)"
        case .tooManyConditions(let rule, let max):
            "route \(rule + 1) has too many methods or fields; at most \(max) of each"
        case .tooManyHosts(let count, let max):
            "the routes name \(count) hosts, counted once per route; at most \(max)"
        case .tooMuchText(let max):
            "the routes' paths are too long together; at most \(max) bytes"
        }
    }
}
