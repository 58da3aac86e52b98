// The rules sorted by the hosts they are for, on the way into an index.

/// Groups of rules: one for each host that is named, one for the rules that name none.
struct HostPlan {
    struct Group {
        var paths: [PlantedPath] = []
        /// The group of the next less specific host; `HostTable.none` when there is none.
        var wider = HostTable.none
    }

    private(set) var groups: [Group] = []
    private(set) var groupOfHost: [RouteHost: UInt32] = [:]
    /// The group of the rules that name no host; `HostTable.none` when there is none.
    private(set) var otherwise = HostTable.none

    init(_ rules: [RouteRule]) throws(RouteError) {
        var textBytes = 0
        for (place, rule) in rules.enumerated() {
            let path = PlantedPath(
                symbols: rule.path.symbols, isOpen: rule.path.isOpen, rule: UInt32(place))
            textBytes += path.symbols.count * max(rule.hosts.count, 1)
            guard textBytes <= RouteIndex.textBytesMax else {
                throw .tooMuchText(max: RouteIndex.textBytesMax)
            }
            if rule.hosts.isEmpty {
                if otherwise == HostTable.none { otherwise = addGroup() }
                groups[Int(otherwise)].paths.append(path)
            }
            for host in rule.hosts {
                let number = groupOfHost[host] ?? addGroup()
                groupOfHost[host] = number
                let isRepeated = groups[Int(number)].paths.last?.rule == path.rule
                if !isRepeated { groups[Int(number)].paths.append(path) }
            }
        }
        var wildcards: [[UInt8]: UInt32] = [:]
        for (host, number) in groupOfHost where host.kind == .wildcard {
            wildcards[host.text] = number
        }
        for (host, number) in groupOfHost {
            let wider = host.widerWildcards.lazy.compactMap { wildcards[$0] }.first
            groups[Int(number)].wider = wider ?? otherwise
        }
    }

    private mutating func addGroup() -> UInt32 {
        groups.append(Group())
        return UInt32(groups.count - 1)
    }
}
