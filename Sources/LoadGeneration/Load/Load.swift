// The load: clients that each send a request, wait for its answer, check it and send the next one.
// Runs on the calling thread over one epoll(7) set, signals among them; every wait has an end.

internal import CLinux
internal import ControlPlane
internal import DataPlane
internal import Glibc
internal import Protocols

/// What clients do.
struct LoadPlan: Sendable {
    let address: SocketAddress
    /// One request without a body.
    let request: [UInt8]
    let expected: Expectation
    /// Clients at the same time, at least 1.
    let connections: Int
    /// Failures that end the load, at least 1.
    let failuresMax: UInt64
}

/// What an answer has to be.
struct Expectation: Equatable, Sendable {
    /// `nil` for any.
    var status: UInt16?
    /// `nil` for any.
    var bodyBytes: UInt64?

    /// What is wrong with an answer; `nil` when nothing is.
    func fault(in answer: AnswerReader.Answer) -> String? {
        if let status, answer.status != status {
            return "status \(answer.status) instead of \(status)"
        }
        if let bodyBytes, answer.bodyBytes != bodyBytes {
            return "\(answer.bodyBytes) bytes of body instead of \(bodyBytes)"
        }
        return nil
    }
}

/// Clients in a closed loop.
struct Load: ~Copyable {
    /// How long nothing may come, or a single answer may be missing at the end.
    static let patienceNs: UInt64 = 3_000_000_000

    private static let signalsToken = UInt64.max
    private static let receiveBytes = 64 * 1024

    private struct Client {
        enum State {
            case connecting, idle, waiting
        }

        var socket: Descriptor
        var state = State.connecting
        var startNs: UInt64 = 0
        var reader = AnswerReader()
    }

    private let plan: LoadPlan
    private let signals: SignalSource
    private var ready: ReadySet
    private var clients: [Client] = []
    /// Clients that are connecting or waiting for an answer.
    private var pending = 0
    private var head = ResponseHead()

    private var result = LoadResult()
    private var endNs: UInt64 = 0
    private var requestsLeft: UInt64 = 0
    /// When something came last.
    private var progressNs: UInt64 = 0
    /// The newest answer, as expected or not.
    private(set) var answer: AnswerReader.Answer?

    /// Begins to connect all clients.
    static func start(_ plan: LoadPlan, signals: SignalSource) throws(BenchStop) -> Load {
        let ready: ReadySet
        do throws(SystemError) {
            ready = try ReadySet(eventsMax: 512)
            try ready.add(signals.descriptor, flags: EPOLLIN.rawValue, token: signalsToken)
        } catch {
            throw .failed("cannot wait for events: \(error)")
        }
        var load = Load(plan, signals, ready)
        for index in 0..<plan.connections {
            load.clients.append(Client(socket: .none))
            try load.connect(index)
        }
        return load
    }

    private init(_ plan: LoadPlan, _ signals: SignalSource, _ ready: ReadySet) {
        self.plan = plan
        self.signals = signals
        self.ready = ready
    }

    deinit {
        for client in clients where client.socket.isOpen { client.socket.close() }
        ready.close()
    }

    /// Sends requests until the time is up, and waits for what is under way then, also for clients
    /// that are still to be connected.
    ///
    /// - Parameters:
    ///   - durationNs: 0 only connects.
    ///   - requestsMax: how many are sent at most.
    /// - Throws: when a signal has come, nothing comes any more, or too much fails.
    mutating func run(
        forNs durationNs: UInt64, requestsMax: UInt64 = .max
    ) throws(BenchStop) -> LoadResult {
        let startNs = MonotonicClock.nowNs
        result = LoadResult()
        endNs = startNs + durationNs
        requestsLeft = requestsMax
        progressNs = startNs
        var nowNs = startNs
        var bytes = [UInt8](repeating: 0, count: Self.receiveBytes)
        for index in clients.indices where clients[index].state == .idle {
            try ask(index, nowNs)
        }
        while pending > 0 {
            let count = ready.wait(timeoutNs: Int64(patienceEndNs - nowNs))
            for index in 0..<count {
                let event = ready[index]
                if event.token == Self.signalsToken {
                    try signals.throwIfStopped()
                } else {
                    try handle(Int(event.token), event.flags, &bytes)
                }
            }
            nowNs = MonotonicClock.nowNs
            if nowNs >= patienceEndNs { throw stalled() }
        }
        result.elapsedNs = progressNs - startNs
        return result
    }

    /// When waiting is given up: what trickles in after the end does not put it off.
    private var patienceEndNs: UInt64 { min(progressNs, endNs) + Self.patienceNs }

