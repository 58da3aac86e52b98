// One request of a simulated client: what is sent, and what an origin has to get of it.

import TestSupport

/// What requests may be like in a run.
struct RequestLimits {
    var bodyBytesMax: Int
    var headBytesMax: Int
    var fieldsMax: Int
    var targetBytesMax: Int
    /// How often a request is flawed.
    var flawPerMille: Int
    /// How often a request may share a connection, besides those that happen to.
    var safePerMille = 0
}

/// A planned request.
struct RequestPlan {
    /// Unique in a run; also in the head, as X-Request.
    let number: Int
    private(set) var method = "GET"
    private(set) var isHTTP10 = false
    /// As it is sent.
    private(set) var target = "/"
    /// As an origin has to get it.
    private(set) var originTarget = "/"
    /// The host that is meant; empty when the request does not say.
    private(set) var authority = ""
    private(set) var fields: [PlannedField] = []
    private(set) var body = PlannedBody.none
    /// Whether the request lets its connection go on.
    private(set) var persists = true
    private(set) var expectsContinue = false
    /// What Upgrade says to the origin; `nil` when nothing.
    private(set) var upgrade: String?
    private(set) var acceptsTrailers = false
    private(set) var maxForwards: Int?
    private(set) var flaw: RequestFlaw?
    /// One of a crowd's: others follow it.
    private var isPlain = false
    /// What is sent, with flaws and all.
    private(set) var head: [UInt8] = []
    private(set) var wireBody: [UInt8] = []
    /// What an origin may get of the body.
    private(set) var content: [UInt8] = []

    /// Whether an origin may get it twice.
    var isIdempotent: Bool {
        ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"].contains(method)
    }

    /// Whether it may share a connection with others.
    var mayPipeline: Bool { ["GET", "HEAD", "OPTIONS", "TRACE"].contains(method) }

    var isFlawed: Bool { flaw != nil }

    init(number: Int, limits: RequestLimits, by random: inout SeededRandom) {
        self.number = number
        flaw = random.chance(limits.flawPerMille) ? random.pick(RequestFlaw.all) : nil
        let methods = [
            "GET", "GET", "GET", "GET", "HEAD", "POST", "POST", "POST", "PUT", "PUT", "DELETE",
            "OPTIONS", "PATCH", "TRACE", "CONNECT", "BREW",
        ]
        method = random.pick(methods)
        if limits.safePerMille > 0, random.chance(limits.safePerMille) {
            isPlain = true
            method = random.pick(["GET", "GET", "GET", "GET", "HEAD", "OPTIONS"])
        }
        isHTTP10 = random.chance(150) && flaw == nil && method != "CONNECT" && !isPlain
        if let flaw, !flaw.isInBody {
            method = flaw.keepsMethod ? random.pick(["GET", "HEAD", "POST"]) : "GET"
        }
        if let flaw, flaw.isInBody { method = random.pick(["POST", "PUT"]) }
        pickTarget(&random)
        fields.append(PlannedField("X-Request", "\(number)", by: &random))
        for _ in 0..<random.pick([0, 1, 2, 5]) { fields.append(.any(&random)) }
        if random.chance(20), flaw == nil {
            let bytes = random.pick(1...max(1, limits.headBytesMax - 2_000))
            fields.append(PlannedField("X-Long", String(repeating: "v", count: bytes)))
        }
        pickBody(limits, &random)
        pickConnection(&random)
        pickForwarding(&random)
        makeHead(limits, &random)
    }

    private mutating func pickTarget(_ random: inout SeededRandom) {
        let host = random.pick(["h\(number).test", "h\(number).test:80", "127.0.0.1", "[::1]:8080"])
        authority = isHTTP10 && random.chance(400) ? "" : host
        if authority != "", random.chance(20), method != "CONNECT" { authority = "" }
        let path = "/r\(number)" + random.pick(["", "/", "?q=%41&r", "/%20/;a=b", "/a?b?c/d"])
        (target, originTarget) = (path, path)
        if method == "CONNECT" {
            authority = "h\(number).test:443"
            (target, originTarget) = (authority, authority)
        } else if method == "OPTIONS", random.chance(300) {
            (target, originTarget) = ("*", "*")
        } else if !authority.isEmpty, random.chance(150) {
            switch random.pick(0...3) {
            case 0: (target, originTarget) = ("http://\(authority)?q", "/?q")
            case 1:
                target = "HTTP://\(authority)"
                originTarget = method == "OPTIONS" ? "*" : "/"
            default: target = "http://\(authority)\(path)"
            }
        }
    }

