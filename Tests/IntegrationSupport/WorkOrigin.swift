// An origin that counts the work it gets and can be told to fail its health checks.

import Synchronization

/// Answers everything; `/healthz` as it is told.
public final class WorkOrigin: Sendable {
    private final class State: Sendable {
        let isHealthy = Atomic(true)
        let work = Atomic(0)
        let checks = Atomic(0)
    }

    private let state = State()
    private let origin: HTTPOrigin

    public init(_ address: PeerAddress = .loopback4(port: 0)) throws {
        origin = try HTTPOrigin(address) { [state] received in
            guard received.request.target == "/healthz" else {
                state.work.add(1, ordering: .relaxed)
                return .ok("done")
            }
            state.checks.add(1, ordering: .relaxed)
            return state.isHealthy.load(ordering: .relaxed)
                ? .ok("well")
                : .keep("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
        }
    }

    public var address: PeerAddress { origin.address }

    /// Requests for anything else than its health.
    public var work: Int { state.work.load(ordering: .relaxed) }

    /// Checks so far.
    public var checks: Int { state.checks.load(ordering: .relaxed) }

    public func setHealthy(_ isHealthy: Bool) {
        state.isHealthy.store(isHealthy, ordering: .relaxed)
    }
}