    private func stalled() -> BenchStop {
        let patience = DurationText.text(milliseconds: Self.patienceNs / 1_000_000)
        let connecting = clients.count { $0.state == .connecting }
        return connecting > 0
            ? .failed("\(connecting) of \(clients.count) connections not made within \(patience)")
            : .failed("\(pending) of \(clients.count) clients got no answer within \(patience)")
    }

    private mutating func connect(_ index: Int) throws(BenchStop) {
        pending += 1
        while true {
            do throws(SystemError) {
                let socket = try Descriptor.streamSocket(family: plan.address.family)
                clients[index] = Client(socket: socket)
                if !plan.address.isUnix {
                    if plan.address.isLoopback { LoopbackPacing.remove(from: socket) }
                    try socket.setStreamDefaults()
                }
                try ready.add(socket, flags: Self.flags, token: UInt64(index))
                try plan.address.connect(socket)
                return
            } catch {
                if error.code == EINPROGRESS { return }
                close(index)
                try count(failure: "cannot connect: \(error)")
            }
        }
    }

    private static let flags = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLET.rawValue

    private mutating func close(_ index: Int) {
        if clients[index].socket.isOpen { clients[index].socket.close() }
        clients[index].socket = .none
    }

    private mutating func count(failure: String) throws(BenchStop) {
        result.failures += 1
        guard result.failures >= plan.failuresMax else { return }
        throw .failed(
            plan.failuresMax == 1
                ? failure : "\(result.failures) requests failed, the last one: \(failure)")
    }

    private mutating func handle(
        _ index: Int, _ flags: UInt32, _ bytes: inout [UInt8]
    ) throws(BenchStop) {
        if clients[index].state == .connecting {
            let error = gyre_socket_error(clients[index].socket.raw)
            guard error == 0 else {
                return try fail(index, "cannot connect: \(SystemError(code: -error))")
            }
            guard flags & EPOLLOUT.rawValue != 0 else { return }
            pending -= 1
            let nowNs = MonotonicClock.nowNs
            progressNs = nowNs
            clients[index].state = .idle
            return try ask(index, nowNs)
        }
        guard flags & ~EPOLLOUT.rawValue != 0 else { return }
        try receive(index, into: &bytes)
    }

    /// Sends the next request if there is one to be sent; else the client is idle.
    private mutating func ask(_ index: Int, _ nowNs: UInt64) throws(BenchStop) {
        guard nowNs < endNs, requestsLeft > 0 else { return }
        requestsLeft -= 1
        pending += 1
        clients[index].startNs = nowNs
        clients[index].state = .waiting
        if !clients[index].socket.send(plan.request) { try fail(index, "cannot send") }
    }

    private mutating func receive(
        _ index: Int, into bytes: inout [UInt8]
    ) throws(BenchStop) {
        while true {
            let count = clients[index].socket.receive(into: &bytes)
            if count == -Int(EAGAIN) { return }
            guard clients[index].state == .waiting else {
                // Kept connections may be closed at any time between two requests.
                return try count > 0
                    ? fail(index, "bytes that nobody asked for") : reconnect(index)
            }
            let outcome: AnswerReader.Outcome
            if count > 0 {
                outcome = clients[index].reader.receive(
                    bytes.span.extracting(0..<count), parsing: &head)
            } else if count == 0 {
                outcome = clients[index].reader.end()
            } else {
                outcome = .broken("\(SystemError(code: Int32(-count)))")
            }
            switch outcome {
            case .more: if count < bytes.count { return }
            case .broken(let reason): return try fail(index, reason)
            case .answer(let answer): return try take(answer, index)
            }
        }
    }

    private mutating func take(_ answer: AnswerReader.Answer, _ index: Int) throws(BenchStop) {
        self.answer = answer
        if let fault = plan.expected.fault(in: answer) { return try fail(index, fault) }
        let nowNs = MonotonicClock.nowNs
        progressNs = nowNs
        pending -= 1
        result.requests += 1
        result.latencies.record(nowNs - clients[index].startNs)
        clients[index].state = .idle
        if answer.isPersistent {
            try ask(index, nowNs)
        } else {
            try reconnect(index)
        }
    }

    /// What it was doing is lost.
    private mutating func fail(_ index: Int, _ reason: String) throws(BenchStop) {
        if clients[index].state != .idle { pending -= 1 }
        close(index)
        try count(failure: reason)
        try connect(index)
    }

    private mutating func reconnect(_ index: Int) throws(BenchStop) {
        result.reconnects += 1
        close(index)
        try connect(index)
    }
}
