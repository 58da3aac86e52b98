// What a balancer asks about endpoints, and what a request says about those it has been to. By
// position: an endpoint's place in the upstream's list.

/// An upstream's endpoints as they are now. Generic where it is used, never boxed.
package protocol EndpointStates: ~Copyable {
    /// Another value whenever `isUsable` or `readmittedAtMs` of any endpoint may have changed. What
    /// was worked out from them is kept until then.
    var epoch: UInt64 { get }

    /// Whether the endpoint may get new work.
    func isUsable(_ position: Int) -> Bool

    /// When it came into service or back to it, in milliseconds of the monotonic clock; 0 when it
    /// has been there from the start.
    func readmittedAtMs(_ position: Int) -> UInt64

    /// Requests or flows that this worker has under way there.
    func inFlight(_ position: Int) -> UInt32
}

/// The endpoints that a request has been to: the last eight.
package struct AttemptedEndpoints: BitwiseCopyable, Sendable {
    package static let capacity = 8

    /// The latest first.
    private var positions = InlineArray<8, UInt16>(repeating: .max)

    package init() {}

    package var isEmpty: Bool { positions[0] == .max }

    /// Takes note of an attempt; the eighth before it is forgotten.
    package mutating func append(_ position: Int) {
        for index in (1..<Self.capacity).reversed() { positions[index] = positions[index - 1] }
        positions[0] = UInt16(position)
    }

    func contains(_ position: Int) -> Bool {
        guard !isEmpty else { return false }
        for index in 0..<Self.capacity where Int(positions[index]) == position { return true }
        return false
    }
}
