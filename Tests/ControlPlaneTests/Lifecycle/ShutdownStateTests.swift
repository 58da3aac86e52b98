// Every order of signals and passing time, and the choice of a backend.

import ControlPlane
import Testing

@Suite struct ShutdownStateTests {
    private let second: UInt64 = 1_000_000_000

    @Test func firstSignalDrainsSecondTerminatesThirdDoesNothing() {
        var state = ShutdownState(drainTimeoutMs: 30_000)
        #expect(state.isServing)
        #expect(state.waitMs(nowNs: 5) == -1)
        #expect(state.stopRequested(nowNs: second) == .drain)
        #expect(!state.isServing)
        #expect(state.stopRequested(nowNs: 2 * second) == .terminate)
        #expect(state.stopRequested(nowNs: 3 * second) == .none)
    }

    @Test func timeDoesNothingWhileServing() {
        var state = ShutdownState(drainTimeoutMs: 0)
        #expect(state.timeReached(nowNs: .max) == .none)
        #expect(state.isServing)
    }

    @Test func drainEndsAtItsTimeoutExactly() {
        var state = ShutdownState(drainTimeoutMs: 1_000)
        #expect(state.stopRequested(nowNs: second) == .drain)
        #expect(state.waitMs(nowNs: second) == 1_000)
        #expect(state.waitMs(nowNs: second + 1) == 1_000)
        #expect(state.timeReached(nowNs: 2 * second - 1) == .none)
        #expect(state.waitMs(nowNs: 2 * second - 1) == 1)
        #expect(state.waitMs(nowNs: 2 * second) == 0)
        #expect(state.timeReached(nowNs: 2 * second) == .terminate)
    }

    @Test func workersThatDoNotEndAreAbandoned() {
        var state = ShutdownState(drainTimeoutMs: 0)
        #expect(state.stopRequested(nowNs: 0) == .drain)
        #expect(state.timeReached(nowNs: 0) == .terminate)
        #expect(state.timeReached(nowNs: 4 * second) == .none)
        #expect(state.timeReached(nowNs: 5 * second) == .abandon)
    }

    @Test func longWaitsFitTheSystemCall() {
        var state = ShutdownState(drainTimeoutMs: 365 * 24 * 3_600_000)
        #expect(state.stopRequested(nowNs: 0) == .drain)
        #expect(state.waitMs(nowNs: 0) == .max)
    }
}

@Suite struct BackendChoiceTests {
    @Test func autoTakesTheRingWhereItWorks() throws {
        let choice = try BackendChoice.decide(.auto, relay: .spliceRing, ringFailure: nil)
        #expect(choice.backend == .ioUring)
        #expect(!choice.isFallback)
    }

    @Test func autoFallsBackAndSaysWhy() throws {
        let choice = try BackendChoice.decide(.auto, relay: .splice, ringFailure: "EPERM here")
        #expect(choice.backend == .epoll)
        #expect(choice.isFallback)
        #expect(choice.reason.contains("EPERM here"))
    }

    @Test func whatWasAskedForIsNotReplaced() throws {
        #expect(try BackendChoice.decide(.epoll, relay: .auto, ringFailure: nil).backend == .epoll)
        let error = #expect(throws: StartError.self) {
            try BackendChoice.decide(.ioUring, relay: .auto, ringFailure: "EPERM here")
        }
        #expect(error?.description.contains("EPERM here") == true)
    }

    @Test(arguments: [BackendRequest.ioUring, .auto])
    func directDescriptorsAreNotReplaced(request: BackendRequest) {
        let error = #expect(throws: StartError.self) {
            try BackendChoice.decide(
                request, relay: .auto, ringFailure: nil, tableFailure: "an old kernel")
        }
        #expect(error?.description.contains("--direct-descriptors: an old kernel") == true)
    }

    @Test(arguments: [BackendRequest.epoll, .auto])
    func ringSpliceOnEpollIsRefused(request: BackendRequest) {
        let error = #expect(throws: StartError.self) {
            try BackendChoice.decide(request, relay: .spliceRing, ringFailure: "no ring")
        }
        #expect(error?.description.contains("splice-ring") == true)
    }
}
