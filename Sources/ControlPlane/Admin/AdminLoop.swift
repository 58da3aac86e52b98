// The admin server's thread: all connections, one after the other, never waiting for one of them.

internal import CLinux
internal import DataPlane
internal import Glibc
internal import Protocols

/// What the admin thread works on.
struct AdminLoop {
    /// What came of a connection's turn.
    private enum Outcome {
        case waits
        /// There is more to do for it than one turn allows.
        case goesOn
        case isOver
    }

    private static let wakeToken: UInt64 = 0
    private static let firstListenerToken: UInt64 = 1
    private static let firstConnectionID: UInt64 = 1 << 32
    private static let receiveBytes = 16 * 1024
    /// Looks at one connection before the others get their turn.
    private static let stepsMax = 32
    private static let acceptsMax = 32
    /// While the process has no descriptor left.
    private static let acceptPauseNs: UInt64 = 100_000_000
    private static let eventSharedNs: UInt64 = 100_000_000

    private let poll: EventPoll
    private let sockets: AdminSockets
    private let wake: Descriptor
    private let gate: AdminGate
    private let target: any ControlTarget
    private let commands: CommandQueue
    private let limits: AdminLimits

    private var connections: [UInt64: AdminConnection] = [:]
    private var nextID = firstConnectionID
    private var goingOn: Set<UInt64> = []
    /// When accepting is tried again; `nil` when it waits for the kernel's word.
    private var acceptAtNs: UInt64?
    private var eventAtNs: UInt64 = 0
    /// What was pushed last, for streams that begin at the same time.
    private var lastEvent: (bytes: [UInt8], atNs: UInt64)?
    private var sampleAtNs: UInt64 = 0
    /// The connection that a trace is pushed to, and when it gets the next events.
    private var traceID: UInt64?
    private var traceAtNs: UInt64 = 0
    private var traceBeatAtNs: UInt64 = 0
    private var traceLost: UInt64 = 0
    /// When its last turn is over at the latest.
    private var endNs = UInt64.max
    private var buffer = [UInt8](repeating: 0, count: receiveBytes)
    private var nowNs: UInt64 = 0

    /// - Parameter wake: an eventfd; signalled when commands are done and to end this.
    init(
        _ sockets: AdminSockets, wake: Descriptor, gate: AdminGate, target: any ControlTarget,
        commands: CommandQueue, limits: AdminLimits
    ) throws(SystemError) {
        poll = try EventPoll()
        self.sockets = sockets
        self.wake = wake
        self.gate = gate
        self.target = target
        self.commands = commands
        self.limits = limits
        do throws(SystemError) {
            try poll.add(wake, token: Self.wakeToken)
            for (index, listener) in sockets.listeners.enumerated() {
                try poll.add(listener.socket, token: Self.firstListenerToken + UInt64(index))
            }
        } catch {
            poll.close()
            throw error
        }
    }

    /// Closes what the thread alone has.
    mutating func close() {
        for connection in connections.values { connection.socket.close() }
        connections.removeAll()
        if traceID != nil { endTrace() }
        poll.close()
    }

    /// One pass: waits for something to happen and does what is to be done about it.
    mutating func turn() {
        let events = poll.wait(timeoutNs: timeoutNs())
        nowNs = MonotonicClock.nowNs
        var due = goingOn
        goingOn.removeAll()
        var accepts = acceptAtNs.map { $0 <= nowNs } ?? false
        for event in events {
            switch event.token {
            case Self.wakeToken: _ = gyre_event_drain(wake.raw)
            case ..<Self.firstConnectionID: accepts = true
            default:
                let isAbandoned = event.isOver && connections[event.token]?.phase == .answering
                if isAbandoned { end(event.token) } else { due.insert(event.token) }
            }
        }
        if accepts { accept(&due) }
        for (id, response) in commands.takeAnswers() where connections[id]?.phase == .answering {
            respond(response, to: id, &due)
        }
        takeSample()
        pushEvents(&due)
        pushTrace(&due)
        expire(&due)
        for id in due.sorted() { attend(id) }
        if let traceID, connections[traceID] == nil { endTrace() }
    }

    /// Goes on until nobody waits for an answer any more, or for as long as that may take.
    mutating func giveLastAnswers(withinNs: UInt64) {
        endNs = MonotonicClock.nowNs + withinNs
        while MonotonicClock.nowNs < endNs, connections.values.contains(where: \.isOwedAnAnswer) {
            turn()
        }
    }

    private func timeoutNs() -> Int64 {
        if !goingOn.isEmpty { return 0 }
        var untilNs = min(acceptAtNs ?? .max, endNs, sampleAtNs)
        for connection in connections.values {
            untilNs = min(untilNs, connection.deadlineNs)
            if takesEvents(connection) { untilNs = min(untilNs, eventAtNs) }
        }
        if traceID != nil { untilNs = min(untilNs, traceAtNs) }
        let now = MonotonicClock.nowNs
        // Whole milliseconds, and none too early.
        return untilNs > now ? Int64(clamping: (untilNs - now) / 1_000_000 + 1) * 1_000_000 : 0
    }

