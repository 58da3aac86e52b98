// One suite for every reactor. A case is a generic function on a harness; each test runs it on one
// tested reactor: the simulated one with and without faults, epoll, and io_uring with the features
// of older kernels masked.

import DataPlane
import TestSupport
import Testing

/// Something that the contract says, as a check.
protocol ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws
}

/// A reactor under test.
enum TestedReactor: CustomTestStringConvertible, Sendable {
    case simulated(seed: UInt64, isFaulty: Bool)
    case epoll
    /// Watching before it sleeps.
    case epollBusy
    case ioUring(masking: RingFeatures)
    case ioUringWaiting(WaitMode, busyPollUs: UInt64)
    /// With direct descriptors.
    case ioUringDirect(masking: RingFeatures)

    var testDescription: String {
        switch self {
        case .simulated(let seed, let isFaulty):
            "simulated \(seed)\(isFaulty ? " with faults" : "")"
        case .epoll: "epoll"
        case .epollBusy: "epoll, busy"
        case .ioUringWaiting(let mode, let busyPollUs): "io_uring, \(mode), busy \(busyPollUs) us"
        case .ioUring(let masked): "io_uring without \(masked.rawValue)"
        case .ioUringDirect(let masked): "io_uring direct without \(masked.rawValue)"
        }
    }

    static let all: [TestedReactor] =
        [.simulated(seed: 1, isFaulty: false)]
        + (2...12 as ClosedRange<UInt64>).map { .simulated(seed: $0, isFaulty: true) }
        + [.epoll, .epollBusy] + rings

    /// None where the kernel, or who runs the tests, does not allow io_uring.
    static let rings: [TestedReactor] = {
        guard RingProbe.report.isUsable else { return [] }
        let masks: [RingFeatures] = [[], .cappedReceive, .minimumWait, .all]
        let hasDirect = RingProbe.report.detected.contains(.directDescriptors)
        return masks.map { .ioUring(masking: $0) }
            + [
                .ioUringWaiting(.latency, busyPollUs: 0),
                .ioUringWaiting(.throughput, busyPollUs: 0),
                .ioUringWaiting(.adaptive, busyPollUs: 200),
                .ioUringWaiting(.latency, busyPollUs: 50_000),
            ]
            + (hasDirect ? masks.map { .ioUringDirect(masking: $0) } : [])
    }()

    static let buffersMax = 512
    static let pipesMax = 4

    /// Runs one case on a fresh reactor.
    func run<Case: ConformanceCase>(
        _: Case.Type, buffersMax: Int = TestedReactor.buffersMax, socketsMax: Int = 64
    ) throws {
        switch self {
        case .simulated(let seed, let isFaulty):
            let world = SimulatedWorld(
                seed: seed, faults: isFaulty ? .conformance(seed: seed) : .none,
                socketsMax: socketsMax, buffersMax: buffersMax, pipesMax: Self.pipesMax)
            world.waitsForWake = true
            try check(
                Case.self, SimulatedReactor(world: world), SimulatedNetwork(world: world),
                isFaulty: isFaulty)
            #expect(world.violations.isEmpty)
        case .epoll, .epollBusy:
            let isBusy = if case .epollBusy = self { true } else { false }
            try check(
                Case.self,
                try EpollReactor(
                    socketsMax: socketsMax, buffersMax: buffersMax, pipesMax: Self.pipesMax,
                    waits: WaitPolicy(busyPollNs: isBusy ? 200_000 : 0)),
                try LoopbackNetwork(), isFaulty: false)
        case .ioUringWaiting(let mode, let busyPollUs):
            try check(
                Case.self,
                try IOUringReactor(
                    features: RingProbe.report.detected, socketsMax: socketsMax,
                    buffersMax: buffersMax, pipesMax: Self.pipesMax,
                    waits: WaitPolicy(mode: mode, busyPollNs: busyPollUs * 1_000)),
                try LoopbackNetwork(), isFaulty: false)
        case .ioUring(let masked):
            try check(
                Case.self,
                try IOUringReactor(
                    features: RingProbe.report.detected.subtracting(masked), socketsMax: socketsMax,
                    buffersMax: buffersMax, pipesMax: Self.pipesMax),
                try LoopbackNetwork(), isFaulty: false)
        case .ioUringDirect(let masked):
            try check(
                Case.self,
                try IOUringReactor(
                    features: RingProbe.report.detected.subtracting(masked), socketsMax: socketsMax,
                    buffersMax: buffersMax, pipesMax: Self.pipesMax, isDirect: true),
                try LoopbackNetwork(), isFaulty: false,
                admission: { try $0.moveIntoTable($1) })
        }
    }

    private func check<Case: ConformanceCase, R: Reactor & ~Copyable>(
        _: Case.Type, _ reactor: consuming R, _ network: any PeerNetwork, isFaulty: Bool,
        admission: @escaping (inout R, Descriptor) throws -> Descriptor = { $1 }
    ) throws {
        var harness = ConformanceHarness(
            reactor: reactor, network: network, isFaulty: isFaulty, admission: admission)
        try Case.check(&harness)
        try harness.finish()
    }
}

extension FaultPlan {
    /// Faults that delay, cut and reorder, and none that refuse: each case says itself what fails.
    static func conformance(seed: UInt64) -> FaultPlan {
        var random = SeededRandom(seed: seed)
        var plan = FaultPlan.random(&random)
        plan.connectThrowsPerMille = 0
        plan.connectFailsPerMille = 0
        plan.connectHangsPerMille = 0
        plan.acceptFailsPerMille = 0
        plan.pipeRefusedPerMille = 0
        return plan
    }
}

