// The whole worker under seeded faults. GYRE_SEED=n replays one run, GYRE_TRAP=1 with it stops the
// process where the contract is violated, GYRE_RUNS=n sets how many runs a suite makes.

import Foundation
import TestSupport
import Testing

@testable import DataPlane

/// How many runs: all of them when optimised, fewer in a debug build, which is ten times slower.
private let runs: Int = {
    if let runs = ProcessInfo.processInfo.environment["GYRE_RUNS"].flatMap({ Int($0) }) {
        return runs
    }
    #if DEBUG
        return 240
    #else
        return 10_200
    #endif
}()

private let onlySeed = ProcessInfo.processInfo.environment["GYRE_SEED"].flatMap { UInt64($0) }
private let batches = 12

@Suite struct SimulationTests {
    @Test(arguments: 0..<batches)
    func everyRunAccountsForEverything(batch: Int) throws {
        if let onlySeed {
            if batch == 0 { try check(onlySeed) }
            return
        }
        let share = max(1, runs / batches)
        var failed = 0
        for seed in UInt64(batch * share)..<UInt64((batch + 1) * share) where failed < 5 {
            failed += try check(seed) ? 0 : 1
        }
    }

    @discardableResult
    private func check(_ seed: UInt64) throws -> Bool {
        let traps = ProcessInfo.processInfo.environment["GYRE_TRAP"] == "1"
        let outcome = try SimulationRun.run(seed: seed, trapsOnViolation: traps)
        guard !outcome.failures.isEmpty else { return true }
        Issue.record(
            """
            GYRE_SEED=\(seed) replays this:
            \(outcome.failures.prefix(8).joined(separator: "\n"))
            \(RunPlan(seed: seed).summary)
            \(onlySeed == nil ? "" : "\(outcome)")
            """)
        return false
    }

    @Test func theSameSeedIsTheSameRun() throws {
        var hashes: Set<UInt64> = []
        for seed in 0..<20 as Range<UInt64> {
            let first = try SimulationRun.run(seed: seed)
            let second = try SimulationRun.run(seed: seed)
            #expect(first.traceHash == second.traceHash)
            #expect(first.turns == second.turns)
            #expect(first.bytes == second.bytes)
            hashes.insert(first.traceHash)
        }
        #expect(hashes.count == 20)
    }
}
