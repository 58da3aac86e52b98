// The whole worker as an HTTP proxy under seeded faults. GYRE_SEED=n replays one run, GYRE_TRAP=1
// with it stops the process where the reactor's contract is violated, GYRE_RUNS=n sets how many
// runs are made.

import Foundation
import Synchronization
import TestSupport
import Testing

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

@Suite struct HTTPSimulationTests {
    @Test func everyRunAccountsForEveryMessage() async throws {
        if let onlySeed {
            _ = try Self.check(onlySeed)
            return
        }
        let marks = try await withThrowingTaskGroup(of: HTTPMarks.self) { group in
            let batches = 12
            for batch in 0..<batches {
                group.addTask {
                    var marks = HTTPMarks()
                    var failed = 0
                    for seed in stride(from: batch, to: runs, by: batches) where failed < 3 {
                        guard let outcome = try Self.check(UInt64(seed)) else {
                            failed += 1
                            continue
                        }
                        marks.add(outcome.marks)
                    }
                    return marks
                }
            }
            return try await group.reduce(into: HTTPMarks()) { $0.add($1) }
        }
        if ProcessInfo.processInfo.environment["GYRE_MARKS"] == "1" { print(marks) }
        #if !DEBUG
            // What is planned for has to happen, or nothing is shown by its going well.
            if runs >= 10_000 { #expect(marks.missing.isEmpty) }
        #endif
    }

    /// - Returns: `nil` when the run failed.
    private static func check(_ seed: UInt64) throws -> HTTPSimulationOutcome? {
        let traps = ProcessInfo.processInfo.environment["GYRE_TRAP"] == "1"
        let outcome = try HTTPSimulationRun.run(seed: seed, trapsOnViolation: traps)
        if outcome.failures.isEmpty { return outcome }
        Issue.record(
            """
            GYRE_SEED=\(seed) replays this:
            \(outcome.failures.prefix(8).joined(separator: "\n"))
            \(onlySeed == nil ? "" : "\(HTTPRunPlan(seed: seed).summary)\n\(outcome)")
            """)
        return nil
    }

    @Test func theSameSeedIsTheSameRun() throws {
        var hashes: Set<UInt64> = []
        for seed in 0..<20 as Range<UInt64> {
            let first = try HTTPSimulationRun.run(seed: seed)
            let second = try HTTPSimulationRun.run(seed: seed)
            #expect(first.traceHash == second.traceHash)
            #expect(first.turns == second.turns)
            hashes.insert(first.traceHash)
        }
        #expect(hashes.count == 20)
    }
}
