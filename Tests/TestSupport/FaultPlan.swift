// What goes wrong in a simulated world and how often: plain numbers, drawn once per run, so that a
// run can be described by printing its plan.

/// Probabilities (per thousand), delays (virtual nanoseconds) and limits of one simulated world.
package struct FaultPlan: Sendable {
    /// A receive hands over less than what is there.
    package var shortReadPerMille = 0
    /// The socket takes less than what fits; the send goes on with the rest.
    package var shortWritePerMille = 0
    /// A receive ends before its credit is used up, as a one-shot receive does.
    package var earlyReceiveEndPerMille = 0
    /// A receive goes beyond its credit by up to one buffer, as the contract allows.
    package var creditOvershootPerMille = 0
    /// An operation that could go on is looked at later than at once.
    package var kickDelayNs: ClosedRange<UInt64> = 0...0
    /// Time between an operation's end and its completion. A wide range reorders sockets.
    package var completionDelayNs: ClosedRange<UInt64> = 0...0
    /// Time until a cancelled operation is gone.
    package var cancelDelayNs: ClosedRange<UInt64> = 0...0
    /// Time that one turn of the worker takes.
    package var turnCostNs: ClosedRange<UInt64> = 1_000...1_000
    /// Buffers that disappear from the pool at times, as if other sockets held them.
    package var hostageBuffersMax = 0
    package var hostageEveryNs: ClosedRange<UInt64> = 1_000_000...1_000_000
    /// `connect` itself throws (EMFILE, or the table is full).
    package var connectThrowsPerMille = 0
    /// A connection attempt fails although the endpoint would accept it.
    package var connectFailsPerMille = 0
    /// A connection attempt is never answered.
    package var connectHangsPerMille = 0
    package var connectDelayNs: ClosedRange<UInt64> = 10_000...10_000
    /// Accepting fails once (EMFILE, ECONNABORTED, …) with the client still in the queue.
    package var acceptFailsPerMille = 0
    /// An accepted connection beyond the credit, where the contract allows it.
    package var acceptOvershootPerMille = 0
    /// `takePipe` finds none although the pool has one.
    package var pipeRefusedPerMille = 0
    /// A splice moves nothing (-EAGAIN) although it could, once per call.
    package var spliceAgainPerMille = 0
    /// A splice moves less than it could.
    package var spliceShortPerMille = 0
    /// Bytes that a pipe holds.
    package var pipeBytes = 65_536

    package init() {}

    /// Nothing fails, nothing is late.
    package static let none = FaultPlan()

    /// A random mixture: each fault is absent in about half of the plans, so that no fault hides
    /// behind another one.
    package static func random(_ random: inout SeededRandom) -> FaultPlan {
        var plan = FaultPlan()
        func rate(_ maximum: Int) -> Int { random.chance(500) ? random.pick(1...maximum) : 0 }
        func delay(_ maximum: UInt64) -> ClosedRange<UInt64> {
            guard random.chance(500) else { return 0...0 }
            return 0...random.pick(1...maximum)
        }
        plan.shortReadPerMille = rate(900)
        plan.shortWritePerMille = rate(900)
        plan.earlyReceiveEndPerMille = rate(500)
        plan.creditOvershootPerMille = rate(500)
        plan.kickDelayNs = delay(200_000)
        plan.completionDelayNs = delay(2_000_000)
        plan.cancelDelayNs = delay(2_000_000)
        plan.turnCostNs = 1_000...random.pick(1_000...100_000)
        plan.hostageBuffersMax = random.chance(300) ? random.pick(1...32) : 0
        plan.hostageEveryNs = 100_000...random.pick(200_000...20_000_000)
        plan.connectThrowsPerMille = random.chance(200) ? random.pick(1...300) : 0
        plan.connectFailsPerMille = random.chance(300) ? random.pick(1...400) : 0
        plan.connectHangsPerMille = random.chance(100) ? random.pick(1...200) : 0
        plan.connectDelayNs = 1_000...random.pick(2_000...50_000_000)
        plan.acceptFailsPerMille = random.chance(300) ? random.pick(1...300) : 0
        plan.acceptOvershootPerMille = rate(500)
        plan.pipeRefusedPerMille = rate(500)
        plan.spliceAgainPerMille = rate(500)
        plan.spliceShortPerMille = rate(900)
        plan.pipeBytes = random.pick([4_096, 8_192, 65_536, 1 << 20])
        return plan
    }
}

/// A bug planted into the simulated reactor on purpose: the canary tests show that each is found.
package enum PlantedBug: String, CaseIterable, Sendable {
    /// A completion is delivered twice.
    case duplicateCompletion
    /// A completion is lost.
    case loseCompletion
    /// One byte of a receive is not handed over.
    case dropByte
    /// One byte of a receive is another one.
    case corruptByte
    /// A send does not give its last buffer back.
    case leakBuffer
    /// A send gives its buffers back before it took the bytes.
    case releaseEarly
    /// A send is reported complete although its last byte was not taken.
    case shortSend
    /// Completions of a closed socket are delivered after all, also when its slot has a new user.
    case skipGenerationCheck
    /// A peer's reset looks like an orderly end.
    case resetAsEnd
    /// The end of a stream is not passed to the peer.
    case swallowShutdown
    /// The clock stands still and the deadline is ignored.
    case ignoreDeadline
}
