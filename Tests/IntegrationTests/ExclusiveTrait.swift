// Tests that measure or load the machine run one at a time, also across test runs.

import Foundation
import IntegrationSupport
import Testing

/// Holds a machine-wide lock while a test case runs.
struct ExclusiveTrait: SuiteTrait, TestTrait, TestScoping {
    /// Cases last seconds, a whole run a few minutes; longer than this is somebody's hang.
    private static let waitSecondsMax = 900.0

    var isRecursive: Bool { true }

    func scopeProvider(for test: Test, testCase: Test.Case?) -> Self? {
        testCase == nil ? nil : self
    }

    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let lock = open("/tmp/gyre-exclusive-tests.lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o666)
        guard lock >= 0 else { throw TestFailure("cannot open the lock file") }
        defer { close(lock) }
        let deadline = Deadline(after: Self.waitSecondsMax)
        while flock(lock, LOCK_EX | LOCK_NB) != 0 {
            if deadline.hasPassed { throw TestFailure("another test run holds the lock") }
            try await Task.sleep(for: .milliseconds(50))
        }
        try await function()
    }
}

extension Trait where Self == ExclusiveTrait {
    /// The case has the machine to itself, as far as these tests go.
    static var exclusive: Self { ExclusiveTrait() }
}