    private mutating func end(_ id: UInt64) {
        connections.removeValue(forKey: id)?.socket.close()
    }

    /// Gives a connection its turn.
    private mutating func attend(_ id: UInt64) {
        guard var connection = connections.removeValue(forKey: id) else { return }
        switch advance(&connection) {
        case .isOver: return connection.socket.close()
        case .goesOn: goingOn.insert(id)
        case .waits: break
        }
        connections[id] = connection
    }

    private mutating func advance(_ connection: inout AdminConnection) -> Outcome {
        for _ in 0..<Self.stepsMax {
            guard connection.flush(limits, nowNs: nowNs) else { return .isOver }
            // A client that takes nothing is not listened to either.
            guard connection.outputLeft == 0 || connection.phase == .streaming else {
                return .waits
            }
            if connection.phase == .answering { return .waits }
            if connection.phase == .reading, takeStep(&connection) { continue }
            switch connection.fill(through: &buffer, limits, nowNs: nowNs) {
            case .some: continue
            case .nothing: return .waits
            case .ended: return .isOver
            }
        }
        return .goesOn
    }

    /// Looks for a request in what has come in.
    ///
    /// - Returns: false when more is needed for one.
    private mutating func takeStep(_ connection: inout AdminConnection) -> Bool {
        let door = connection.door
        let room = connections.values.reduce(limits.heldBytesMax) {
            $0 - $1.reader.reservedBytes
        }
        switch connection.reader.next({ admit($0, at: door, room: room) }) {
        case .needsMore: return false
        case .wantsContinue: connection.sendContinue(limits, nowNs: nowNs)
        case .refused(let response): connection.respond(response, limits, nowNs: nowNs)
        case .rejected(let request, let response):
            connection.begin(request)
            connection.respond(response, limits, nowNs: nowNs)
        case .request(let request):
            connection.begin(request)
            serve(request, &connection)
        }
        return true
    }

    private func admit(
        _ request: AdminRequest, at door: AdminGate.Door, room: Int
    ) -> Admission {
        if let refusal = gate.refusal(of: request, at: door) { return .refused(refusal) }
        switch AdminRoute.find(request) {
        case .failure(let refusal): return .refused(refusal.response)
        case .success(let route):
            let bytesMax = route.bodyBytesMax(limits)
            guard bytesMax <= room else { return .refused(Self.busy("too many bodies at once")) }
            return .admitted(bodyBytesMax: bytesMax)
        }
    }

    private mutating func serve(_ request: AdminRequest, _ connection: inout AdminConnection) {
        let work: AdminRoute.Work =
            switch AdminRoute.find(request) {
            case .success(let route): route.work(for: request, on: target)
            case .failure(let refusal): .answer(refusal.response)
            }
        switch work {
        case .answer(let response): connection.respond(response, limits, nowNs: nowNs)
        case .command(let command):
            if commands.submit(connection.id, command) {
                connection.awaitCommand(limits, nowNs: nowNs)
            } else {
                let busy = Self.busy("too many commands at once")
                connection.respond(busy, limits, nowNs: nowNs)
            }
        case .trace where request.method == .head: connection.beginStream(limits, nowNs: nowNs)
        case .trace(let order): beginTrace(order, &connection)
        case .stream:
            let others = connections.values.count { $0.phase == .streaming }
            if others < limits.streamsMax {
                if others == 0 { eventAtNs = nowNs + limits.eventPeriodMs * 1_000_000 }
                connection.beginStream(limits, nowNs: nowNs)
                _ = connection.push(event(), limits, nowNs: nowNs)
            } else {
                let busy = Self.busy("too many event streams at once")
                connection.respond(busy, limits, nowNs: nowNs)
            }
        }
    }

    /// Only one trace at a time: workers look for one subject.
    private mutating func beginTrace(_ order: TraceOrder, _ connection: inout AdminConnection) {
        guard traceID == nil else {
            let response = AdminResponse.failure(409, "somebody else is watching a trace")
            return connection.respond(response, limits, nowNs: nowNs)
        }
        do throws(TraceRefusal) {
            try target.startTrace(order)
        } catch {
            let response = AdminResponse.failure(error.status, error.reason)
            return connection.respond(response, limits, nowNs: nowNs)
        }
        traceID = connection.id
        traceLost = target.traceEventsLost
        traceAtNs = nowNs + limits.tracePeriodMs * 1_000_000
        traceBeatAtNs = nowNs + limits.eventPeriodMs * 1_000_000
        connection.beginStream(limits, nowNs: nowNs)
    }

    private mutating func endTrace() {
        traceID = nil
        target.endTrace()
    }

