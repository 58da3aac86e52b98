// Proof that the HTTP simulation finds what it is there to find: each bug that is planted into the
// reactor makes runs fail that pass without it. A bug may also stop the worker at one of its own
// checks, hence the exit tests.

import Foundation
import TestSupport
import Testing

@Suite struct HTTPCanaryTests {
    #if DEBUG
        private static let seeds: Range<UInt64> = 0..<200
    #else
        private static let seeds: Range<UInt64> = 0..<1_000
    #endif

    @Test(arguments: PlantedBug.allCases)
    func aPlantedBugIsFound(bug: PlantedBug) async {
        await #expect(processExitsWith: .failure) { [bug = bug.rawValue as String] in
            let planted = try #require(PlantedBug(rawValue: bug))
            for seed in HTTPCanaryTests.seeds {
                let outcome = try HTTPSimulationRun.run(seed: seed, bug: planted)
                if !outcome.failures.isEmpty { exit(EXIT_FAILURE) }
            }
        }
    }

    /// An answer that is another request's is found wherever it comes from.
    @Test func aSwappedAnswerIsFound() throws {
        let told = try Self.seeds.prefix(50).contains { seed in
            try HTTPSimulationRun.run(seed: seed, swapsAnswers: true).failures.contains {
                $0.contains("got the answer")
            }
        }
        #expect(told)
    }

    @Test(arguments: SiteBug.allCases)
    func aWorkerThatDisobeysIsFound(bug: SiteBug) throws {
        let told = try Self.seeds.contains { seed in
            try HTTPSimulationRun.run(seed: seed, siteBug: bug).failures.contains {
                $0.contains(bug.words)
            }
        }
        #expect(told)
    }

    @Test(arguments: AccessBug.allCases)
    func aWrongRecordIsFound(bug: AccessBug) throws {
        let told = try Self.seeds.prefix(50).contains { seed in
            try HTTPSimulationRun.run(seed: seed, accessBug: bug).failures.contains {
                $0.contains(bug.words)
            }
        }
        #expect(told)
    }

    /// The control: the same seeds, nothing planted.
    @Test func withoutABugTheSameRunsPass() async {
        await #expect(processExitsWith: .success) {
            for seed in HTTPCanaryTests.seeds {
                let outcome = try HTTPSimulationRun.run(seed: seed)
                if !outcome.failures.isEmpty { exit(EXIT_FAILURE) }
            }
        }
    }

    /// Bugs that no check of the worker's own can stop are told by the verdict, in words.
    @Test(arguments: [
        (PlantedBug.leakBuffer, "buffers are not back"), (.corruptByte, "body"),
        (.dropByte, "without a cause"), (.ignoreDeadline, "turns without a completion"),
    ])
    func theVerdictNamesWhatIsWrong(bug: PlantedBug, words: String) throws {
        let told = try Self.seeds.contains { seed in
            try HTTPSimulationRun.run(seed: seed, bug: bug).failures.contains { $0.contains(words) }
        }
        #expect(told)
    }
}
