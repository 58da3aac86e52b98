// One whole worker that serves HTTP in one simulated world, from its first turn to its last, and
// the judgement.

import TestSupport

@testable import DataPlane

enum HTTPSimulationRun {
    /// Runs the worker of `seed`.
    ///
    /// - Parameters:
    ///   - bug: planted into the reactor; the run is then expected to fail.
    ///   - swapsAnswers: planted into the origins; the same.
    ///   - siteBug: planted around the worker; the same.
    ///   - accessBug: planted into what it tells; the same.
    ///   - trapsOnViolation: stops the process where the contract is violated.
    static func run(
        seed: UInt64, bug: PlantedBug? = nil, swapsAnswers: Bool = false,
        siteBug: SiteBug? = nil, accessBug: AccessBug? = nil, trapsOnViolation: Bool = false
    ) throws -> HTTPSimulationOutcome {
        let plan = HTTPRunPlan(seed: seed)
        let ledger = HTTPLedger(plan: plan, swapsAnswers: swapsAnswers)
        var endpoints: [Endpoint] = []
        let world = makeWorld(plan, ledger, bug, &endpoints)
        world.trapsOnViolation = trapsOnViolation
        let mailbox = try Mailbox()
        let startNs = world.nowNs
        schedule(plan, mailbox, in: world)
        let published = PublishedCounters()
        let history = try SiteHistory(
            plan.site, mailbox: mailbox, startNs: startNs, bug: siteBug
        ) {
            plan.description($0, endpoints)
        }
        let sockets = (0..<plan.site.socketsUsed).map { _ in world.makeListener() }
        history.schedule(in: world, sockets: sockets)
        let breakers = CircuitBreakers(workers: 1)
        let books = AccessBooks(bug: accessBug)
        let health = EndpointHealth.allUsable(endpoints)
        var worker = Worker(
            reactor: SimulatedReactor(world: world), configuration: sizes(plan),
            snapshot: history.first,
            listeners: (0..<plan.listeners).map {
                WorkerListener(number: UInt32($0), id: UInt32($0), descriptor: sockets[$0])
            }, health: health, breakers: breakers, mailbox: mailbox, published: published,
            metrics: books.metrics, access: books.ring)
        addClients(plan, ledger, to: world)
        var watch = TurnWatch(
            clients: plan.clients.count, endNs: startNs + plan.boundNs, world: world)
        var invariants = EngineInvariants(plan, ledger)
        var limits = LimitWatch(plan.site, breakers)
        var outages = EndpointWatch(plan.site, health, bug: siteBug)
        while !worker.isFinished, watch.failure == nil, invariants.failure == nil,
            limits.failure == nil, outages.failure == nil
        {
            worker.turn()
            watch.look(world)
            history.look(isDraining: worker.proxy.isDraining, nowNs: world.nowNs)
            limits.look(worker.forwarder, worker.proxy, history, world)
            outages.look(worker.forwarder, worker.proxy, world)
            books.look()
            invariants.look(worker.proxy, flows: worker.forwarder.flows.count, world)
        }
        // A run that did not end is judged by that alone: everything else would follow from it.
        var failures = world.violations
        var marks = invariants.marks
        marks[.ejected] += outages.ejections
        let failure = watch.failure ?? invariants.failure ?? limits.failure ?? outages.failure
        if let failure {
            failures.append(failure)
        } else {
            history.end()
            books.close(
                listeners: plan.listeners, endpoints: plan.endpoints.count, startNs: startNs,
                endNs: world.nowNs)
            let verdict = HTTPVerdict(
                world: world, plan: plan, ledger: ledger, counters: published.snapshot(),
                appliedNs: history.appliedNs, outages: outages, books: books)
            failures =
                verdict.failures + history.failures + limits.end() + books.failures
            marks.add(verdict.marks)
        }
        return HTTPSimulationOutcome(
            failures: failures, traceHash: world.traceHash, turns: watch.turns, marks: marks,
            counters: world.counters, ledger: ledger, connections: world.connections)
    }

    private static func addClients(
        _ plan: HTTPRunPlan, _ ledger: HTTPLedger, to world: SimulatedWorld
    ) {
        for record in ledger.clients {
            world.addClient(
                record.plan.peer, to: plan.socket(of: record.plan),
                atNs: world.nowNs + record.plan.arrivalNs,
                program: ClientProgram(ledger: ledger, record: record))
        }
    }

    /// Puts the worker's end on the agenda.
    private static func schedule(
        _ plan: HTTPRunPlan, _ mailbox: Mailbox, in world: SimulatedWorld
    ) {
        world.at(world.nowNs + plan.drainNs) { mailbox.post(.drain) }
        guard let terminateNs = plan.terminateNs else { return }
        world.at(world.nowNs + terminateNs) { mailbox.post(.terminate) }
    }

    private static func makeWorld(
        _ plan: HTTPRunPlan, _ ledger: HTTPLedger, _ bug: PlantedBug?,
        _ endpoints: inout [Endpoint]
    ) -> SimulatedWorld {
        let world = SimulatedWorld(
            seed: plan.seed, faults: plan.faults, bug: bug,
            socketsMax: Worker<SimulatedReactor>.socketsNeeded(for: sizes(plan)),
            buffersMax: plan.buffersMax, pipesMax: plan.pipesMax)
        for (index, manner) in plan.endpoints.enumerated() {
            let address = world.addEndpoint(manner, outages: plan.site.outages[index]) { attempt in
                var random = SeededRandom(
                    seed: SeededRandom.mix(plan.seed) &+ UInt64(index * 1_000 + attempt))
                let bytes = plan.answers.bodyBytesMax + 500
                var peer = PeerPlan.paced(&random, sends: bytes, reads: bytes)
                if random.chance(plan.answers.troublePerMille / 4) {
                    peer.trickle(&random, sends: bytes)
                }
                return peer
            } program: { _ in
                OriginProgram(ledger: ledger, endpoint: index)
            }
            endpoints.append(
                Endpoint(
                    id: UInt32(index), address: address, name: "endpoint \(index)",
                    host: plan.name(ofEndpoint: index)))
        }
        return world
    }

    private static func sizes(_ plan: HTTPRunPlan) -> WorkerConfiguration {
        WorkerConfiguration(
            flowsMax: plan.clientsMax, buffersMax: plan.buffersMax, pipesMax: plan.pipesMax)
    }
}
