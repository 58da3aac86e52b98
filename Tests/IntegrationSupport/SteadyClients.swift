// Clients that ask without haste and without end, to see that nobody notices what changes behind
// the proxy.

import Synchronization

/// Clients on kept connections, each asking again as soon as it has its answer.
public final class SteadyClients: Sendable {
    private final class State: Sendable {
        let stop = Atomic(false)
        let answers = Atomic(0)
        let failures = Mutex<[String]>([])
    }

    private let state = State()
    private let clients: [Background<Void>]

    /// - Parameters:
    ///   - address: of the proxy.
    ///   - count: how many ask at the same time.
    public init(_ address: PeerAddress, count: Int = 4) {
        clients = (0..<count).map { [state] _ in
            Background {
                var client: HTTPStream?
                while !state.stop.load(ordering: .relaxed) {
                    do {
                        let stream = try client ?? HTTPStream(Connection(to: address))
                        client = stream
                        let response = try stream.get("/work")
                        guard response.status == 200 else {
                            throw TestFailure("\(response.status) \(response.text)")
                        }
                        state.answers.add(1, ordering: .relaxed)
                    } catch {
                        state.failures.withLock { $0.append("\(error)") }
                        client = nil
                    }
                    pause(0.001)
                }
            }
        }
    }

    deinit { state.stop.store(true, ordering: .relaxed) }

    /// Good answers so far.
    public var answers: Int { state.answers.load(ordering: .relaxed) }

    /// Waits for some more good answers, so that what was decided before is what they show.
    public func awaitMore(_ count: Int = 100) throws {
        let before = answers
        guard eventually(within: 20, { answers >= before + count }) else {
            throw TestFailure("only \(answers - before) of \(count) answers; \(failures)")
        }
    }

    /// What was not a good answer.
    public var failures: [String] { state.failures.withLock { $0 } }

    /// Ends the clients.
    ///
    /// - Returns: all failures.
    public func stop() throws -> [String] {
        state.stop.store(true, ordering: .relaxed)
        for client in clients { try client.value() }
        return failures
    }
}
