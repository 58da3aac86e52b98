// Bounded waiting. Nothing in the integration tests waits without one of these.

import Foundation

/// A point in time after which a wait gives up.
public struct Deadline: Sendable {
    private let end: ContinuousClock.Instant

    /// A deadline `seconds` from now.
    public init(after seconds: Double) {
        end = .now + .seconds(seconds)
    }

    public var hasPassed: Bool { ContinuousClock.now >= end }

    /// Whole milliseconds left, at least 0: what `poll` takes.
    public var remainingMs: Int32 {
        let left = ContinuousClock.now.duration(to: end) / .milliseconds(1)
        return Int32(max(0, min(left.rounded(.up), 1_000_000)))
    }
}

/// Blocks the calling thread.
///
/// - Parameter seconds: how long; fractions count.
public func pause(_ seconds: Double) {
    Thread.sleep(forTimeInterval: seconds)
}

/// Waits until `condition` holds, looking every 5 ms.
///
/// - Parameter seconds: when to give up.
/// - Returns: whether it came to hold in time.
public func eventually(
    within seconds: Double = 5, _ condition: () throws -> Bool
) rethrows -> Bool {
    let deadline = Deadline(after: seconds)
    while true {
        if try condition() { return true }
        if deadline.hasPassed { return false }
        pause(0.005)
    }
}

/// Why a test's own machinery could not go on.
public struct TestFailure: Error, CustomStringConvertible, Sendable {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
