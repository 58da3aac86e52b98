// Permits, lines and connections of upstreams: what each call does, and that nothing is lost or
// given twice when workers do everything at once.

import Synchronization
import TestSupport
import Testing

@testable import DataPlane

@Suite struct CircuitBreakersTests {
    private let breakers = CircuitBreakers(workers: 3)

    private func enter(_ worker: Int, limit: UInt32 = 2, waitingMax: UInt32 = 2) -> BreakerVerdict {
        breakers.enter(7, worker: worker, limit: limit, waitingMax: waitingMax)
    }

    @Test func permitsThenPlacesThenNothing() {
        #expect(
            [0, 1, 0, 2, 1].map { enter($0) } == [.admitted, .admitted, .waits, .waits, .full])
        #expect(breakers.waiting(7) == 2)
        // Other upstreams have nothing to do with it.
        #expect(breakers.enter(8, worker: 0, limit: 1, waitingMax: 0) == .admitted)
        #expect(breakers.enter(8, worker: 0, limit: 1, waitingMax: 0) == .full)
    }

    @Test func permitsGoRoundTheWorkersThatWait() {
        #expect(enter(0, limit: 1) == .admitted)
        #expect([0, 2].map { enter($0, limit: 1) } == [.waits, .waits])
        #expect(!breakers.takeTurn(7, worker: 2, limit: 1))
        // The worker that gives it comes last.
        breakers.give(7, worker: 0)
        #expect(!breakers.takeTurn(7, worker: 0, limit: 1))
        #expect(breakers.takeTurn(7, worker: 2, limit: 1))
        breakers.give(7, worker: 2)
        #expect(breakers.takeTurn(7, worker: 0, limit: 1))
        breakers.give(7, worker: 0)
        #expect(breakers.isUnused(7))
    }

    @Test func whoComesDoesNotOvertake() {
        #expect([0, 1].map { enter($0, limit: 1) } == [.admitted, .waits])
        // A limit that grew leaves room, but somebody was there before.
        #expect(enter(2, limit: 2) == .waits)
        #expect(breakers.takeTurn(7, worker: 1, limit: 3))
        #expect(breakers.takeTurn(7, worker: 2, limit: 3))
        #expect(breakers.waiting(7) == 0)
    }

    @Test func whoLeavesTakesNothingAlong() {
        #expect([0, 1, 2].map { enter($0, limit: 1) } == [.admitted, .waits, .waits])
        breakers.leave(7, worker: 2)
        #expect(breakers.waiting(7) == 1)
        breakers.give(7, worker: 0)
        // Worker 1 has it at hand and leaves without having used it.
        breakers.leave(7, worker: 1)
        #expect(breakers.isUnused(7))
        #expect(enter(2, limit: 1) == .admitted)
    }

    @Test func requestsAndConnectionsHaveTheirLimits() {
        #expect(
            (0..<4).map { _ in breakers.requestCame(7, limit: 3) } == [true, true, true, false])
        breakers.requestWent(7)
        #expect(breakers.requestCame(7, limit: 3))
        #expect(breakers.connectionCame(7, limit: 1))
        #expect(!breakers.connectionCame(7, limit: 1) && !breakers.hasRoom(7, limit: 1))
        #expect(breakers.connectionCame(7, limit: .max))
        #expect(breakers.connections(7) == 2)
        breakers.connectionWent(7, worker: 0)
        breakers.connectionWent(7, worker: 0)
        #expect(breakers.hasRoom(7, limit: 1))
    }

    /// Workers enter, wait, give up and give back at random and at once: never more permits out
    /// than there are, and nothing left in the end.
    @Test func nothingIsLostBetweenThreads() async {
        let limit: UInt32 = 2
        let breakers = breakers
        let out = SharedWords(count: 2)
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<3 {
                group.addTask {
                    var random = SeededRandom(seed: UInt64(worker + 1))
                    var (held, waiting) = (0, 0)
                    func take() {
                        held += 1
                        if out.add(0, 1) > UInt64(limit) { out.store(1, 1) }
                    }
                    for step in 0..<60_000 {
                        let isEnding = step > 59_000
                        switch random.next() % 4 as UInt64 {
                        case 0 where !isEnding:
                            switch breakers.enter(
                                7, worker: worker, limit: limit, waitingMax: 4)
                            {
                            case .admitted: take()
                            case .waits: waiting += 1
                            case .full: break
                            }
                        case 1 where waiting > 0:
                            if breakers.takeTurn(7, worker: worker, limit: limit) {
                                waiting -= 1
                                take()
                            }
                        case 2 where waiting > 0 && random.next() % 4 == 0:
                            breakers.leave(7, worker: worker)
                            waiting -= 1
                        default:
                            guard held > 0 else { continue }
                            held -= 1
                            out.add(0, 0 &- 1)
                            breakers.give(7, worker: worker)
                        }
                    }
                    while waiting > 0 {
                        breakers.leave(7, worker: worker)
                        waiting -= 1
                    }
                    while held > 0 {
                        held -= 1
                        out.add(0, 0 &- 1)
                        breakers.give(7, worker: worker)
                    }
                }
            }
        }
        #expect(out.load(1) == 0, "more permits were out than there are")
        #expect(breakers.isUnused(7))
    }
}