    private mutating func pickBody(_ limits: RequestLimits, _ random: inout SeededRandom) {
        var manner = random.pick([BodyManner.length, .length, .chunked, .chunked, .none])
        if ["GET", "HEAD", "OPTIONS", "DELETE"].contains(method), random.chance(900) {
            manner = .none
        }
        if ["TRACE", "CONNECT"].contains(method) { manner = .none }
        if let flaw { manner = flaw.isInBody ? .chunked : .none }
        if isHTTP10, manner == .chunked { manner = .length }
        let count = random.magnitude(upTo: limits.bodyBytesMax)
        let content = PlannedBody.content(number, count, by: &random)
        switch manner {
        case .none:
            if !isFlawed, random.chance(100), !["TRACE", "CONNECT"].contains(method) {
                fields.append(PlannedField("Content-Length", "0", by: &random))
            }
        case .chunked:
            body = PlannedBody(chunking: content, by: &random)
            fields.append(
                PlannedField(
                    "Transfer-Encoding", random.pick(["chunked", "Chunked"]), .dropped,
                    by: &random))
        case .length, .untilClose:
            body = PlannedBody(count == 0 ? .none : .length, content)
            fields.append(PlannedField("Content-Length", "\(count)", by: &random))
        }
        (wireBody, self.content) = (body.wire, body.content)
        if let flaw, flaw.isInBody { (wireBody, self.content) = flaw.makeBody(random.pick(0...1)) }
        guard body.manner != .none, random.chance(150), flaw == nil || flaw?.isInBody == true
        else { return }
        // A client of HTTP/1.0 cannot mean it, and the origin must not hear of it.
        fields.append(
            PlannedField(
                "Expect", "100-continue", isHTTP10 ? .dropped : .kept, by: &random))
        expectsContinue = !isHTTP10
    }

    /// Connection and what belongs to it.
    private mutating func pickConnection(_ random: inout SeededRandom) {
        var options: [String] = []
        if isHTTP10 {
            persists = random.chance(400)
            if persists { options.append("keep-alive") }
        } else if random.chance(100), !isPlain {
            persists = false
            options.append("close")
        } else if random.chance(200) {
            options.append("keep-alive")
        }
        if random.chance(150) {
            options.append("X-Hop")
            fields.append(PlannedField("X-Hop", "for you alone", .dropped, by: &random))
        }
        if random.chance(100) {
            options.append("te")
            let coding = random.pick(["trailers", "gzip", "gzip, trailers"])
            acceptsTrailers = coding.hasSuffix("trailers")
            fields.append(PlannedField("TE", coding, .dropped, by: &random))
        }
        if random.chance(100) {
            let name = random.pick(["Keep-Alive", "Proxy-Connection", "Proxy-Authorization"])
            fields.append(PlannedField(name, "timeout=5", .dropped, by: &random))
        }
        if random.chance(120), method != "CONNECT", flaw == nil {
            let wanted = random.pick(["websocket", "echo", "h2c", "echo, h2c"])
            let isNamed = random.chance(900)
            if isNamed { options.append("Upgrade") }
            fields.append(PlannedField("Upgrade", wanted, .dropped, by: &random))
            if isNamed, !isHTTP10, !wanted.contains("h2c") { upgrade = wanted }
        }
        guard !options.isEmpty else { return }
        let isSplit = options.count > 1 && random.chance(300)
        let lists = isSplit ? [Array(options[..<1]), Array(options[1...])] : [options]
        for list in lists {
            let text = PlannedField.anyCase(
                list.joined(separator: random.pick([",", ", "])), &random)
            fields.insert(
                PlannedField("Connection", text, .dropped, by: &random),
                at: random.pick(0...fields.count))
        }
    }

    /// What a client says about those behind it, and how far it wants to be forwarded.
    private mutating func pickForwarding(_ random: inout SeededRandom) {
        let choices: [(String, String, FieldFate)] = [
            ("X-Forwarded-For", "192.0.2.1", .forwardedFor),
            ("X-Forwarded-For", "2001:db8::1, 10.0.0.1", .forwardedFor),
            ("X-Forwarded-Proto", "https", .forwardedProto),
            ("X-Forwarded-Host", "elsewhere.test", .forwardedHost),
            ("Forwarded", "for=192.0.2.1;proto=https", .forwarded),
            ("Via", "1.0 fred", .via),
        ]
        for _ in 0..<(random.chance(200) ? random.pick(1...4) : 0) {
            let (name, value, fate) = random.pick(choices)
            fields.append(PlannedField(name, value, fate, by: &random))
        }
        guard random.chance(80) || method == "TRACE" && random.chance(400) else { return }
        let number = random.pick([0, 0, 1, 7])
        fields.append(PlannedField("Max-Forwards", "\(number)", .maxForwards, by: &random))
        if ["OPTIONS", "TRACE"].contains(method) { maxForwards = number }
    }

    private mutating func makeHead(_ limits: RequestLimits, _ random: inout SeededRandom) {
        var lines = fields.map(\.line)
        let hasHost = !authority.isEmpty || !isHTTP10 || random.chance(300)
        if hasHost {
            lines.insert("Host: \(authority)", at: random.pick(0...lines.count))
        }
        var text = "\(method) \(target) HTTP/1.\(isHTTP10 ? 0 : 1)\r\n"
        text += lines.map { $0 + "\r\n" }.joined() + "\r\n"
        if let flaw, !flaw.isInBody { text = flaw.spoilHead(text, limits) }
        // One empty line may stand before a request (RFC 9112 section 2.2).
        if random.chance(50), flaw == nil { text = "\r\n" + text }
        head = Latin1.bytes(text)
        if let flaw, !flaw.isInBody, random.chance(500) {
            wireBody = Latin1.bytes(random.pick(PlannedBody.poisons))
        }
    }
}
