// Which endpoints get several requests on one connection: those that have shown that they keep
// connections open and answer without delay. What is lost by a failure is won back by answers, but
// each further failure keeps it away for longer.

/// What an endpoint has shown to one worker.
struct PipelineTrust: BitwiseCopyable {
    /// How long trust is gone after the first failure, and at most, in milliseconds.
    static let penaltyMsMin: UInt64 = 125
    static let penaltyMsMax: UInt64 = 16_000
    /// Answers in a row that make earlier failures forgotten.
    static let answersToForget: UInt32 = 1_024

    private(set) var isProven = false
    private var distrustedUntilMs: UInt64 = 0
    private var nextPenaltyMs = penaltyMsMin
    private var answers: UInt32 = 0
    /// The connection on which requests of the present turn are collected; `.max` for none.
    var collecting = UInt32.max

    /// It has answered on a connection that had served before, and keeps it open still.
    mutating func noteAnswer(nowMs: UInt64) {
        guard nowMs >= distrustedUntilMs else { return }
        isProven = true
        answers &+= 1
        if answers >= Self.answersToForget { nextPenaltyMs = Self.penaltyMsMin }
    }

    /// It failed, closed or stalled while others waited behind an answer.
    mutating func noteFailure(nowMs: UInt64) {
        // Connections that fail at the same time are one failure.
        guard nowMs >= distrustedUntilMs else { return }
        isProven = false
        answers = 0
        collecting = .max
        distrustedUntilMs = nowMs + nextPenaltyMs
        nextPenaltyMs = min(nextPenaltyMs * 2, Self.penaltyMsMax)
    }
}

/// What one worker knows for pipelining.
struct Pipelines: ~Copyable {
    /// By the endpoints' ids.
    var trusts = Slab<PipelineTrust>(capacity: SiteLimits.endpointsMax)
    /// Exchanges to be sent again at the end of the turn.
    var resends: SlotQueue<Exchange>
    /// Connections on which somebody waits behind an answer.
    var watched: SlotQueue<UpstreamConnection>
    /// The timer that looks at them is set.
    var isTimerSet = false
    /// Exchanges without a client.
    var orphans = 0
    /// How many there may be: each takes a record that clients could have.
    let orphansMax: Int

    init(exchanges: Int, connections: Int, orphansMax: Int) {
        resends = SlotQueue(capacity: exchanges)
        watched = SlotQueue(capacity: connections)
        self.orphansMax = orphansMax
    }

    /// Has room for endpoints with ids below `count`.
    mutating func grow(endpoints count: Int) {
        // A slab hands out its slots in order: they are the ids.
        while trusts.count < count { _ = trusts.insert(PipelineTrust()) }
    }
}
