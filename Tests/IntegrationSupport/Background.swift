// A thread with a result: traffic peers run on these, because they block in system calls.

import Foundation
import Synchronization

/// Work on a thread of its own, started at once.
public final class Background<Value: Sendable>: Sendable {
    private let outcome = Mutex<Result<Value, any Error>?>(nil)
    private let done = DispatchSemaphore(value: 0)

    public init(_ body: @escaping @Sendable () throws -> Value) {
        Thread.detachNewThread { [self] in
            let result = Result { try body() }
            outcome.withLock { $0 = result }
            done.signal()
        }
    }

    /// Whether the work has ended, well or badly.
    public var hasEnded: Bool { outcome.withLock { $0 != nil } }

    /// Waits for the result; may be asked again.
    ///
    /// - Parameter seconds: when to give up.
    /// - Throws: what the work threw, or `TestFailure` when it is not done in time.
    public func value(within seconds: Double = 30) throws -> Value {
        guard done.wait(timeout: .now() + seconds) == .success else {
            throw TestFailure("background work not done within \(seconds) s")
        }
        done.signal()
        guard let result = outcome.withLock({ $0 }) else {
            throw TestFailure("background work ended without a result")
        }
        return try result.get()
    }
}
