// One whole worker in one simulated world whose clients begin with PROXY headers, and whose
// endpoints may get some, and the judgement.

import DataPlane
import Protocols
import TestSupport

/// What came of one run.
struct ProxySimulationOutcome {
    var failures: [String]
    let traceHash: UInt64
    /// How many clients were served with an address that was conveyed.
    let conveyed: Int
    let counters: CounterSet
}

enum ProxySimulationRun {
    /// Runs the worker of `seed`.
    static func run(seed: UInt64) throws -> ProxySimulationOutcome {
        let plan = ProxyRunPlan(seed: seed)
        let sizes = WorkerConfiguration(
            flowsMax: 64, buffersMax: plan.buffersMax, pipesMax: 16)
        let world = SimulatedWorld(
            seed: plan.seed, faults: plan.faults,
            socketsMax: Worker<SimulatedReactor>.socketsNeeded(for: sizes),
            buffersMax: plan.buffersMax, pipesMax: 16, hasRingSplice: true)
        var origins: [ProxyOrigin] = []
        let endpoints = plan.endpoints.enumerated().map { index, manner in
            let address = world.addEndpoint(manner) { _ in
                PeerPlan()
            } program: { _ in
                origins.append(ProxyOrigin(run: plan, endpoint: index))
                return origins.last
            }
            return Endpoint(
                id: UInt32(index), address: address, name: "endpoint \(index)", host: "origin")
        }
        let mailbox = try Mailbox()
        let startNs = world.nowNs
        world.at(startNs + plan.drainNs) { mailbox.post(.drain) }
        let published = PublishedCounters()
        let books = AccessBooks()
        var worker = Worker(
            reactor: SimulatedReactor(world: world), configuration: sizes,
            snapshot: try SiteSnapshot(site(plan, endpoints)),
            listeners: [WorkerListener(id: 0, descriptor: world.makeListener())],
            health: .allUsable(endpoints),
            mailbox: mailbox, published: published, metrics: books.metrics, access: books.ring)
        let clients = plan.clients.enumerated().map { index, client in
            let program = ProxyClient(client, index: index, run: plan)
            world.addClient(
                client.peer, to: 0, atNs: startNs + client.arrivalNs, program: program)
            return program
        }
        var watch = TurnWatch(
            clients: clients.count, endNs: startNs + plan.drainNs + 600_000_000_000, world: world)
        while !worker.isFinished, watch.failure == nil {
            worker.turn()
            watch.look(world)
            books.look()
        }
        var failures = world.violations
        if let failure = watch.failure {
            failures.append(failure)
        } else {
            var verdict = ProxyVerdicts(plan: plan, clients: clients, origins: origins)
            verdict.judge(published.snapshot(), world)
            books.close(
                listeners: 1, endpoints: endpoints.count, startNs: startNs, endNs: world.nowNs)
            failures += verdict.failures + books.failures
        }
        let conveyed = clients.count { $0.isProxy && $0.plan.opening == .conveys }
        return ProxySimulationOutcome(
            failures: failures, traceHash: world.traceHash, conveyed: conveyed,
            counters: published.snapshot())
    }

    private static func site(
        _ plan: ProxyRunPlan, _ endpoints: [Endpoint]
    ) throws -> SiteDescription {
        var upstream = UpstreamPolicy()
        upstream.idleMax = plan.idleUpstreamsMax
        upstream.sendsProxy = plan.sends
        let service: Service
        if plan.servesHTTP {
            var policy = HTTPPolicy()
            policy.relay = plan.relay
            service = .http(policy, trusted: [], upstream: 0)
        } else {
            var policy = TCPPolicy()
            policy.relay = plan.relay
            policy.idleTimeoutMs = 60_000
            service = .tcp(policy, upstream: 0)
        }
        var site = SiteDescription(service, to: endpoints, upstream)
        site.upstreams[0].balance.policy = plan.balance
        // Half of the clients have an IPv6 address: they are not trusted.
        if plan.accepts {
            site.listeners[0].acceptsProxy.from = [try IPBlock(parsing: "0.0.0.0/0")]
        }
        site.listeners[0].acceptsProxy.timeoutMs = ProxyRunPlan.timeoutMs
        return site
    }
}

/// Judges a run: who was believed, who was cut, what endpoints were told.
struct ProxyVerdicts {
    private let plan: ProxyRunPlan
    private let clients: [ProxyClient]
    private let origins: [ProxyOrigin]
    private(set) var failures: [String] = []

    init(plan: ProxyRunPlan, clients: [ProxyClient], origins: [ProxyOrigin]) {
        self.plan = plan
        self.clients = clients
        self.origins = origins
    }

