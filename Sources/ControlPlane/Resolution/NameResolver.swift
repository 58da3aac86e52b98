// Names as the rest of the control plane sees them: a thread that is given questions and tells when
// their answers change. One for the whole process, and one way to ask a single time.

package import DataPlane

/// The running resolver.
package final class NameResolver: Sendable {
    private let orders: ThreadOrders<Set<NameQuestion>>
    private let thread: ControlThread

    private init(_ orders: ThreadOrders<Set<NameQuestion>>, _ thread: ControlThread) {
        self.orders = orders
        self.thread = thread
    }

    /// Starts the thread, which has nothing to ask yet.
    ///
    /// - Parameter tell: called on that thread; it must not wait for anything.
    package static func start(
        _ servers: NameServers = NameServers(),
        tell: @escaping @Sendable (NameQuestion, NameEvent) -> Void
    ) throws(SystemError) -> NameResolver {
        let orders = try ThreadOrders<Set<NameQuestion>>()
        let thread = try ControlThread.start("gyre-names") {
            NameLoop(orders, servers, tell).run()
        }
        return NameResolver(orders, thread)
    }

    /// Any thread: which names matter from now on. New ones are asked for at once; for those that
    /// stay nothing changes, and nothing is told again.
    ///
    /// - Parameter questions: at most `NameLoop.namesMax`; further ones are never asked.
    package func update(_ questions: Set<NameQuestion>) { orders.post(.work(questions)) }

    /// Ends the thread, whatever it waits for. Once only.
    package func stop() {
        orders.post(.stop)
        thread.join()
    }

    /// Asks once and waits for the answer.
    ///
    /// - Returns: at least one address, in a fixed order, none twice.
    /// - Throws: why there is none, as half a sentence.
    static func addresses(
        of question: NameQuestion, _ servers: NameServers = NameServers()
    ) throws(NameFailure) -> [NamedAddress] {
        let channel = try NameChannel(servers)
        var round = NameRound(question)
        for lookup in round.begin() { channel.start(lookup, tag: 0) }
        while !round.isComplete {
            let results = channel.takeResults()
            for result in results {
                for lookup in round.take(result.lookup, result.outcome) {
                    channel.start(lookup, tag: 0)
                }
            }
            if results.isEmpty { channel.wait(.none, timeoutMs: -1) }
        }
        switch round.answer() {
        case .found(let addresses, _): return addresses
        case .failed(let reason): throw NameFailure(reason)
        }
    }
}
