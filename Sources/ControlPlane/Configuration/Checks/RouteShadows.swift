// Routes that no request reaches, because an earlier one takes all of theirs.

/// Finds them. It misses some (two routes that shadow a third one together), and never accuses one
/// that can be reached.
enum RouteShadows {
    /// A route, and the one that takes all of its requests; or, when several do, the last host's.
    struct Shadow: Equatable {
        let route: Int
        let by: Int
    }

    /// Where routes stand that could take another's requests: with the same host, and a path that
    /// holds the other's.
    private struct Shelf: Hashable {
        let host: String
        /// The kind of condition and its text; for a prefix, the text it asks for.
        let path: String
    }

    /// - Parameter routes: of one listener, in the order of the file.
    static func find(_ routes: [Configuration.Route]) -> [Shadow] {
        var shelves: [Shelf: [Int]] = [:]
        var shadows: [Shadow] = []
        for (index, route) in routes.enumerated() {
            let hosts = route.hosts.isEmpty ? [""] : route.hosts
            // The same routes may stand on every shelf: more are not looked at than are likely.
            let holders = route.path.holders
            let blockers = hosts.map { host in
                holders.lazy.compactMap { path in
                    shelves[Shelf(host: host, path: path)]?.prefix(8).first {
                        routes[$0].takesAll(of: route)
                    }
                }.first
            }
            if let by = blockers.last ?? nil, blockers.allSatisfy({ $0 != nil }) {
                shadows.append(Shadow(route: index, by: by))
            }
            for host in hosts {
                shelves[Shelf(host: host, path: route.path.shelf), default: []].append(index)
            }
        }
        return shadows
    }
}

extension Configuration.PathCondition {
    fileprivate var shelf: String {
        switch self {
        case .any: "any"
        case .exact(let path): "exact \(path)"
        case .prefix(let path): "prefix \(path)"
        case .pattern(let path): "pattern \(path)"
        }
    }

    /// The shelves of all conditions that hold wherever this one holds.
    fileprivate var holders: [String] {
        switch self {
        case .any: [shelf]
        case .exact(let path), .prefix(let path):
            [shelf, "any"] + path.indices.map { "prefix \(path[...$0])" }
        case .pattern(let path):
            [shelf, "any"]
                + path.prefix { $0 != "*" }.indices.map { "prefix \(path[...$0])" }
        }
    }
}

extension Configuration.Route {
    /// Whether its methods and fields leave nothing of what `other` takes.
    fileprivate func takesAll(of other: Configuration.Route) -> Bool {
        let takesMethods =
            methods.isEmpty
            || !other.methods.isEmpty && other.methods.allSatisfy(methods.contains)
        return takesMethods && headers.allSatisfy(other.headers.contains)
    }
}