    private mutating func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
        if !condition { failures.append(message()) }
    }

    mutating func judge(_ counters: CounterSet, _ world: SimulatedWorld) {
        expect(world.buffersUsed == 0, "\(world.buffersUsed) buffers are not back")
        expect(world.socketsUsed == 0, "\(world.socketsUsed) sockets are left")
        for origin in origins {
            if plan.servesHTTP { judgeRequests(of: origin) } else { judgeBytes(of: origin) }
        }
        guard plan.isCalm else { return }
        for client in clients { judgeEnd(of: client) }
        judgeBalance()
        count(.proxyHeaders, in: counters) { $0 == .conveys || $0 == .silent }
        count(.proxyHeadersRefused, in: counters) { $0 == .malformed }
        count(.proxyHeaderTimeouts, in: counters) { $0 == .late }
    }

    private mutating func count(
        _ counter: Counter, in counters: CounterSet, _ isCounted: (ProxyOpening) -> Bool
    ) {
        // One that resets may be gone before it was read.
        let among = clients.filter { $0.isProxy && isCounted($0.plan.opening) }
        let sure = among.count { !$0.plan.resets || $0.plan.opening == .late }
        let found = Int(counters[counter])
        expect((sure...among.count).contains(found), "\(counter) is \(found), not \(sure)")
    }

    /// What an endpoint of TCP gets of a client.
    private func bytes(of client: ProxyClient) -> [UInt8] {
        (plan.sends.map { proxyHeader($0, client.addresses) } ?? []) + client.payload
    }

    /// Whatever came is the beginning of what one client who is served has to say.
    private mutating func judgeBytes(of origin: ProxyOrigin) {
        let isKnown = clients.contains { client in
            guard client.isServed else { return false }
            if bytes(of: client).starts(with: origin.received) { return true }
            // The addresses of one who has gone cannot be asked for.
            let unknown = plan.sends.map { proxyHeader($0, nil) } ?? []
            return client.plan.resets && (unknown + client.payload).starts(with: origin.received)
        }
        expect(isKnown, "an endpoint got \(origin.received.prefix(120)), which nobody said")
    }

    private mutating func judgeRequests(of origin: ProxyOrigin) {
        if plan.sends == nil {
            expect(origin.header == nil, "a header that nobody asked for")
        } else {
            let among = Set(origin.clients)
            expect(among.count <= 1, "a connection served \(among)")
        }
        for (number, forwarded) in zip(origin.clients, origin.forwarded) {
            guard clients.indices.contains(number) else {
                failures.append("a request of nobody")
                continue
            }
            let client = clients[number]
            expect(client.isServed, "client \(number) was served: \(client.plan.opening)")
            guard !client.plan.resets else { continue }
            expect(forwarded == client.addresses?.source, "client \(number) was told elsewhere")
            if plan.sends != nil {
                expect(
                    origin.header?.addresses == client.addresses,
                    "client \(number): the endpoint was told \(String(describing: origin.header))")
            }
        }
    }

    /// Clients at one address, conveyed or not, are served by one endpoint.
    private mutating func judgeBalance() {
        guard plan.balance == .sourceHash, plan.endpoints.allSatisfy({ $0 == .accepts }) else {
            return
        }
        var endpoints: [IPBytes: Set<Int>] = [:]
        for origin in origins {
            for client in clients where !client.plan.resets && isServed(client, by: origin) {
                guard let source = client.addresses?.source else { continue }
                endpoints[source, default: []].insert(origin.endpoint)
            }
        }
        for (source, among) in endpoints {
            expect(among.count == 1, "\(source) was served by endpoints \(among)")
        }
    }

    private func isServed(_ client: ProxyClient, by origin: ProxyOrigin) -> Bool {
        plan.servesHTTP
            ? origin.clients.contains(client.index) : origin.received == bytes(of: client)
    }

    private mutating func judgeEnd(of client: ProxyClient) {
        let name = "client \(client.index) (\(client.plan.opening))"
        guard !client.plan.resets || client.isProxy && client.plan.opening == .late else { return }
        guard client.isProxy else { return judgeService(of: client, name) }
        switch client.plan.opening {
        case .conveys, .silent: judgeService(of: client, name)
        case .malformed: expect(client.brokenNs != nil, "\(name) was not cut")
        case .late:
            let waited = (client.brokenNs ?? 0) &- client.beganNs
            let limit = ProxyRunPlan.timeoutMs * 1_000_000
            expect(client.brokenNs != nil, "\(name) was not cut")
            expect(
                waited + 2_000_000 >= limit && waited < limit + 3_000_000_000,
                "\(name) was cut after \(waited)")
        case .cutShort:
            expect(client.endedNs != nil && client.brokenNs == nil, "\(name) was not ended")
        }
        if client.plan.opening != .conveys, client.plan.opening != .silent {
            expect(client.received.isEmpty && client.answers.isEmpty, "\(name) got an answer")
        }
    }

    private mutating func judgeService(of client: ProxyClient, _ name: String) {
        expect(client.brokenNs == nil && client.endedNs != nil, "\(name) was cut")
        guard plan.servesHTTP else {
            let bytes = bytes(of: client)
            expect(
                origins.count { $0.received == bytes && $0.hasEnded } == 1,
                "\(name) did not reach an endpoint whole")
            expect(client.received == Array("hi\(bytes.count)".utf8), "\(name): wrong answer")
            return
        }
        let isAnswered = client.answers.allSatisfy { $0.hasPrefix("HTTP/1.1 200 ") }
        expect(client.answers.count == client.plan.amount && isAnswered, "\(name): not answered")
        guard plan.sends != nil, plan.idleUpstreamsMax > 0 else { return }
        let connections = origins.count { $0.clients.contains(client.index) }
        expect(connections == 1, "\(name) was served by \(connections) connections")
    }
}
