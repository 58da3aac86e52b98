// What a simulated origin does with one request that has reached it.

import TestSupport

/// How an answer goes wrong.
enum AnswerFault: Equatable {
    /// The connection is closed, or reset, without a byte of an answer.
    case closesUnanswered, resetsUnanswered
    /// Nothing ever comes; maybe the request is not even read on.
    case silent(isDeaf: Bool)
    /// So many bytes of the answer come, from its first one on, and then this.
    case stops(after: Int, BrokenOff)
    /// Something that is no response.
    case flawedHead(AnswerFlaw)
    /// A chunked body that is none.
    case flawedBody(AnswerFlaw)
    /// More interim responses than anybody needs.
    case chatty
    /// A switch of protocols that was not asked for.
    case unaskedSwitch
}

/// How an origin breaks off.
enum BrokenOff: Equatable, CaseIterable {
    case close, reset, silence
}

/// When an origin begins to answer.
enum AnswerMoment: Equatable {
    case head
    case body(Int)
    case end
}

/// What an origin does when an answer is through.
enum AnswerSequel: Equatable {
    case keeps
    /// Closes the idle connection after this time.
    case closes(afterNs: UInt64)
    case resets(afterNs: UInt64)
    /// Sends something that nobody asked for, in the same breath.
    case babbles
}

/// An origin's answer.
struct AnswerPlan {
    /// Names request and attempt; also in the head, as X-Answer.
    let name: String
    private(set) var moment = AnswerMoment.end
    private(set) var delayNs: UInt64 = 0
    private(set) var interims: [Int] = []
    private(set) var status = 200
    private(set) var fields: [PlannedField] = []
    private(set) var body = PlannedBody.none
    /// Whether the connection goes on as far as the head says.
    private(set) var persists = true
    private(set) var fault: AnswerFault?
    private(set) var sequel = AnswerSequel.keeps
    /// A pause in the middle of the answer, at this byte.
    private(set) var pause: (position: Int, ns: UInt64)?
    private(set) var head: [UInt8] = []
    private(set) var wireBody: [UInt8] = []

    /// Opens a tunnel.
    private(set) var opensTunnel = false
    /// The head is one that would.
    private var isTunnelHead = false
    /// The end of the connection is the end of the body.
    private(set) var endsWithConnection = false
    private(set) var hasDate = false
    private var isCalm = false
    private(set) var isHTTP10 = false
    /// For what an origin does behind the answer.
    private(set) var random = SeededRandom(seed: 0)

    /// Bytes of the final head and what follows it.
    var wire: [UInt8] { head + wireBody }

    /// - Parameter manner: what answers may be like in this run.
    init(
        to request: RequestPlan, attempt: Int, in manner: AnswerManner,
        by random: inout SeededRandom
    ) {
        name = "\(request.number).\(attempt)"
        if random.chance(manner.troublePerMille) { pickFault(request, &random) }
        if request.expectsContinue, random.chance(700) { interims.append(100) }
        for _ in 0..<(random.chance(150) ? random.pick(1...3) : 0) {
            interims.append(random.pick([100, 102, 103, 199]))
        }
        if fault == .chatty { interims = [Int](repeating: 103, count: random.pick(33...40)) }
        let isFinalFirst = request.expectsContinue && !interims.contains(100)
        if isFinalFirst || random.chance(120) {
            moment = random.chance(500) ? .head : .body(random.pick(0...request.body.content.count))
        }
        delayNs = random.pick([0, 0, 100_000, 5_000_000, manner.pauseNsMax / 8])
        isHTTP10 = random.chance(80)
        isCalm = manner.calmPerMille > 0 && random.chance(manner.calmPerMille)
        if isCalm { (delayNs, isHTTP10) = (min(delayNs, 5_000_000), false) }
        if case .flawedBody = fault { isHTTP10 = false }
        pickStatus(request, manner, &random)
        pickFields(request, &random)
        pickSequel(manner, &random)
        self.random = random.fork()
        makeHead(request)
        guard random.chance(manner.troublePerMille / 2), !wire.isEmpty else { return }
        pause = (
            random.pick(0...wire.count), random.pick([manner.pauseNsMax / 8, manner.pauseNsMax])
        )
    }

    private mutating func pickFault(_ request: RequestPlan, _ random: inout SeededRandom) {
        switch random.pick(0...11) {
        case 0, 1: fault = .closesUnanswered
        case 2: fault = .resetsUnanswered
        case 3: fault = .silent(isDeaf: random.chance(500))
        case 4, 5, 6: fault = .stops(after: 0, random.pick(BrokenOff.allCases))
        case 7: fault = .flawedHead(random.pick(AnswerFlaw.heads))
        case 8: fault = .flawedBody(random.pick(AnswerFlaw.bodies))
        case 9: fault = .chatty
        default: fault = request.upgrade == nil ? .unaskedSwitch : .closesUnanswered
        }
    }

