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

    /// How long `ask` takes at most, in milliseconds.
    static let askMs: UInt64 = 10_000

    /// Asks once for all of these and waits for the answers.
    ///
    /// - Parameter timeoutMs: what has no answer by then has none.
    /// - Returns: an answer to each question.
    static func ask(
        _ questions: Set<NameQuestion>, _ servers: NameServers = NameServers(),
        withinMs timeoutMs: UInt64 = askMs
    ) -> [NameQuestion: NameAnswer] {
        let all = Array(questions)
        var answers: [NameQuestion: NameAnswer] = [:]
        let channel: NameChannel
        do throws(NameFailure) {
            channel = try NameChannel(servers)
        } catch {
            return Dictionary(uniqueKeysWithValues: all.map { ($0, .failed(error.description)) })
        }
        var rounds = all.map(NameRound.init)
        var begun = 0
        let endMs = MonotonicClock.nowNs / 1_000_000 + timeoutMs
        while answers.count < all.count {
            while begun < all.count, begun - answers.count < NameLoop.roundsMax {
                for lookup in rounds[begun].begin() { channel.start(lookup, tag: UInt64(begun)) }
                begun += 1
            }
            let results = channel.takeResults()
            for result in results {
                let index = Int(result.tag)
                for lookup in rounds[index].take(result.lookup, result.outcome) {
                    channel.start(lookup, tag: result.tag)
                }
                if rounds[index].isComplete { answers[all[index]] = rounds[index].answer() }
            }
            guard results.isEmpty else { continue }
            let nowMs = MonotonicClock.nowNs / 1_000_000
            guard nowMs < endMs else { break }
            channel.wait(.none, timeoutMs: Int32(clamping: endMs - nowMs))
        }
        for question in all where answers[question] == nil {
            answers[question] = .failed("no answer in time")
        }
        return answers
    }
}
