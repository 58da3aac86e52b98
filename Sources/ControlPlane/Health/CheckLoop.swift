// The checks of all endpoints on one thread: each endpoint has one timer, which is either the
// beginning of its next check or the deadline of the one under way. What it finds goes into the
// health table; nobody is called.

internal import DataPlane
internal import Protocols

/// Endpoints, timers and sockets of the checks. One thread.
struct CheckLoop: ~Copyable {
    /// Checks under way at the same time; the others wait for their turn.
    static let checksMax = 128
    private static let wakeToken = UInt64.max
    private static let receiveBytes = 16 * 1024
    private static let waitMaxMs: UInt64 = 3_600_000

    private struct Slot {
        var target: HealthTarget
        var tracker = HealthTracker()
        var probe: CheckProbe?
        /// Told apart from earlier checks of the same endpoint by late events.
        var round: UInt32 = 0
        var nextAtMs: UInt64 = 0
    }

    private let orders: ThreadOrders<[HealthTarget]>
    private let health: EndpointHealth
    private let poll: EventPoll
    private var timers: TimerWheel
    private var slots: [Slot?]
    /// Endpoints whose check is due.
    private var queue = TurnQueue(capacity: SiteLimits.endpointsMax)
    private var probes = 0
    private var nowMs: UInt64
    private var random = SystemRandomNumberGenerator()
    private var bytes = [UInt8](repeating: 0, count: receiveBytes)
    private var head = ResponseHead()

    init(_ orders: ThreadOrders<[HealthTarget]>, _ health: EndpointHealth) throws(SystemError) {
        let poll = try EventPoll()
        do throws(SystemError) {
            try poll.add(orders.wake, token: Self.wakeToken)
        } catch {
            poll.close()
            throw error
        }
        self.poll = poll
        self.orders = orders
        self.health = health
        nowMs = MonotonicClock.nowNs / 1_000_000
        timers = TimerWheel(capacity: SiteLimits.endpointsMax, nowMs: nowMs)
        slots = Array(repeating: nil, count: SiteLimits.endpointsMax)
    }

    deinit {
        for slot in slots { slot?.probe?.close() }
        poll.close()
    }

    /// Checks until it is told to stop.
    consuming func run() {
        while true {
            let dueMs = timers.nextDeadlineMs
            let waitMs = dueMs.map { $0 > nowMs ? min($0 - nowMs, Self.waitMaxMs) : 0 }
            let ready = poll.wait(timeoutNs: waitMs.map { Int64($0) * 1_000_000 } ?? -1)
            nowMs = MonotonicClock.nowNs / 1_000_000
            for event in ready where event.token != Self.wakeToken { advance(event.token) }
            switch orders.take() {
            case .none: break
            case .stop: return
            case .work(let targets): adopt(targets)
            }
            while let endpoint = timers.popExpired(nowMs: nowMs) { expire(endpoint) }
            startQueued()
        }
    }

    /// Endpoints that stay keep what is known of them and go on from there.
    private mutating func adopt(_ targets: [HealthTarget]) {
        var isWanted = [Bool](repeating: false, count: slots.count)
        for target in targets {
            let index = Int(target.endpoint)
            isWanted[index] = true
            if let known = slots[index], known.target.address.isSame(as: target.address) {
                let isNew = known.target.check != target.check
                slots[index]?.target = target
                // By the new rules at once; a check under way ends by those it began with.
                if isNew, known.probe == nil { enqueue(target.endpoint) }
            } else {
                drop(target.endpoint)
                slots[index] = Slot(target: target)
                enqueue(target.endpoint)
            }
        }
        for index in slots.indices where slots[index] != nil && !isWanted[index] {
            drop(UInt32(index))
            health.setUnchecked(UInt32(index))
        }
    }

    private mutating func drop(_ endpoint: UInt32) {
        guard let slot = slots[Int(endpoint)] else { return }
        if let probe = slot.probe {
            probe.close()
            probes -= 1
        }
        timers.clear(endpoint)
        queue.remove(endpoint)
        slots[Int(endpoint)] = nil
    }

    private mutating func enqueue(_ endpoint: UInt32) {
        timers.clear(endpoint)
        queue.append(endpoint)
    }

    private mutating func startQueued() {
        while probes < Self.checksMax, let endpoint = queue.next() { start(endpoint) }
    }

    private mutating func start(_ endpoint: UInt32) {
        guard var slot = slots[Int(endpoint)] else { return }
        slot.round &+= 1
        slot.nextAtMs = nowMs + slot.target.check.nextIntervalMs(using: &random)
        var refusal: Int32?
        do throws(SystemError) {
            let probe = try CheckProbe(slot.target)
            do throws(SystemError) {
                try poll.add(
                    probe.socket, token: UInt64(slot.round) << 32 | UInt64(endpoint))
                slot.probe = probe
                probes += 1
            } catch {
                probe.close()
                refusal = error.code
            }
        } catch {
            refusal = error.code
        }
        slots[Int(endpoint)] = slot
        if let refusal {
            note(endpoint, CheckProbe.connectOutcome(refusal))
            timers.set(endpoint, atMs: slot.nextAtMs)
        } else {
            timers.set(endpoint, atMs: nowMs + slot.target.check.timeoutMs)
        }
    }

    /// A socket is ready.
    private mutating func advance(_ token: UInt64) {
        let endpoint = UInt32(truncatingIfNeeded: token)
        guard Int(endpoint) < slots.count, let slot = slots[Int(endpoint)],
            UInt64(slot.round) == token >> 32
        else { return }
        while let step = slots[Int(endpoint)]?.probe?.advance(through: &bytes, head: &head) {
            switch step {
            case .wait: return
            case .over: end(endpoint)
            case .told(let outcome, let isOver):
                note(endpoint, outcome)
                if isOver { end(endpoint) }
            }
        }
    }

    /// The timer of an endpoint: its next check, or the end of the time for this one.
    private mutating func expire(_ endpoint: UInt32) {
        guard let slot = slots[Int(endpoint)] else { return }
        guard let probe = slot.probe else {
            // The wheel is shorter than some intervals.
            if slot.nextAtMs > nowMs {
                timers.set(endpoint, atMs: slot.nextAtMs)
            } else {
                enqueue(endpoint)
            }
            return
        }
        if let outcome = probe.timeoutOutcome { note(endpoint, outcome) }
        end(endpoint)
    }

    /// The check under way is over.
    private mutating func end(_ endpoint: UInt32) {
        guard let slot = slots[Int(endpoint)], let probe = slot.probe else { return }
        probe.close()
        probes -= 1
        slots[Int(endpoint)]?.probe = nil
        timers.set(endpoint, atMs: slot.nextAtMs)
    }

    private mutating func note(_ endpoint: UInt32, _ outcome: CheckOutcome) {
        guard var slot = slots[Int(endpoint)], outcome != .skipped else { return }
        // The id was given out anew, and the table knows nothing of it.
        if health.state(of: endpoint).checked == .unknown { slot.tracker = HealthTracker() }
        let check = slot.target.check
        let passed = outcome == .passed
        if slot.tracker.note(passed: passed, rise: check.rise, fall: check.fall) {
            let count = slot.tracker.run
            if case .failed(let cause, let code) = outcome {
                health.setChecked(
                    endpoint, isUp: false, cause: cause, code: code, count: count, nowMs: nowMs)
            } else {
                health.setChecked(endpoint, isUp: true, count: count, nowMs: nowMs)
            }
        }
        slots[Int(endpoint)] = slot
    }
}
