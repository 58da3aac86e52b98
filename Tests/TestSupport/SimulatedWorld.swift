// The world of the simulated reactor: a virtual clock, an agenda of events, connections with
// scripted peers at their far ends, and the books from which a test sees what became of every byte,
// socket, buffer and pipe. The reactor is a thin value in front of it, so that a test can look into
// the world while a worker owns the reactor. One thread.

import CLinux
import DataPlane

/// A seeded world. Everything that happens in it is a function of the seed and of the calls made.
package final class SimulatedWorld {
    package let seed: UInt64
    package let faults: FaultPlan
    /// A bug planted on purpose, for the canary tests.
    package let bug: PlantedBug?
    /// Stops the process at the caller's violation instead of noting it, to see the stack.
    package var trapsOnViolation = false
    /// Waits in real time for another thread's wake-up when the agenda is empty.
    package var waitsForWake = false

    /// Virtual time. Moves in `turn` only.
    package internal(set) var nowNs: UInt64 = 1_000_000_000
    /// What the caller, or the reactor under a planted bug, did wrong; empty in a sound run.
    package private(set) var violations: [String] = []
    /// A hash of every call and every completion so far, with its time.
    package private(set) var traceHash: UInt64 = 0
    /// Nothing is on the agenda, nothing to deliver and no deadline: nothing will ever happen.
    package internal(set) var isStuck = false

    package internal(set) var connections: [SimulatedConnection] = []
    package internal(set) var listeners: [SimulatedListener] = []
    /// Numbers of closed listeners.
    var freedListeners: [UInt32] = []
    /// Numbers of listeners are below this.
    var listenersIndexed: UInt32 = 0
    package internal(set) var endpoints: [SimulatedEndpoint] = []
    package internal(set) var sockets: [SimulatedSocket] = []
    package internal(set) var pipes: [SimulatedPipe] = []
    package internal(set) var counters = CounterSet()
    package let pool: BufferPool
    package let socketsMax: Int
    package let pipesMax: Int
    /// Whether the ring variants of splice can be used.
    package let hasRingSplice: Bool
    /// Connection attempts that did not lead to a connection.
    package internal(set) var connectFailureLog: [ConnectFailure] = []
    package internal(set) var acceptedCount = 0
    /// Sockets to endpoints, each from its connect until nothing refers to it any more, and the
    /// most there were since `takeUpstreamSocketsMax`.
    package internal(set) var upstreamSockets = 0
    var upstreamSocketsMax = 0

    var random: SeededRandom
    var agenda = EventQueue()
    var freeSlots: [UInt32] = []
    var starved: [SocketID] = []
    /// Sockets whose stream the caller is to end before the next turn.
    var endsDue: [SocketID] = []
    var hostages: [BufferID] = []
    var hostageRounds = 0
    var bindings = 0
    var acceptCredit = 0
    var acceptOvershoot = 0
    var wake = Descriptor.none
    /// Completions of the present turn, and how many it can take.
    var output: [Completion] = []
    var room = 0
    private var actions: [() -> Void] = []

    package init(
        seed: UInt64, faults: FaultPlan = .none, bug: PlantedBug? = nil, socketsMax: Int = 1024,
        buffersMax: Int = 1024, pipesMax: Int = 16, hasRingSplice: Bool = true
    ) {
        self.seed = seed
        self.faults = faults
        self.bug = bug
        self.socketsMax = socketsMax
        self.pipesMax = pipesMax
        self.hasRingSplice = hasRingSplice
        random = SeededRandom(seed: seed)
        pool = BufferPool(capacity: buffersMax)
        if faults.hostageBuffersMax > 0 {
            hostageRounds = 20
            agenda.schedule(.hostagesTaken, at: nowNs + random.pick(faults.hostageEveryNs))
        }
    }

    deinit {
        pool.destroy()
    }

    // MARK: Books

    /// Connection attempts that did not lead to a connection, or were given up before they did.
    package var connectFailures: Int { connectFailureLog.count }

    /// Socket slots that are taken.
    package var socketsUsed: Int { sockets.count - freeSlots.count }

    /// The most sockets to endpoints that there were at once since the last call.
    package func takeUpstreamSocketsMax() -> Int {
        defer { upstreamSocketsMax = upstreamSockets }
        return upstreamSocketsMax
    }

    /// Pipes that are out.
    package var pipesUsed: Int { pipes.count { $0.isOut } }

    /// Buffers that are out with the engine, a send or a completion under way.
    package var buffersUsed: Int { pool.usedCount - hostages.count }

    /// Accepted connections whose descriptor nobody has adopted.
    package var descriptorsUnadopted: Int {
        connections.count { $0.isClient && $0.isEstablished && $0.socket.isNone }
    }

    func violate(_ message: @autoclosure () -> String) {
        let text = "at \(nowNs) ns: \(message())"
        if trapsOnViolation { fatalError("seed \(seed): \(text)") }
        // The first ones tell the story; a broken run can produce them without end.
        if violations.count < 20 { violations.append(text) }
    }

    func trace(_ kind: UInt64, _ first: UInt64, _ second: UInt64 = 0) {
        traceHash = SeededRandom.mix(traceHash ^ (kind << 56) ^ nowNs)
        traceHash = SeededRandom.mix(traceHash ^ first) &+ SeededRandom.mix(second)
    }

    /// Whether the planted bug is `candidate` and strikes now: rarely, as real ones do, unless its
    /// occasion is rare enough.
    func strikes(_ candidate: PlantedBug, perMille: Int = 100) -> Bool {
        bug == candidate && random.chance(perMille)
    }

    /// Puts something on the agenda that the test does itself, for example posting a request.
    package func at(_ timeNs: UInt64, _ action: @escaping () -> Void) {
        actions.append(action)
        agenda.schedule(.action(actions.count - 1), at: timeNs)
    }

    // MARK: Time

    func turn(deadlineNs: UInt64?, into batch: inout CompletionBatch) {
        if !batch.isEmpty { violate("turn with a batch that is not empty") }
        checkEnds()
        counters[.enter] &+= 1
        counters[.turns] &+= 1
        room = batch.room
        if bug != .ignoreDeadline { nowNs += random.pick(faults.turnCostNs) }
        pollWake(timeoutMs: 0)
        while true {
            while output.count < room, let due = agenda.pop(dueAt: nowNs) { handle(due.event) }
            feedStarved()
            guard output.isEmpty else { break }
            if let deadlineNs, deadlineNs <= nowNs { break }
            guard let next = earlier(agenda.nextTimeNs, deadlineNs) else {
                isStuck = !(waitsForWake && pollWake(timeoutMs: 5_000))
                break
            }
            if bug == .ignoreDeadline, next == deadlineNs { break }
            nowNs = max(nowNs, next)
        }
        for completion in output {
            trace(
                UInt64(completion.operation.rawValue),
                UInt64(completion.owner) << 32 | UInt64(UInt32(bitPattern: completion.result)),
                completion.more ? 1 : 0)
            batch.append(completion)
        }
        counters[.completions] &+= UInt64(output.count)
        output.removeAll(keepingCapacity: true)
    }

    /// Lets the peers finish what they are at, once the reactor is not used any more.
    ///
    /// - Returns: completions that came out meanwhile.
    package func settle() -> [Completion] {
        var late: [Completion] = []
        var batch = CompletionBatch(capacity: 1024)
        for _ in 0..<100_000 where !isStuck {
            turn(deadlineNs: nil, into: &batch)
            for position in 0..<batch.count { late.append(batch[position]) }
            batch.removeAll()
        }
        if !isStuck { violate("the world does not come to rest") }
        return late
    }

    private func earlier(_ first: UInt64?, _ second: UInt64?) -> UInt64? {
        guard let first else { return second }
        return min(first, second ?? .max)
    }

    private func handle(_ event: SimulatedEvent) {
        switch event {
        case .deliver(let socket, let lane, let completion): deliver(socket, lane, completion)
        case .look(let socket, let lane): look(socket, lane)
        case .connected(let socket, let result): connected(socket, result: result)
        case .cancelled(let socket): cancelled(socket)
        case .closed(let socket): closed(socket)
        case .listenerRemoved(let listener): listenerRemoved(listener)
        case .lookAccept: lookAccept()
        case .arrive(let connection, let listener): arrive(connection, listener: listener)
        case .peerSends(let connection): peerSends(connection)
        case .peerReads(let connection): peerReads(connection)
        case .peerResets(let connection): peerReset(connection)
        case .hostagesTaken: takeHostages()
        case .hostagesFreed: freeHostages()
        case .action(let index):
            actions[index]()
            pollWake(timeoutMs: 0)
        }
    }

    @discardableResult
    private func pollWake(timeoutMs: Int32) -> Bool {
        guard wake.isOpen, gyre_poll_readable(wake.raw, -1, timeoutMs) == 1 else { return false }
        _ = gyre_event_drain(wake.raw)
        output.append(Completion(.wake, owner: 0, result: 0, more: true))
        return true
    }

    // MARK: Buffers that others hold

    private func takeHostages() {
        for _ in 0..<random.pick(0...faults.hostageBuffersMax) {
            if let buffer = pool.take() { hostages.append(buffer) }
        }
        agenda.schedule(.hostagesFreed, at: nowNs + random.pick(faults.hostageEveryNs))
    }

    private func freeHostages() {
        for buffer in hostages { pool.release(buffer) }
        hostages.removeAll()
        hostageRounds -= 1
        guard hostageRounds > 0 else { return }
        agenda.schedule(.hostagesTaken, at: nowNs + random.pick(faults.hostageEveryNs))
    }

    /// Lets receives that wait for a buffer look again, as many as there are buffers.
    private func feedStarved() {
        var free = pool.capacity - pool.usedCount
        while free > 0, !starved.isEmpty {
            let socket = starved.removeFirst()
            free -= 1
            guard isCurrent(socket) else { continue }
            sockets[Int(socket.slot)].isStarved = false
            kick(socket, .reading)
        }
    }
}
