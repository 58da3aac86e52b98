// The paths of the routes for one host, as a tree by their beginnings: each byte of a request's
// path is looked at once, however many routes there are. Built here, off the data path; walked in
// `RouteIndex`.

/// A part of a path that several routes have in common, and what may follow.
struct PathNode: BitwiseCopyable, Sendable {
    static let none = UInt32.max

    /// The bytes that come next, in the tables' `text`. A child's first byte is not among them: it
    /// was found by it.
    var label: UInt32 = 0
    /// The nodes for longer paths, one behind the other in the order of their first bytes.
    var children: UInt32 = 0
    /// The node behind one more whole segment, whatever it is; `none` without one. Only where the
    /// path so far ends in a slash.
    var anySegment = PathNode.none
    /// Places of the rules that end here, in the tables' `candidates`: first those that let
    /// anything follow, then those that do not, each in ascending order.
    var candidates: UInt32 = 0
    /// The first rule of this node and all nodes behind it.
    var firstRule: UInt32 = .max
    var labelCount: UInt16 = 0
    var childrenCount: UInt16 = 0
    var openCount: UInt16 = 0
    var closedCount: UInt16 = 0
}

/// A path on its way into a tree.
struct PlantedPath {
    /// Bytes and `RoutePath.anySegment`.
    let symbols: [UInt16]
    let isOpen: Bool
    let rule: UInt32
}

/// The tables behind all trees of an index while they grow.
struct PathTables {
    var text: [UInt8] = []
    var nodes: [PathNode] = []
    /// The byte by which each node is found among the children of another, by the node's number; 0
    /// for those that are found otherwise.
    var firstBytes: [UInt8] = []
    var candidates: [UInt32] = []

    private struct Work {
        let node: Int
        let paths: Range<Int>
        /// How many symbols lead to the node.
        let depth: Int
    }

    /// Makes a tree.
    ///
    /// - Parameter planted: not empty.
    /// - Returns: the number of its root.
    mutating func addTree(_ planted: [PlantedPath]) -> UInt32 {
        let paths = planted.sorted {
            $0.symbols == $1.symbols
                ? $0.rule < $1.rule : $0.symbols.lexicographicallyPrecedes($1.symbols)
        }
        let root = addNode(firstByte: 0)
        var pending = [Work(node: root, paths: 0..<paths.count, depth: 0)]
        while let work = pending.popLast() { grow(work, paths, &pending) }
        return UInt32(root)
    }

    private mutating func addNode(firstByte: UInt8) -> Int {
        nodes.append(PathNode())
        firstBytes.append(firstByte)
        return nodes.count - 1
    }

    /// Fills in a node and leaves its children to be.
    private mutating func grow(
        _ work: Work, _ paths: [PlantedPath], _ pending: inout [Work]
    ) {
        let (first, last) = (paths[work.paths.lowerBound], paths[work.paths.upperBound - 1])
        // What the first and the last have in common, all between them have.
        var end = work.depth
        while end < first.symbols.count, end < last.symbols.count,
            first.symbols[end] == last.symbols[end], first.symbols[end] != RoutePath.anySegment
        {
            end += 1
        }
        var node = PathNode()
        node.label = UInt32(text.count)
        node.labelCount = UInt16(end - work.depth)
        text += first.symbols[work.depth..<end].map(UInt8.init)
        node.firstRule = paths[work.paths].reduce(.max) { min($0, $1.rule) }
        let ending = paths[work.paths].prefix { $0.symbols.count == end }
        node.candidates = UInt32(candidates.count)
        candidates += ending.filter(\.isOpen).map(\.rule)
        node.openCount = UInt16(candidates.count - Int(node.candidates))
        candidates += ending.filter { !$0.isOpen }.map(\.rule)
        node.closedCount = UInt16(ending.count - Int(node.openCount))
        node.children = UInt32(nodes.count)
        var start = work.paths.lowerBound + ending.count
        while start < work.paths.upperBound {
            let symbol = paths[start].symbols[end]
            var next = start
            while next < work.paths.upperBound, paths[next].symbols[end] == symbol { next += 1 }
            // It is larger than every byte and so the last one, behind the children.
            if symbol == RoutePath.anySegment {
                let child = addNode(firstByte: 0)
                node.anySegment = UInt32(child)
                pending.append(Work(node: child, paths: start..<next, depth: end + 1))
            } else {
                let child = addNode(firstByte: UInt8(symbol))
                node.childrenCount += 1
                pending.append(Work(node: child, paths: start..<next, depth: end + 1))
            }
            start = next
        }
        nodes[work.node] = node
    }
}
