// The books of one simulated HTTP run: what each client sent and got, what each origin got and did.
// The peers write them, the verdict reads them.

import TestSupport

/// A request as it arrived at an origin, as far as it did.
final class Sighting {
    /// The connection's number in the world, and the endpoint's.
    let connection: Int
    let endpoint: Int
    /// Requests that the connection had answered before.
    let served: Int
    /// The how-manieth sighting of the run.
    let order: Int
    let startedNs: UInt64
    var number: Int?
    var head: WireHead?
    var framing = WireFraming.none
    var headNs: UInt64 = 0
    var body: [UInt8] = []
    var trailers: [WireField] = []
    /// When its last byte was read.
    var completedNs: UInt64?
    var answer: AnswerPlan?
    /// When the origin decided to answer, after a pause or without one.
    var answeredNs: UInt64?
    /// When the answer was sent to its end, if it was.
    var sentNs: UInt64?
    /// Places in what the connection sends: the interim responses, the final head, the end.
    var answerStart = Int.max
    var finalStart = Int.max
    var answerEnd = Int.max
    /// What came through the tunnel, and what is sent into it.
    var tunnel: [UInt8] = []
    var tunnelPlan: TunnelPlan?
    /// Something that was not asked for follows the answer.
    var babbled = false

    init(connection: Int, endpoint: Int, served: Int, order: Int, startedNs: UInt64) {
        self.connection = connection
        self.endpoint = endpoint
        self.served = served
        self.order = order
        self.startedNs = startedNs
    }

    var isComplete: Bool { completedNs != nil }
}

/// A response as a client got it, as far as it did.
final class Receipt {
    var interims: [WireHead] = []
    /// The final head.
    var head: WireHead?
    var status = 0
    var framing = WireFraming.none
    var body: [UInt8] = []
    var trailers: [WireField] = []
    /// When the first byte of the final head was read, or of an interim one before it.
    var startedNs: UInt64 = 0
    var headNs: UInt64 = 0
    var endedNs: UInt64?

    var isComplete: Bool { endedNs != nil }

    /// Whether Gyre made it up itself.
    var isLocal: Bool { head?.values("server") == ["gyre"] }

    /// Whether it says that its connection ends.
    func closes(forHTTP10 isHTTP10: Bool) -> Bool {
        guard let head else { return false }
        let options = head.elements("connection")
        return options.contains("close") || isHTTP10 && !options.contains("keep-alive")
            || framing == .untilClose
    }
}

/// When one request of a client was sent, and where in what the connection sends it ends.
struct RequestTimes {
    var startedNs: UInt64?
    var headSentNs: UInt64?
    var sentNs: UInt64?
    var start = Int.max
    var headEnd = Int.max
    var end = Int.max
}

/// What a client did and what it got.
final class ClientRecord {
    let plan: ClientPlan
    var connection = -1
    /// One for each request that was begun.
    var times: [RequestTimes] = []
    var receipts: [Receipt] = []
    /// Everything that was to be sent, from the first byte on.
    var sent: [UInt8] = []
    /// What came through the tunnel, once there is one.
    var tunnel: [UInt8]?
    /// When it broke off, as planned.
    var brokeOffNs: UInt64?
    var brokenNs: UInt64?
    var bytesRead = 0

    init(plan: ClientPlan) {
        self.plan = plan
    }

    /// Requests with a final answer that is whole.
    var answered: Int { receipts.count { $0.isComplete } }
}

final class HTTPLedger {
    let plan: HTTPRunPlan
    /// A planted bug: origins answer with what they have answered to the request before.
    let swapsAnswers: Bool
    let requests: [Int: RequestPlan]
    var clients: [ClientRecord]
    var sightings: [Sighting] = []
    /// What peers found wrong while they ran.
    var faults: [String] = []
    /// Every answer that was begun, by its name.
    var answers: [String: Sighting] = [:]

    init(plan: HTTPRunPlan, swapsAnswers: Bool = false) {
        self.plan = plan
        self.swapsAnswers = swapsAnswers
        let all = plan.clients.flatMap(\.requests)
        requests = Dictionary(uniqueKeysWithValues: all.map { ($0.number, $0) })
        clients = plan.clients.map { ClientRecord(plan: $0) }
    }

    func sightings(of number: Int) -> [Sighting] { sightings.filter { $0.number == number } }

    func note(_ fault: String) {
        if faults.count < 20 { faults.append(fault) }
    }
}
