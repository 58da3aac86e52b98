// Rules from short texts, and requests that are matched as the data path does it.

import Protocols

@testable import DataPlane

/// What came of a request.
enum Routed: Equatable {
    case rule(Int)
    case nothing
    case refused(PathRefusal)
    case notRequest
}

/// Has a request matched: `GET /path`, `GET http://host/path`, `CONNECT host:1`.
func route(
    _ line: String, host: String?, _ fields: [String] = [], by index: borrowing RouteIndex
) -> Routed {
    let lines = ["\(line) HTTP/1.\(host == nil ? 0 : 1)"] + (host.map { ["Host: \($0)"] } ?? [])
    let head = Array((lines + fields).map { $0 + "\r\n" }.joined().utf8) + [13, 10]
    var request = RequestHead()
    var progress = HeadProgress()
    guard request.parse(head.span, limits: HeadLimits(), progress: &progress) == .complete else {
        return .notRequest
    }
    let scratch = PathScratch()
    do throws(PathRefusal) {
        let path = try scratch.path(of: request, in: head.span)
        return index.match(request, head.span, path: path).map { .rule(Int($0)) } ?? .nothing
    } catch {
        return .refused(error)
    }
}

/// A rule from texts. A path that holds `*` is a pattern, one that ends in `…` a prefix.
func rule(
    _ path: String? = nil, hosts: [String] = [], methods: [String] = [],
    fields: [FieldCondition] = []
) throws -> RouteRule {
    var shape = RoutePath.any
    if let path {
        if path.contains("*") {
            shape = .pattern(try PathPattern(parsing: path))
        } else if path.hasSuffix("…") {
            shape = .prefix(try PathText(parsing: String(path.dropLast())))
        } else {
            shape = .exact(try PathText(parsing: path))
        }
    }
    return RouteRule(
        hosts: try hosts.map { try RouteHost(parsing: $0) }, path: shape,
        methods: try methods.map { try RouteMethod(parsing: $0) }, fields: fields)
}
