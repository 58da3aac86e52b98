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
    ///   - trapsOnViolation: stops the process where the contract is violated.
    static func run(
        seed: UInt64, bug: PlantedBug? = nil, swapsAnswers: Bool = false,
        trapsOnViolation: Bool = false
    ) throws -> HTTPSimulationOutcome {
        let plan = HTTPRunPlan(seed: seed)
        let ledger = HTTPLedger(plan: plan, swapsAnswers: swapsAnswers)
        var endpoints: [Endpoint] = []
        let world = makeWorld(plan, ledger, bug, &endpoints)
        world.trapsOnViolation = trapsOnViolation
        let mailbox = try Mailbox()
        let startNs = world.nowNs
        world.at(startNs + plan.drainNs) { mailbox.post(.drain) }
        if let terminateNs = plan.terminateNs {
            world.at(startNs + terminateNs) { mailbox.post(.terminate) }
        }
        let published = PublishedCounters()
        var worker = Worker(
            reactor: SimulatedReactor(world: world), configuration: sizes(plan),
            snapshot: try SiteSnapshot(plan.site(endpoints)),
            listeners: (0..<plan.listeners).map { _ in
                WorkerListener(id: 0, descriptor: world.makeListener())
            }, health: .allUsable(endpoints), mailbox: mailbox, published: published)
        for record in ledger.clients {
            world.addClient(
                record.plan.peer, to: record.plan.listener, atNs: startNs + record.plan.arrivalNs,
                program: ClientProgram(ledger: ledger, record: record))
        }
        var watch = TurnWatch(
            clients: plan.clients.count, endNs: startNs + plan.boundNs, world: world)
        var invariants = EngineInvariants(plan, ledger)
        while !worker.isFinished, watch.failure == nil, invariants.failure == nil {
            worker.turn()
            watch.look(world)
            invariants.look(worker.proxy, flows: worker.forwarder.flows.count, world)
        }
        // A run that did not end is judged by that alone: everything else would follow from it.
        var failures = world.violations
        var marks = invariants.marks
        if let failure = watch.failure ?? invariants.failure {
            failures.append(failure)
        } else {
            let verdict = HTTPVerdict(
                world: world, plan: plan, ledger: ledger, counters: published.snapshot(),
                startNs: startNs)
            failures = verdict.failures
            marks.add(verdict.marks)
        }
        return HTTPSimulationOutcome(
            failures: failures, traceHash: world.traceHash, turns: watch.turns, marks: marks,
            counters: world.counters, ledger: ledger, connections: world.connections)
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
            let address = world.addEndpoint(manner) { attempt in
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
