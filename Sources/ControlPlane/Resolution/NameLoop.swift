// The names of the whole process on one thread: each has one timer, the end of what is known of it.

internal import DataPlane

/// Names, timers and lookups. One thread.
struct NameLoop: ~Copyable {
    /// Names that are asked for at the same time; the others wait for their turn.
    static let roundsMax = 64
    /// Every name is an endpoint's.
    static let namesMax = SiteLimits.endpointsMax

    private struct Slot {
        let question: NameQuestion
        var state = NameState()
        var round: NameRound
        /// Told apart from earlier names of the same slot by late answers.
        let generation: UInt32
        var isAsking = false
    }

    private let orders: ThreadOrders<Set<NameQuestion>>
    private let servers: NameServers
    private let tell: @Sendable (NameQuestion, NameEvent) -> Void
    private var channel: NameChannel?
    private var timers: TimerWheel
    private var slots: [Slot?]
    private var places: [NameQuestion: UInt32] = [:]
    private var queue = TurnQueue(capacity: namesMax)
    private var rounds = 0
    private var generation: UInt32 = 0
    private var nowMs: UInt64

    init(
        _ orders: ThreadOrders<Set<NameQuestion>>, _ servers: NameServers,
        _ tell: @escaping @Sendable (NameQuestion, NameEvent) -> Void
    ) {
        self.orders = orders
        self.servers = servers
        self.tell = tell
        nowMs = MonotonicClock.nowNs / 1_000_000
        timers = TimerWheel(capacity: Self.namesMax, nowMs: nowMs)
        slots = Array(repeating: nil, count: Self.namesMax)
    }

    /// Asks until it is told to stop.
    consuming func run() {
        while true {
            wait()
            nowMs = MonotonicClock.nowNs / 1_000_000
            switch orders.take() {
            case .none: break
            case .stop: return
            case .work(let questions): adopt(questions)
            }
            takeResults()
            while let slot = timers.popExpired(nowMs: nowMs) { queue.append(slot) }
            startQueued()
            if rounds == 0 { channel = nil }
        }
    }

    private func wait() {
        let dueMs = timers.nextDeadlineMs
        let timeoutMs = dueMs.map { $0 > nowMs ? Int32(clamping: $0 - nowMs) : 0 } ?? -1
        if let channel {
            channel.wait(orders.wake, timeoutMs: timeoutMs)
        } else {
            NameChannel.sleep(orders.wake, timeoutMs: timeoutMs)
        }
    }

    /// Names that stay keep what is known of them.
    private mutating func adopt(_ questions: Set<NameQuestion>) {
        for (question, place) in places where !questions.contains(question) {
            if slots[Int(place)]?.isAsking == true { rounds -= 1 }
            timers.clear(place)
            queue.remove(place)
            slots[Int(place)] = nil
            places[question] = nil
        }
        var free = slots.indices.lazy.filter { [slots] in slots[$0] == nil }.makeIterator()
        for question in questions where places[question] == nil {
            guard let index = free.next() else { return }
            generation &+= 1
            slots[index] = Slot(
                question: question, round: NameRound(question), generation: generation)
            places[question] = UInt32(index)
            queue.append(UInt32(index))
        }
    }

    private mutating func startQueued() {
        while rounds < Self.roundsMax, let place = queue.next() {
            guard slots[Int(place)] != nil else { continue }
            rounds += 1
            slots[Int(place)]?.isAsking = true
            let lookups = slots[Int(place)]?.round.begin() ?? []
            start(lookups, place)
            // What a file knows is known at once.
            takeResults()
        }
    }

    private mutating func start(_ lookups: [Lookup], _ place: UInt32) {
        guard let slot = slots[Int(place)] else { return }
        do throws(NameFailure) {
            if channel == nil { channel = try NameChannel(servers) }
            let tag = UInt64(slot.generation) << 32 | UInt64(place)
            for lookup in lookups { channel?.start(lookup, tag: tag) }
        } catch {
            for lookup in lookups { take(place, lookup, .failed(error.description)) }
        }
    }

    private mutating func takeResults() {
        while let results = channel?.takeResults(), !results.isEmpty {
            for result in results {
                let place = UInt32(truncatingIfNeeded: result.tag)
                guard let slot = slots[Int(place)], UInt64(slot.generation) == result.tag >> 32
                else { continue }
                take(place, result.lookup, result.outcome)
            }
        }
    }

    private mutating func take(_ place: UInt32, _ lookup: Lookup, _ outcome: LookupOutcome) {
        guard slots[Int(place)]?.isAsking == true else { return }
        let more = slots[Int(place)]?.round.take(lookup, outcome) ?? []
        start(more, place)
        guard var slot = slots[Int(place)], slot.isAsking, slot.round.isComplete else { return }
        let (events, pauseMs) = slot.state.take(slot.round.answer())
        slot.isAsking = false
        slots[Int(place)] = slot
        rounds -= 1
        timers.set(place, atMs: nowMs + pauseMs)
        for event in events { tell(slot.question, event) }
    }
}
