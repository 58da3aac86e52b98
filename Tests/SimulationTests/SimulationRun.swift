// One whole worker in one simulated world, from its first turn to its last, and the judgement.

import TestSupport

@testable import DataPlane

/// What came of one run.
struct SimulationOutcome {
    /// What was wrong; empty when all was well.
    var failures: [String]
    /// Equal for equal runs.
    let traceHash: UInt64
    let turns: Int
    let bytes: Int
    let counters: CounterSet
    /// What became of each connection, for who replays a seed.
    let connections: [SimulatedConnection]
}

extension SimulationOutcome: CustomStringConvertible {
    var description: String {
        let counts = Counter.allCases.filter { counters[$0] != 0 }
            .map { "\($0) \(counters[$0])" }
        let flows = connections.enumerated().map { number, connection in
            """
            \(number) tag \(connection.owner.map { "\($0)" } ?? "none"): \
            \(connection.plan.ending), sent \(connection.sent) of \
            \(connection.plan.sendBytes), read \(connection.read), \
            taken \(connection.taken), peer read \(connection.peerRead), \
            ended \(connection.endedNs ?? 0), reset \(connection.resetNs ?? 0), \
            saw \(connection.sawReset ? "reset" : connection.sawEnd ? "end" : "nothing"), \
            stalls \(connection.plan.stallsNs)
            """
        }
        return (["\(turns) turns, " + counts.joined(separator: ", ")] + flows)
            .joined(separator: "\n")
    }
}

enum SimulationRun {
    /// Runs the worker of `seed`.
    ///
    /// - Parameters:
    ///   - bug: planted into the reactor; the run is then expected to fail.
    ///   - siteBug: planted around the worker; the same.
    ///   - trapsOnViolation: stops the process where the contract is violated.
    static func run(
        seed: UInt64, bug: PlantedBug? = nil, siteBug: SiteBug? = nil,
        trapsOnViolation: Bool = false
    ) throws -> SimulationOutcome {
        let plan = RunPlan(seed: seed)
        var addresses: [Endpoint] = []
        let world = makeWorld(plan, bug, &addresses)
        world.trapsOnViolation = trapsOnViolation
        let mailbox = try Mailbox()
        let start = world.nowNs
        world.at(start + plan.drainNs) { mailbox.post(.drain) }
        if let terminateNs = plan.terminateNs {
            world.at(start + terminateNs) { mailbox.post(.terminate) }
        }
        let published = PublishedCounters()
        let history = try SiteHistory(
            plan.site, mailbox: mailbox, startNs: start, bug: siteBug
        ) {
            site(plan, plan.site.states[$0], addresses)
        }
        let sockets = (0..<plan.site.socketsUsed).map { _ in world.makeListener() }
        history.schedule(in: world, sockets: sockets)
        let breakers = CircuitBreakers(workers: 1)
        let books = AccessBooks()
        let health = EndpointHealth.allUsable(addresses)
        var worker = Worker(
            reactor: SimulatedReactor(world: world), configuration: sizes(plan),
            snapshot: history.first,
            listeners: (0..<plan.listeners).map {
                WorkerListener(number: UInt32($0), id: UInt32($0), descriptor: sockets[$0])
            }, health: health, breakers: breakers, mailbox: mailbox, published: published,
            metrics: books.metrics, access: books.ring)
        for client in plan.clients {
            world.addClient(client.plan, to: client.socket, atNs: start + client.arrivalNs)
        }
        var watch = TurnWatch(
            clients: plan.clients.count, endNs: start + plan.boundNs, world: world)
        var limits = LimitWatch(plan.site, breakers)
        var endpoints = EndpointWatch(plan.site, health, bug: siteBug)
        while !worker.isFinished, watch.failure == nil, limits.failure == nil,
            endpoints.failure == nil
        {
            worker.turn()
            watch.look(world)
            books.look()
            history.look(isDraining: worker.forwarder.isDraining, nowNs: world.nowNs)
            limits.look(worker.forwarder, worker.proxy, history, world)
            endpoints.look(worker.forwarder, worker.proxy, world)
        }
        // A run that did not end is judged by that alone: everything else would follow from it.
        var failures = world.violations
        if let failure = watch.failure ?? limits.failure ?? endpoints.failure {
            failures.append(failure)
        } else {
            history.end()
            books.close(
                listeners: plan.listeners, endpoints: plan.endpoints.count, startNs: start,
                endNs: world.nowNs)
            let verdict = Verdict(
                world: world, plan: plan, counters: published.snapshot(),
                appliedNs: history.appliedNs, books: books)
            failures =
                verdict.failures + history.failures + limits.end() + books.failures
        }
        return SimulationOutcome(
            failures: failures, traceHash: world.traceHash, turns: watch.turns,
            bytes: world.connections.reduce(0) { $0 + $1.taken }, counters: world.counters,
            connections: world.connections)
    }

