// From events to a tree: one document, aliases resolved, environment variables put in, within
// limits.

/// Reads a document.
struct YAMLDocument {
    /// The largest file that is read, in bytes.
    static let bytesMax = 4 << 20
    /// Collections within each other. The format needs 8.
    static let depthMax = 32
    /// Nodes that a text may hold, before aliases are followed.
    static let nodesMax = 500_000

    private let events: YAMLEvents
    private let environment: [String: String]?
    private var anchors: [String: YAMLNode] = [:]
    private var nodes = 0
    private(set) var mistakes: [Mistake] = []

    /// - Parameters:
    ///   - bytes: the text.
    ///   - environment: values for `${NAME}`; `nil` leaves them as they are.
    init(_ bytes: [UInt8], environment: [String: String]?) {
        events = YAMLEvents(bytes)
        self.environment = environment
    }

    /// Reads all of it.
    ///
    /// - Returns: `nil` when it is no document. In both cases `mistakes` says what was wrong.
    mutating func read() -> YAMLNode? {
        do throws(Mistake) {
            _ = try events.next()
            guard case .documentStart = try events.next().kind else {
                throw Mistake(TextPlace(1, 1), "the file is empty; expected 'listeners'")
            }
            let root = try node(try events.next(), depth: 0)
            _ = try events.next()
            let end = try events.next()
            guard case .streamEnd = end.kind else {
                throw Mistake(end.place, "a second document; expected one in a file")
            }
            return root
        } catch {
            mistakes.append(error)
            return nil
        }
    }

    private mutating func node(_ event: YAMLEvent, depth: Int) throws(Mistake) -> YAMLNode {
        nodes += 1
        guard nodes <= Self.nodesMax else {
            throw Mistake(event.place, "too much; expected at most \(Self.nodesMax) values")
        }
        guard depth <= Self.depthMax else {
            throw Mistake(
                event.place, "nested too deep; expected at most \(Self.depthMax) levels")
        }
        if event.hasTag {
            mistakes.append(Mistake(event.place, "a tag; expected a value without '!'"))
        }
        let content: YAMLNode.Content
        switch event.kind {
        case .alias(let name):
            guard let node = anchors[name] else {
                throw Mistake(
                    event.place, "'*\(name)' is not defined above; expected '&\(name)' before it",
                    hint: Suggestion.nearest(to: name, among: anchors.keys).map { "'*\($0)'" })
            }
            return node
        case .sequenceStart: content = .sequence(try sequence(depth))
        case .mappingStart: content = .mapping(try mapping(depth))
        case .scalar(let text, let isPlain):
            content = substituted(text, isPlain: isPlain, at: event.place)
        case .sequenceEnd, .mappingEnd, .documentStart, .documentEnd, .streamStart, .streamEnd:
            throw Mistake(event.place, "an end without a beginning; expected a value")
        }
        let node = YAMLNode(content, at: event.place)
        if let anchor = event.anchor { anchors[anchor] = node }
        return node
    }

    private mutating func sequence(_ depth: Int) throws(Mistake) -> [YAMLNode] {
        var items: [YAMLNode] = []
        while true {
            let event = try events.next()
            if case .sequenceEnd = event.kind { return items }
            items.append(try node(event, depth: depth + 1))
        }
    }

    private mutating func mapping(_ depth: Int) throws(Mistake) -> [YAMLPair] {
        var pairs: [YAMLPair] = []
        while true {
            let event = try events.next()
            if case .mappingEnd = event.kind { return pairs }
            let key: YAMLNode
            if case .scalar(let text, let isPlain) = event.kind {
                // Keys are as they are written.
                nodes += 1
                key = YAMLNode(.scalar(text, isPlain: isPlain), at: event.place)
            } else {
                key = try node(event, depth: depth + 1)
            }
            pairs.append(YAMLPair(key, try node(try events.next(), depth: depth + 1)))
        }
    }

    private mutating func substituted(
        _ text: String, isPlain: Bool, at place: TextPlace
    ) -> YAMLNode.Content {
        guard let environment, text.utf8.contains(UInt8(ascii: "$")) else {
            return .scalar(text, isPlain: isPlain)
        }
        let result = Substitution.apply(environment, to: text)
        mistakes += result.complaints.map { Mistake(place, $0.text, hint: $0.hint) }
        // An empty variable is an empty text, not a value that was forgotten.
        let isPlain = result.isChanged ? !result.text.isEmpty : isPlain
        return .scalar(result.text, isPlain: isPlain)
    }
}