@Suite(.timeLimit(.minutes(2))) struct ReactorConformanceTests {
    @Test(arguments: TestedReactor.all) func receiveDelivers(on tested: TestedReactor) throws {
        try tested.run(ReceiveDelivers.self)
    }

    @Test(arguments: TestedReactor.all) func creditEndsAReceive(on tested: TestedReactor) throws {
        try tested.run(CreditEndsAReceive.self)
    }

    @Test(arguments: TestedReactor.all) func nothingRunsInASubmit(
        on tested: TestedReactor
    ) throws {
        try tested.run(NothingRunsInASubmit.self)
    }

    @Test(arguments: TestedReactor.all) func idleSocketsHoldNothing(
        on tested: TestedReactor
    ) throws {
        try tested.run(IdleSocketsHoldNothing.self)
    }

    @Test(arguments: TestedReactor.all) func starvedReceivesGoOn(on tested: TestedReactor) throws {
        try tested.run(StarvedReceivesGoOn.self, buffersMax: 4)
    }

    @Test(arguments: TestedReactor.all) func sendTakesEverything(on tested: TestedReactor) throws {
        try tested.run(SendTakesEverything.self)
    }

    @Test(arguments: TestedReactor.all) func endsGoThroughOneWayAtATime(
        on tested: TestedReactor
    ) throws {
        try tested.run(EndsGoThroughOneWayAtATime.self)
    }

    @Test(arguments: TestedReactor.all) func endsFollowTheirBytes(
        on tested: TestedReactor
    ) throws {
        try tested.run(EndsFollowTheirBytes.self)
    }

    @Test(arguments: TestedReactor.all) func peersResetIsAnError(on tested: TestedReactor) throws {
        try tested.run(PeersResetIsAnError.self)
    }

    @Test(arguments: TestedReactor.all) func closeTellsThePeer(on tested: TestedReactor) throws {
        try tested.run(CloseTellsThePeer.self)
    }

    @Test(arguments: TestedReactor.all) func nothingFollowsAClose(on tested: TestedReactor) throws {
        try tested.run(NothingFollowsAClose.self)
    }

    @Test(arguments: TestedReactor.all) func slotsAreUsedAgain(on tested: TestedReactor) throws {
        try tested.run(SlotsAreUsedAgain.self, socketsMax: 4)
    }

    @Test(arguments: TestedReactor.all) func waitsCompleteOnce(on tested: TestedReactor) throws {
        try tested.run(WaitsCompleteOnce.self)
    }

    @Test(arguments: TestedReactor.all) func hangupTellsOfAReset(on tested: TestedReactor) throws {
        try tested.run(HangupTellsOfAReset.self)
    }

    @Test(arguments: TestedReactor.all) func connectTellsTheOutcome(
        on tested: TestedReactor
    ) throws {
        try tested.run(ConnectTellsTheOutcome.self)
    }

    @Test(arguments: TestedReactor.all) func ownersChange(on tested: TestedReactor) throws {
        try tested.run(OwnersChange.self)
    }

    @Test(arguments: TestedReactor.all) func peersHaveAddresses(on tested: TestedReactor) throws {
        try tested.run(PeersHaveAddresses.self)
    }

    @Test(arguments: TestedReactor.all) func spliceMovesBothWays(on tested: TestedReactor) throws {
        try tested.run(SpliceMovesBothWays.self)
    }

    @Test(arguments: TestedReactor.all) func ringSpliceMovesBothWays(
        on tested: TestedReactor
    ) throws {
        try tested.run(RingSpliceMovesBothWays.self)
    }

    @Test(arguments: TestedReactor.all) func waitsFollowADrySplice(
        on tested: TestedReactor
    ) throws {
        try tested.run(WaitsFollowADrySplice.self)
    }

    @Test(arguments: TestedReactor.all) func pipesAreBounded(on tested: TestedReactor) throws {
        try tested.run(PipesAreBounded.self)
    }

    @Test(arguments: TestedReactor.all) func acceptCreditHolds(on tested: TestedReactor) throws {
        try tested.run(AcceptCreditHolds.self)
    }

    @Test(arguments: TestedReactor.all) func severalListenersShareTheCredit(
        on tested: TestedReactor
    ) throws {
        try tested.run(SeveralListenersShareTheCredit.self)
    }

    @Test(arguments: TestedReactor.all) func removedListenersEmptyTheirQueue(
        on tested: TestedReactor
    ) throws {
        try tested.run(RemovedListenersEmptyTheirQueue.self)
    }

    @Test(arguments: TestedReactor.all) func otherThreadsWakeIt(on tested: TestedReactor) throws {
        try tested.run(OtherThreadsWakeIt.self)
    }

    @Test(arguments: TestedReactor.all) func deadlinesEndTheWait(on tested: TestedReactor) throws {
        try tested.run(DeadlinesEndTheWait.self)
    }

    @Test(arguments: TestedReactor.all) func queuedWorkIsTriedWithoutWaiting(
        on tested: TestedReactor
    ) throws {
        try tested.run(QueuedWorkIsTriedWithoutWaiting.self)
    }

    @Test(arguments: TestedReactor.all) func manySocketsAtOnce(on tested: TestedReactor) throws {
        try tested.run(ManySocketsAtOnce.self)
    }
}
