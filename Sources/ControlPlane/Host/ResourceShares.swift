// How the machine's limits are divided among workers. Pure arithmetic; every result is bounded.

/// What each worker gets of a limited resource.
package struct ResourceShares: Equatable, Sendable {
    /// More flows than anybody has memory for; bounds the tables when descriptors are unlimited.
    package static let connectionsMax = 1 << 20
    /// Standard streams, signals, log and probe sockets, and some room.
    static let processDescriptors = 64
    /// A worker's ring or epoll, eventfd, listeners, and some room.
    static let workerDescriptors = 16
    static let pipeDescriptors = 2
    /// A client and its endpoint. The same for HTTP: a client takes a connection to an endpoint
    /// only while it has a request under way, and a worker never has more of these, idle ones
    /// included, than its share of clients.
    static let flowDescriptors = 2
    /// The per-user pipe budget (pipe(7), pipe-user-pages-soft) is used up at about 64 pipes of
    /// 1 MiB; a quarter of it is left to the user's other processes.
    static let pipesTotal = 48

    /// Workers among which everything is divided, at least 1.
    package let workers: Int
    /// Flows of all workers together.
    package let connections: Int
    /// With direct descriptors, what a worker's file table has room for.
    private let table: FileTableShares?

    /// - Parameters:
    ///   - workers: wished for, at least 1; fewer when there are fewer connections than workers,
    ///     because a worker that may not accept anything would starve its share of the clients.
    ///   - connections: the operator's limit, lowered to what the descriptors allow: a client that
    ///     is accepted without a descriptor left for its endpoint would be lost. `nil` takes that.
    ///   - descriptors: the raised descriptor limit.
    ///   - table: the file table that each worker has when sockets do not take descriptors of the
    ///     process.
    /// - Returns: `nil` when the descriptors do not even suffice for one flow per worker.
    package init?(
        workers: Int, connections: Int?, descriptors: UInt64, table: FileTableShares? = nil
    ) {
        precondition(workers > 0 && connections ?? 1 > 0)
        let used = min(workers, connections ?? workers)
        var allowed = Self.connectionsAllowed(workers: used, descriptors: descriptors)
        var limit = allowed
        if let table {
            // What is left for sockets in the process must do for nothing but the workers.
            guard Self.reserved(workers: used) <= descriptors else { return nil }
            allowed = min(table.clients * used, Self.connectionsMax)
            limit = min(table.clientsMax * used, Self.connectionsMax)
        }
        guard allowed >= used else { return nil }
        self.workers = used
        self.connections = min(connections ?? allowed, limit)
        self.table = table
    }

    /// Slots of a worker's file table, and connections to endpoints that it may use them for;
    /// `nil` without direct descriptors.
    package func table(ofWorker index: Int) -> (slots: Int, upstreams: Int)? {
        table.map { $0.shares(clients: flows(ofWorker: index)) }
    }

    /// Flows that a descriptor limit has room for, from 0 to `connectionsMax`.
    package static func connectionsAllowed(workers: Int, descriptors: UInt64) -> Int {
        let free = Int(clamping: descriptors) - reserved(workers: workers)
        return max(0, min(free / flowDescriptors, connectionsMax))
    }

    /// Descriptors of everything but flows.
    private static func reserved(workers: Int) -> Int {
        let perWorker = workerDescriptors + pipeDescriptors * pipes(workers: workers)
        return processDescriptors + workers * perWorker
    }

    /// Flows of one worker: an exact share, the first workers take the remainder.
    package func flows(ofWorker index: Int) -> Int {
        precondition(index >= 0 && index < workers)
        return connections / workers + (index < connections % workers ? 1 : 0)
    }

    /// Pipes of one worker.
    package static func pipes(workers: Int) -> Int {
        max(2, min(pipesTotal / workers, 16))
    }

    /// Receive buffers of one worker: a quarter of the memory at most for all together.
    ///
    /// - Parameter bufferBytes: the size of one buffer, at least 1.
    package func buffers(memoryBytes: UInt64, bufferBytes: Int) -> Int {
        let share = memoryBytes / 4 / UInt64(workers) / UInt64(bufferBytes)
        return max(256, min(Int(clamping: share), 65_536))
    }
}