    private mutating func pushTrace(_ due: inout Set<UInt64>) {
        guard let traceID, nowNs >= traceAtNs else { return }
        traceAtNs = nowNs + limits.tracePeriodMs * 1_000_000
        // Who has not taken the last ones gets no more: they wait with the workers.
        guard connections[traceID]?.outputLeft == 0 else { return }
        var bytes: [UInt8] = []
        var reports = target.takeTrace(atMost: limits.traceEventsMax)
        let lost = target.traceEventsLost
        if lost > traceLost {
            reports.append(TraceReport(lost: lost - traceLost, atUs: ClockText.unixMs * 1_000))
            traceLost = lost
        }
        for report in reports {
            guard let event = try? AdminJSON.encode(report) else { continue }
            bytes += Array("event: trace\ndata: ".utf8) + event + Array("\n\n".utf8)
        }
        if nowNs >= traceBeatAtNs {
            // Who has gone without a word is noticed by that.
            traceBeatAtNs = nowNs + limits.eventPeriodMs * 1_000_000
            bytes += Array(":\n\n".utf8)
        }
        guard !bytes.isEmpty, var connection = connections.removeValue(forKey: traceID) else {
            return
        }
        if connection.push(bytes, limits, nowNs: nowNs) {
            connections[traceID] = connection
            due.insert(traceID)
        } else {
            connection.socket.close()
        }
    }

    private static func busy(_ error: String) -> AdminResponse {
        var response = AdminResponse.failure(503, error)
        response.fieldLines = ["Retry-After: 1"]
        return response
    }

    /// Takes in new clients, or puts it off while there is no descriptor for one.
    private mutating func accept(_ due: inout Set<UInt64>) {
        acceptAtNs = nil
        for listener in sockets.listeners {
            var left = Self.acceptsMax
            accepting: while left > 0 {
                left -= 1
                let accepted = Descriptor(raw: gyre_socket_accept(listener.socket.raw))
                switch accepted.raw {
                case 0...: adopt(accepted, listener.door, &due)
                case -EAGAIN: break accepting
                case -EMFILE, -ENFILE, -ENOBUFS, -ENOMEM:
                    acceptAtNs = nowNs + Self.acceptPauseNs
                    break accepting
                // The client has gone (accept(2)).
                default: continue
                }
            }
            if left == 0 { acceptAtNs = min(acceptAtNs ?? .max, nowNs) }
        }
    }

    private mutating func adopt(
        _ socket: Descriptor, _ door: AdminGate.Door, _ due: inout Set<UInt64>
    ) {
        let id = nextID
        nextID += 1
        guard makeRoom(), (try? poll.add(socket, token: id)) != nil else { return socket.close() }
        connections[id] = AdminConnection(
            id: id, socket: socket, door: door, limits: limits, nowNs: nowNs)
        due.insert(id)
    }

    /// - Returns: whether one more connection may be had.
    private mutating func makeRoom() -> Bool {
        guard connections.count >= limits.connectionsMax else { return true }
        let waiting = connections.values.filter { $0.phase == .reading && $0.outputLeft == 0 }
        guard let oldest = waiting.min(by: { $0.idleSinceNs < $1.idleSinceNs }) else {
            return false
        }
        end(oldest.id)
        return true
    }

    private mutating func takeSample() {
        guard nowNs >= sampleAtNs else { return }
        target.sample()
        sampleAtNs = nowNs + limits.samplePeriodMs * 1_000_000
    }

    /// The counters and the live report as server-sent events (HTML, section 9.2.6), made once for
    /// all streams.
    private mutating func event() -> [UInt8] {
        if let lastEvent, nowNs - lastEvent.atNs < Self.eventSharedNs { return lastEvent.bytes }
        var bytes = Array("event: counters\ndata: \(target.counters().json)\n\n".utf8)
        if let live = try? AdminJSON.encode(target.live()) {
            bytes += Array("event: live\ndata: ".utf8) + live + Array("\n\n".utf8)
        }
        lastEvent = (bytes, nowNs)
        return bytes
    }

    /// Who has not taken the last event is not given another one, nor waited for with it.
    private func takesEvents(_ connection: AdminConnection) -> Bool {
        connection.phase == .streaming && connection.id != traceID && connection.outputLeft == 0
    }

    private mutating func pushEvents(_ due: inout Set<UInt64>) {
        guard nowNs >= eventAtNs else { return }
        let streams = connections.values.filter(takesEvents).map(\.id)
        guard !streams.isEmpty else { return }
        eventAtNs = nowNs + limits.eventPeriodMs * 1_000_000
        let event = event()
        for id in streams {
            guard var connection = connections.removeValue(forKey: id) else { continue }
            if connection.push(event, limits, nowNs: nowNs) {
                connections[id] = connection
                due.insert(id)
            } else {
                connection.socket.close()
            }
        }
    }

    /// Ends what has taken too long.
    private mutating func expire(_ due: inout Set<UInt64>) {
        for (id, connection) in connections where connection.deadlineNs <= nowNs {
            let isBegun = connection.phase == .reading && !connection.reader.isIdle
            guard connection.outputLeft == 0, isBegun || connection.phase == .answering else {
                end(id)
                continue
            }
            let response: AdminResponse =
                isBegun
                ? .failure(408, "the request took too long")
                : .failure(504, "the command takes long; it goes on without this answer")
            respond(response.closing(), to: id, &due)
        }
    }

    private mutating func respond(
        _ response: AdminResponse, to id: UInt64, _ due: inout Set<UInt64>
    ) {
        guard var connection = connections.removeValue(forKey: id) else { return }
        connection.respond(response, limits, nowNs: nowNs)
        connections[id] = connection
        due.insert(id)
    }
}