    private mutating func pickStatus(
        _ request: RequestPlan, _ manner: AnswerManner, _ random: inout SeededRandom
    ) {
        status = random.pick([200, 200, 200, 201, 204, 206, 304, 404, 426, 500, 503])
        if fault == .unaskedSwitch { return status = 101 }
        if request.upgrade != nil, random.chance(600) { status = 101 }
        if request.method == "CONNECT", random.chance(600) { status = random.pick([200, 204]) }
        if status == 101 || request.method == "CONNECT" && status / 100 == 2 {
            // Nobody switches before the request is read to its end (RFC 9110 section 7.8).
            moment = .end
            if case .flawedBody = fault { fault = nil }
            opensTunnel = fault == nil
            isTunnelHead = true
            return
        }
        let count = random.magnitude(upTo: manner.bodyBytesMax)
        let content = PlannedBody.content(request.number + 128, count, by: &random)
        var choice = random.pick([BodyManner.length, .length, .chunked, .chunked, .untilClose])
        if isHTTP10, choice == .chunked { choice = .length }
        if isCalm, choice == .untilClose { choice = .length }
        if case .flawedBody = fault { choice = .chunked }
        // Where it is hardest to tell that something is missing.
        if case .stops = fault, random.chance(400) { choice = .untilClose }
        let isBodiless = [101, 204, 304].contains(status) || request.method == "HEAD"
        switch choice {
        case .chunked: body = PlannedBody(chunking: content, by: &random)
        case .untilClose: body = PlannedBody(.untilClose, content)
        case .length, .none: body = PlannedBody(.length, content)
        }
        wireBody = isBodiless ? [] : body.wire
        endsWithConnection = choice == .untilClose && !isBodiless
        if case .flawedBody(let flaw) = fault {
            guard !isBodiless else { return fault = .closesUnanswered }
            wireBody = Latin1.bytes("4\r\ngood\r\n" + flaw.text)
        }
    }

    private mutating func pickFields(_ request: RequestPlan, _ random: inout SeededRandom) {
        fields.append(PlannedField("X-Answer", name, by: &random))
        for _ in 0..<random.pick([0, 1, 2, 5]) { fields.append(.any(&random)) }
        hasDate = random.chance(500)
        if hasDate {
            fields.append(PlannedField("Date", "Sun, 06 Nov 1994 08:49:37 GMT", by: &random))
        }
        if random.chance(300) { fields.append(PlannedField("Server", "origin/1.0", by: &random)) }
        if random.chance(100) { fields.append(PlannedField("Via", "1.1 other", .via, by: &random)) }
        if random.chance(50) {
            fields.append(PlannedField("Proxy-Authenticate", "Basic", .dropped, by: &random))
        }
        if !body.trailers.isEmpty, random.chance(500) {
            let names = body.trailers.map(\.name).joined(separator: ", ")
            fields.append(PlannedField("Trailer", names, by: &random))
        }
        let isUnframed = [101, 204].contains(status) || isTunnelHead
        switch body.manner {
        case .chunked where !isUnframed:
            fields.append(PlannedField("Transfer-Encoding", "chunked", .dropped, by: &random))
        case .length where !isUnframed:
            fields.append(PlannedField("Content-Length", "\(body.content.count)", by: &random))
        default: break
        }
        if status == 101 || status == 426 {
            let what = request.upgrade ?? "echo"
            fields.append(PlannedField("Upgrade", what, .dropped, by: &random))
        }
        pickConnection(&random)
    }

    private mutating func pickConnection(_ random: inout SeededRandom) {
        var options: [String] = []
        if status == 101 || status == 426 { options.append("upgrade") }
        if isHTTP10, status != 101 {
            persists = random.chance(500)
            if persists { options.append("keep-alive") }
        } else if random.chance(150), !isCalm {
            persists = false
            options.append("close")
        }
        if random.chance(100) {
            options.append("x-hop")
            fields.append(PlannedField("X-Hop", "for you alone", .dropped, by: &random))
        }
        if random.chance(100) {
            fields.append(PlannedField("Keep-Alive", "timeout=5", .dropped, by: &random))
        }
        guard !options.isEmpty else { return }
        fields.insert(
            PlannedField("Connection", options.joined(separator: ", "), .dropped, by: &random),
            at: random.pick(0...fields.count))
    }

    private mutating func pickSequel(_ manner: AnswerManner, _ random: inout SeededRandom) {
        guard !isCalm else { return }
        let times: [UInt64] = [0, 1_000, 1_000_000, 100_000_000, manner.pauseNsMax]
        switch random.pick(0...9) {
        case 0...5: sequel = .keeps
        case 6, 7: sequel = .closes(afterNs: random.pick(times))
        case 8: sequel = .resets(afterNs: random.pick(times))
        default: sequel = random.chance(manner.troublePerMille) ? .babbles : .keeps
        }
    }

    private mutating func makeHead(_ request: RequestPlan) {
        if case .flawedHead(let flaw) = fault {
            head = Latin1.bytes(flaw.text)
            wireBody = []
            return
        }
        let version = isHTTP10 && status != 101 ? "HTTP/1.0" : "HTTP/1.1"
        var text = "\(version) \(status) \(status == 404 ? "Not F\u{F6}und" : "Fine")\r\n"
        text += fields.map { $0.line + "\r\n" }.joined() + "\r\n"
        head = Latin1.bytes(text)
        guard case .stops(_, let how) = fault else { return }
        var random = random
        // Where nothing is missing at the end it is no fault; the end of the connection is one.
        let last = body.manner == .untilClose && how == .close ? head.count - 1 : wire.count - 1
        let first = random.chance(500) ? min(head.count, last) : 1
        fault = .stops(after: random.pick(max(1, first)...max(1, last)), how)
    }
}

/// What answers may be like in a run.
struct AnswerManner {
    var bodyBytesMax: Int
    /// How often an answer goes wrong.
    var troublePerMille: Int
    /// The longest pause of an origin.
    var pauseNsMax: UInt64
    /// How often an answer comes at once and leaves its connection open.
    var calmPerMille = 0
}
