// What becomes of a head on its way, told from the documentation and not from the code: the fields
// that everybody passes on, in their order, and those that a proxy answers for, by their name.

import DataPlane
import Glibc
import Protocols

/// A head as it has to arrive.
struct ExpectedHead {
    /// End-to-end fields, in their order.
    var kept: [WireField] = []
    /// Values of the fields that a proxy writes or rewrites, by their name in lower case.
    var written: [String: [String]] = [:]
    /// Names whose values are looked at elsewhere.
    var unchecked: Set<String> = []

    /// What differs in `head`; `nil` when nothing does.
    func difference(from head: WireHead) -> String? {
        let names = unchecked.union(written.keys)
        let others = head.fields.filter { !names.contains($0.name.lowercased()) }
        if others != kept { return "fields \(others) instead of \(kept)" }
        for (name, values) in written.sorted(by: { $0.key < $1.key })
        where head.values(name) != values {
            return "\(name) \(head.values(name)) instead of \(values)"
        }
        return nil
    }
}

extension ExpectedHead {
    /// A request at an origin.
    ///
    /// - Parameters:
    ///   - address: where the client is; all zero when that could not be told any more.
    ///   - endpoint: the origin's configured name.
    ///   - state: of the site, by which it was sent.
    init(
        _ request: RequestPlan, from address: IPBytes, to endpoint: String, _ plan: HTTPRunPlan,
        by state: Int
    ) {
        kept = request.fields.filter { $0.fate == .kept }.map(\.field)
        let names = request.authority.isEmpty || plan.upstream.host == .upstream
        written["host"] = [names ? endpoint : request.authority]
        written["transfer-encoding"] = request.body.manner == .chunked ? ["chunked"] : []
        written["te"] = request.acceptsTrailers ? ["trailers"] : []
        written["upgrade"] = request.upgrade.map { [$0] } ?? []
        var options: [String] = []
        if request.upgrade != nil { options.append("upgrade") }
        let keepsIdle = plan.site.states[state].policy.idleMax > 0
        if !keepsIdle, request.upgrade == nil { options.append("close") }
        if request.acceptsTrailers { options.append("TE") }
        written["connection"] = options.isEmpty ? [] : [options.joined(separator: ", ")]
        let came = request.fields.filter { $0.fate == .maxForwards }.map(\.field.value)
        written["max-forwards"] = request.maxForwards.map { ["\($0 - 1)"] } ?? came
        if plan.site.changes { written[HTTPRunPlan.stateField] = ["\(state)"] }
        writeForwarding(request, address, plan)
        let via = request.fields.filter { $0.fate == .via }.map(\.field.value)
        written["via"] = Self.via(via, isHTTP10: request.isHTTP10, plan.policy)
    }

    private mutating func writeForwarding(
        _ request: RequestPlan, _ address: IPBytes, _ plan: HTTPRunPlan
    ) {
        func came(_ fate: FieldFate) -> [String] {
            request.fields.filter { $0.fate == fate }.map(\.field.value)
        }
        var hops = came(.forwardedFor)
        var proto = came(.forwardedProto)
        var host = came(.forwardedHost)
        var elements = came(.forwarded)
        let tellsX = plan.policy.forwarded.contains(.xForwarded)
        let tellsForwarded = plan.policy.forwarded.contains(.forwarded)
        let isTrusted = plan.trusted.contains { $0.contains(address) }
        if (tellsX || tellsForwarded) && !isTrusted {
            (hops, proto, host, elements) = ([], [], [], [])
        }
        if tellsX {
            hops = [(hops + [Self.text(address, inBrackets: false)]).joined(separator: ", ")]
            if proto.isEmpty { proto = ["http"] }
            if host.isEmpty, !request.authority.isEmpty { host = [request.authority] }
        }
        if tellsForwarded {
            let named = request.authority.isEmpty ? "" : ";host=\"\(request.authority)\""
            let element = "for=\"\(Self.text(address, inBrackets: true))\"\(named);proto=http"
            elements = [(elements + [element]).joined(separator: ", ")]
        }
        written["x-forwarded-for"] = hops
        written["x-forwarded-proto"] = proto
        written["x-forwarded-host"] = host
        written["forwarded"] = elements
    }

    private static func via(_ came: [String], isHTTP10: Bool, _ policy: HTTPPolicy) -> [String] {
        guard policy.forwarded.contains(.via) else { return came }
        return [(came + [isHTTP10 ? "1.0 gyre" : "1.1 gyre"]).joined(separator: ", ")]
    }

    private static func text(_ address: IPBytes, inBrackets: Bool) -> String {
        if address == IPBytes(high: 0, low: 0) { return "unknown" }
        var words = (address.high.bigEndian, address.low.bigEndian)
        var text = [CChar](repeating: 0, count: 64)
        withUnsafeBytes(of: &words) { bytes in
            guard let start = bytes.baseAddress else { return }
            let isIPv4 = address.isIPv4
            _ = inet_ntop(
                isIPv4 ? AF_INET : AF_INET6, isIPv4 ? start + 12 : start, &text,
                socklen_t(text.count))
        }
        let name = String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return inBrackets && !address.isIPv4 ? "[\(name)]" : name
    }

    /// A final response at a client.
    ///
    /// - Parameters:
    ///   - framing: how the client got it.
    ///   - date: what its Date field says, which only an origin's can be checked for.
    ///   - state: of the site, by which the request was sent.
    init(
        _ answer: AnswerPlan, to request: RequestPlan, as framing: WireFraming,
        dated date: [String], _ plan: HTTPRunPlan, by state: Int
    ) {
        kept = answer.fields.filter { $0.fate == .kept && !$0.field.isNamed("date") }.map(\.field)
        written["date"] =
            answer.hasDate
            ? ["Sun, 06 Nov 1994 08:49:37 GMT"]
            : answer.status == 101 ? [] : [date.first { $0.utf8.count == 29 } ?? "a date"]
        written["transfer-encoding"] = framing == .chunked ? ["chunked"] : []
        let via = answer.fields.filter { $0.fate == .via }.map(\.field.value)
        written["via"] = Self.via(
            via, isHTTP10: answer.isHTTP10 && answer.status != 101, plan.policy)
        if plan.site.changes { written[HTTPRunPlan.stateField] = ["\(state)"] }
        let upgrade = answer.fields.filter { $0.field.isNamed("upgrade") }.map(\.field.value)
        written["upgrade"] = answer.status == 426 && answer.isHTTP10 ? [] : upgrade
        // Whether the client's connection goes on is not the origin's affair.
        unchecked = ["connection"]
    }
}
