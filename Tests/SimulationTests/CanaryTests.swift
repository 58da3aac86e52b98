// Proof that the rig finds what it is there to find: each planted bug makes runs fail that pass
// without it. A bug may also stop the worker at one of its own checks, hence the exit tests.

import Foundation
import TestSupport
import Testing

@Suite struct CanaryTests {
    #if DEBUG
        private static let seeds: Range<UInt64> = 0..<80
    #else
        private static let seeds: Range<UInt64> = 0..<300
    #endif

    @Test(arguments: PlantedBug.allCases)
    func aPlantedBugIsFound(bug: PlantedBug) async {
        await #expect(processExitsWith: .failure) { [bug = bug.rawValue as String] in
            let planted = try #require(PlantedBug(rawValue: bug))
            for seed in CanaryTests.seeds {
                let outcome = try SimulationRun.run(seed: seed, bug: planted)
                if !outcome.failures.isEmpty { exit(EXIT_FAILURE) }
            }
        }
    }

    /// The control: the same seeds, nothing planted.
    @Test func withoutABugTheSameRunsPass() async {
        await #expect(processExitsWith: .success) {
            for seed in CanaryTests.seeds {
                let outcome = try SimulationRun.run(seed: seed)
                if !outcome.failures.isEmpty { exit(EXIT_FAILURE) }
            }
        }
    }

    /// What the worker is told to serve and does not.
    @Test(arguments: SiteBug.allCases)
    func aWorkerThatDisobeysIsFound(bug: SiteBug) throws {
        let told = try Self.seeds.contains { seed in
            try SimulationRun.run(seed: seed, siteBug: bug).failures.contains {
                $0.contains(bug == .servesOldState ? "and went to endpoint" : bug.words)
            }
        }
        #expect(told)
    }

    /// Bugs that no check of the worker's own can stop are told by the verdict, in words.
    @Test(arguments: [
        (PlantedBug.dropByte, "wrong byte"), (.corruptByte, "wrong byte"),
        (.leakBuffer, "buffers are not back"), (.swallowShutdown, "saw the end"),
        (.ignoreDeadline, "turns without a completion"),
    ])
    func theVerdictNamesWhatIsWrong(bug: PlantedBug, words: String) throws {
        let told = try Self.seeds.contains { seed in
            try SimulationRun.run(seed: seed, bug: bug).failures.contains { $0.contains(words) }
        }
        #expect(told)
    }
}