    private static func makeWorld(
        _ plan: RunPlan, _ bug: PlantedBug?, _ addresses: inout [Endpoint]
    ) -> SimulatedWorld {
        let world = SimulatedWorld(
            seed: plan.seed, faults: plan.faults, bug: bug,
            socketsMax: Worker<SimulatedReactor>.socketsNeeded(for: sizes(plan)),
            buffersMax: plan.buffersMax, pipesMax: plan.pipesMax,
            hasRingSplice: plan.hasRingSplice)
        for (index, manner) in plan.endpoints.enumerated() {
            let address = world.addEndpoint(manner, outages: plan.site.outages[index]) { attempt in
                var random = SeededRandom(
                    seed: SeededRandom.mix(plan.seed) &+ UInt64(index * 1_000 + attempt))
                return .random(
                    &random, bytesMax: plan.bytesMax, stallNsMax: plan.stallNsMax)
            }
            addresses.append(
                Endpoint(
                    id: UInt32(index), address: address, name: "endpoint \(index)",
                    host: "origin"))
        }
        return world
    }

    private static func sizes(_ plan: RunPlan) -> WorkerConfiguration {
        WorkerConfiguration(
            flowsMax: plan.flowsMax, buffersMax: plan.buffersMax, pipesMax: plan.pipesMax)
    }

    private static func site(
        _ plan: RunPlan, _ state: SiteState, _ endpoints: [Endpoint]
    ) -> SiteDescription {
        var policy = TCPPolicy()
        policy.relay = plan.relay
        policy.idleTimeoutMs = plan.idleTimeoutMs
        return state.description(.tcp(policy, upstream: 0), endpoints)
    }
}

/// Notices a worker that does not come to an end: one that waits for nothing, one that runs past
/// the time it can need, one that turns without getting anywhere.
struct TurnWatch {
    private let endNs: UInt64
    private var completions: UInt64 = 0
    private var idleTurns = 0
    private let idleTurnsMax: Int
    private(set) var turns = 0
    private(set) var failure: String?

    init(clients: Int, endNs: UInt64, world: SimulatedWorld) {
        self.endNs = endNs
        // A turn without completions is a timer's: a few per flow and border of the wheel's
        // levels (the finest spans a quarter of a second, but is entered only for a timer in it).
        idleTurnsMax = 200 + 60 * (clients + 2)
    }

    mutating func look(_ world: SimulatedWorld) {
        turns += 1
        let now = world.counters[.completions]
        idleTurns += now == completions ? 1 : 0
        completions = now
        if world.isStuck { failure = "deadlock: nothing will ever happen again" }
        if world.nowNs > endNs { failure = "not finished when it must be" }
        if idleTurns > idleTurnsMax { failure = "\(idleTurns) turns without a completion" }
        if turns > 1_000_000 { failure = "a million turns" }
        if let violation = world.violations.first { failure = violation }
    }
}
