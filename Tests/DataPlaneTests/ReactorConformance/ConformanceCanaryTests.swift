// Proof that the conformance suite notices a reactor that does not conform: for each bug planted
// into the simulated one, some case must fail.

import Synchronization
import TestSupport
import Testing

@Suite struct ConformanceCanaryTests {
    /// Those that lose or change something; the others stop the process at the pool's own checks.
    private static let bugs: [PlantedBug] = [
        .loseCompletion, .dropByte, .corruptByte, .leakBuffer, .shortSend, .resetAsEnd,
        .swallowShutdown,
    ]

    @Test(arguments: bugs) func aPlantedBugFailsTheSuite(bug: PlantedBug) throws {
        let found = Mutex(false)
        for seed in 1...200 as ClosedRange<UInt64> where !found.withLock({ $0 }) {
            try withKnownIssue(isIntermittent: true) {
                try run(ReceiveDelivers.self, bug, seed)
                try run(SendTakesEverything.self, bug, seed)
                try run(EndsGoThroughOneWayAtATime.self, bug, seed)
                try run(PeersResetIsAnError.self, bug, seed)
            } matching: { _ in
                found.withLock { $0 = true }
                return true
            }
        }
        #expect(found.withLock { $0 })
    }

    private func run<Case: ConformanceCase>(
        _: Case.Type, _ bug: PlantedBug, _ seed: UInt64
    ) throws {
        let world = SimulatedWorld(
            seed: seed, bug: bug, socketsMax: 4, buffersMax: TestedReactor.buffersMax)
        var harness = ConformanceHarness(
            reactor: SimulatedReactor(world: world), network: SimulatedNetwork(world: world),
            isFaulty: false)
        try Case.check(&harness)
        try harness.finish()
        #expect(world.violations.isEmpty)
    }
}
