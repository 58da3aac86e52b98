// Which route a request takes. Built off the data path from the rules of one listener, then shared
// by all workers and only read.

package import Protocols

/// The routes of one host, and where to look when none of them fits.
struct RouteGroup: BitwiseCopyable, Sendable {
    let root: UInt32
    /// The group of the next less specific host; `HostTable.none` when there is none.
    let wider: UInt32
}

/// The rules of a listener, made ready for look-ups.
///
/// **Which rule wins.** Hosts come first: the rules that name the request's host exactly, then
/// those with the longest wildcard that fits it, then those with shorter ones, and last those that
/// name no host. Among the rules of one host the first one in the order of the file that fits wins,
/// however specific its path is. When none of a host's rules fits, those of the next less specific
/// host are looked at, so that a rule without hosts (a health check, a page for everything else)
/// holds for all of them.
///
/// nginx and Envoy choose a host the same way, but have no second choice: a request that fits no
/// route of its host gets a 404 there. The same is had here by a last rule for that host that
/// answers it. Within a host Envoy, too, takes the first route that fits; nginx the longest prefix.
///
/// **What it costs.** A host is hashed once, and each byte of a path compared once, plus once for
/// each `*` at which the rules of a host part: never more than there are nodes with a `*` before
/// them in that host's tree. Rules with the same path are gone through one by one. Nothing depends
/// on how many other rules there are.
package struct RouteIndex: ~Copyable, Sendable {
    package static let rulesMax = 16_384
    /// Hosts of all rules together; a rule without hosts counts as one.
    package static let hostsMax = 65_536
    /// Paths of all rules together, each as often as its rule has hosts.
    package static let textBytesMax = 64 << 20

    private let pinned = Pinned()
    private let hosts: HostTable
    private let groups: FixedTable<RouteGroup>
    private let nodes: FixedTable<PathNode>
    private let firstBytes: FixedTable<UInt8>
    private let text: FixedTable<UInt8>
    private let candidates: FixedTable<UInt32>
    private let conditions: RuleConditions

    /// - Parameter rules: in the order of the file; a rule's place is its number from then on.
    /// - Throws: which limit they exceed.
    package init(_ rules: [RouteRule]) throws(RouteError) {
        guard rules.count <= Self.rulesMax else {
            throw .tooManyRules(rules.count, max: Self.rulesMax)
        }
        let hostsCount = rules.reduce(0) { $0 + max($1.hosts.count, 1) }
        guard hostsCount <= Self.hostsMax else {
            throw .tooManyHosts(hostsCount, max: Self.hostsMax)
        }
        let conditionsMax = RuleConditions.conditionsMax
        for (place, rule) in rules.enumerated()
        where max(rule.methods.count, rule.fields.count) > conditionsMax {
            throw .tooManyConditions(rule: place, max: conditionsMax)
        }
        self.init(rules, try HostPlan(rules))
    }

    private init(_ rules: [RouteRule], _ plan: HostPlan) {
        var tables = PathTables()
        groups = FixedTable(
            plan.groups.map { group in
                RouteGroup(root: tables.addTree(group.paths), wider: group.wider)
            })
        hosts = HostTable(plan.groupOfHost, otherwise: plan.otherwise)
        nodes = FixedTable(tables.nodes)
        firstBytes = FixedTable(tables.firstBytes)
        text = FixedTable(tables.text)
        candidates = FixedTable(tables.candidates)
        conditions = RuleConditions(rules)
    }

    /// Finds a request's rule.
    ///
    /// - Parameters:
    ///   - request: parsed.
    ///   - head: what it was parsed from.
    ///   - path: the request's path in its normal form; empty when it has none (CONNECT,
    ///     `OPTIONS *`).
    /// - Returns: the rule's place; `nil` when none fits.
    package func match(
        _ request: borrowing RequestHead, _ head: Span<UInt8>, path: Span<UInt8>
    ) -> UInt32? {
        var number = hosts.group(of: request.authority, in: head)
        while number != HostTable.none {
            let group = groups[Int(number)]
            var found = UInt32.max
            walk(from: group.root, path, 0, request, head, &found)
            if found != .max { return found }
            number = group.wider
        }
        return nil
    }

    /// Looks from a node on for a rule before `found`. Calls itself once for each `*` on the way,
    /// at most `PathPattern.segmentsMax` deep.
    ///
    /// - Parameter offset: how much of the path leads to the node.
    private func walk(
        from start: UInt32, _ path: Span<UInt8>, _ offset: Int,
        _ request: borrowing RequestHead, _ head: Span<UInt8>, _ found: inout UInt32
    ) {
        var node = nodes[Int(start)]
        var offset = offset
        while node.firstRule < found {
            if node.labelCount > 0 {
                let count = Int(node.labelCount)
                guard text.matches(Int(node.label), count, path, at: offset) else { return }
                offset += count
            }
            let closed = node.candidates + UInt32(node.openCount)
            if node.openCount > 0 { choose(node.candidates..<closed, request, head, &found) }
            guard offset < path.count else {
                choose(closed..<closed + UInt32(node.closedCount), request, head, &found)
                return
            }
            if node.anySegment != PathNode.none {
                var end = offset
                while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
                if end > offset { walk(from: node.anySegment, path, end, request, head, &found) }
            }
            let child = child(of: node, path[offset])
            guard child != PathNode.none else { return }
            node = nodes[Int(child)]
            offset += 1
        }
    }

    /// The child for a byte.
    private func child(of node: PathNode, _ byte: UInt8) -> UInt32 {
        let firstBytes = firstBytes.span
        var low = Int(node.children)
        let end = low + Int(node.childrenCount)
        var high = end
        while low < high {
            let middle = (low + high) / 2
            if firstBytes[middle] < byte { low = middle + 1 } else { high = middle }
        }
        guard low < end, firstBytes[low] == byte else { return PathNode.none }
        return UInt32(truncatingIfNeeded: low)
    }

    /// Goes through rules whose path fits, in their order, up to the first one that fits or that
    /// comes behind `found`.
    private func choose(
        _ places: Range<UInt32>, _ request: borrowing RequestHead, _ head: Span<UInt8>,
        _ found: inout UInt32
    ) {
        for place in places {
            let rule = candidates[Int(place)]
            guard rule < found else { return }
            if conditions.hold(for: rule, request, head) {
                found = rule
                return
            }
        }
    }
}
